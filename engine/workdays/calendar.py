"""The statutory calendar: holiday orders by year with revisions, school years, and what follows where none is loaded.

A year whose order is not loaded falls back to weekends and the statutory days of 放假办法 art. 2, and every date that
looked at such a day is provisional; so are the last ten days of the last published year, because the next order can
still change them (DOMAIN.md 6.5).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import InputError
from engine.workdays.orders import (
    KINDS,
    CalendarFile,
    HolidayOrder,
    SchoolYear,
    key_of,
    latest_orders,
    read_all,
    read_orders,
    read_school_years,
    read_statutory,
    school_years_in,
    statutory_days,
)

FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2046, 12, 31)
"""The days that the tables cover; reckoning beyond them is refused by `reckon`."""

SOFT_DAYS = 10
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Day:
    """What the calendar says of one day, and whether that can still change."""

    day: date
    workday: bool
    why: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The counted days of one kind as sorted ordinals."""

    ordinals: Sequence[int]

    def after(self, start: int, n: int) -> int:
        """The n-th counted day after `start`, as an ordinal; IndexError beyond the table."""
        return self.ordinals[bisect_right(self.ordinals, start) + n - 1]

    def between(self, first: int, last: int) -> int:
        """How many counted days lie in first..last, both included."""
        return bisect_right(self.ordinals, last) - bisect_left(self.ordinals, first)


class Step(NamedTuple):
    """One stretch of a reckoning: its days, how many of them counted, and why."""

    first: date
    last: date
    counted: int
    why: str

    def as_json(self) -> Mapping[str, object]:
        """The step with the keys of CONTRACT.md: from, to, counted, why."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat(), "counted": self.counted, "why": self.why}


class Stretches:
    """All days as runs that count as workdays, or not, for one reason: explanations are looked up, not made.

    For each day there is the part of its run that begins with it and the part that ends with it, so that any span of
    days is one of the first kind, whole runs, and one of the second.
    """

    __slots__ = ("_base", "_from", "_run", "_runs", "_to")

    def __init__(self, calendar: Calendar, first: date, last: date) -> None:
        days = [calendar.day(date.fromordinal(o)) for o in range(first.toordinal(), last.toordinal() + 1)]
        self._base = first.toordinal()
        self._run: list[int] = []
        self._to: list[Step] = []
        for what in days:
            before = self._to[-1] if self._to else None
            if before is not None and before.why == what.why and (before.counted > 0) is what.workday:
                self._run.append(self._run[-1])
                self._to.append(Step(before.first, what.day, before.counted + what.workday, what.why))
            else:
                self._run.append(self._run[-1] + 1 if self._run else 0)
                self._to.append(Step(what.day, what.day, int(what.workday), what.why))
        last_of = dict(zip(self._run, self._to, strict=True))
        self._runs = list(last_of.values())
        self._from = [
            Step(what.day, run.last, (run.last - what.day).days + 1 if run.counted else 0, run.why)
            for what, run in zip(days, (self._runs[at] for at in self._run), strict=True)
        ]

    def day(self, ordinal: int) -> date:
        """The day of an ordinal, as an object made beforehand; IndexError beyond the tables."""
        return self._to[ordinal - self._base].last

    def cut(self, first: int, last: int) -> tuple[Step, ...]:
        """The runs between two ordinals, both included, the outer ones cut to fit."""
        head, tail = first - self._base, last - self._base
        low, high = self._run[head], self._run[tail]
        if low == high:
            start, end, why = self._from[head].first, self._to[tail].last, self._from[head].why
            return (Step(start, end, last - first + 1 if self._from[head].counted else 0, why),)
        return (self._from[head], *self._runs[low + 1 : high], self._to[tail])


class Calendar:
    """One version of the calendar; immutable once built."""

    def __init__(
        self,
        orders: Mapping[int, HolidayOrder],
        school_years: Sequence[SchoolYear] = (),
        statutory: Mapping[date, str] | None = None,
    ) -> None:
        self.orders = dict(sorted(orders.items()))
        self.school_years = tuple(sorted(school_years, key=lambda year: year.first))
        self._statutory = dict(statutory or {})
        published = [year for year, order in self.orders.items() if order.published]
        self._published = frozenset(published)
        self._soft_from = date(max(published), 12, 32 - SOFT_DAYS) if published else date.min
        self._named = {row.day: row for order in self.orders.values() for row in order.rows}
        self.version = self._version()
        first, last = FIRST_DAY.toordinal(), LAST_DAY.toordinal()
        self.workdays = Table([o for o in range(first, last + 1) if self._workday(date.fromordinal(o))])
        self.school_days = Table([o for o in range(first, last + 1) if self._school_day(date.fromordinal(o))])
        self._work = frozenset(self.workdays.ordinals)
        self._school = frozenset(self.school_days.ordinals)
        self.settled = self._settled()
        self.memo: dict[object, Any] = {}
        self.unrolled: dict[object, Any] = {}
        """Reckonings already made on this version, rolled and not: few starts and spans make up a day's work."""
        self.stretches = Stretches(self, FIRST_DAY, LAST_DAY)

    def _settled(self) -> tuple[int, int]:
        """The ordinals between which no day can change any more: unbroken published years, less the soft days."""
        if not self._published:
            return (1, 0)
        last = max(self._published)
        first = last
        while first - 1 in self._published:
            first -= 1
        return date(first, 1, 1).toordinal(), self._soft_from.toordinal() - 1

    def _version(self) -> str:
        parts = [f"{y}:{o.revision}:{o.status}:{o.rows}" for y, o in self.orders.items()]
        parts += [str(each) for each in self.school_years] + [str(sorted(self._statutory.items()))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def _workday(self, day: date) -> bool:
        row = self._named.get(day)
        if row is not None:
            return row.kind == "work"
        if day.year in self.orders:
            return day.weekday() < SATURDAY
        return day.weekday() < SATURDAY and self._fixed(day) == ""

    def _fixed(self, day: date) -> str:
        if (day.month, day.day) == (1, 1):
            return "元旦"
        if day.month == 5 and day.day <= 2:
            return "劳动节"
        if day.month == 10 and day.day <= 3:
            return "国庆节"
        return self._statutory.get(day, "")

    def _school_day(self, day: date) -> bool:
        known = next((year for year in self.school_years if year.first <= day <= year.last), None)
        if known is None:
            return self._workday(day)
        return known.in_term(day) and self._workday(day)

    def is_workday(self, day: date) -> bool:
        """True for a working day, make-up days included."""
        return day.toordinal() in self._work

    def is_school_day(self, day: date) -> bool:
        """True for a day of lessons: a working day inside a term; a working day where no school year is loaded."""
        return day.toordinal() in self._school

    def is_provisional(self, day: date, *, school: bool = False) -> bool:
        """True when what the calendar says of this day can still change."""
        return self.may_change(day, day, school=school)

    def may_change(self, first: date, last: date, *, school: bool = False) -> bool:
        """True when what the calendar says of any day from first to last, both included, can still change."""
        if last >= self._soft_from or any(year not in self._published for year in range(first.year, last.year + 1)):
            return True
        if not school:
            return False
        for year in self.school_years:
            if year.first <= first <= year.last:
                first = year.last + timedelta(days=1)
        return first <= last

    def day(self, day: date) -> Day:
        """What the calendar says of a day, with its reason."""
        row = self._named.get(day)
        if row is not None:
            why = f"{row.name}{'放假' if row.kind == 'off' else '调休上班'}"
        elif day.year not in self.orders and self._fixed(day):
            why = f"{self._fixed(day)}（法定节假日，当年放假安排未公布）"
        else:
            why = "休息日" if day.weekday() >= SATURDAY else "工作日"
        return Day(day, self.is_workday(day), why, self.is_provisional(day))

    def years(self) -> tuple[int, ...]:
        """The years whose order is loaded."""
        return tuple(self.orders)

    def next_school_day(self, day: date) -> date | None:
        """The first day of lessons on or after `day`; None when there is none in the tables."""
        at = bisect_left(self.school_days.ordinals, day.toordinal())
        return date.fromordinal(self.school_days.ordinals[at]) if at < len(self.school_days.ordinals) else None

    def next_workday(self, day: date) -> date:
        """The first working day on or after `day`; InputError beyond the tables."""
        at = bisect_left(self.workdays.ordinals, day.toordinal())
        if day < FIRST_DAY or at == len(self.workdays.ordinals):
            raise InputError(f"{day}超出日历表的范围（{FIRST_DAY}至{LAST_DAY}）")
        return date.fromordinal(self.workdays.ordinals[at])


def load_calendar(directory: Path, applied: Sequence[CalendarFile] = ()) -> Calendar:
    """The calendar of a folder: the highest revision of each year's order, the school years, the lunar days.

    `applied` are the files that this installation took in after it was set up, oldest first; each takes the place of
    an earlier file that says the same thing (the same year's revision, or a file of the same name). Raises
    InstallationError when the folder holds no order, InputError with file and line for a bad row.
    """
    if not applied:
        return Calendar(read_orders(directory), read_school_years(directory), read_statutory(directory))
    return calendar_of((*read_all(directory), *applied))


def calendar_of(files: Iterable[CalendarFile]) -> Calendar:
    """The calendar that these files make; of two that say the same thing, the later one stands."""
    kept = {key_of(file): file for file in files}
    by_kind = {kind: [f for (of, *_), f in kept.items() if of == kind] for kind in KINDS}
    return Calendar(
        latest_orders(by_kind["holidays"]), school_years_in(by_kind["school"]), statutory_days(by_kind["statutory"])
    )
