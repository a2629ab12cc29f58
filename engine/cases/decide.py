"""The one decision function: a case and a command in, a decision or a refusal out. Pure.

`decide` asks the guards of *all* edges of an act itself, refuses unless exactly one edge holds, and then lets the
shared machine take that edge: so a refusal can say everything that stands against the act (DESIGN.md §3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from engine.cases import passing, proposals, recalculation, reserved, service
from engine.cases.attempt import Attempt, bounds, day_reason, in_role, right_reason
from engine.cases.choosing import ask, choose
from engine.cases.effect import Effect, take_effect
from engine.cases.forms import complaints
from engine.cases.model import Command, Decision, Outcome, Reason, Refusal, refuse
from engine.cases.plan import Plan, plan_of
from engine.cases.wording import in_words
from engine.clock import local_day
from engine.definitions.facts import CaseView
from engine.definitions.workflow import Transition, Workflow
from engine.workdays import Calendar

_RESERVED: Mapping[str, Callable[[Attempt], Outcome]] = {
    **reserved.ACTS,
    **service.ACTS,
    **proposals.ACTS,
    **passing.ACTS,
    **recalculation.ACTS,
}


def decide(workflow: Workflow, case: CaseView, command: Command, now: datetime, calendar: Calendar) -> Outcome:
    """What this command would do to this case now: a :class:`Decision`, or a :class:`Refusal` with every reason.

    `now` is an aware instant. Pure: no clock, database, file or randomness; the arguments are not changed.
    """
    today = local_day(now)
    happened = command.happened_on or today
    plan = plan_of(workflow)
    if command.version is not None and command.version != case.version:
        return _stale(case, command)
    outcome = _decided(Attempt(plan, case, command, now, today, happened, calendar, "", ""))
    if isinstance(outcome, Decision):
        return outcome
    return replace(outcome, reasons=in_words(outcome.reasons, plan.labels))


def _decided(attempt: Attempt) -> Outcome:
    """The act of the workflow, or the reserved one, that the command names."""
    workflow, command, case = attempt.plan.workflow, attempt.command, attempt.case
    transition = workflow.transitions.get(command.trigger)
    if transition is not None:
        return _act(attempt, transition)
    act = _RESERVED.get(command.trigger)
    if act is not None:
        return _dated(attempt, act(attempt))
    known = possible_here(attempt.plan, case.state)
    return refuse("rule", Reason("state", command.trigger, f"没有「{command.trigger}」这个动作"), accepted=known)


_FACTS = frozenset({"case.note", "document.serve"})
"""Acts that every case has and that may be recorded after their day; the others are dated by recording."""


def _dated(attempt: Attempt, outcome: Outcome) -> Outcome:
    """What an act that every case has would do, refused where it cannot be of the day that it names."""
    wrong = day_reason(attempt, authority=attempt.command.trigger not in _FACTS)
    return refuse("rule", wrong) if wrong and isinstance(outcome, Decision) else outcome


def _stale(case: CaseView, command: Command) -> Refusal:
    reason = Reason("stale", "version", f"页面打开后个案有变动（页面为第{command.version}版，现为第{case.version}版）")
    return refuse("stale", reason)


def possible_here(plan: Plan, state: str) -> tuple[str, ...]:
    """Triggers that leave this state or may happen in it, in the order of the file."""
    return tuple(name for name, each in plan.workflow.transitions.items() if state in each.sources)


def _act(attempt: Attempt, transition: Transition) -> Outcome:
    """An act of the workflow: state, role, day, guards without form, form, guards with form, the one edge."""
    if attempt.case.state not in transition.sources:
        zh = attempt.plan.workflow.states[attempt.case.state].zh
        reason = Reason("state", "state", f"个案现为「{zh}」，不能「{transition.zh}」")
        return refuse("rule", reason, accepted=possible_here(attempt.plan, attempt.case.state))
    placed = in_role(attempt, transition.roles)
    drafting = False
    if placed is None and transition.draft_by:
        placed, drafting = in_role(attempt, transition.draft_by), True
    if placed is None:
        return refuse("right", right_reason(attempt, transition.roles))
    wrong_day = day_reason(placed, authority=transition.act_of_authority)
    if wrong_day is not None:
        return refuse("rule", wrong_day)
    if transition.approvals and placed.role == "system":
        return proposals.by_system(placed, transition)
    checked = check(placed, transition)
    if isinstance(checked, Refusal):
        return checked
    if transition.approvals or drafting:
        return proposals.make(placed, checked)
    return take_effect(placed, checked)


def check(attempt: Attempt, transition: Transition) -> Effect | Refusal:
    """The effect that the guards and the form allow, or every reason why not."""
    values = attempt.command.values
    facts = attempt.facts(values)
    seen: dict[str, object] = {}
    early = attempt.plan.early[transition.name]
    if early:
        reasons, offers = ask(early, facts, seen)
        if reasons:
            return refuse("rule", *reasons, accepted=offers)
    if transition.form:
        wrong = complaints(transition.form, values, bounds(attempt))
        if wrong:
            return refuse("rule", *wrong)
    late = attempt.plan.late[transition.name]
    if late:
        reasons, offers = ask(late, facts, seen)
        if reasons:
            return refuse("rule", *reasons, accepted=offers)
    return choose(attempt, transition, facts, seen=seen)


__all__ = ["Decision", "check", "decide", "possible_here"]
