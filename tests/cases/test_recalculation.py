"""A new calendar: what moves by itself, what waits for a person, what stays as it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cache

from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Outcome
from engine.cases.plan import plan_of
from engine.cases.recalculation import Change, changes, told
from engine.clock import at_local
from engine.definitions.facts import SYSTEM, Actor, CaseView, Running
from engine.workdays import Calendar, calendar_of
from engine.workdays.orders import CalendarFile, read_all
from tests.cases.little import BUREAU, CALENDAR_FILES, OFFICER, Play, calendar, little
from tests.cases.test_decide import ordered
from tests.cases.test_service import served

HEAD_2026 = "order,国办发明电〔2026〕99号\ndated,2026-08-31\nstatus,published\nrevision,2\n"
HEAD_2027 = "order,国办发明电〔2026〕100号\ndated,2026-11-05\nstatus,published\nrevision,1\n2027-01-01,off,元旦\n"


@cache
def revised(*rows: str) -> Calendar:
    """The calendar with rows added to the order of 2026."""
    files = read_all(CALENDAR_FILES)
    base = next(each for each in files if each.name == "holidays-2026.csv").text
    kept = [line for line in base.splitlines() if line.startswith("2026-") and line[:10] not in str(rows)]
    text = HEAD_2026 + "\n".join([*kept, *rows]) + "\n"
    return calendar_of((*files, CalendarFile("holidays-2026-r2.csv", text)))


@cache
def next_year(*rows: str) -> Calendar:
    """The calendar with the order of 2027 out, its rows as given beside New Year's Day."""
    return calendar_of((*read_all(CALENDAR_FILES), CalendarFile("holidays-2027.csv", HEAD_2027 + "\n".join(rows))))


def found(case: CaseView, new: Calendar, now: datetime | None = None) -> dict[str, Change]:
    """The changes of a case by deadline."""
    moment = now or at_local(date(2026, 9, 2), 10)
    return {each.deadline: each for each in changes(plan_of(little()), case, new, now=moment, accepted=None)}


def act(play: Play, new: Calendar, actor: Actor = SYSTEM, **values: object) -> Outcome:
    """The act of a new calendar on a case, kept when it is accepted."""
    command = Command("r", play.case.identity.number, "case.recalculate", actor, {"report": 1, **values})
    outcome = decide(little(), play.case, command, play.now, new)
    if isinstance(outcome, Decision):
        play.case = outcome.case
    return outcome


def due(running: Running) -> str:
    """The due day as text."""
    return str(running.due_on)


THIRD_OFF = "2026-09-03,off,临时放假"
LONG = tuple(f"2026-09-{day:02},off,临时放假" for day in range(2, 5))


class TestItself:
    """What moves by itself."""

    def test_nothing(self) -> None:
        """A calendar that touches no date of a case changes nothing, and its act is refused as moot."""
        play = Play()
        assert {} == found(play.case, calendar())
        outcome = act(play, revised("2026-11-20,off,临时放假"))
        assert not isinstance(outcome, Decision)
        assert "moot" == outcome.kind

    def test_later(self) -> None:
        """A later date moves by itself and reaches the reminder at once; the deadline knows its calendar."""
        play = Play().on("2026-09-02")
        before = play.case.deadlines["first_visit"]
        outcome = act(play, revised(THIRD_OFF))
        assert isinstance(outcome, Decision)
        after = play.case.deadlines["first_visit"]
        assert ("2026-09-04", "2026-09-07") == (due(before), due(after))
        assert after.next_at == at_local(date(2026, 9, 4), 0, 30)
        assert (calendar().version, revised(THIRD_OFF).version) == (before.calendar, after.calendar)

    def test_entry(self) -> None:
        """The entry names both calendar versions and the days; the version of the case grows."""
        play = Play().on("2026-09-02")
        outcome = act(play, revised(THIRD_OFF))
        assert isinstance(outcome, Decision)
        told_ = outcome.entry.public
        assert ("system", "case.recalculate") == (outcome.entry.role, outcome.entry.trigger)
        assert {"first_visit": "2026-09-04→2026-09-07"} == told_["moved"]
        assert ((calendar().version,), revised(THIRD_OFF).version) == (told_["calendars_before"], told_["calendar"])
        assert (2, 2) == (play.case.seq, play.case.version)

    def test_reminded_again(self) -> None:
        """A later date is reminded of again; its timer is a new one."""
        play = Play()
        play.tick("first_visit")
        act(play, revised("2026-09-04,off,临时放假"))
        after = play.case.deadlines["first_visit"]
        assert ("2026-09-07", 0, 2) == (due(after), after.step, after.generation)

    def test_earlier_internal(self) -> None:
        """An earlier internal date moves by itself too, and what was reminded stays reminded."""
        play = Play().on("2026-09-02")
        act(play, revised("2026-09-04,off,临时放假"))
        play.tick("first_visit")
        act(play, calendar())
        after = play.case.deadlines["first_visit"]
        assert ("2026-09-04", 1) == (due(after), after.step)
        assert after.next_at == at_local(date(2026, 9, 5), 0, 30)

    def test_provisional(self) -> None:
        """A year's order that comes out makes provisional dates firm, without moving them."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play, "mother")
        change = found(play.case, next_year())["suit"]
        assert (True, False) == (play.case.deadlines["suit"].provisional, change.running.provisional)
        assert not change.moves

    def test_escalated_and_late(self) -> None:
        """What was escalated and is still late goes on where it stands."""
        play = Play()
        play.tick("first_visit")
        play.tick("first_visit")
        play.on("2026-09-20")
        before = play.case.deadlines["first_visit"]
        act(play, revised(THIRD_OFF))
        after = play.case.deadlines["first_visit"]
        assert "2026-09-07" == due(after)
        assert (before.step, before.next_at, before.generation) == (after.step, after.next_at, after.generation)

    def test_escalated_in_time(self) -> None:
        """What was escalated and is no longer late begins anew."""
        play = Play()
        play.tick("first_visit")
        play.tick("first_visit")
        act(play, revised(*LONG))
        after = play.case.deadlines["first_visit"]
        assert ("2026-09-09", 0, 2) == (due(after), after.step, after.generation)

    def test_held(self) -> None:
        """A clock that stands still goes on standing still."""
        play = Play().on("2026-09-02")
        hold = {"deadline": "first_visit", "reason": "台风", "review_on": date(2026, 9, 10)}
        play.act(OFFICER, "case.hold", **hold)
        act(play, revised(THIRD_OFF))
        after = play.case.deadlines["first_visit"]
        assert (None, True) == (after.next_at, after.provisional)
        assert "2026-09-07" == due(after)

    def test_waiting(self) -> None:
        """A clock that has not started has no date to move."""
        assert "compliance" not in found(ordered().case, revised("2026-09-10,off,临时放假"))


class TestPerson:
    """What waits for a person, and what stays."""

    def play(self) -> Play:
        """A case whose windows were worked out while 8 June 2027 was said to be a day off."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play, "mother")
        act(play, next_year("2027-06-08,off,端午节", "2027-03-08,off,临时放假"))
        assert ("2027-03-09", "2027-06-09") == (due(play.case.deadlines["suit"]), due(play.case.deadlines["court"]))
        return play

    def test_citizen(self) -> None:
        """What a citizen was told never gets shorter; the period chained to it stays with it."""
        play = self.play()
        after = next_year("2027-06-08,off,端午节")
        change = found(play.case, after)["suit"]
        assert ("stays", date(2027, 3, 8)) == (change.applies, change.due_after)
        assert "2027-03-09" == due(change.running)
        assert "court" not in found(play.case, after)

    def test_told_once(self) -> None:
        """A date that stays is a line of the report of the calendar that would shorten it, and of no later one."""
        play = self.play()
        was = next_year("2027-06-08,off,端午节", "2027-03-08,off,临时放假")
        shorter, later = next_year("2027-06-08,off,端午节"), next_year("2027-06-08,off,端午节", "2027-12-01,off,其他")
        plan = plan_of(little())
        assert ["suit"] == [each.deadline for each in told(plan, play.case, (was, shorter), now=play.now)]
        assert () == told(plan, play.case, (shorter, later), now=play.now)

    def test_served(self) -> None:
        """The limit of a document that was served is not touched by an earlier date."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play, "mother")
        act(play, revised("2026-09-10,off,临时放假"))
        assert "2026-09-22" == due(play.case.deadlines["compliance"])
        assert "stays" == found(play.case, calendar())["compliance"].applies

    def test_authority(self) -> None:
        """An earlier date of an authority waits: the system does not move it."""
        play = self.authority()
        new = next_year()
        assert ("person", date(2027, 6, 8)) == (
            found(play.case, new)["court"].applies,
            found(play.case, new)["court"].due_after,
        )
        act(play, new)
        assert "2027-06-10" == due(play.case.deadlines["court"])

    def authority(self) -> Play:
        """A case whose court window ended later because of days off that are then taken back."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play, "mother")
        act(play, next_year("2027-06-08,off,端午节", "2027-06-09,off,端午节"))
        assert "2027-06-10" == due(play.case.deadlines["court"])
        return play

    def test_accepted(self) -> None:
        """A person of the bureau accepts it, as it was read; the entry names that person."""
        play = self.authority()
        outcome = act(play, next_year(), BUREAU, accepts={"court": date(2027, 6, 8)})
        assert isinstance(outcome, Decision)
        assert ("bureau_officer", "bureau_officer") == (outcome.entry.user, outcome.entry.role)
        assert "2027-06-08" == due(play.case.deadlines["court"])

    def test_read_otherwise(self) -> None:
        """What was accepted under another date moves nothing."""
        play = self.authority()
        play.case = play.case._replace(deadlines={"court": play.case.deadlines["court"]})
        outcome = act(play, next_year(), BUREAU, accepts={"court": date(2027, 6, 7)})
        assert not isinstance(outcome, Decision)
        assert "moot" == outcome.kind

    def test_right(self) -> None:
        """Only the bureau accepts."""
        outcome = act(self.authority(), next_year(), OFFICER, accepts={"court": date(2027, 6, 8)})
        assert not isinstance(outcome, Decision)
        assert "right" == outcome.kind

    def test_chain(self) -> None:
        """A period chained to a date that moved runs from its new end."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play, "mother")
        act(play, next_year("2027-03-08,off,临时放假"))
        assert ("2027-03-09", "2027-06-09") == (due(play.case.deadlines["suit"]), due(play.case.deadlines["court"]))
        assert date(2027, 3, 9) == play.case.deadlines["court"].anchor

    def test_printed(self) -> None:
        """A limit printed in a document is not shortened once one guardian has it in hand; before that, it waits."""
        rule = replace(
            little().deadlines["service"], protects="authority", printed_in="correction_order", met_by=frozenset()
        )
        workflow = replace(little(), deadlines={**little().deadlines, "service": rule})
        play = ordered().on("2026-09-08")
        for how in ("person", "stays"):
            service = play.case.deadlines["service"]._replace(status="running", due_on=date(2026, 9, 30))
            case = play.case._replace(deadlines={"service": service})
            (change,) = changes(plan_of(workflow), case, calendar(), now=play.now)
            assert how == change.applies
            if how == "person":
                served(play, "father")
