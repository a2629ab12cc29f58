"""Calendar files that an installation takes in: each takes the place of what it replaces."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.workdays import calendar_of, load_calendar
from engine.workdays.orders import CalendarFile, check_order, key_of, read_all, read_order

FILES = Path(__file__).parents[2] / "config" / "calendar"
HEADS = "order,国办发明电〔2026〕99号\ndated,2026-11-05\nstatus,published\nrevision,{}\n"
NEXT = HEADS.format(1) + "2027-01-01,off,元旦\n"


class TestTakingIn:
    """A calendar of shipped files and of those taken in."""

    def test_new_year(self) -> None:
        """An order of a further year makes its days firm."""
        before, after = load_calendar(FILES), load_calendar(FILES, [CalendarFile("holidays-2027.csv", NEXT)])
        assert (True, False) == (before.is_provisional(date(2027, 3, 1)), after.is_provisional(date(2027, 3, 1)))
        assert before.version != after.version

    def test_same(self) -> None:
        """Without files taken in the calendar is the shipped one, however it is put together."""
        assert load_calendar(FILES).version == calendar_of(read_all(FILES)).version

    def test_school_year(self) -> None:
        """A school year takes the place of the one that began in the same year."""
        file = CalendarFile("school-2026-2027.csv", "year,2026-08-20,2027-08-19\nterm,2026-09-07,2027-01-22\n")
        assert not load_calendar(FILES, [file]).is_school_day(date(2026, 9, 1))

    def test_lunar_days(self) -> None:
        """A list of lunar days takes the place of the shipped one."""
        found = load_calendar(FILES, [CalendarFile("statutory.csv", "2027-03-03,试验节\n")])
        assert (False, True) == (found.is_workday(date(2027, 3, 3)), found.is_workday(date(2027, 6, 9)))

    def test_name(self) -> None:
        """A file whose name says nothing is refused with the names that would do."""
        with pytest.raises(InputError, match=r"holidays-2026\.csv"):
            key_of(CalendarFile("days.csv", NEXT))


class TestChecking:
    """What cannot be right about an order."""

    def test_problems(self) -> None:
        """A make-up day that is no weekend, and a year without its first day."""
        order = read_order(CalendarFile("holidays-2026-r2.csv", HEADS.format(2) + "2026-09-21,work,x\n"))
        assert 2 == len(check_order(order))

    def test_none(self) -> None:
        """An order that can be right has none."""
        assert [] == check_order(read_order(CalendarFile("holidays-2027.csv", NEXT)))
