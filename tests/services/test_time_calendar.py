"""A calendar is taken in: checked, kept with its source, its report accepted by a named person; once, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import InputError, RightRefused, RuleRefused
from engine.services.almanac import Almanac
from engine.services.recalculation import SETTLED_AFTER, Calendars
from engine.storage.unit_of_work import Conflict
from engine.workdays.orders import CalendarFile
from tests.services.conftest import House

SHIPPED = Path(__file__).parents[2] / "config" / "calendar" / "holidays-2026.csv"


def order(revision: int, *rows: str) -> CalendarFile:
    """The order of 2026 in a further revision, with these rows in place of its own for their days."""
    days = {row[:10] for row in rows}
    kept = [line for line in SHIPPED.read_text("utf-8").splitlines() if line[:10] not in days]
    text = "\n".join([*kept, *rows]).replace("revision,1", f"revision,{revision}")
    return CalendarFile(f"holidays-2026-r{revision}.csv", text + "\n")


OFF = order(2, "2026-09-02,off,临时放假", "2026-09-03,off,临时放假")
BACK = order(3)


def due(house: House, number: str) -> dict[str, str]:
    """The due days of a case by deadline."""
    return {each.name: str(each.due_on) for each in house.app.cases.show(number, "auditor").deadlines}


class TestApplying:
    """calendar apply."""

    def test_moves(self, house: House) -> None:
        """Later dates move by themselves, each with an entry that names both calendar versions."""
        number = house.case()
        before, was = due(house, number), house.app.calendar.version
        applied = house.app.calendars.apply(OFF, "root")
        after = due(house, number)
        assert ("2026-09-04", "2026-09-08") == (before["first_visit"], after["first_visit"])
        assert (False, 0, applied.version) == (applied.repeated, applied.person, house.app.calendar.version)
        entry = house.app.cases.show(number, "auditor").history[0]
        assert ("case.recalculate", "系统") == (entry.trigger, entry.who)
        told = dict(entry.fields)
        assert (was, applied.version) == (told["原日历版本"], told["日历版本"])
        assert "首次家访：2026-09-04→2026-09-08" in told["变动"]

    def test_again(self, house: House) -> None:
        """The same file again changes nothing and gives its report."""
        house.case()
        first = house.app.calendars.apply(OFF, "root")
        again = house.app.calendars.apply(OFF, "root")
        assert (True, first.report, first.itself) == (again.repeated, again.report, again.itself)

    def test_not_newer(self, house: House) -> None:
        """A revision that is no newer, or that brings nothing, is refused."""
        for file, why in ((order(1), "现行已是第1版"), (order(2), "没有不同")):
            with pytest.raises(RuleRefused, match=why):
                house.app.calendars.apply(file, "root")

    def test_wrong(self, house: House) -> None:
        """A file that cannot be right is refused whole: the calendar stays."""
        was = house.app.calendar.version
        with pytest.raises(RuleRefused, match="不会是调休上班"):
            house.app.calendars.apply(order(2, "2026-09-22,work,补班"), "root")
        with pytest.raises(InputError, match="文件名"):
            house.app.calendars.apply(CalendarFile("calendar.csv", OFF.text), "root")
        provisional = CalendarFile("holidays-2026-r9.csv", order(9, "2026-09-02,off,x").text.replace("published", "provisional"))
        with pytest.raises(RuleRefused, match="已经公布"):
            house.app.calendars.apply(provisional, "root")
        assert (was, ()) == (house.app.calendar.version, house.app.calendars.reports())

    def test_source(self, house: House) -> None:
        """The source is kept as it was written, and another node learns of it."""
        other = Almanac(SHIPPED.parent, house.app.archive.calendar_files)
        house.app.calendars.apply(OFF, "root")
        with house.app.archive.read() as uow:
            assert [OFF] == uow.calendars.files()
        assert other.calendar.version != house.app.calendar.version
        assert other.refresh().version == house.app.calendar.version
        assert other.refresh() is other.calendar

    def test_school_year(self, house: House) -> None:
        """A school year is taken in as well."""
        number = house.case()
        text = "year,2026-08-20,2027-08-19\nterm,2026-09-14,2027-01-22\n"
        assert house.app.calendars.apply(CalendarFile("school-2026-2027.csv", text), "root").report == 1
        assert "2026-09-04" == due(house, number)["first_visit"]


class TestReport:
    """The report, and the person who accepts it."""

    @staticmethod
    def waiting(house: House) -> str:
        """A case whose bureau must decide by a day that a revised order makes earlier; that waits in report 2."""
        from tests.services.test_advancing import play_until

        number = house.case()
        play_until(house, number, "A", "bureau_decide")
        house.app.calendars.apply(house_order(house, number, off=True), "root")
        return number
