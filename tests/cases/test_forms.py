"""Forms: what people type, read into values, and what a form says of itself."""

from __future__ import annotations

from datetime import date

import pytest

from engine.cases.forms import complaints, read, read_date
from engine.definitions.workflow import Field
from engine.errors import InputError
from engine.workdays import Span


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
            (field("people"), "甲、甲"),
            (field("span"), "十天"),
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
