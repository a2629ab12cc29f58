"""Open cases in the order of their due days, a page at a time: as fast at any depth, whoever asks.

Whoever sees few cases has them looked up and sorted; whoever sees many walks an index in order and takes what is
theirs. Both give the same pages (PERFORMANCE.md §3.12).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, exists, func, literal, or_, select, text, tuple_

from engine.storage.keys import AT_ONCE
from engine.storage.tables import CASE, STANDING
from engine.storage.types import Day

FEW = 3_000
"""Up to so many cases of somebody's units are looked up one by one; beyond that the index of due days is walked."""

_OPEN = text("case_file.kind <> 'final'")
_AWAITING = text("case_file.awaits <> ''")
"""Written out as the partial indexes have them: a bound value would not be seen to fit."""


class Place(NamedTuple):
    """Where a page ended: the due day and row of its last case; cases without a due day stand behind all others."""

    due_on: date | None
    row: int


class Page(NamedTuple):
    """The numbers of one page of cases, and where the next one begins; no place where there is none."""

    numbers: Sequence[str]
    next: Place | None


class Lists:
    """Lists of open cases, through one connection; `units` are those of the reader, None every unit."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district
        self._known: dict[tuple[str, ...], bool] = {}

    def page(self, units: Collection[str] | None, *, after: Place | None = None, limit: int = 50) -> Page:
        """The open cases after a place, by due day and then in the order of opening."""
        asked = self._of(units, CASE.c.id, CASE.c.number, CASE.c.due_on)
        rows: list[Any] = []
        if after is None or after.due_on is not None:
            dated = asked.where(CASE.c.due_on.is_not(None)).order_by(CASE.c.due_on, CASE.c.id)
            if after is not None:
                place = tuple_(literal(after.due_on, Day()), literal(after.row))
                dated = dated.where(tuple_(CASE.c.due_on, CASE.c.id) > place)
            rows += self._connection.execute(dated.limit(limit + 1))
        if len(rows) <= limit:
            undated = asked.where(CASE.c.due_on.is_(None)).order_by(CASE.c.id)
            if after is not None and after.due_on is None:
                undated = undated.where(CASE.c.id > after.row)
            rows += self._connection.execute(undated.limit(limit + 1 - len(rows)))
        shown = rows[:limit]
        more = Place(shown[-1].due_on, shown[-1].id) if len(rows) > limit else None
        return Page([row.number for row in shown], more)

    def coming(self, units: Collection[str] | None, *, limit: int) -> list[str]:
        """The numbers of the cases of which a timer acts next, soonest first."""
        asked = self._of(units, CASE.c.number, CASE.c.next_at, CASE.c.id).where(CASE.c.next_at.is_not(None))
        rows = self._connection.execute(asked.order_by(CASE.c.next_at, CASE.c.id).limit(limit))
        return [row.number for row in rows]

    def awaiting(self, units: Collection[str] | None, roles: Collection[str], *, limit: int) -> list[str]:
        """The numbers of the cases with an open proposal that one of these roles decides next, in order of opening."""
        wanted = [CASE.c.awaits.contains(f",{role},", autoescape=True) for role in sorted(roles)]
        if not wanted:
            return []
        asked = self._of(units, CASE.c.number, CASE.c.id, open_only=False).where(_AWAITING, or_(*wanted))
        return [row.number for row in self._connection.execute(asked.order_by(CASE.c.id).limit(limit))]

    def among(self, units: Collection[str], numbers: Collection[str]) -> set[str]:
        """Those of some cases in which one of these units has standing."""
        wanted = sorted(set(numbers))
        found: set[str] = set()
        for at in range(0, len(wanted), AT_ONCE):
            asked = select(STANDING.c.number).where(
                *self._standing(units), STANDING.c.number.in_(wanted[at : at + AT_ONCE])
            )
            found |= {str(row.number) for row in self._connection.execute(asked)}
        return found

    def _standing(self, units: Collection[str]) -> tuple[Any, ...]:
        return (STANDING.c.district == self._district, STANDING.c.unit.in_(sorted(units)), STANDING.c.last.is_(None))

    def _of(self, units: Collection[str] | None, *columns: Any, open_only: bool = True) -> Select[Any]:
        """The open cases in which one of these units has standing."""
        asked = select(*columns).where(CASE.c.district == self._district)
        if open_only:
            asked = asked.where(_OPEN)
        if units is None:
            return asked
        standing = self._standing(units)
        if self._few(tuple(sorted(units)), standing):
            mine = select(STANDING.c.number).where(*standing).distinct().cte("mine")
            joined = and_(CASE.c.district == self._district, CASE.c.number == mine.c.number)
            return asked.select_from(mine.join(CASE, joined))
        return asked.where(exists().where(*standing, STANDING.c.number == CASE.c.number))

    def _few(self, units: tuple[str, ...], standing: tuple[Any, ...]) -> bool:
        """Whether these units see few cases; counted once, and only as far as that takes."""
        if units not in self._known:
            some = select(STANDING.c.number).where(*standing).limit(FEW + 1).subquery()
            counted = self._connection.execute(select(func.count()).select_from(some)).scalar_one()
            self._known[units] = int(counted) <= FEW
        return self._known[units]
