"""Deadlines of one case: started, stopped, held, worked out again; and the next moment each of them acts.

A deadline never gets shorter for a citizen once told (DESIGN.md §6). Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from engine.clock import at_local, end_of_day, local_day
from engine.definitions.facts import CaseView, Document, Pause, Running
from engine.definitions.workflow import DeadlineRule
from engine.workdays import Calendar, Hold, Reckoning, Roll, Span, Unit, never_shorter, reckon

Deadlines = dict[str, Running]


class Moment(NamedTuple):
    """What a change of deadlines needs to know: calendar, the case's documents and holds, the state epoch."""

    calendar: Calendar
    documents: tuple[Document, ...]
    pauses: tuple[Pause, ...]
    epoch: int


def moment_of(case: CaseView, calendar: Calendar) -> Moment:
    """The moment of a case as it stands."""
    return Moment(calendar, case.documents, case.pauses, case.epoch)


def waiting(rule: DeadlineRule, epoch: int, waits_for: str) -> Running:
    """A deadline whose clock has not started: it says what it waits for."""
    return Running(rule.name, epoch, 0, "waiting", None, None, None, False, None, None, 0, None, waits_for)


def start(rule: DeadlineRule, anchor: date | datetime, moment: Moment, *, old: Running | None = None) -> Running:
    """The deadline with its clock started at `anchor`; a new generation when it ran before.

    What a citizen was told stays as the earliest that may stand; pass `old` to keep it.
    """
    generation = old.generation + 1 if old else 1
    told = old.told if old and rule.protects == "citizen" else None
    reckoning, fixed = work_out(rule, anchor, moment)
    due = fixed if fixed is not None else reckoning.due_on
    if rule.protects == "citizen":
        due = never_shorter(told, due)
        told = due
    check = _check_day(rule, due, moment.calendar)
    late = reckoning.due_at or _late_after(rule, check or due, moment.calendar)
    at = acts_on(days_before(due, rule.remind[0], moment.calendar)) if rule.remind else acts_at(late)
    return Running(
        rule.name,
        moment.epoch,
        generation,
        "running",
        anchor,
        due,
        late,
        reckoning.provisional,
        told,
        check,
        0,
        at,
        "",
        moment.calendar.version,
    )


def work_out(rule: DeadlineRule, anchor: date | datetime, moment: Moment) -> tuple[Reckoning, date | None]:
    """The reckoning of a deadline from its anchor, and the fixed day that an order printed instead, if it did."""
    if not rule.printed_in and not moment.pauses:
        return reckon(anchor, rule.span, moment.calendar, roll=rule.roll), None
    span, fixed = rule.span, None
    if rule.printed_in:
        printed = _latest(moment.documents, rule.printed_in)
        if printed is not None:
            span, fixed = printed.limit or span, printed.fixed_on
    return reckon(anchor, span, moment.calendar, holds_of(rule.name, moment.pauses), roll=rule.roll), fixed


def holds_of(name: str, pauses: Iterable[Pause]) -> tuple[Hold, ...]:
    """The holds that stand against one deadline."""
    return tuple(pause.hold for pause in pauses if pause.deadline == name)


def _latest(documents: tuple[Document, ...], kind: str) -> Document | None:
    return next((d for d in reversed(documents) if d.kind == kind and d.status == "issued"), None)


def _check_day(rule: DeadlineRule, due: date, calendar: Calendar) -> date | None:
    """The first school day on or after the due day, when the due day itself is none (DOMAIN.md 3)."""
    if not rule.in_session or calendar.is_school_day(due):
        return None
    return calendar.next_school_day(due)


def _late_after(rule: DeadlineRule, due: date, calendar: Calendar) -> datetime:
    """The end of the due day; an internal date on a day off is late only after the next workday (DOMAIN.md 9)."""
    if rule.protects == "internal" and rule.roll is Roll.NONE:
        while not calendar.is_workday(due):
            due += timedelta(days=1)
    return end_of_day(due)


def days_before(due: date, span: Span, calendar: Calendar) -> date:
    """The day that lies a span before a due day; workdays are counted back one by one."""
    if span.unit is not Unit.WORKDAYS:
        return due - timedelta(days=span.n * (7 if span.unit is Unit.WEEKS else 1))
    day, left = due, span.n
    while left:
        day -= timedelta(days=1)
        left -= calendar.is_workday(day)
    return day


def acts_at(moment: datetime) -> datetime:
    """When a timer acts for a moment: half past midnight for one that is the beginning of a day, else the moment.

    So no timer of days acts while clocks of different nodes still disagree about the day (DESIGN.md §7).
    """
    day = local_day(moment)
    return acts_on(day) if moment == at_local(day) else moment


def acts_on(day: date) -> datetime:
    """When the timers of a day act: at half past midnight, local time."""
    return at_local(day, 0, 30)


def after_step(rule: DeadlineRule, running: Running, now: datetime, *, calendar: Calendar) -> Running:
    """The deadline after it acted once: its step grows, and the next level's clock starts now."""
    step = running.step + 1
    return Running(*running[:10], step, _after(rule, running, step, now, calendar), *running[12:])


def _after(rule: DeadlineRule, running: Running, step: int, now: datetime, calendar: Calendar) -> datetime | None:
    level = step - len(rule.remind)
    if level < 0 and running.due_on is not None:
        return acts_on(days_before(running.due_on, rule.remind[step], calendar))
    if level <= 0:
        return acts_at(running.late_after or now)
    if level >= len(rule.levels):
        return None
    span = rule.levels[level].after
    if span is None:
        return now
    anchor: date | datetime = now if span.unit is Unit.HOURS else local_day(now)
    return acts_at(reckon(anchor, span, calendar).late_after)


def is_overdue(running: Running, now: datetime) -> bool:
    """True when a running deadline is past its last moment; never stored (DESIGN.md §6)."""
    return running.status == "running" and running.late_after is not None and now >= running.late_after


def meet(deadlines: Mapping[str, Running], rules: Iterable[DeadlineRule]) -> Deadlines:
    """The deadlines with these ones satisfied: they stand still and act no more."""
    changed = dict(deadlines)
    for rule in rules:
        running = changed.get(rule.name)
        if running is not None and running.status != "met":
            changed[rule.name] = running._replace(status="met", next_at=None)
    return changed


def escalated(rule: DeadlineRule, running: Running) -> bool:
    """True when the deadline has acted beyond its reminders."""
    return running.step > len(rule.remind)
