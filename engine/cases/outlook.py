"""What can be done now, and what the system will do next: shown before it happens (DESIGN.md §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from engine.access import RESERVED
from engine.cases.choosing import ask
from engine.cases.model import Reason
from engine.cases.plan import Plan, offered, plan_of
from engine.cases.proposals import next_approvers
from engine.cases.wording import in_words
from engine.definitions.facts import Actor, CaseView, Facts, Running
from engine.definitions.workflow import Transition, Workflow
from engine.workdays import Calendar


class Possible(NamedTuple):
    """An act that an actor may try: in which way, and what stands against it whatever is typed."""

    trigger: str
    zh: str
    proposes: bool
    drafts: bool
    against: tuple[Reason, ...]
    offers: tuple[str, ...]


class Coming(NamedTuple):
    """One thing that the system will do by itself: when, for which deadline, what."""

    at: datetime
    deadline: str
    step: int
    what: str  # remind | tell | propose | fire
    detail: tuple[str, ...]


def possible(
    workflow: Workflow, case: CaseView, actor: Actor, *, today: date, calendar: Calendar
) -> tuple[Possible, ...]:
    """The acts that this actor's roles may try in this state, in the order of the file."""
    plan = plan_of(workflow)
    found = []
    for transition, role, drafts in offered(plan, case.state, actor.roles_in(case.identity.scope, today)):
        name = transition.name
        facts = Facts(case, {}, today, today, calendar, actor, role)
        reasons, offers = ask(plan.early[name], facts, {})
        against = in_words(reasons, plan.labels)
        found.append(Possible(name, transition.zh, bool(transition.approvals), drafts, against, offers))
    return tuple(found)


def suggested(workflow: Workflow, case: CaseView, open_ones: tuple[Possible, ...]) -> str:
    """The act to offer first: one that answers the nearest deadline, else one that leads to the next rung.

    None where deadlines run that others are to answer: what somebody may also do is no duty. Any where none runs.
    """
    return _first(plan_of(workflow), case, [each.trigger for each in open_ones if not each.against], lambda _: True)


def first_act(workflow: Workflow, case: CaseView, actor: Actor, *, today: date, calendar: Calendar) -> str:
    """The act that is suggested to this actor, found with no more guards asked than that takes; empty for none."""
    plan = plan_of(workflow)
    roles = {
        transition.name: role
        for transition, role, _ in offered(plan, case.state, actor.roles_in(case.identity.scope, today))
    }

    @cache
    def holds(name: str) -> bool:
        facts = Facts(case, {}, today, today, calendar, actor, roles[name])
        return not ask(plan.early[name], facts, {})[0]

    return _first(plan, case, list(roles), holds)


def _first(plan: Plan, case: CaseView, names: Sequence[str], holds: Callable[[str], bool]) -> str:
    running = sorted((r for r in case.deadlines.values() if r.status == "running" and r.due_on), key=_due)
    for each in running:
        answers = plan.answers[each.name]
        moves = plan.moves[each.name] if case.state in plan.workflow.deadlines[each.name].states else ()
        for some in (answers, moves):
            found = next((name for name in names if name in some and holds(name)), "")
            if found:
                return found
    return "" if running else next(filter(holds, names), "")


def _due(running: Running) -> date:
    return running.due_on or date.max


def possible_reserved(workflow: Workflow, case: CaseView, actor: Actor, *, today: date) -> tuple[str, ...]:
    """The acts that every case has and that make sense for this case and actor now."""
    scope = case.identity.scope
    allowed = {name for name, roles in RESERVED.items() if actor.role_in(roles, scope, today)}
    final = case.state in plan_of(workflow).finals
    waiting = any(a.status == "waiting" for d in case.documents if d.status == "issued" for a in d.addressees)
    sense = {
        "case.note": True,
        "case.undo": case.undoable > 0,
        "case.correct": bool(case.acts),
        "case.hold": not final and any(r.status == "running" for r in case.deadlines.values()),
        "case.release": any(p.hold.last is None for p in case.pauses),
        "case.hand_over": not final,
        "case.reopen": final,
        "document.serve": waiting,
        "document.dispense": waiting,
        "document.withdraw": any(d.status == "issued" for d in case.documents),
        "proposal.approve": False,
        "proposal.return": False,
    }
    return tuple(name for name in RESERVED if name in allowed and sense[name])


def awaiting(workflow: Workflow, case: CaseView, actor: Actor, *, today: date) -> tuple[str, ...]:
    """Ids of open proposals on which this actor may decide now; never the own ones."""
    found = []
    for proposal in case.proposals:
        transition: Transition = workflow.transitions[proposal.trigger]
        wanted = frozenset(next_approvers(transition, case, proposal))
        mine = proposal.proposed_by == actor.user or any(by == actor.user for _, by, _ in proposal.approvals)
        if not mine and actor.role_in(wanted, case.identity.scope, today):
            found.append(proposal.id)
    return tuple(found)


def coming(workflow: Workflow, case: CaseView) -> tuple[Coming, ...]:
    """What the system will do next about each running deadline, soonest first."""
    found = []
    for running in case.deadlines.values():
        if running.next_at is None:
            continue
        rule = workflow.deadlines[running.name]
        at = running.step - len(rule.remind)
        if at < 0:
            found.append(Coming(running.next_at, running.name, running.step, "remind", ()))
        elif at < len(rule.levels):
            level = rule.levels[at]
            what, detail = ("propose", (level.propose,)) if level.propose else ("tell", level.tell)
            if level.fire:
                what, detail = "fire", (level.fire,)
            found.append(Coming(running.next_at, running.name, running.step, what, detail))
    return tuple(sorted(found))
