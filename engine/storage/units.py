"""Units with dated kinds, what lies inside them, and the documents that lend them powers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, text, update

from engine.definitions.facts import UnitFacts
from engine.storage.driver import Statement
from engine.storage.rows import StoredDelegation, StoredUnit
from engine.storage.statements import Hot
from engine.storage.tables import DELEGATION, UNIT

_OF_CASE = Hot(
    text(
        "WITH RECURSIVE above (code) AS ("
        "SELECT unit FROM case_unit WHERE district = :district AND number = :number "
        "AND unit IN (SELECT code FROM unit WHERE district = :district) "
        "UNION SELECT unit.parent FROM unit JOIN above ON unit.code = above.code "
        "WHERE unit.district = :district AND unit.first <= :day AND unit.last >= :day) "
        "SELECT unit.code, unit.name, unit.kind, unit.parent, delegation.document, delegation.acts "
        "FROM unit JOIN above ON unit.code = above.code "
        "LEFT JOIN delegation ON delegation.district = unit.district AND delegation.unit = unit.code "
        "AND delegation.first <= :day AND delegation.last >= :day "
        "WHERE unit.district = :district AND unit.first <= :day AND unit.last >= :day "
        "ORDER BY unit.code, delegation.id"
    )
)
"""The units with standing in a case and all above them, as they are on a day, with the powers lent to them.

The key of `case_unit` begins with the unit: a look for each unit there is finds a case among any number of others.
"""

_EVERY = Hot(
    text(
        "SELECT unit.code, unit.name, unit.kind, unit.parent, delegation.document, delegation.acts FROM unit "
        "LEFT JOIN delegation ON delegation.district = unit.district AND delegation.unit = unit.code "
        "AND delegation.first <= :day AND delegation.last >= :day "
        "WHERE unit.district = :district AND unit.first <= :day AND unit.last >= :day "
        "ORDER BY unit.code, delegation.id"
    )
)
"""The same of every unit."""

_NAMES = Hot(
    select(UNIT.c.code, UNIT.c.name, UNIT.c.first, UNIT.c.last)
    .where(UNIT.c.district == bindparam("district"))
    .order_by(UNIT.c.code, UNIT.c.first)
)

REMEMBERED = 1024
"""How many different sets of units are kept in memory."""


def question(name: str, district: str, number: str, *, day: date) -> Statement:
    """What `UnitStore.of_case` asks, in the words of a database."""
    return _OF_CASE.of(name, {"district": district, "number": number, "day": day.isoformat()})


class UnitStore:
    """Units, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district
        self._asked: dict[tuple[str, date], Standing] = {}

    def add(self, units: Iterable[tuple[str, str, str, str, date, date]]) -> None:
        """Units as (code, name, kind, parent, first, last); a code that is known from that first day stays as it is."""
        known = {(unit.code, unit.first) for unit in self.all()}
        names = ("code", "name", "kind", "parent", "first", "last")
        rows = [
            {"district": self._district, **dict(zip(names, unit, strict=True))}
            for unit in units
            if (unit[0], unit[4]) not in known
        ]
        if rows:
            self._connection.execute(insert(UNIT), rows)

    def end(self, code: str, first: date, last: date) -> None:
        """Let the time of a unit that begins on this first day end with another last day."""
        at = (UNIT.c.district == self._district) & (UNIT.c.code == code) & (UNIT.c.first == first)
        self._connection.execute(update(UNIT).where(at).values(last=last))

    def all(self) -> list[StoredUnit]:
        """Every unit in each of its times, by code and first day."""
        found = select(UNIT).where(UNIT.c.district == self._district).order_by(UNIT.c.code, UNIT.c.first)
        return [StoredUnit(r.code, r.name, r.kind, r.parent, r.first, r.last) for r in self._connection.execute(found)]

    def on(self, day: date) -> list[StoredUnit]:
        """The units that there are on a day, as they are on it, by code."""
        return [unit for unit in self.all() if unit.first <= day <= unit.last]

    def get(self, code: str, day: date) -> StoredUnit | None:
        """One unit as it is on a day, or None."""
        return next((unit for unit in self.on(day) if unit.code == code), None)

    def names(self, day: date) -> dict[str, str]:
        """The names of all units by code: those of the day, and of others the last one known."""
        rows = _NAMES.run(self._connection, {"district": self._district}).all()
        at = day.isoformat()
        return {row.code: row.name for row in (*rows, *(row for row in rows if row.first <= at <= row.last))}

    def facts(self, code: str, relation: str, day: date) -> UnitFacts | None:
        """A unit as a case sees it on a day, with everything inside it; None for a code that there is not."""
        units = self.on(day)
        found = next((unit for unit in units if unit.code == code), None)
        if found is None:
            return None
        area = frozenset(_inside({unit.code: unit.parent for unit in units}, code))
        return UnitFacts(code=found.code, name=found.name, kind=found.kind, relation=relation, area=area)

    def area(self, code: str, day: date) -> set[str]:
        """The codes of a unit and of everything inside it on a day."""
        return _inside({unit.code: unit.parent for unit in self.on(day)}, code)

    def of_case(self, number: str, day: date) -> Standing:
        """The units with standing in a case and all above them, as they are on a day; an area tells of these alone."""
        if (number, day) in self._asked:
            return self._asked[number, day]
        values = {"district": self._district, "number": number, "day": day.isoformat()}
        return _standing(tuple(_OF_CASE.run(self._connection, values)))

    def asked(self, number: str, day: date, cursor: Any) -> None:
        """Take the answer to the question that was asked as the transaction began."""
        self._asked[number, day] = _standing(tuple(_OF_CASE.rows(cursor)))

    def of_each(self, several: Iterable[frozenset[str]], day: date) -> Mapping[frozenset[str], Standing]:
        """The same of several cases at once, by the codes of the units with standing in them."""
        every: dict[str, list[Any]] = {}
        for row in _EVERY.run(self._connection, {"district": self._district, "day": day.isoformat()}):
            every.setdefault(row.code, []).append(row)
        return {
            codes: _standing(tuple(row for code in _above(every, codes) for row in every[code]))
            for codes in set(several)
        }

    def delegate(self, given: StoredDelegation, *, approved_by: str, recorded_by: str) -> None:
        """Keep a document that lends a unit powers."""
        row = {**given._asdict(), "acts": f",{','.join(given.acts)},"}
        by = {"district": self._district, "approved_by": approved_by, "recorded_by": recorded_by}
        self._connection.execute(insert(DELEGATION), {**row, **by})

    def delegations(self) -> list[StoredDelegation]:
        """Every document that lends powers, in the order of recording."""
        found = select(DELEGATION).where(DELEGATION.c.district == self._district).order_by(DELEGATION.c.id)
        return [
            StoredDelegation(r.unit, r.document, r.issued_on, r.words, _acts(r.acts), r.first, r.last)
            for r in self._connection.execute(found)
        ]


def _above(every: Mapping[str, Sequence[Any]], codes: Iterable[str]) -> list[str]:
    """These units and all above them, as far as there are such, by code."""
    found: set[str] = set()
    left = [code for code in codes if code in every]
    while left:
        code = left.pop()
        if code not in found:
            found.add(code)
            parent = every[code][0].parent
            left += [parent] if parent in every else []
    return sorted(found)


class _Line(NamedTuple):
    """A unit, with one of the documents that lend it powers."""

    code: str
    name: str
    kind: str
    parent: str
    document: str | None
    acts: str | None


class Standing:
    """The units with standing in a case and all above them, as they are on one day."""

    __slots__ = ("_found", "_now")

    def __init__(self, found: Mapping[str, UnitFacts]) -> None:
        self._found = found
        self._now: dict[tuple[str, str], UnitFacts] = {}

    def now(self, stood: UnitFacts) -> UnitFacts:
        """The unit as it is on this day, in the relation it stood in; one that there no longer is has no kind."""
        found = self._found.get(stood.code)
        if found is None:
            return replace(stood, kind="")
        key = stood.code, stood.relation
        if key not in self._now:
            self._now[key] = replace(found, relation=stood.relation)
        return self._now[key]


@lru_cache(REMEMBERED)
def _standing(rows: tuple[tuple[Any, ...], ...]) -> Standing:
    """What these rows tell: many cases have the same units, which seldom change."""
    return Standing(_facts([_Line(*row) for row in rows]))


def _facts(rows: Sequence[_Line]) -> dict[str, UnitFacts]:
    """The units of one case by code; a unit has a row for each document that lends it powers."""
    units: dict[str, list[_Line]] = {}
    for row in rows:
        units.setdefault(row.code, []).append(row)
    parents = {code: several[0].parent for code, several in units.items()}
    return {
        code: UnitFacts(
            code=code,
            name=several[0].name,
            kind=several[0].kind,
            relation="",
            area=frozenset(_inside(parents, code)),
            delegation="、".join(row.document for row in several if row.document),
            lent=frozenset(act for row in several if row.acts for act in _acts(row.acts)),
        )
        for code, several in units.items()
    }


def _acts(text_: str) -> tuple[str, ...]:
    return tuple(text_.strip(",").split(","))


def _inside(parents: Mapping[str, str], code: str) -> set[str]:
    """A unit and everything inside it; units that contain each other end the search."""
    children: dict[str, list[str]] = {}
    for each, parent in parents.items():
        children.setdefault(parent, []).append(each)
    inside: set[str] = set()
    waiting = [code]
    while waiting:
        at = waiting.pop()
        if at not in inside:
            inside.add(at)
            waiting.extend(children.get(at, ()))
    return inside
