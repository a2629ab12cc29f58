"""Due dates with their reasons: one pure function for every law's way of counting (DOMAIN.md 6.1–6.3)."""

from __future__ import annotations

import calendar as month_calendar
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from engine.clock import LOCAL_ZONE, end_of_day, local_day
from engine.errors import InputError
from engine.workdays.calendar import FIRST_DAY, LAST_DAY, Calendar, Step, Table
from engine.workdays.spans import Hold, Roll, Span, Unit

MEMO = 50_000
"""How many reckonings one calendar remembers."""


class Reckoning(NamedTuple):
    """A due date and how it came about.

    `due_at` is set for hours only; `unrolled_on` is the last day before it was moved; `calendar` the version used.
    """

    due_on: date
    provisional: bool
    steps: tuple[Step, ...]
    due_at: datetime | None
    unrolled_on: date
    calendar: str

    @property
    def late_after(self) -> datetime:
        """The aware instant from which a duty is late: the end of the due day, or the hour itself."""
        return self.due_at or end_of_day(self.due_on)


def reckon(
    start: date | datetime,
    span: Span,
    calendar: Calendar,
    holds: Iterable[Hold] = (),
    *,
    roll: Roll = Roll.NEXT_WORKDAY,
) -> Reckoning:
    """The due date of a span from an event on `start`, which is not counted itself (民法典 201).

    Held days are not counted; several holds count as their union; an open one makes the date provisional. Months and
    years end on the same day, or on the month's last (民法典 202). A last day that is no workday moves on where `roll`
    says so (民法典 203). An instant stands for its legal day in the installation's zone. Raises InputError for hours
    with holds or without an instant, for an instant without a zone, and for dates beyond the tables.
    """
    if holds or span.unit is Unit.HOURS:
        return _uncommon(start, span, calendar, tuple(holds), roll)
    memo = calendar.memo if roll is Roll.NEXT_WORKDAY else calendar.unrolled
    key = (start, span.key)
    known: Reckoning | None = memo.get(key)
    if known is None:
        known = _first_time(start, span, calendar, roll)
        if len(memo) >= MEMO:
            memo.clear()
        memo[key] = known
    return known


def _uncommon(start: date | datetime, span: Span, calendar: Calendar, holds: tuple[Hold, ...], roll: Roll) -> Reckoning:
    """Hours, and spans of days with holds: never remembered."""
    if span.unit is Unit.HOURS:
        return _hours(start, span, calendar, holds)
    day = _legal_day(start)
    held, is_open = _union(holds)
    try:
        if span.unit in (Unit.WORKDAYS, Unit.SCHOOL_DAYS):
            return _counted(day, span, calendar, held, is_open=is_open)
        return _running(day, span, calendar, held, roll=roll, is_open=is_open)
    except (IndexError, OverflowError, ValueError):
        raise _beyond(day, span) from None


def _beyond(day: date, span: Span) -> InputError:
    return InputError(f"从{day}起{span}超出日历表的范围（{FIRST_DAY}至{LAST_DAY}）")


def _legal_day(start: date | datetime) -> date:
    """The day an event happened on; InputError for an instant without a zone or before the tables."""
    if isinstance(start, datetime):
        if start.tzinfo is None:
            raise InputError(f"起始时刻{start}没有时区")
        start = local_day(start)
    if start < FIRST_DAY:
        raise InputError(f"起算日{start}超出日历表的范围（{FIRST_DAY}至{LAST_DAY}）")
    return start


def _first_time(start: date | datetime, span: Span, calendar: Calendar, roll: Roll) -> Reckoning:
    """A reckoning without holds; workdays are two look-ups in tables, their reasons cut from the stretches."""
    day = start if type(start) is date and start >= FIRST_DAY else _legal_day(start)
    try:
        if span.unit is not Unit.WORKDAYS:
            return _plainly(day, span, calendar, roll)
        origin = day.toordinal()
        due = calendar.workdays.after(origin, span.n)
        stretches = calendar.stretches
        due_on = stretches.day(due)
        first, last = calendar.settled
        provisional = not first <= origin < due <= last and _looked_at(calendar, day, due_on, school=False)
        return Reckoning(due_on, provisional, stretches.cut(origin + 1, due), None, due_on, calendar.version)
    except (IndexError, OverflowError, ValueError):
        raise _beyond(day, span) from None


def _plainly(day: date, span: Span, calendar: Calendar, roll: Roll) -> Reckoning:
    if span.unit is Unit.SCHOOL_DAYS:
        return _counted(day, span, calendar, (), is_open=False)
    return _running(day, span, calendar, (), roll=roll, is_open=False)


def _hours(start: date | datetime, span: Span, calendar: Calendar, holds: tuple[Hold, ...]) -> Reckoning:
    if not isinstance(start, datetime) or start.tzinfo is None:
        raise InputError("按小时推算需要带时区的起始时刻")
    if holds:
        raise InputError("按小时的期限不能中止")
    due = start + timedelta(hours=span.n)
    due_on = local_day(due)
    step = Step(local_day(start), due_on, span.n, f"自{start.astimezone(LOCAL_ZONE):%H:%M}起连续计算{span.n}小时")
    return Reckoning(due_on, False, (step,), due, due_on, calendar.version)


def _union(holds: Iterable[Hold]) -> tuple[tuple[tuple[date, date], ...], bool]:
    """The closed holds as disjoint intervals in order, and whether one is still open."""
    spans = sorted((hold.first, hold.last or date.max) for hold in holds)
    is_open = any(last == date.max for _, last in spans)
    merged: list[tuple[date, date]] = []
    for first, last in spans:
        if last == date.max:
            continue
        if merged and first <= merged[-1][1] + timedelta(days=1):
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged), is_open


def _counted(
    start: date, span: Span, calendar: Calendar, held: tuple[tuple[date, date], ...], *, is_open: bool
) -> Reckoning:
    """Workdays or school days: the n-th counted day after the start that is not held."""
    school = span.unit is Unit.SCHOOL_DAYS
    table: Table = calendar.school_days if school else calendar.workdays
    origin = start.toordinal()
    due = table.after(origin, span.n)
    lost = -1
    while True:
        skipped = sum(_overlap(table, first, last, origin + 1, due) for first, last in held)
        if skipped == lost:
            break
        lost = skipped
        due = table.after(origin, span.n + skipped)
    due_on = date.fromordinal(due)
    steps = _stretches(start, due_on, calendar, held, school=school)
    provisional = is_open or _looked_at(calendar, start, due_on, school=school)
    return Reckoning(due_on, provisional, steps, None, due_on, calendar.version)


def _overlap(table: Table, first: date, last: date, low: int, high: int) -> int:
    low, high = max(low, first.toordinal()), min(high, last.toordinal())
    return table.between(low, high) if low <= high else 0


def _looked_at(calendar: Calendar, start: date, due: date, *, school: bool) -> bool:
    """True when a day from the day after start to the due day can still change."""
    return calendar.may_change(start + timedelta(days=1), due, school=school)


def _stretches(
    start: date, due: date, calendar: Calendar, held: tuple[tuple[date, date], ...], *, school: bool
) -> tuple[Step, ...]:
    """The days from the day after start to the due day, in stretches that count or do not count for one reason."""
    steps: list[Step] = []
    day = start + timedelta(days=1)
    while day <= due:
        counts, why = _status(day, calendar, held, school=school)
        if steps and steps[-1].why == why and (steps[-1].counted > 0) is counts:
            last = steps[-1]
            steps[-1] = Step(last.first, day, last.counted + counts, why)
        else:
            steps.append(Step(day, day, int(counts), why))
        day += timedelta(days=1)
    return tuple(steps)


def _status(day: date, calendar: Calendar, held: tuple[tuple[date, date], ...], *, school: bool) -> tuple[bool, str]:
    if any(first <= day <= last for first, last in held):
        return False, "中止期间，不计"
    if school and calendar.is_workday(day) and not calendar.is_school_day(day):
        return False, "假期，不上课"
    return calendar.is_workday(day), calendar.day(day).why


def _running(
    start: date, span: Span, calendar: Calendar, held: tuple[tuple[date, date], ...], *, roll: Roll, is_open: bool
) -> Reckoning:
    """Calendar days, weeks, months, years: every day runs unless it is held, the last may move."""
    steps = _run(start, span, held)
    due = unrolled = steps[-1].last
    provisional = is_open
    if roll is Roll.NEXT_WORKDAY:
        due = calendar.next_workday(unrolled)
        provisional = provisional or calendar.may_change(unrolled, due)
        for day in range(unrolled.toordinal(), due.toordinal()):
            after = date.fromordinal(day + 1)
            steps.append(Step(after, after, 0, f"末日为{calendar.day(date.fromordinal(day)).why}，顺延"))
    if due > LAST_DAY:
        raise ValueError("beyond the tables")
    return Reckoning(due, provisional, tuple(steps), None, unrolled, calendar.version)


def _run(start: date, span: Span, held: tuple[tuple[date, date], ...]) -> list[Step]:
    """The days that run and the held days between them; the days that run are as many as the span has without holds."""
    steps: list[Step] = []
    day, left, why = start + timedelta(days=1), (_plain(start, span) - start).days, f"自次日起{span.zh}"
    for first, last in held:
        if last < day:
            continue
        run = (max(first, day) - day).days
        if run >= left:
            break
        if run:
            steps.append(Step(day, first - timedelta(days=1), run, why))
        steps.append(Step(max(first, day), last, 0, "中止期间，不计"))
        day, left, why = last + timedelta(days=1), left - run, "中止期满，继续计算"
    steps.append(Step(day, day + timedelta(days=left - 1), left, why))
    return steps


def _plain(start: date, span: Span) -> date:
    if span.unit is Unit.CALENDAR_DAYS:
        return start + timedelta(days=span.n)
    if span.unit is Unit.WEEKS:
        return start + timedelta(weeks=span.n)
    months = span.n * (12 if span.unit is Unit.YEARS else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = month_calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def chain(start: date, spans: Iterable[Span], calendar: Calendar, *, roll: Roll = Roll.NEXT_WORKDAY) -> list[Reckoning]:
    """Periods one after another, each from the *rolled* end of the one before."""
    found: list[Reckoning] = []
    for span in spans:
        found.append(reckon(found[-1].due_on if found else start, span, calendar, roll=roll))
    return found


def earliest_after(reckoning: Reckoning) -> date:
    """The first day on which an act "after N days" may be done: the day after they are over (DOMAIN.md 6.3)."""
    return reckoning.due_on + timedelta(days=1)


def never_shorter(told: date | None, worked_out: date) -> date:
    """What a citizen was told never gets shorter: the later of both days (DESIGN.md §6)."""
    return worked_out if told is None or told < worked_out else told
