"""What a passed moment does: remind, escalate, propose, fire; once, and only while it still fits the case."""

from __future__ import annotations

from datetime import date, timedelta

from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Refusal
from engine.cases.passing import timer_values
from engine.cases.timers import is_overdue
from engine.clock import at_local, local_day
from engine.definitions.facts import SYSTEM
from tests.cases.little import BUREAU_HEAD, OFFICER, REVIEWER, SCHOOL, Play, calendar, little
from tests.cases.test_decide import ordered
from tests.cases.test_service import served


class TestTimers:
    """A timer's command."""

    def test_remind(self) -> None:
        """A reminder tells and grows the history, never the version."""
        play = Play()
        decision = play.tick("first_visit")
        assert (decision.entry.trigger, decision.tells) == ("timer.remind", ("township_officer",))
        assert (play.case.seq, play.case.version, local_day(play.now)) == (2, 1, date(2026, 9, 3))

    def test_remind_keeps_undo(self) -> None:
        """A reminder does not take away the right to undo."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        play.act(OFFICER, "check")
        play.case = play.case._replace(deadlines={**play.case.deadlines})
        assert play.case.previous is not None

    def test_levels(self) -> None:
        """Level by level, each from the act of the one before; the last one may take the case over."""
        play = Play()
        play.tick("first_visit")
        first = play.tick("first_visit")
        assert first.tells == ("township_officer", "township_head")
        assert play.case.watchers == ("township_officer", "township_head")
        second = play.tick("first_visit")
        assert (second.tells, play.case.owner) == (("bureau_officer",), "bureau_officer")
        assert local_day(play.now) == date(2026, 9, 9)

    def test_fire(self) -> None:
        """A timer may do an act that lists the system; it is recorded as the system's."""
        play = Play()
        for _ in range(4):
            last = play.tick("first_visit")
        assert (last.entry.trigger, last.entry.role) == ("stale_out", "system")
        assert play.case.tallies["neglected"].times == 1
        assert play.case.deadlines["first_visit"].next_at is None

    def test_task_and_proposal(self) -> None:
        """A passed limit gives a task; the next level proposes when the case is ready for it."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        play.tick("compliance")
        play.tick("compliance")
        overdue = play.tick("compliance")
        assert overdue.tasks == ("check",)
        unready = play.try_(SYSTEM, "timer.act", **timer_values(play.case.deadlines["compliance"]))
        assert isinstance(unready, Refusal)
        decision = play.tick("compliance")
        assert decision.entry.result == {"level": 1, "not_proposed": ("recorded",)}

    def test_proposed(self) -> None:
        """A timer's proposal has no values; a person's takes its place, and nobody approves an empty one."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        for _ in range(3):
            play.tick("compliance")
        play.case = play.case._replace(
            acts={**play.case.acts, "check": play.case.acts["visit"]._replace(trigger="check")}
        )
        decision = play.tick("compliance")
        assert decision.entry.result == {"level": 1, "proposes": "refer"}
        assert play.case.proposals[0].proposed_by == "system"
        again = play.try_(SYSTEM, "refer")
        assert isinstance(again, Refusal)
        play.act(OFFICER, "refer", channel="judicial_office", receiver="judicial")
        assert [p.proposed_by for p in play.case.proposals] == ["officer"]

    def test_proposes_in_place(self) -> None:
        """The system's own attempt at an act that needs approval is a proposal."""
        play = ordered()
        served(play, "father")
        play.act(OFFICER, "check")
        decision = play.act(SYSTEM, "refer")
        assert decision.case.proposals[0].values == {}
        assert decision.tells == ("bureau_head",)

    def test_not_here(self) -> None:
        """A proposal for an act of another state is not made."""
        play = Play()
        rule = little().deadlines["first_visit"]
        assert rule.levels
        other = play.case._replace(state="watched")
        from engine.cases import passing
        from engine.cases.attempt import Attempt
        from engine.cases.plan import plan_of

        command = Command("r", "x", "timer.act", SYSTEM)
        attempt = Attempt(
            plan_of(little()),
            other,
            command,
            play.now,
            local_day(play.now),
            local_day(play.now),
            calendar(),
            "system",
            "",
        )
        assert passing._propose(attempt, other, "refer") == (other, ("state",))

    def test_person(self) -> None:
        """No person lets a timer act."""
        assert Play().refused(OFFICER, "timer.act")[0] == "right"

    def test_moot(self) -> None:
        """A timer of another generation, or before its moment, is moot."""
        play = Play()
        running = play.case.deadlines["first_visit"]
        assert play.refused(SYSTEM, "timer.act", **timer_values(running)) == ("moot", ("first_visit",))
        assert play.refused(SYSTEM, "timer.act", deadline="none")[0] == "moot"
        play.act(SCHOOL, "back")
        play.on("2026-09-30")
        assert play.refused(SYSTEM, "timer.act", **timer_values(running))[0] == "moot"

    def test_hours(self) -> None:
        """A deadline of hours runs from the instant of recording and acts at its instant."""
        from tests.cases.little import BUREAU

        play = Play().on("2026-09-01", 15, 30)
        play.act(BUREAU, "school_fault")
        running = play.case.deadlines["urgent"]
        assert running.late_after == at_local(date(2026, 9, 1), 21, 30)
        decision = play.tick("urgent")
        assert decision.tells == ("bureau_head",)

    def test_level_in_hours(self) -> None:
        """A level in hours counts from the instant at which the one before acted."""
        play = Play()
        play.act(SCHOOL, "back")
        play.tick("weekly")
        running = play.case.deadlines["weekly"]
        assert running.next_at == play.now + timedelta(hours=6)
        play.tick("weekly")
        assert play.case.deadlines["weekly"].next_at is None

    def test_without_levels(self) -> None:
        """A deadline without levels passes with one entry and acts no more."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.tick("after_visit")
        assert play.case.deadlines["after_visit"].next_at is None

    def test_overdue_is_worked_out(self) -> None:
        """Overdue means past the last moment; a met deadline is never overdue."""
        play = ordered()
        served(play, "father")
        running = play.case.deadlines["service"]
        assert is_overdue(running, at_local(date(2026, 9, 30)))
        served(play, "mother")
        assert play.case.deadlines["service"].status == "met"
        assert not is_overdue(play.case.deadlines["service"], at_local(date(2026, 9, 30)))


class TestLateEntries:
    """An act recorded after its deadline escalated."""

    def test_moots(self) -> None:
        """A late entry marks the escalation that it made moot, and erases none."""
        play = Play()
        play.tick("first_visit")
        play.tick("first_visit")
        play.on("2026-09-06")
        decision = play.act(OFFICER, "visit", result="refuses", happened="2026-09-04")
        assert decision.entry.result == {"moots": ("first_visit",)}

    def test_too_late_itself(self) -> None:
        """An act that happened after the due day makes nothing moot."""
        play = Play()
        play.tick("first_visit")
        play.tick("first_visit")
        play.on("2026-09-07")
        decision = play.act(OFFICER, "visit", result="refuses", happened="2026-09-05")
        assert decision.entry.result == {}

    def test_met_in_time(self) -> None:
        """A late entry that meets its deadline marks it too."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        for _ in range(3):
            play.tick("compliance")
        play.on("2026-09-30")
        decision = play.act(OFFICER, "check", happened="2026-09-18")
        assert decision.entry.result == {"moots": ("compliance",)}


class TestVacation:
    """A limit that ends when there is no school."""

    def test_check_moves(self) -> None:
        """The legal day stays; the check and its timer move to the first school day."""
        play = Play()
        play.on("2027-01-13").act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau", limit="10 workdays")
        play.act(REVIEWER, "proposal.approve", proposal="order")
        play.act(BUREAU_HEAD, "proposal.approve", proposal="order")
        play.on("2027-01-18")
        served(play, "father")
        served(play, "mother")
        running = play.case.deadlines["compliance"]
        assert (running.due_on, running.check_on) == (date(2027, 2, 1), date(2027, 2, 22))
        assert running.late_after == at_local(date(2027, 2, 23))
        assert running.provisional


class TestPurity:
    """Timers decide like everybody else."""

    def test_same_answer(self) -> None:
        """The same timer on the same case gives the same decision."""
        play = Play()
        running = play.case.deadlines["first_visit"]
        assert running.next_at is not None
        command = Command("", "x", "timer.act", SYSTEM, timer_values(running))
        first = decide(little(), play.case, command, running.next_at, calendar())
        assert isinstance(first, Decision)
        assert first == decide(little(), play.case, command, running.next_at, calendar())
