"""Texts of notices looked at without Jinja2."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.definitions.notice_text import named, surely_compiles, too_rich
from notifications.documents import BlockTemplate, Template, compile_template


class TestSurelyCompiles:
    """The small grammar is part of Jinja2's."""

    @pytest.mark.parametrize(
        "text",
        [
            "平文",
            "{{ number }}",
            "{{ child.name }}（{{ child.birth | date_zh }}）",
            "{{ evidence | join('、') }}",
            "{{ values.answer | default('未填') | date_zh }}",
            "{% if values.kind == 'fixed' %}甲{% else %}{{ limit }}{% endif %}",
            "{% if values.returns is defined %}{% if not number %}甲{% endif %}{% endif %}",
            "{% for one in guardians %}{{ one.name }}{% endfor %}",
        ],
    )
    def test_known(self, text: str) -> None:
        """What notices mostly say is known to compile."""
        assert surely_compiles(text)

    @pytest.mark.parametrize(
        "text",
        [
            "{{ number",
            "number }}",
            "{{ 3 + }}",
            "{{ number | nofilter }}",
            "{% endif %}",
            "{% else %}",
            "{% if a %}",
            "{% if a %}{% endfor %}",
            "{% for a in b %}{% else %}{% endfor %}",
            "{% if a %}{% else %}{% else %}{% endif %}",
            "{% if a and b %}{% endif %}",
            "{# 注 #}",
            "{{ a }} {{ b",
            "{% if a %}" * 5 + "{% endif %}" * 5,
        ],
    )
    def test_unknown(self, text: str) -> None:
        """What is wrong, or beyond the grammar, is left to Jinja2."""
        assert not surely_compiles(text)

    @given(
        st.lists(
            st.sampled_from(
                [
                    "甲",
                    "{{ a }}",
                    "{{ a.b | date_zh }}",
                    "{% if a %}",
                    "{% if not a.b == '甲' %}",
                    "{% else %}",
                    "{% endif %}",
                    "{% for x in a %}",
                    "{% endfor %}",
                    "{",
                    "}",
                    "{{",
                    "}}",
                    "%}",
                ]
            ),
            max_size=8,
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_never_more_than_jinja(self, pieces: list[str]) -> None:
        """Whatever is said to compile surely, compiles."""
        text = "".join(pieces)
        if surely_compiles(text):
            template = Template(document="x", title="x", blocks=(BlockTemplate(kind="paragraph", text=text),))
            assert compile_template(template).variables <= {"a", "x"}


class TestTooRich:
    """What a notice may not say, whatever Jinja2 could do with it."""

    @pytest.mark.parametrize(
        "text",
        [
            "{{ 9**9**9 }}",
            "{{ a[0] }}",
            "{{ ((a)) }}",
            "{{ a }}" * 41,
            "{% for x in a %}" * 5,
            "{{ " + "a or " * 50 + "a }}",
        ],
    )
    def test_rich(self, text: str) -> None:
        """Arithmetic, nested brackets, and pieces too many, too deep or too long are too rich."""
        assert too_rich(text)

    def test_quoted_marks(self) -> None:
        """Marks within quotes are text."""
        assert not too_rich("{{ a | join('*+/') }}")


class TestNamed:
    """Which facts a text names."""

    def test_roots_and_names(self) -> None:
        """Filters, quoted words, local names and words of the grammar are no facts."""
        text = "{% for one in guardians %}{{ one.name | names }}{% if not loop.last %}、{% endif %}{% endfor %}{{ child.name or 'court' }}"
        assert {("guardians", ""), ("child", "name")} == set(named(text))
