"""Forms: what people type, read into values, and what a form says of itself."""

from __future__ import annotations

from datetime import date

import pytest

from engine.cases.forms import complaints, read, read_date
from engine.cases.page_forms import looked_at, may_be_named
from engine.definitions.facts import Facts
from engine.definitions.ladder import (
    admonished_or_serious,
    help_was_offered,
    issuer_has_authority,
    receiver_fits_channel,
    somebody_met,
)
from engine.definitions.papers import issuer_is_that_of_the_order
from engine.definitions.workflow import Edge, Field, Guard, Predicate, Transition
from engine.errors import InputError
from engine.workdays import Span
from tests.cases.little import FIRST, OFFICER, calendar, opened


def field(type_: str, **more: object) -> Field:
    """A field named f."""
    return Field(name="f", zh="项", type=type_, **more)  # type: ignore[arg-type]


OPTIONS = (("a", "甲"), ("b", "乙"))


class TestDates:
    """Days as people type them."""

    @pytest.mark.parametrize("text", ["2026-9-1", "2026.9.1", "2026/09/01", "2026年9月1日", "20260901", " 2026-09-01 "])
    def test_read(self, text: str) -> None:
        """Every usual way of writing a day is read."""
        assert date(2026, 9, 1) == read_date(text)

    @pytest.mark.parametrize("text", ["2026-13-1", "9-1", "明天", "2026-02-30"])
    def test_refused(self, text: str) -> None:
        """What is no day is refused with ways of writing one."""
        with pytest.raises(InputError, match="2026-9-13"):
            read_date(text)


class TestReading:
    """Text into values."""

    @pytest.mark.parametrize(
        ("form", "raw", "value"),
        [
            (field("text"), " 甲 ", "甲"),
            (field("long_text"), "一\r\n二", "一\n二"),
            (field("date"), "2026-9-1", date(2026, 9, 1)),
            (field("date"), date(2026, 9, 1), date(2026, 9, 1)),
            (field("time"), "9:05", "09:05"),
            (field("number", least=0, most=5), "3", 3),
            (field("yes_no"), "yes", "yes"),
            (field("yes_no"), True, "yes"),
            (field("choice", options=OPTIONS), "a", "a"),
            (field("choice", options=OPTIONS, may_be=("none",)), "none", "none"),
            (field("choices", options=OPTIONS), ["a", "b", "a"], ("a", "b")),
            (field("choices", options=OPTIONS), "a、b", ("a", "b")),
            (field("grid", options=OPTIONS, rows=(("r", "行"),)), {"r": "a"}, {"r": "a"}),
            (field("people"), "甲、乙", ("甲", "乙")),
            (field("people"), ["甲", " "], ("甲",)),
            (field("span"), "10 workdays", "10 workdays"),
            (field("span"), "１０ 个工作日", "10 workdays"),
            (field("span"), "30天", "30 calendar days"),
            (field("span"), "6个月", "6 months"),
            (field("span"), Span.parse("1 week"), "1 weeks"),
            (field("unit"), "QH-01", "QH-01"),
            (field("file"), "x.jpg", "x.jpg"),
        ],
    )
    def test_read(self, form: Field, raw: object, value: object) -> None:
        """Every type is read into its own value."""
        assert ({"f": value}, ()) == read((form,), {"f": raw})

    @pytest.mark.parametrize(
        ("form", "raw"),
        [
            (field("text"), 5),
            (field("text", most=3), "四个字了"),
            (field("date"), "昨天"),
            (field("time"), "25:00"),
            (field("number"), "三"),
            (field("number", least=1, most=5), "9"),
            (field("yes_no"), "maybe"),
            (field("choice", options=OPTIONS), "c"),
            (field("grid", options=OPTIONS, rows=(("r", "行"),)), "a"),
            (field("grid", options=OPTIONS, rows=(("r", "行"),)), {"x": "a"}),
            (field("text"), "红\x1b[31m"),
            (field("long_text"), "半\ud800"),
            (field("choice", options=OPTIONS), ["a", "b"]),
            (field("choice", options=OPTIONS), {"a": "b"}),
            (field("choices", options=OPTIONS), [["a"]]),
            (field("grid", options=OPTIONS, rows=(("r", "行"),)), {"r": ["a"]}),
            (field("people"), "甲、甲"),
            (field("people"), {"甲": "乙"}),
            (field("people"), ["甲", 5]),
            (field("people"), ["甲\x00"]),
            (field("people"), ["甲" * 201]),
            (field("people"), [str(at) for at in range(51)]),
            (field("span"), "十天"),
            (field("span"), "0日"),
        ],
    )
    def test_refused(self, form: Field, raw: object) -> None:
        """What cannot be read is a complaint of its field that begins with the field's name."""
        values, wrong = read((form,), {"f": raw})
        assert (values, [each.name for each in wrong]) == ({}, ["f"])
        assert wrong[0].message.startswith("项：")

    def test_unknown_field(self) -> None:
        """A field that the form does not have is refused, with those it has."""
        _, wrong = read((field("text"),), {"g": "x"})
        assert wrong[0].name == "g"
        assert "可填：f" in wrong[0].message

    def test_blank(self) -> None:
        """Blank text is no value."""
        assert ({}, ()) == read((field("text"), field("people")), {"f": ""})


class TestComplaints:
    """What a filled form lacks."""

    def test_required(self) -> None:
        """A required field that is blank is named."""
        assert [each.name for each in complaints((field("text", required=True),), {}, {})] == ["f"]

    def test_required_when(self) -> None:
        """A field may be required by another one's value, also inside several choices."""
        form = (field("text", required_when={"g": frozenset({"a"})}),)
        assert complaints(form, {"g": ("a", "b")}, {})
        assert not complaints(form, {"g": "b"}, {})

    def test_required_unless(self) -> None:
        """A field may be required unless another one has a value."""
        form = (field("text", required_unless={"g": frozenset({"a"})}),)
        assert not complaints(form, {"g": "a"}, {})
        assert complaints(form, {"g": "b"}, {})

    def test_bounds(self) -> None:
        """Days have bounds, people a least number, grids all their rows."""
        day = {"today": date(2026, 9, 5)}
        assert complaints((field("date", not_before="today"),), {"f": date(2026, 9, 4)}, day)
        assert complaints((field("date", not_after="today"),), {"f": date(2026, 9, 6)}, day)
        assert not complaints((field("date", not_before="today", not_after="today"),), {"f": date(2026, 9, 5)}, day)
        assert complaints((field("people", least=2),), {"f": ("甲",)}, {})
        assert not complaints((field("people", least=1),), {"f": ("甲",)}, {})
        grid = field("grid", rows=(("r", "行"), ("s", "列")))
        assert "列" in complaints((grid,), {"f": {"r": "a"}}, {})[0].message
        assert not complaints((grid,), {"f": {"r": "a", "s": "b"}}, {})


class TestUnits:
    """Units that a field may name."""

    ISSUER = Field(name="issuer", zh="签发单位", type="unit")
    RECEIVER = Field(name="receiver", zh="接收单位", type="unit")
    CHANNEL = Field(
        name="channel", zh="渠道", type="choice", options=(("judicial_office", "司法所"), ("police", "公安"))
    )

    def offered(self, field: Field, *when: Predicate | Guard) -> tuple[str, ...]:
        """What a field offers in an act with these guards, of the units of a case and one that has no part in it."""
        guards = tuple(each if isinstance(each, Guard) else Guard(predicate=each) for each in when)
        form = (self.CHANNEL, self.ISSUER, self.RECEIVER, Field(name="serious", zh="严重", type="yes_no"))
        act = Transition(name="act", zh="办", sources=frozenset(), edges=(), form=form, when=guards)
        facts = Facts(opened(), {}, FIRST, FIRST, calendar(), OFFICER, "township_officer", "act")
        return may_be_named(field, act, facts, units=["school", "township", "bureau", "police"])

    def test_authority(self) -> None:
        """Only those are offered against whom no guard of the field stands, alone or as one of several."""
        assert self.offered(self.ISSUER, issuer_has_authority) == ("township", "bureau")
        several = Guard(any_of=(Guard(predicate=issuer_has_authority), Guard(predicate=issuer_is_that_of_the_order)))
        assert self.offered(self.ISSUER, several, admonished_or_serious) == ("township", "bureau")

    def test_other_answers(self) -> None:
        """A unit is offered that fits some answer to another choice; what else is typed is not known beforehand."""
        assert self.offered(self.RECEIVER, receiver_fits_channel) == ("police",)
        assert len(self.offered(self.RECEIVER, admonished_or_serious)) == 4

    def test_none(self) -> None:
        """Where none would do all are offered: the refusal says why."""
        assert len(self.offered(self.ISSUER, issuer_is_that_of_the_order)) == 4


class TestLookedAt:
    """Guards and the fields of the form that they look at."""

    def test_first_field(self) -> None:
        """Each guard of an act or of its outcomes is known by the first field it looks at; one that looks at none is not."""
        form = tuple(Field(name=name, zh=name, type="text") for name in ("met", "channel", "receiver"))
        when = (Guard(predicate=receiver_fits_channel), Guard(predicate=help_was_offered))
        edge = Edge(index=0, when=(Guard(predicate=somebody_met),))
        act = Transition(name="act", zh="办", sources=frozenset(), edges=(edge,), form=form, when=when)
        assert {"receiver_fits_channel": "channel", "somebody_met": "met"} == looked_at(act)
