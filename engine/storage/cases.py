"""Cases and the units that have standing in them: written together, from one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from engine.cases.model import Decision
from engine.definitions.facts import CaseView
from engine.storage.dialects import is_taken
from engine.storage.keys import Keys
from engine.storage.record import case_bytes, case_from
from engine.storage.rows import Conflict
from engine.storage.tables import CASE, STANDING
from engine.vault import open_sealed, seal

Kinds = Mapping[str, Mapping[str, str]]
"""The kind of each state (open, observing, final) by the hash of the workflow version."""

CHANGING = (
    "unit", "owner", "state", "kind", "seq", "version", "head", "due_on", "late_after", "closed_as", "sealed",
)  # fmt: skip
NEVER = date.max
"""Where a case without a due date stands in a list: behind all others."""

_AT = (CASE.c.district == bindparam("at_district"), CASE.c.number == bindparam("at_number"))
_LOAD = select(CASE.c.sealed, CASE.c.head, CASE.c.subject, CASE.c.definition).where(*_AT)
_DEFINITION = select(CASE.c.definition).where(*_AT)
_ADD = insert(CASE)
_ADD_STANDING = insert(STANDING)
_SAVE = update(CASE).where(*_AT, CASE.c.seq == bindparam("at_seq")).values({name: bindparam(name) for name in CHANGING})
_PLACE = tuple_(func.coalesce(CASE.c.due_on, NEVER), CASE.c.number)


class CaseStore:
    """Cases, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys, *, kinds: Kinds | None = None) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys
        self._kinds = kinds or {}
        self._definitions: dict[str, str] = {}

    def _at(self, number: str) -> dict[str, object]:
        return {"at_district": self._district, "at_number": number}

    def load(self, number: str) -> CaseView | None:
        """The case as it stands, or None; raises VaultError when it was changed by hand or its key is gone."""
        row = self._connection.execute(_LOAD, self._at(number)).first()
        if row is None:
            return None
        self._definitions[number] = row.definition
        case = case_from(open_sealed(self._keys.existing(row.subject), row.sealed, _place(number)))
        return case._replace(head=row.head)

    def definition_of(self, number: str) -> str:
        """The hash of the workflow version that the case runs on; empty for a case that does not exist."""
        if number not in self._definitions:
            found = self._connection.execute(_DEFINITION, self._at(number)).scalar()
            if found is None:
                return ""
            self._definitions[number] = str(found)
        return self._definitions[number]

    def add(self, decision: Decision, definition: str) -> None:
        """A new case with its units; raises Conflict when the number is taken."""
        case = decision.case
        identity = case.identity
        fixed = {
            "district": self._district,
            "number": identity.number,
            "workflow": identity.workflow,
            "definition": definition,
            "subject": identity.subject.reference,
            "opened_on": identity.opened_on,
            "parent": identity.parent,
            "channel": identity.channel,
        }
        try:
            self._connection.execute(_ADD, {**fixed, **self._changing(case, definition)})
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise Conflict(identity.number) from None
        self._definitions[identity.number] = definition
        rows = [
            {
                "district": self._district,
                "unit": unit,
                "number": identity.number,
                "relation": relation,
                "first": identity.opened_on,
                "last": None,
            }
            for unit, relation in standing_of(case)
        ]
        if rows:
            self._connection.execute(_ADD_STANDING, rows)

    def save(self, decision: Decision) -> None:
        """The case after a decision; raises Conflict when it is no longer the case that was decided on."""
        case, before = decision.case, decision.before
        number = case.identity.number
        at = {**self._at(number), "at_seq": before.seq if before is not None else 0}
        done = self._connection.execute(_SAVE, {**at, **self._changing(case, self.definition_of(number))})
        if done.rowcount != 1:
            raise Conflict(number)

    def _changing(self, case: CaseView, definition: str) -> dict[str, object]:
        key = self._keys.of(case.identity.subject.reference)
        return {
            **derived(case),
            "kind": self.kind_of(case, definition),
            "sealed": seal(key, case_bytes(case), _place(case.identity.number)),
        }

    def kind_of(self, case: CaseView, definition: str) -> str:
        """The kind of the case's state; a version that is not loaded never takes a case off the ledger by mistake."""
        guess = "final" if case.closed_as else "open"
        return self._kinds.get(definition, {}).get(case.state, guess)

    def listed(self, units: Iterable[str] | None, *, after: str = "", limit: int | None = None) -> list[str]:
        """Numbers of the cases in which one of these units has standing, by due date; None means every unit.

        `after` is the last number of the page before. A case without a due date stands behind all others.
        """
        found = select(CASE.c.number).where(CASE.c.district == self._district).order_by(*_PLACE.clauses)
        if units is not None:
            found = found.where(_has_standing(sorted(units)))
        if after:
            place = self._connection.execute(select(*_PLACE.clauses).where(*_AT), self._at(after)).first()
            if place is None:
                return []
            found = found.where(tuple_(place[0], place[1]) < _PLACE)
        if limit is not None:
            found = found.limit(limit)
        return [str(row[0]) for row in self._connection.execute(found)]

    def numbers(self) -> list[str]:
        """Every case's number, in the order of opening."""
        return [str(row.number) for row in self.rows()]

    def rows(self) -> Iterable[Any]:
        """The open columns of every case, in the order of opening; for checks."""
        open_columns = [column for column in CASE.c if column.name != "sealed"]
        found: Select[Any] = select(*open_columns).where(CASE.c.district == self._district).order_by(CASE.c.id)
        return self._connection.execute(found).all()

    def standing(self, number: str) -> set[tuple[str, str]]:
        """(unit, relation) of the units that have standing in a case."""
        found = select(STANDING.c.unit, STANDING.c.relation).where(
            STANDING.c.district == self._district, STANDING.c.number == number, STANDING.c.last.is_(None)
        )
        return {(str(row.unit), str(row.relation)) for row in self._connection.execute(found)}


def _place(number: str) -> bytes:
    return f"case:{number}".encode()


def _has_standing(units: list[str]) -> Any:
    return exists().where(
        STANDING.c.district == CASE.c.district,
        STANDING.c.number == CASE.c.number,
        STANDING.c.unit.in_(units),
        STANDING.c.last.is_(None),
    )


def standing_of(case: CaseView) -> set[tuple[str, str]]:
    """(unit, relation) of the units that have standing in a case by its view."""
    return {(unit.code, unit.relation) for unit in case.identity.units}


def derived(case: CaseView) -> dict[str, object]:
    """The open columns that change with a case, as its view gives them; the nearest running deadline stands for all."""
    running = [each for each in case.deadlines.values() if each.status == "running" and each.due_on is not None]
    nearest = min(running, key=lambda each: (each.due_on, each.late_after is None, each.late_after), default=None)
    return {
        "unit": case.unit,
        "owner": case.owner,
        "state": case.state,
        "seq": case.seq,
        "version": case.version,
        "head": case.head,
        "due_on": nearest.due_on if nearest is not None else None,
        "late_after": nearest.late_after if nearest is not None else None,
        "closed_as": case.closed_as,
    }
