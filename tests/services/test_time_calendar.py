"""A calendar is taken in: checked, kept with its source, its report accepted by a named person; once, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.cli.demo_script import SCENES
from engine.errors import InputError, InstallationError, RightRefused, RuleRefused
from engine.services.almanac import Almanac
from engine.services.recalculation import SETTLED_AFTER, Calendars
from engine.storage.unit_of_work import Conflict
from engine.workdays.orders import CalendarFile
from tests.services.conftest import House
from tests.services.test_advancing import play_until

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
        school = CalendarFile("school-2026.csv", (SHIPPED.parent / "school-2026-2027.csv").read_text("utf-8"))
        for file, why in ((order(1), "现行已是第1版"), (school, "没有不同")):
            with pytest.raises(RuleRefused, match=why):
                house.app.calendars.apply(file, "root")

    def test_wrong(self, house: House) -> None:
        """A file that cannot be right is refused whole: the calendar stays."""
        was = house.app.calendar.version
        with pytest.raises(RuleRefused, match="不会是调休上班"):
            house.app.calendars.apply(order(2, "2026-09-22,work,补班"), "root")
        with pytest.raises(InputError, match="文件名"):
            house.app.calendars.apply(CalendarFile("calendar.csv", OFF.text), "root")
        provisional = CalendarFile(
            "holidays-2026-r9.csv", order(9, "2026-09-02,off,x").text.replace("published", "provisional")
        )
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


class TestCitizens:
    """What a citizen was told."""

    def test_no_shorter(self, house: House) -> None:
        """A day off lengthens the limit of a served order; when it is worked again, the day that was told stays."""
        number = house.case()
        play_until(house, number, "referred", "check_compliance")

        def limit() -> str:
            return due(house, number)["compliance"]

        told = limit()
        house.app.calendars.apply(order(2, "2026-09-28,off,临时放假"), "root")
        longer = limit()
        assert longer > told
        assert 0 == house.app.calendars.apply(BACK, "root").person
        assert longer == limit()


class TestReport:
    """The report, and the person who accepts it."""

    def waiting(self, house: House) -> tuple[str, int]:
        """A case whose bureau must decide by a day that a revised order makes earlier, and the report it waits in."""
        number = house.case()
        play_until(house, number, "referred", "bureau_decide")
        house.app.calendars.apply(order(2, "2026-09-21,off,临时放假"), "root")
        assert "2026-09-30" == due(house, number)["bureau_decision"]
        applied = house.app.calendars.apply(BACK, "root")
        assert (1, "2026-09-30") == (applied.person, due(house, number)["bureau_decision"])
        return number, applied.report

    def test_accepted(self, house: House) -> None:
        """An earlier date of an authority waits; a named person accepts it, and the entry names that person."""
        number, report = self.waiting(house)
        done = house.app.calendars.accept(report, "bureau", os_user="root")
        assert (1, 0, 0) == (done.moved, done.moot, done.left)
        assert "2026-09-29" == due(house, number)["bureau_decision"]
        page = house.app.cases.show(number, "auditor")
        assert ("case.recalculate", "bureau_officer") == (page.history[0].trigger, "bureau_officer")
        row = house.app.calendars.reports()[0]
        assert ("bureau", 0) == (row.report.accepted_by, row.open)

    def test_accepted_again(self, house: House) -> None:
        """Accepting again moves nothing more."""
        number, report = self.waiting(house)
        house.app.calendars.accept(report, "bureau")
        before = house.app.cases.show(number, "auditor").version
        assert 0 == house.app.calendars.accept(report, "bureau").moved
        assert before == house.app.cases.show(number, "auditor").version

    def test_crash(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Accepting that died between two cases goes on where it stopped."""
        number, report = self.waiting(house)
        real = Calendars._accept

        def die(self: Calendars, *arguments: object) -> object:
            raise KeyboardInterrupt

        monkeypatch.setattr(Calendars, "_accept", die)
        with pytest.raises(KeyboardInterrupt):
            house.app.calendars.accept(report, "bureau")
        monkeypatch.setattr(Calendars, "_accept", real)
        assert 1 == house.app.calendars.accept(report, "bureau").moved
        assert "2026-09-29" == due(house, number)["bureau_decision"]

    def test_changed_meanwhile(self, house: House) -> None:
        """What was met or moved since is not moved again; the report says so."""
        number, report = self.waiting(house)
        scene = next(each for each in SCENES if (each.case, each.did) == ("referred", "bureau_decide"))
        house.at(scene.at).act(scene.who, number, scene.did, **scene.form)
        done = house.app.calendars.accept(report, "bureau")
        assert (0, 1) == (done.moved, done.moot)
        line = next(each for each in house.app.calendars.lines(report) if each.deadline == "bureau_decision")
        assert "moot" == line.status

    def test_right(self, house: House) -> None:
        """Only the bureau accepts; a report that is not there is told so."""
        _, report = self.waiting(house)
        with pytest.raises(RightRefused, match="教体局"):
            house.app.calendars.accept(report, "township")
        with pytest.raises(RuleRefused, match="没有第99号"):
            house.app.calendars.accept(99, "bureau")

    def test_lost_race(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A case that another writer always takes first is left, and told."""
        _, report = self.waiting(house)

        def lose(self: Calendars, *arguments: object) -> object:
            raise Conflict("x")

        monkeypatch.setattr(Calendars, "_accept", lose)
        assert 1 == house.app.calendars.accept(report, "bureau").left
        assert "" == house.app.calendars.reports()[0].report.accepted_by

    def test_fault(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A case that cannot be worked out stops no other and stands in the report until it can."""
        number = house.case()
        real = Calendars._look
        with monkeypatch.context() as broken:

            def fail(self: Calendars, *arguments: object) -> None:
                raise InstallationError("流程版本没有载入")

            broken.setattr(Calendars, "_look", fail)
            assert 1 == house.app.calendars.apply(OFF, "root").faults
        assert real is Calendars._look
        house.clock.set(house.clock.now() + SETTLED_AFTER)
        house.app.calendars.go_on()
        assert "2026-09-08" == due(house, number)["first_visit"]
        assert "fault" not in {each.applies for each in house.app.calendars.lines(1)}

    def test_second_pass(self, house: House) -> None:
        """Cases are gone through again once every node has the new calendar; then the report is complete."""
        house.case()
        house.app.calendars.apply(OFF, "root")
        assert not house.app.calendars.reports()[0].complete
        house.clock.set(house.clock.now() + SETTLED_AFTER)
        assert 1 == house.app.calendars.go_on()
        assert house.app.calendars.reports()[0].complete
        assert 0 == house.app.calendars.go_on()
        assert house.clock.now() - house.app.calendars.reports()[0].report.made_at < timedelta(minutes=3)
