"""Corners of deciding that no ladder comes to by itself, asked directly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from engine.cases import choosing, effect, plan, timers
from engine.cases.attempt import Attempt
from engine.cases.model import Command, Refusal
from engine.cases.rehearsal import Rehearsal
from engine.clock import at_local
from engine.definitions.facts import Answer, Facts, Running
from engine.definitions.workflow import Edge, Guard, Level
from tests.cases.little import FIRST, OFFICER, SCHOOL, Play, calendar, guard, identity, little
from tests.cases.test_decide import ordered
from tests.cases.test_service import served


def attempt_of(play: Play) -> Attempt:
    """An officer's attempt on the case as it stands."""
    command = Command("r", "x", "visit", OFFICER, {"result": "refuses"})
    return Attempt(
        plan.plan_of(little()), play.case, command, play.now, FIRST, FIRST, calendar(), "township_officer", "township"
    )


class TestGuards:
    """Guards that hold others."""

    def test_any(self) -> None:
        """One of several is enough; where none holds, all their reasons and offers are told."""
        either = Guard(any_of=(guard("recorded", act="visit"), guard("recorded", act="check")))
        play = Play()
        facts = attempt_of(play).facts({})
        seen: dict[str, object] = {}
        reasons, offers = choosing.ask((either,), facts, seen)
        assert (reasons[0].name, offers) == ("any(recorded, recorded)", ("visit", "check"))
        assert "；或者" in reasons[0].message
        play.on("2026-09-03").act(OFFICER, "visit", result="refuses")
        assert either.ask(attempt_of(play).facts({})).holds

    def test_empty(self) -> None:
        """A guard without a predicate holds."""
        facts: Facts = attempt_of(Play()).facts({})
        assert Guard().ask(facts) == Answer(True, {})
        assert not plan.needs_form(Guard())
        assert plan.needs_form(Guard(any_of=(guard("field_is", field="result", one_of=("a",)),)))

    def test_single_edge(self) -> None:
        """An act with one ending is refused with the reasons of that ending."""
        attempt = attempt_of(Play())
        transition = replace(
            little().transitions["check"], edges=(Edge(index=0, when=(guard("recorded", act="visit"),)),)
        )
        outcome = choosing.choose(attempt, transition, attempt.facts({}), seen={})
        assert isinstance(outcome, Refusal)
        assert (outcome.names, outcome.accepted) == (("recorded",), ("visit",))


class TestDeadlines:
    """Deadlines that are asked at odd moments."""

    def test_service_after_leaving(self) -> None:
        """A service recorded after the case left its state starts only what runs in the new one."""
        play = ordered()
        served(play, "father")
        play.act(SCHOOL, "back")
        served(play, "mother")
        assert "compliance" not in play.case.deadlines
        assert play.case.deadlines["suit"].status == "running"

    def test_issue_elsewhere(self) -> None:
        """A document that is issued in another state starts nothing there."""
        play = Play()
        deadlines: dict[str, Running] = {}
        attempt = attempt_of(play)
        effect._issued(attempt, deadlines, "correction_order", ("detected", timers.moment_of(play.case, calendar())))
        assert deadlines == {}

    def test_nothing_printed(self) -> None:
        """A limit that should be printed in a document that is not there is the default."""
        rule = little().deadlines["compliance"]
        reckoning, fixed = timers.work_out(rule, date(2026, 9, 1), timers.moment_of(Play().case, calendar()))
        assert (reckoning.due_on, fixed) == (date(2026, 9, 15), None)

    def test_level_at_once(self) -> None:
        """A level without a time of its own acts with the one before."""
        rule = replace(little().deadlines["first_visit"], levels=(Level(tell=("a",)), Level(tell=("b",))), remind=())
        running = Play().case.deadlines["first_visit"]
        now = at_local(date(2026, 9, 5))
        assert timers.after_step(rule, running, now, calendar=calendar()).next_at == now


class TestLinks:
    """A parent that no longer knows its linked case."""

    def test_unknown(self) -> None:
        """News of a case that the parent does not link to is no entry of the parent."""
        stage = Rehearsal({"little": little()}, calendar())
        stage.open(identity(), Command("o", "QH-2026-0001", "case.open", SCHOOL), at_local(FIRST, 10), unit="school")
        child = replace(identity("X-1"), parent="QH-2026-0001")
        stage.open(child, Command("o", "X-1", "case.open", SCHOOL), at_local(FIRST, 10), unit="school")
        assert stage.cases["QH-2026-0001"].seq == 1
