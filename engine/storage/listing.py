"""Open cases in the order of their due days, a page at a time: as fast at any depth, whoever asks.

Each unit has a list of its own, kept by the database itself beside the unit's standing (`triggers`); a reader of
several units reads them side by side. What comes next and what waits for a decision are few lines: whoever sees few
cases has them looked up, whoever sees many walks an index in order and takes what is theirs (PERFORMANCE.md §3.12).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, text, tuple_

from engine.storage.driver import NOTHING
from engine.storage.parts import parts
from engine.storage.statements import Hot
from engine.storage.tables import STANDING
from engine.storage.triggers import LAST_PLACE
from engine.storage.types import Text

FEW = 1_000
"""Up to so many cases of somebody's units are looked up one by one; beyond that an index of all cases is walked."""

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
# Standing that ended counts too: then the table's key alone is read.
_SOME = select(STANDING.c.number).where(*_MINE).limit(bindparam("most"))
_COUNT = Hot(select(func.count().label("n")).select_from(_SOME.subquery()))


class _Asked:
    """A question about cases that few of them answer, over an index of its own: of a unit's cases, or of all in order.

    What holds of the cases is written out as the partial index has it: a bound value would not be seen to fit. The
    words come from this module alone, never from outside.
    """

    def __init__(self, holds: str, order: str) -> None:
        self._holds = f"case_file.district = :at_district AND {holds}"
        self._order = order
        self._made: dict[tuple[int, int], Hot] = {}

    def few(self, roles: int = 0) -> Hot:
        """Of the cases of one unit those that so many roles are asked for."""
        # CROSS JOIN: SQLite looks up the cases of the unit, and never walks all cases for them.
        return self._of(
            (0, roles),
            "case_unit CROSS JOIN case_file WHERE case_unit.district = :at_district AND case_unit.unit = :at_unit "
            f"AND case_unit.last IS NULL AND case_file.number = case_unit.number AND {self._holds}",
        )

    def walk(self, units: int, roles: int = 0) -> Hot:
        """The same of every case in which one of so many units has standing, in order, up to a limit."""
        mine = ", ".join(f":unit_{at}" for at in range(units)) or "NULL"
        same = "case_unit.district = case_file.district AND case_unit.number = case_file.number"
        there = f"SELECT 1 FROM case_unit WHERE {same} AND unit IN ({mine}) AND last IS NULL"  # noqa: S608  as said
        return self._of((units, roles), f"case_file WHERE {self._holds} AND EXISTS ({there})")

    def _of(self, key: tuple[int, int], words: str) -> Hot:
        if key not in self._made:
            units, roles = key
            # The roles stand between commas, so that the end of a name is no role.
            any_of = " OR ".join(f"replace(awaits, :role_{at}, '') <> awaits" for at in range(roles))
            words += f" AND ({any_of})" if roles else ""
            words += f" ORDER BY {self._order} LIMIT :most" if units else ""
            self._made[key] = Hot(text(f"SELECT {self._order}, case_file.number FROM {words}"))  # noqa: S608  as said
        return self._made[key]


_COMING = _Asked("case_file.next_at IS NOT NULL", "case_file.next_at, case_file.id")
_AWAITING = _Asked("case_file.awaits <> ''", "case_file.id")


class Place(NamedTuple):
    """Where a page ended: the due day and number of its last case; cases without a due day stand behind all others."""

    due_on: date | None
    number: str


class Page(NamedTuple):
    """The numbers of one page of cases, and where the next one begins; no place where there is none."""

    numbers: Sequence[str]
    next: Place | None


class Lists:
    """Lists of cases in which one of the units of one reader has standing, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district
        self._counted: bool | None = None

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
        return self._theirs(units, _COMING, limit)

    def awaiting(self, units: Collection[str], roles: Collection[str], *, limit: int) -> list[str]:
        """The numbers of the cases with an open proposal that one of these roles decides next, in order of opening."""
        wanted = {f"role_{at}": f",{role}," for at, role in enumerate(sorted(roles))}
        return self._theirs(units, _AWAITING, limit, roles=wanted) if wanted else []

    def among(self, units: Collection[str], numbers: Collection[str]) -> set[str]:
        """Those of some cases in which one of these units has standing."""
        found: set[str] = set()
        for some in parts(sorted(set(numbers))):
            asked = select(STANDING.c.number).where(*self._standing(units), STANDING.c.number.in_(some))
            found |= {str(row.number) for row in self._connection.execute(asked)}
        return found

    def _standing(self, units: Collection[str]) -> tuple[Any, ...]:
        return (STANDING.c.district == self._district, STANDING.c.unit.in_(sorted(units)), STANDING.c.last.is_(None))

    def _theirs(
        self, units: Collection[str], asked: _Asked, limit: int, *, roles: Mapping[str, str] = NOTHING
    ) -> list[str]:
        """The numbers of the first of their cases that are asked for."""
        here = [{"at_district": self._district, "at_unit": unit} for unit in sorted(units)]
        if self._many(here):
            theirs = {f"unit_{at}": each["at_unit"] for at, each in enumerate(here)}
            values = {"at_district": self._district, "most": limit, **theirs, **roles}
            rows = asked.walk(len(here), len(roles)).run(self._connection, values).all()
        else:
            found = (asked.few(len(roles)).run(self._connection, {**each, **roles}) for each in here)
            rows = sorted({row for some in found for row in some})[:limit]
        return [row.number for row in rows]

    def _many(self, here: Sequence[Mapping[str, str]]) -> bool:
        """Whether these units have many cases, ended ones too; counted once, and only as far as that takes."""
        if self._counted is None:
            counts = (_COUNT.run(self._connection, {**each, "most": FEW + 1}).first().n for each in here)
            self._counted = any(accumulated > FEW for accumulated in accumulate(counts))
        return self._counted
