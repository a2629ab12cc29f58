"""A new calendar: which dates move by themselves, which wait for a person, which stay as they were told. Pure.

Internal dates and later dates move by themselves; an earlier date of an authority waits for a named person; what a
citizen was told, and the limit of a served document, is never shortened (DESIGN.md §6, DOMAIN.md 6.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from engine.access import RECALCULATORS
from engine.cases.attempt import Attempt, Line, entry_of, in_role, right_reason
from engine.cases.model import Decision, Outcome, Reason, refuse
from engine.cases.plan import Plan
from engine.cases.timers import Deadlines, Moment, acts_at, acts_on, days_before, escalated, moment_of, start, work_out
from engine.definitions.facts import SYSTEM, CaseView, Running
from engine.definitions.workflow import DeadlineRule
from engine.workdays import Calendar, Reckoning

ITSELF, PERSON, STAYS = "itself", "person", "stays"
"""How a change applies: by itself, once a named person accepts it, or not at all because the date was told."""


class Change(NamedTuple):
    """What a new calendar does to one running deadline."""

    deadline: str
    generation: int
    protects: str
    due_before: date
    due_after: date
    applies: str
    running: Running
    """The deadline after the change; for one that stays, with the date it had."""

    @property
    def moves(self) -> bool:
        """True when the due date becomes another day."""
        return self.running.due_on != self.due_before


def changes(
    plan: Plan, case: CaseView, calendar: Calendar, *, now: datetime, accepted: frozenset[str] | None = frozenset()
) -> tuple[Change, ...]:
    """What this calendar changes in a case, deadline by deadline; empty when every date stands as it is.

    `accepted` names the earlier dates that a person has accepted, None all of them: a period chained to such a date
    moves with it.
    """
    moment = moment_of(case, calendar)
    found: dict[str, Change] = {}
    for name in _parents_first(plan, case):
        rule = plan.workflow.deadlines[name]
        running = case.deadlines[name]
        parent = found.get(rule.starts.of) if rule.starts.kind == "passed" else None
        moved = parent is not None and (parent.applies == ITSELF or accepted is None or parent.deadline in accepted)
        anchor = parent.running.due_on if parent is not None and moved else running.anchor
        if running.status != "running" or anchor is None:
            continue
        change = _change(rule, running, _Place(moment, anchor, now))
        if change is not None:
            found[name] = change
    return tuple(found.values())


def told(plan: Plan, case: CaseView, calendars: tuple[Calendar, Calendar], *, now: datetime) -> tuple[Change, ...]:
    """The lines of a report: what the second calendar changes in a case that was worked out on the first one.

    A date that stays as it was told is a line only when the two calendars differ about it.
    """
    before, after = calendars
    known = {
        (e.deadline, e.due_after) for e in changes(plan, case, before, now=now, accepted=None) if e.applies == STAYS
    }
    found = changes(plan, case, after, now=now, accepted=None)
    return tuple(e for e in found if e.applies != STAYS or (e.deadline, e.due_after) not in known)


def _parents_first(plan: Plan, case: CaseView) -> list[str]:
    """The case's deadlines, each after the one from whose end it runs."""
    chained: list[str] = []
    first = [name for name in case.deadlines if plan.workflow.deadlines[name].starts.kind != "passed"]
    for name in first:
        chained.append(name)
        chained += [rule.name for rule in plan.passed.get(name, ()) if rule.name in case.deadlines]
    return chained + [name for name in case.deadlines if name not in chained]


class _Place(NamedTuple):
    moment: Moment
    anchor: date | datetime
    now: datetime


def _change(rule: DeadlineRule, running: Running, place: _Place) -> Change | None:
    reckoning, fixed = work_out(rule, place.anchor, place.moment)
    due = fixed if fixed is not None else reckoning.due_on
    before = running.due_on or due
    applies = _applies(rule, place.moment, before=before, due=due)
    after = _stayed(running, reckoning)
    if applies != STAYS:
        again = start(rule, place.anchor, place.moment, old=running)
        after = _in_step(rule, running, again, place)
    if after._replace(calendar=running.calendar) == running and applies != STAYS:
        return None
    return Change(rule.name, running.generation, rule.protects, before, due, applies, after)


def _applies(rule: DeadlineRule, moment: Moment, *, before: date, due: date) -> str:
    if due >= before:
        return ITSELF
    if rule.protects == "citizen" or _served(rule, moment):
        return STAYS
    return ITSELF if rule.protects == "internal" else PERSON


def _served(rule: DeadlineRule, moment: Moment) -> bool:
    """True when the limit runs from the service of a document, or is printed in one that somebody has in hand."""
    printed = (each for each in moment.documents if each.kind == rule.printed_in and each.status == "issued")
    in_hand = any(whom.served_on is not None for document in printed for whom in document.addressees)
    return rule.starts.kind == "served" or in_hand


def _stayed(running: Running, reckoning: Reckoning) -> Running:
    if running.provisional == reckoning.provisional:
        return running
    return running._replace(provisional=reckoning.provisional, calendar=reckoning.calendar)


def _in_step(rule: DeadlineRule, running: Running, again: Running, place: _Place) -> Running:
    """The deadline on its new date, with what it has already done kept, unless a later date makes it do so again."""
    held = any(p.deadline == rule.name and p.hold.last is None for p in place.moment.pauses)
    later = again.late_after is not None and running.late_after is not None and again.late_after > running.late_after
    if escalated(rule, running):
        still_late = again.late_after is not None and again.late_after <= place.now
        if still_late or not later:
            return again._replace(generation=running.generation, step=running.step, next_at=running.next_at)
    elif not later:
        step = running.step
        again = again._replace(generation=running.generation, step=step, next_at=_next(rule, again, step, place))
    if later and running.step == 0:
        again = again._replace(generation=running.generation)
    return again._replace(next_at=None) if held else again


def _next(rule: DeadlineRule, running: Running, step: int, place: _Place) -> datetime | None:
    """When the deadline acts next at a step before its first escalation."""
    if step < len(rule.remind) and running.due_on is not None:
        return acts_on(days_before(running.due_on, rule.remind[step], place.moment.calendar))
    return acts_at(running.late_after or place.now)


def act(attempt: Attempt) -> Outcome:
    """Work out a case's running deadlines on the calendar of the attempt.

    The system moves what moves by itself. A person who may do so also moves earlier dates that a report named:
    values `report` and `accepts`, a mapping of deadline to the due date that was read there. Refused as moot when
    nothing is left to change.
    """
    system = attempt.command.actor.user == SYSTEM.user
    placed = attempt._replace(role="system") if system else in_role(attempt, RECALCULATORS)
    if placed is None:
        return refuse("right", right_reason(attempt, RECALCULATORS))
    accepts = attempt.command.values.get("accepts")
    wanted: Mapping[str, object] = accepts if isinstance(accepts, Mapping) and not system else {}
    found = changes(attempt.plan, attempt.case, attempt.calendar, now=attempt.now, accepted=frozenset(wanted))
    applied = [e for e in found if _taken(e, wanted) and e.running != attempt.case.deadlines[e.deadline]]
    if not applied:
        return refuse("moot", Reason("timer", "calendar", "期限已经按现行日历推算，没有要改的"))
    return _moved(placed, applied)


def _taken(change: Change, wanted: Mapping[str, object]) -> bool:
    return change.applies != PERSON or wanted.get(change.deadline) == change.due_after


def _moved(attempt: Attempt, applied: list[Change]) -> Decision:
    case = attempt.case
    deadlines: Deadlines = {**case.deadlines, **{each.deadline: each.running for each in applied}}
    after = case._replace(seq=case.seq + 1, version=case.version + 1, deadlines=deadlines, previous=None, undoable=0)
    was = sorted({case.deadlines[each.deadline].calendar for each in applied} - {""})
    public: dict[str, object] = {
        "report": attempt.command.values.get("report", 0),
        "calendar": attempt.calendar.version,
        "calendars_before": tuple(was),
        "moved": {each.deadline: f"{each.due_before}→{each.running.due_on}" for each in applied if each.moves},
        "kept": {
            each.deadline: f"{each.due_before}（重算为{each.due_after}）" for each in applied if each.applies == STAYS
        },
    }
    return Decision(case, after, entry_of(attempt, Line("", public=public)))


ACTS: Mapping[str, Callable[[Attempt], Outcome]] = {"case.recalculate": act}
"""The act of a new calendar."""
