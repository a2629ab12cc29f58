"""Documents: blocks filled with facts; values stay values; draft and issue agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.characters import check_text
from notifications.documents import (
    PLACES,
    BlockTemplate,
    Filled,
    Template,
    commitment,
    compile_template,
    fill,
)
from notifications.errors import BadText, MissingFact, TemplateError
from notifications.filters import date_zh, datetime_zh, mask_id, names, weekday_zh

HOSTILE = [
    "{{ 7 * 7 }}",
    "{% raw %}",
    '#eval("1")',
    '#read("/etc/passwd")',
    "<b>&amp;</b>",
    "]$*_`",
    "'; DROP TABLE case_file; --",
    "%s{0}{name}",
    "马𬱖",
    "㛃",
    "阿依古丽·买买提江·" * 8,
]
NOTICE = Template(
    document="notice",
    title="通知",
    blocks=(
        BlockTemplate(kind="title", text="通知"),
        BlockTemplate(kind="number", text="{{ number }}"),
        BlockTemplate(kind="addressee", text="{{ guardians | names }}："),
        BlockTemplate(kind="heading", text="事实"),
        BlockTemplate(kind="paragraph", text="{{ child.name }}自{{ since | date_zh }}起未到校。"),
        BlockTemplate(kind="heading", text="例外", when="exceptional"),
        BlockTemplate(kind="list", text="{{ item.on | date_zh }}：{{ item.what }}", each="visits", min=1),
        BlockTemplate(kind="heading", text="要求"),
        BlockTemplate(kind="table", text=("项目", "{{ child.name }}")),
        BlockTemplate(kind="signature", text="{{ issuer }}"),
        BlockTemplate(kind="date", text="issued"),
    ),
)
FACTS: Mapping[str, object] = {
    "guardians": [{"name": "马大山"}, {"name": "李秀英"}],
    "child": {"name": "马䶮"},
    "since": date(2026, 9, 1),
    "visits": ({"on": date(2026, 9, 3), "what": "家访"},),
    "issuer": "宣和区教育体育局",
}
CONDITIONS = {"exceptional": False}
ISSUED = {"number": "宣和教体责改〔2026〕1号", "issued_on": date(2026, 9, 7)}


def filled(facts: Mapping[str, object] = FACTS, **more: object) -> Filled:
    """The notice with these facts."""
    return fill(compile_template(NOTICE), {**facts, **more}, conditions=CONDITIONS)


def one(text: str | tuple[str, ...], kind: str = "paragraph", **facts: object) -> Filled:
    """A document of one block."""
    template = Template(document="x", title="x", blocks=(BlockTemplate(kind=kind, text=text),))
    return fill(compile_template(template), facts)


class TestFilling:
    """Templates and facts."""

    def test_text(self) -> None:
        """The canonical text has one block a line, cells by a tab, headings numbered after absent ones are gone."""
        assert filled(**ISSUED).text == (
            "通知\n宣和教体责改〔2026〕1号\n马大山、李秀英：\n一、事实\n马䶮自2026年9月1日起未到校。\n"
            "2026年9月3日：家访\n二、要求\n项目\t马䶮\n宣和区教育体育局\n2026年9月7日\n"
        )

    def test_condition(self) -> None:
        """A block with a condition stands when it holds; a condition that nobody gave is a template's fault."""
        with_it = fill(compile_template(NOTICE), FACTS, conditions={"exceptional": True})
        assert "二、例外" in with_it.text
        with pytest.raises(TemplateError, match="exceptional"):
            fill(compile_template(NOTICE), FACTS)

    def test_draft(self) -> None:
        """A draft's named places are open, and the issued text less its places equals it."""
        draft, issued = filled(), filled(**ISSUED)
        assert PLACES["number"] in draft.text
        assert (draft.draft_text, draft.draft_hash) == (issued.draft_text, issued.draft_hash)
        assert draft.sha256 != issued.sha256

    def test_many_headings(self) -> None:
        """Headings beyond the tenth are numbered in digits."""
        blocks = tuple(BlockTemplate(kind="heading", text="题") for _ in range(11))
        text = fill(compile_template(Template(document="x", title="x", blocks=blocks)), {}).text
        assert text.splitlines()[9:] == ["十、题", "11、题"]

    def test_json(self) -> None:
        """Blocks are stored as canonical JSON and read back equal."""
        assert filled() == Filled.from_json(filled().to_json())

    def test_paragraphs(self) -> None:
        """Line breaks in a paragraph are paragraphs; elsewhere they are blanks."""
        assert one("{{ x }}", x="一\r\n二\n\n三").text == "一\n二\n三\n"
        assert one(("甲", "{{ x }}"), kind="table", x="一\n二").text == "甲\t一 二\n"

    def test_variables(self) -> None:
        """A compiled template tells which facts it asks for."""
        assert {"guardians", "child", "since", "visits", "issuer", "number"} == compile_template(NOTICE).variables

    def test_commitment(self) -> None:
        """A commitment names its algorithm and depends on the salt."""
        assert commitment("x", b"a").startswith("sha256:")
        assert commitment("x", b"a") != commitment("x", b"b")


class TestMissing:
    """Facts that are not there."""

    def test_fact(self) -> None:
        """A missing fact is named with its block; nothing is printed blank."""
        facts = {name: value for name, value in FACTS.items() if name != "issuer"}
        with pytest.raises(MissingFact, match=r"第10块.*issuer"):
            fill(compile_template(NOTICE), facts, conditions=CONDITIONS)

    def test_inner(self) -> None:
        """A missing part of a fact is named too."""
        with pytest.raises(MissingFact, match="name"):
            filled(child={})

    def test_nothing(self) -> None:
        """A fact that is there but holds nothing is missing: no document says None."""
        with pytest.raises(MissingFact, match="空值"):
            one("{{ x }}", x=None)

    def test_list(self) -> None:
        """A list that is missing or too short is named with what it should have."""
        with pytest.raises(MissingFact, match="至少1项"):
            filled(visits=[])
        with pytest.raises(MissingFact, match="缺少「visits」"):
            filled(visits="x")


class TestTemplates:
    """Bad templates."""

    @pytest.mark.parametrize("text", ["{{ x", "{% if %}", "{{ x | nofilter }}", "{% for a in b %}"])
    def test_syntax(self, text: str) -> None:
        """A template that cannot be read is refused with its block."""
        with pytest.raises(TemplateError, match="第1块"):
            one(text)

    def test_kind(self) -> None:
        """A kind of block that does not exist is refused with those that do."""
        with pytest.raises(TemplateError, match="paragraph"):
            one("x", kind="poem")

    @pytest.mark.parametrize(
        "text",
        [
            "{{ ().__class__ }}",
            "{{ x.__class__.__mro__ }}",
            "{{ x.upper() }}",
            "{{ range(10) }}",
            "{{ x.upper }}",
            "{% for i in y %}{{ loop.cycle('a') }}{% endfor %}",
            "{% macro m() %}{% endmacro %}{{ m() }}",
        ],
    )
    def test_sandbox(self, text: str) -> None:
        """A template reaches nothing but its facts and calls nothing."""
        with pytest.raises((TemplateError, MissingFact)):
            one(text, x="a", y=["b"])

    def test_loop(self) -> None:
        """A loop may know whether it is at its end."""
        assert (
            one("{% for i in y %}{{ i }}{{ '' if loop.last else '、' }}{% endfor %}", y=["甲", "乙"]).text == "甲、乙\n"
        )

    def test_wrong_type(self) -> None:
        """A filter that meets a value of another type is a template's fault."""
        with pytest.raises(TemplateError):
            one("{{ x | names }}", x=5)


class TestValuesStayValues:
    """What comes from a case cannot change a document's structure."""

    @pytest.mark.parametrize("value", HOSTILE)
    def test_verbatim(self, value: str) -> None:
        """Markup, code and rare names are printed as they are."""
        assert one("{{ x }}", x=value).text == value + "\n"

    @given(st.text(alphabet=st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo", "Nd", "Po", "Sm"]), max_size=40))
    @settings(max_examples=150, deadline=None)
    def test_any_text(self, value: str) -> None:
        """Any printable text comes out as it went in, in NFC."""
        try:
            expected = check_text(value, "x")
        except BadText:
            return
        assert expected + "\n" == one("{{ x }}", kind="signature", x=value).text


class TestCharacters:
    """Characters that must not be printed."""

    @pytest.mark.parametrize(
        "character",
        [
            "\x08",
            "\u200b",
            "\u202e",
            "\ufffd",
            "\ue001",
            "\u2f00",
            "\u2ff0",
            "\ufdd0",
            "\U000e0041",
            "\ufe0f",
            "\u2028",
            "\U0001ffff",
        ],
    )
    def test_refused(self, character: str) -> None:
        """Controls, invisible ones, private use, radicals and the like are refused with field, place and code point."""
        with pytest.raises(BadText, match=f"第2个字符（U\\+{ord(character):04X}）"):
            one("{{ x }}", x=f"甲{character}")

    def test_suggestions(self) -> None:
        """Where the right character is known it is suggested."""
        with pytest.raises(BadText, match="䶮"):
            check_text("马\ue863", "name")
        with pytest.raises(BadText, match="一"):
            check_text("\u2f00", "x")

    def test_name_dots(self) -> None:
        """In a name only the standard dot joins parts, and no line breaks."""
        with pytest.raises(BadText, match="·"):
            filled(child={"name": "阿依古丽•买买提江"})
        with pytest.raises(BadText):
            filled(child={"name": "马\n䶮"})
        assert check_text("a•b", "note") == "a•b"


class TestFilters:
    """Filters for texts."""

    def test_each(self) -> None:
        """Days, instants, weekdays, names and numbers are written the Chinese way."""
        assert date_zh(date(2026, 9, 1)) == "2026年9月1日"
        assert date_zh("待定") == "待定"
        assert datetime_zh(datetime(2026, 9, 1, 8, 5, tzinfo=UTC)) == "2026年9月1日8时05分"
        assert weekday_zh(date(2026, 9, 1)) == "星期二"
        assert names([{"name": "甲"}, "乙"]) == "甲、乙"
        assert (mask_id("990101201305040014"), mask_id("12345")) == ("9901**********0014", "*****")
