"""Deciding an act of the workflow: state, role, day, guards, form, the one edge, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Refusal
from engine.clock import at_local
from engine.definitions.facts import Actor, HeldRole
from tests.cases.little import (
    AUDITOR,
    BUREAU,
    BUREAU_HEAD,
    FIRST,
    OFFICER,
    REVIEWER,
    SCHOOL,
    STRANGER,
    TEACHER,
    Play,
    calendar,
    little,
)

SERVED = {"document": "correction_order", "method": "direct", "servers": ("甲", "乙"), "receipt": "yes"}


def ordered() -> Play:
    """A case whose order was approved on the seventh of September."""
    play = Play().on("2026-09-03")
    play.act(OFFICER, "visit", result="refuses")
    play.on("2026-09-07").act(OFFICER, "order", issuer="bureau", limit="10 workdays")
    play.act(REVIEWER, "proposal.approve", proposal="order")
    play.act(BUREAU_HEAD, "proposal.approve", proposal="order", opinion="同意")
    return play


class TestRefusing:
    """A refusal names what stands against the act and what would be accepted."""

    def test_unknown_trigger(self) -> None:
        """An unknown act is refused with the acts that are possible."""
        outcome = Play().try_(OFFICER, "fly")
        assert isinstance(outcome, Refusal)
        assert outcome.names == ("fly",)
        assert "visit" in outcome.accepted

    def test_wrong_state(self) -> None:
        """An act of another state is refused and the acts of this state are offered."""
        outcome = Play().try_(SCHOOL, "confirm")
        assert isinstance(outcome, Refusal)
        assert (outcome.kind, outcome.names) == ("rule", ("state",))
        assert "visit" in outcome.accepted

    def test_role(self) -> None:
        """A person without the role is refused with the roles that may."""
        outcome = Play().try_(AUDITOR, "visit")
        assert isinstance(outcome, Refusal)
        assert outcome.kind == "right"
        assert "乡镇专干" in outcome.reasons[0].message

    def test_system_only(self) -> None:
        """An act of the system alone names the system."""
        outcome = Play().try_(OFFICER, "stale_out")
        assert isinstance(outcome, Refusal)
        assert outcome.reasons[0].message == "这一步由系统办理"

    def test_unit(self) -> None:
        """The right role in a unit without standing in the case counts for nothing."""
        assert Play().refused(STRANGER, "visit")[0] == "right"

    def test_ended_role(self) -> None:
        """A role counts only between its days."""
        held = HeldRole(role="township_officer", unit="township", first=date(2026, 1, 1), last=date(2026, 8, 31))
        assert Play().refused(Actor(user="former", roles=(held,)), "visit")[0] == "right"

    def test_on_leave(self) -> None:
        """Who is on leave is told its days and who stands in, whatever other role is held in the case."""
        roles = sorted(little().transitions["visit"].roles)
        days = {"first": date(2026, 9, 1), "last": date(2026, 9, 9)}
        away = tuple(HeldRole(role=role, unit="school", covers="苏晓", **days) for role in roles)
        outcome = Play().try_(Actor(user="away", roles=(), away=away), "visit")
        assert isinstance(outcome, Refusal)
        assert [("right", "leave")] == [(each.kind, each.name) for each in outcome.reasons]
        assert "2026-09-01至2026-09-09因休假由「苏晓」代行" in outcome.reasons[0].message

    def test_stale(self) -> None:
        """A command made on an older version is refused as stale."""
        outcome = Play().try_(OFFICER, "visit", version=0, result="refuses")
        assert isinstance(outcome, Refusal)
        assert outcome.kind == "stale"

    def test_current_version(self) -> None:
        """A command made on today's version is decided."""
        assert isinstance(Play().try_(OFFICER, "visit", version=1, result="refuses"), Decision)

    def test_future(self) -> None:
        """Nothing happens in the future."""
        assert Play().refused(OFFICER, "visit", happened="2026-09-02", result="refuses") == ("rule", ("happened_on",))

    def test_before_detection(self) -> None:
        """Nothing happens before the case was detected."""
        assert Play().refused(OFFICER, "visit", happened="2026-08-31", result="refuses")[1] == ("happened_on",)

    def test_authority_is_dated_by_recording(self) -> None:
        """An act of authority cannot be dated back."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.on("2026-09-04")
        assert play.refused(OFFICER, "order", happened="2026-09-03")[1] == ("happened_on",)

    def test_form(self) -> None:
        """A form is refused with every field that is wrong, at once."""
        assert Play().refused(OFFICER, "visit", result="agrees", visitors=("甲",))[1] == ("returns", "visitors")

    def test_form_bound(self) -> None:
        """A day outside its bound is refused."""
        kind, names = Play().refused(OFFICER, "visit", result="agrees", returns=date(2026, 8, 1))
        assert (kind, names) == ("rule", ("returns",))

    def test_guard_before_form(self) -> None:
        """A case that is not ready says so before anything is asked."""
        play = ordered()
        assert play.refused(OFFICER, "refer") == ("rule", ("recorded",))
        outcome = play.try_(OFFICER, "refer")
        assert isinstance(outcome, Refusal)
        assert outcome.accepted == ("check",)

    def test_negated_guard(self) -> None:
        """A negated guard refuses when its predicate holds."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(BUREAU, "school_fault")
        assert play.refused(OFFICER, "order")[1] == ("not recorded",)

    def test_in_words(self) -> None:
        """Refusals call acts, fields and counters by their Chinese names; what has none stays."""
        play = ordered()
        outcome = play.try_(OFFICER, "refer")
        assert isinstance(outcome, Refusal)
        assert outcome.reasons[0].message == "还没有登记「复核改正情况」"
        play.act(SCHOOL, "back")
        counted = play.try_(SCHOOL, "close_returned")
        assert isinstance(counted, Refusal)
        assert counted.reasons[0].message.startswith("「确认在校」要求不少于2次")
        unknown = play.try_(SCHOOL, "fly")
        assert isinstance(unknown, Refusal)
        assert "「fly」" in unknown.reasons[0].message

    def test_several_guards(self) -> None:
        """All guards that say no are named."""
        play = ordered()
        play.act(SCHOOL, "back")
        assert play.refused(SCHOOL, "close_returned")[1] == ("at_least", "on_days")

    def test_two_edges(self) -> None:
        """Two edges that hold together are a fault of the definition, never a guess."""
        assert Play().refused(BUREAU, "torn") == ("rule", ("torn",))

    def test_nothing_changed(self) -> None:
        """A refusal leaves the case as it was."""
        play = Play()
        before = play.case
        play.refused(OFFICER, "visit")
        assert before == play.case


class TestActing:
    """An accepted act gives the case after it and one line of history."""

    def test_outcome_that_moves(self) -> None:
        """The one edge that holds moves the case and counts."""
        play = Play().on("2026-09-03")
        decision = play.act(OFFICER, "visit", result="refuses")
        assert (play.case.state, play.case.epoch, play.case.version, play.case.seq) == ("visited", 2, 2, 2)
        assert play.case.tallies["visits"].times == 1
        assert decision.orders[0].kind == "visit_record"
        assert (decision.entry.source, decision.entry.target, decision.entry.law) == (
            "detected",
            "visited",
            ("义教法58",),
        )

    def test_outcome_that_stays(self) -> None:
        """An honest attempt is counted and moves nothing; its deadline stays due."""
        play = Play().on("2026-09-02")
        play.act(OFFICER, "visit", result="nobody_home")
        assert (play.case.state, play.case.epoch) == ("detected", 1)
        assert play.case.tallies["attempts"].days == (date(2026, 9, 2),)
        assert play.case.deadlines["first_visit"].due_on == date(2026, 9, 4)

    def test_same_day_counts_once_as_a_day(self) -> None:
        """Two acts on one day are two times and one day."""
        play = Play().on("2026-09-02")
        play.act(OFFICER, "visit", result="nobody_home")
        play.act(OFFICER, "visit", result="nobody_home")
        tally = play.case.tallies["attempts"]
        assert (tally.times, len(tally.days)) == (2, 1)

    def test_public_and_sealed(self) -> None:
        """Values are sealed unless their field is public."""
        decision = Play().act(OFFICER, "visit", result="refuses", visitors=("甲", "乙"))
        assert (decision.entry.public, decision.entry.sealed) == ({"result": "refuses"}, {"visitors": ("甲", "乙")})

    def test_guards_values_are_recorded(self) -> None:
        """The values that guards used stand in the entry."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        decision = play.act(OFFICER, "order", issuer="township")
        assert decision.entry.seen == {"visits": 1, "school_fault": None}

    def test_draft_by_teacher(self) -> None:
        """A class teacher's act is a draft that somebody with the role confirms."""
        play = Play().on("2026-09-03")
        play.act(TEACHER, "visit", result="refuses", happened="2026-09-02")
        assert (play.case.state, len(play.case.proposals)) == ("detected", 1)
        decision = play.act(SCHOOL, "proposal.approve", proposal="visit")
        assert (play.case.state, decision.entry.happened_on) == ("visited", date(2026, 9, 2))

    def test_former(self) -> None:
        """A relapse goes back to the rung that the case left, and its own counts start anew."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.on("2026-09-04").act(SCHOOL, "back")
        assert (play.case.state, play.case.former) == ("watched", "visited")
        play.act(SCHOOL, "confirm")
        play.act(SCHOOL, "relapse")
        assert (play.case.state, play.case.former) == ("visited", "")
        assert "weeks" not in play.case.tallies
        assert play.case.tallies["visits"].times == 1

    def test_closing(self) -> None:
        """A closing ends deadlines and says as what the case closed."""
        play = Play().on("2026-09-04")
        play.act(SCHOOL, "back")
        play.on("2026-09-10").act(SCHOOL, "confirm")
        play.on("2026-09-17").act(SCHOOL, "confirm")
        play.act(SCHOOL, "close_returned")
        assert (play.case.state, play.case.closed_as, play.case.deadlines) == ("returned", "returned", {})

    def test_law_by_issuer(self) -> None:
        """The entry names the law of the unit that issues."""
        play = ordered()
        assert play.last is not None
        assert isinstance(play.last, Decision)
        assert play.last.entry.law == ("义教法58", "未保法83")

    def test_links(self) -> None:
        """An act that opens a linked case orders it and remembers it."""
        play = ordered()
        play.on("2026-09-08").act(OFFICER, "check")
        play.act(OFFICER, "refer", channel="judicial_office", receiver="judicial")
        play.act(BUREAU_HEAD, "proposal.approve", proposal="refer")
        assert play.case.links[0].reference == "QH-2026-0001-8"
        assert isinstance(play.last, Decision)
        assert play.last.opens[0].channel == "judicial_office"
        assert play.refused(BUREAU, "close_error")[1] == ("links_ended",)
        play.case = play.case._replace(links=tuple(replace(link, ended=True) for link in play.case.links))
        play.act(BUREAU, "close_error")
        assert play.case.closed_as == "error"

    def test_pure(self) -> None:
        """The same arguments give the same decision."""
        play = Play()
        command = Command(request_id="r", case="x", trigger="visit", actor=OFFICER, values={"result": "refuses"})
        now = at_local(FIRST, 12)
        first = decide(little(), play.case, command, now, calendar())
        assert first == decide(little(), play.case, command, now, calendar())


class TestProposing:
    """What needs approval waits for it, and approval is the act."""

    def test_chain(self) -> None:
        """The case moves at the last approval; the draft keeps its id when it is issued."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        made = play.act(OFFICER, "order", issuer="bureau", limit="10 workdays")
        assert (play.case.state, made.tells, made.orders[0].draft) == ("visited", ("legal_reviewer",), True)
        first = play.act(REVIEWER, "proposal.approve", proposal="order")
        assert (play.case.state, first.tells) == ("visited", ("bureau_head",))
        last = play.act(BUREAU_HEAD, "proposal.approve", proposal="order")
        assert (play.case.state, last.orders[0].id, last.orders[0].draft) == ("ordered", made.orders[0].id, False)
        assert last.entry.seen["approved_by"] == ("reviewer", "bureau_head")
        assert play.case.proposals == ()

    def test_one_at_a_time(self) -> None:
        """There is one open proposal of an act."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau")
        assert play.refused(BUREAU, "order", issuer="bureau") == ("rule", ("proposal",))

    def test_head_of_the_issuer(self) -> None:
        """Only the head of the unit that issues may put an order into force."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="township")
        play.act(REVIEWER, "proposal.approve", proposal="order")
        assert play.refused(BUREAU_HEAD, "proposal.approve", proposal="order")[0] == "right"

    def test_unit_without_head(self) -> None:
        """A unit that has no head to sign cannot issue."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="district")
        play.act(REVIEWER, "proposal.approve", proposal="order")
        assert play.refused(BUREAU_HEAD, "proposal.approve", proposal="order")[0] == "right"

    def test_unknown_issuer(self) -> None:
        """A unit without standing in the case cannot issue."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="elsewhere")
        play.act(REVIEWER, "proposal.approve", proposal="order")
        assert play.refused(BUREAU_HEAD, "proposal.approve", proposal="order")[0] == "right"

    def test_own_proposal(self) -> None:
        """Nobody approves what he proposed."""
        both = Actor(user="both", roles=(*OFFICER.roles, *REVIEWER.roles))
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(both, "order", issuer="bureau")
        assert play.refused(both, "proposal.approve", proposal="order") == ("right", ("own_proposal",))

    def test_never_twice(self) -> None:
        """Nobody approves twice."""
        both = Actor(user="both", roles=(*REVIEWER.roles, *BUREAU_HEAD.roles))
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau")
        play.act(both, "proposal.approve", proposal="order")
        assert play.refused(both, "proposal.approve", proposal="order") == ("right", ("approved_already",))

    def test_send_back(self) -> None:
        """A proposal that is sent back needs a reason, takes its draft with it, and can be made again."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau")
        assert play.refused(REVIEWER, "proposal.return", proposal="order") == ("rule", ("reason",))
        assert play.refused(OFFICER, "proposal.return", proposal="order", reason="不妥")[0] == "right"
        assert play.refused(REVIEWER, "proposal.return", proposal="none")[1] == ("proposal",)
        decision = play.act(REVIEWER, "proposal.return", proposal="order", reason="事实不清")
        assert (play.case.proposals, decision.tells) == ((), ("township_officer",))
        assert [d.status for d in play.case.documents] == ["issued"]
        play.act(OFFICER, "order", issuer="bureau")

    def test_no_such_proposal(self) -> None:
        """A proposal that is not open cannot be approved."""
        assert Play().refused(REVIEWER, "proposal.approve", proposal="order") == ("rule", ("proposal",))

    def test_left_state(self) -> None:
        """Leaving the state ends open proposals, with the entry that left it."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau")
        decision = play.act(SCHOOL, "back")
        assert (play.case.proposals, decision.entry.result) == ((), {"ended_proposals": ("P3",)})

    def test_withdrawn(self) -> None:
        """An act that moves nothing leaves other proposals open."""
        play = ordered()
        play.on("2026-09-08").act(OFFICER, "check")
        play.act(OFFICER, "refer", receiver="x")
        play.act(OFFICER, "check")
        assert [p.trigger for p in play.case.proposals] == ["refer"]

    def test_older_epoch(self) -> None:
        """A proposal of an earlier epoch is stale."""
        play = ordered()
        play.on("2026-09-08").act(OFFICER, "check")
        play.act(OFFICER, "refer", receiver="x")
        play.case = play.case._replace(epoch=play.case.epoch + 1)
        assert play.refused(BUREAU_HEAD, "proposal.approve", proposal="refer") == ("stale", ("proposal",))

    def test_guards_again(self) -> None:
        """At the last approval the guards are asked again on the case as it stands."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau", fixed_on=date(2026, 9, 10))
        play.act(REVIEWER, "proposal.approve", proposal="order")
        play.act(BUREAU, "school_fault")
        assert play.refused(BUREAU_HEAD, "proposal.approve", proposal="order")[1] == ("not recorded",)
        play.on("2026-09-11")
        assert play.refused(BUREAU_HEAD, "proposal.approve", proposal="order")[1] == ("not recorded", "fixed_on")
