"""What can be done now, and what the system will do next."""

from __future__ import annotations

from datetime import date

from engine.cases.outlook import awaiting, coming, first_act, possible, possible_reserved, suggested
from engine.definitions.facts import Actor, CaseView
from tests.cases.little import (
    AUDITOR,
    BUREAU,
    BUREAU_HEAD,
    OFFICER,
    REVIEWER,
    SCHOOL,
    TEACHER,
    Play,
    calendar,
    little,
)
from tests.cases.test_decide import ordered
from tests.cases.test_service import served

DAY = date(2026, 9, 8)


def names(play: Play, actor: Actor) -> dict[str, bool]:
    """Acts that the actor may try, and whether anything stands against them."""
    found = possible(little(), play.case, actor, today=DAY, calendar=calendar())
    return {each.trigger: bool(each.against) for each in found}


def first(case: CaseView, actor: Actor) -> str:
    """The act to offer first: of all acts that are open, and asked for alone."""
    law = {"today": DAY, "calendar": calendar()}
    found = possible(little(), case, actor, **law)  # type: ignore[arg-type]  # a day and a calendar
    alone = first_act(little(), case, actor, **law)  # type: ignore[arg-type]  # as said
    assert alone == suggested(little(), case, found)
    return alone


class TestPossible:
    """Acts that are open."""

    def test_by_role(self) -> None:
        """Each role sees its own acts; what stands against them is told."""
        play = ordered()
        papers = dict.fromkeys(("amend", "announce", "confirm_address", "entrust"), False)
        assert names(play, OFFICER) == {"check": False, "refer": True, **papers}
        assert names(play, AUDITOR) == {}

    def test_drafts(self) -> None:
        """Who may only draft is told so."""
        found = possible(little(), Play().case, TEACHER, today=DAY, calendar=calendar())
        assert [(each.trigger, each.drafts) for each in found] == [("visit", True)]

    def test_suggested(self) -> None:
        """First comes the act that answers the nearest deadline."""
        play = Play()
        assert first(play.case, OFFICER) == "visit"
        play.act(SCHOOL, "back")
        assert first(play.case, SCHOOL) == "confirm"

    def test_suggested_otherwise(self) -> None:
        """Where others are to answer the deadlines none comes first, but what leads to the next rung; where none runs
        it is the first open act."""
        play = Play()
        assert first(ordered().case, SCHOOL) == ""
        assert first(play.case, BUREAU) == ""
        assert first(play.case._replace(deadlines={}), BUREAU) == "school_fault"
        assert first(play.case, AUDITOR) == first(play.case._replace(deadlines={}), AUDITOR) == ""

    def test_reserved(self) -> None:
        """Reserved acts are offered where they make sense."""
        play = ordered()
        assert "document.serve" in possible_reserved(little(), play.case, OFFICER, today=DAY)
        assert "case.reopen" not in possible_reserved(little(), play.case, BUREAU, today=DAY)
        assert possible_reserved(little(), play.case, AUDITOR, today=DAY) == ()

    def test_awaiting(self) -> None:
        """A proposal waits for the next role of its chain, never for its drafter."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau")
        assert awaiting(little(), play.case, REVIEWER, today=DAY) == ("P3",)
        assert awaiting(little(), play.case, BUREAU_HEAD, today=DAY) == ()
        play.act(REVIEWER, "proposal.approve", proposal="order")
        assert awaiting(little(), play.case, REVIEWER, today=DAY) == ()


class TestComing:
    """What the system will do by itself."""

    def test_each_kind(self) -> None:
        """Reminders, tellings, proposals and acts are told beforehand, soonest first."""
        play = Play()
        found = [coming(little(), play.case)[0].what]
        for _ in range(3):
            play.tick("first_visit")
            found.append(coming(little(), play.case)[0].what)
        assert found == ["remind", "tell", "tell", "fire"]
        later = ordered()
        served(later, "father")
        served(later, "mother")
        for _ in range(3):
            later.tick("compliance")
        assert ("propose", ("refer",)) in [(each.what, each.detail) for each in coming(little(), later.case)]

    def test_nothing_left(self) -> None:
        """A deadline without a level left comes to nothing."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        assert coming(little(), play.case) == ()
