"""Open cases in the order of their due days, a page at a time: as fast at any depth, whoever asks.

Each unit has a list of its own, kept by the database itself beside the unit's standing (`triggers`); a reader of
several units reads them side by side. What comes next and what waits for a decision are few lines: whoever sees few
cases has them looked up, whoever sees many walks an index in order and takes what is theirs (PERFORMANCE.md §3.12).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, exists, or_, select, text, tuple_

from engine.storage.keys import AT_ONCE
from engine.storage.statements import Hot
from engine.storage.tables import CASE, STANDING
from engine.storage.triggers import LAST_PLACE
from engine.storage.types import Text

FEW = 1_000
"""Up to so many cases of somebody's units are looked up one by one; beyond that an index of all cases is walked."""

_AWAITING = text("case_file.awaits <> ''")
"""Written out as the partial index has it: a bound value would not be seen to fit."""

_ACTING = text("case_file.next_at IS NOT NULL")
_MINE = (STANDING.c.district == bindparam("at_district"), STANDING.c.unit == bindparam("at_unit"))
_PAGE = Hot(
    select(STANDING.c.listed_on, STANDING.c.number)
    .distinct()
    .where(
        *_MINE,
        text("listed_on IS NOT NULL AND last IS NULL"),
        tuple_(STANDING.c.listed_on, STANDING.c.number)
        > tuple_(bindparam("after_day", type_=Text), bindparam("after_number", type_=Text)),
    )
    .order_by(STANDING.c.listed_on, STANDING.c.number)
    .limit(bindparam("most"))
)
_SOME = Hot(select(STANDING.c.number).distinct().where(*_MINE, text("last IS NULL")).limit(bindparam("most")))


class Place(NamedTuple):
    """Where a page ended: the due day and number of its last case; cases without a due day stand behind all others."""

    due_on: date | None
    number: str


class Page(NamedTuple):
    """The numbers of one page of cases, and where the next one begins; no place where there is none."""

    numbers: Sequence[str]
    next: Place | None


class Lists:
    """Lists of cases in which one of the reader's units has standing, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district
        self._known: dict[frozenset[str], list[str] | None] = {}

    def page(self, units: Collection[str], *, after: Place | None = None, limit: int = 50) -> Page:
        """The open cases after a place, by due day and then by number."""
        day = "" if after is None else after.due_on.isoformat() if after.due_on else LAST_PLACE
        values = {"at_district": self._district, "after_day": day, "after_number": after.number if after else ""}
        rows: set[tuple[str, str]] = set()
        for unit in units:
            found = _PAGE.run(self._connection, {**values, "at_unit": unit, "most": limit + 1})
            rows.update((row.listed_on, row.number) for row in found)
        shown = sorted(rows)[: limit + 1]
        more = shown[limit - 1] if len(shown) > limit else None
        place = Place(date.fromisoformat(more[0]) if more[0] != LAST_PLACE else None, more[1]) if more else None
        return Page([number for _, number in shown[:limit]], place)

    def coming(self, units: Collection[str], *, limit: int) -> list[str]:
        """The numbers of the cases of which a timer acts next, soonest first."""
        return self._first(units, select(CASE.c.next_at, CASE.c.id, CASE.c.number).where(_ACTING), limit)

    def awaiting(self, units: Collection[str], roles: Collection[str], *, limit: int) -> list[str]:
        """The numbers of the cases with an open proposal that one of these roles decides next, in order of opening."""
        wanted = [CASE.c.awaits.contains(f",{role},", autoescape=True) for role in sorted(roles)]
        if not wanted:
            return []
        return self._first(units, select(CASE.c.id, CASE.c.number).where(_AWAITING, or_(*wanted)), limit)

    def among(self, units: Collection[str], numbers: Collection[str]) -> set[str]:
        """Those of some cases in which one of these units has standing."""
        found: set[str] = set()
        for some in _cut(sorted(set(numbers))):
            asked = select(STANDING.c.number).where(*self._standing(units), STANDING.c.number.in_(some))
            found |= {str(row.number) for row in self._connection.execute(asked)}
        return found

    def _standing(self, units: Collection[str]) -> tuple[Any, ...]:
        return (STANDING.c.district == self._district, STANDING.c.unit.in_(sorted(units)), STANDING.c.last.is_(None))

    def _first(self, units: Collection[str], asked: Select[Any], limit: int) -> list[str]:
        """The numbers of the first of their cases that are asked for, in the order of the columns."""
        asked = asked.where(CASE.c.district == self._district)
        few = self._few(frozenset(units))
        if few is None:
            here = and_(*self._standing(units), STANDING.c.number == CASE.c.number)
            rows = self._connection.execute(
                asked.where(exists().where(here)).order_by(*asked.selected_columns).limit(limit)
            )
            return [row.number for row in rows]
        found: list[Any] = []
        for some in _cut(few):
            found += self._connection.execute(asked.where(CASE.c.number.in_(some)))
        return [row.number for row in sorted(found, key=tuple)[:limit]]

    def _few(self, units: frozenset[str]) -> list[str] | None:
        """The numbers of all cases of these units, None where they are many; asked once."""
        if units not in self._known:
            numbers: set[str] = set()
            for unit in units:
                values = {"at_district": self._district, "at_unit": unit, "most": FEW + 1}
                numbers.update(row.number for row in _SOME.run(self._connection, values))
                if len(numbers) > FEW:
                    break
            self._known[units] = sorted(numbers) if len(numbers) <= FEW else None
        return self._known[units]


def _cut(numbers: Sequence[str]) -> Iterable[Sequence[str]]:
    return (numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE))
