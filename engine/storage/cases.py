"""Cases and the units that have standing in them: written together, from one decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from engine.cases.model import Decision
from engine.definitions.facts import CaseView
from engine.storage.case_row import body_of, derived, identity_of, view_of
from engine.storage.codec import value_from
from engine.storage.dialects import is_taken
from engine.storage.driver import Statement
from engine.storage.keys import AtHand, Keys
from engine.storage.listing import Place
from engine.storage.parts import parts
from engine.storage.rows import Conflict, StoredRequest
from engine.storage.statements import Hot, Listed, Rows
from engine.storage.tables import CASE, REQUEST, STANDING
from engine.storage.triggers import LAST_PLACE
from engine.storage.types import Day
from engine.vault import open_sealed, seal

Kinds = Mapping[str, Mapping[str, str]]
"""The kind of each state (open, observing, final) by the hash of the workflow version."""

Opener = Callable[[bytes, bytes, bytes], Any]
"""The value of a sealed part by key, sealed bytes and place."""

CHANGING = (
    "unit", "owner", "state", "kind", "former", "epoch", "seq", "version", "undoable", "head", "entered_on", "due_on",
    "late_after", "next_at", "awaits", "closed_as", "clock", "body",
)  # fmt: skip
_AT = (CASE.c.district == bindparam("at_district"), CASE.c.number == bindparam("at_number"))
_COLUMNS = [
    column for column in CASE.c if column.name not in ("district", "kind", "due_on", "late_after", "next_at", "awaits")
]

_LOAD = Hot(select(*_COLUMNS).where(*_AT))
_ALL = Listed(
    lambda numbers: select(*_COLUMNS).where(CASE.c.district == bindparam("at_district"), CASE.c.number.in_(numbers))
)
_LOCK = Hot(select(*_COLUMNS).where(*_AT).with_for_update())
_FOR = Hot(
    select(*_COLUMNS, REQUEST.c.content, REQUEST.c.answer)
    .select_from(
        CASE.outerjoin(
            REQUEST, and_(REQUEST.c.district == CASE.c.district, REQUEST.c.request == bindparam("at_request"))
        )
    )
    .where(*_AT)
    .with_for_update(of=CASE)
)
_ROWS = Hot(
    select(*(column for column in CASE.c if column.name not in ("identity", "body")))
    .where(CASE.c.district == bindparam("at_district"))
    .order_by(CASE.c.id)
)
_DEFINITION = select(CASE.c.definition).where(*_AT)
_ADD = Hot(
    insert(CASE).values({column.name: bindparam(column.name) for column in CASE.c if column.name != "id"}).inline()
)
_ADD_STANDING = Hot(insert(STANDING).values({column.name: bindparam(column.name) for column in STANDING.c}).inline())
_STANDING = Hot(
    select(STANDING.c.unit, STANDING.c.relation, STANDING.c.listed_on).where(
        STANDING.c.district == bindparam("at_district"),
        STANDING.c.number == bindparam("at_number"),
        STANDING.c.last.is_(None),
    )
)
_SAVE = Hot(
    update(CASE).where(*_AT, CASE.c.seq == bindparam("at_seq")).values({name: bindparam(name) for name in CHANGING})
)
_OPEN_ABOUT = (
    select(CASE.c.number)
    .where(
        CASE.c.district == bindparam("at_district"),
        CASE.c.subject == bindparam("at_subject"),
        CASE.c.workflow == bindparam("at_workflow"),
        CASE.c.kind != "final",
    )
    .order_by(CASE.c.id)
    .limit(1)
)
_LAST = date.fromisoformat(LAST_PLACE)
_PLACE = tuple_(func.coalesce(CASE.c.due_on, literal(_LAST, Day())), CASE.c.number)


def opened(key: bytes, sealed: bytes, place: bytes) -> Any:
    """The value of a sealed part; raises VaultError when it was changed by hand."""
    return value_from(open_sealed(key, sealed, place))


def question(name: str, district: str, number: str, *, request: str) -> Statement:
    """What `load_for` asks, in the words of a database."""
    return _FOR.of(name, {"at_district": district, "at_number": number, "at_request": request})


class CaseStore:
    """Cases, through one connection."""

    def __init__(
        self,
        connection: Connection,
        district: str,
        keys: Keys | AtHand,
        *,
        kinds: Kinds | None = None,
        opener: Opener = opened,
    ) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys
        self._kinds = kinds or {}
        self._open = opener
        self._definitions: dict[str, str] = {}
        self._asked: dict[tuple[str, str], Rows] = {}

    def _at(self, number: str) -> dict[str, object]:
        return {"at_district": self._district, "at_number": number}

    def load(self, number: str, *, lock: bool = False) -> CaseView | None:
        """The case as it stands, or None; raises VaultError when it was changed by hand or its key is gone.

        With `lock` nobody else writes it until this unit of work ends.
        """
        row = (_LOCK if lock else _LOAD).run(self._connection, self._at(number)).first()
        return None if row is None else self._view(row)

    def load_all(self, numbers: Sequence[str]) -> list[CaseView]:
        """The cases of these numbers in their order, in one question each for rows and keys; unknown ones left out."""
        if not numbers:
            return []
        found = _ALL.run(self._connection, {"at_district": self._district}, numbers)
        rows = {row.number: row for row in found}
        self._keys.remember(row.subject for row in rows.values())
        return [self._view(rows[number]) for number in numbers if number in rows]

    def load_for(self, number: str, request: str) -> tuple[CaseView | None, StoredRequest | None]:
        """The case, locked for an act, and what an earlier request with this id asked and got: in one question."""
        asked = self._asked.pop((number, request), None)
        row = (asked or _FOR.run(self._connection, {**self._at(number), "at_request": request})).first()
        if row is None:
            return None, None
        earlier = None if row.content is None else StoredRequest(row.content, row.answer)
        return self._view(row), earlier

    def asked(self, number: str, request: str, cursor: Any) -> None:
        """Take the answer to the question for an act that was asked as the transaction began."""
        self._asked[number, request] = _FOR.rows(cursor)

    def _view(self, row: Any) -> CaseView:
        self._definitions[row.number] = row.definition
        key = self._keys.existing(row.subject)
        identity = self._open(key, row.identity, _identity_place(row.number))
        return view_of(row, identity, self._open(key, row.body, _place(row.number)))

    def definition_of(self, number: str) -> str:
        """The hash of the workflow version that the case runs on; empty for a case that does not exist."""
        if number not in self._definitions:
            found = self._connection.execute(_DEFINITION, self._at(number)).scalar()
            if found is None:
                return ""
            self._definitions[number] = str(found)
        return self._definitions[number]

    def add(self, decision: Decision, definition: str, *, awaits: Sequence[str] = ()) -> None:
        """A new case with its units; raises Conflict when the number is taken."""
        case = decision.case
        identity = case.identity
        number = identity.number
        key = self._keys.of(identity.subject.reference)
        fixed = {
            "district": self._district,
            "number": number,
            "workflow": identity.workflow,
            "definition": definition,
            "subject": identity.subject.reference,
            "opened_on": identity.opened_on.isoformat(),
            "parent": identity.parent,
            "channel": identity.channel,
            "identity": seal(key, identity_of(case), _identity_place(number)),
        }
        changing = self._changing(case, definition, awaits, key=key)
        try:
            _ADD.run(self._connection, {**fixed, **changing})
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise Conflict(number) from None
        self._definitions[number] = definition
        rows = [
            {
                "district": self._district,
                "unit": unit,
                "number": number,
                "relation": relation,
                "first": identity.opened_on.isoformat(),
                "last": None,
                "listed_on": place_in_lists(changing["kind"], changing["due_on"]),
            }
            for unit, relation in standing_of(case)
        ]
        if rows:
            _ADD_STANDING.put(self._connection, rows)

    def save(self, decision: Decision, *, awaits: Sequence[str] = ()) -> None:
        """The case after a decision; raises Conflict when it is no longer the case that was decided on.

        `awaits` are the roles that decide next on its open proposals.
        """
        case, before = decision.case, decision.before
        number = case.identity.number
        at = {**self._at(number), "at_seq": before.seq if before is not None else 0}
        key = self._keys.existing(case.identity.subject.reference)
        changing = self._changing(case, self.definition_of(number), awaits, key=key)
        _SAVE.put(self._connection, {**at, **changing}, refused=Conflict(number))

    def rebuild(self, case: CaseView) -> None:
        """Write a case's row anew, as its entries tell it; the kind of its state and whom it awaits stay."""
        number = case.identity.number
        key = self._keys.existing(case.identity.subject.reference)
        told = {
            "identity": seal(key, identity_of(case), _identity_place(number)),
            "body": seal(key, body_of(case), _place(number)),
        }
        here = update(CASE).where(CASE.c.district == self._district, CASE.c.number == number)
        self._connection.execute(
            here.values({name: literal(value) for name, value in {**derived(case), **told}.items()})
        )

    def _changing(self, case: CaseView, definition: str, awaits: Sequence[str], *, key: bytes) -> dict[str, object]:
        return {
            **derived(case),
            "kind": self.kind_of(case, definition),
            "awaits": f",{','.join(awaits)}," if awaits else "",
            "body": seal(key, body_of(case), _place(case.identity.number)),
        }

    def kind_of(self, case: CaseView, definition: str) -> str:
        """The kind of the case's state; a version that is not loaded never takes a case off the ledger by mistake."""
        guess = "final" if case.closed_as else "open"
        return self._kinds.get(definition, {}).get(case.state, guess)

    def listed(
        self,
        units: Iterable[str] | None,
        *,
        after: Place | None = None,
        limit: int | None = None,
        awaiting: bool = False,
    ) -> list[str]:
        """Numbers of the cases in which one of these units has standing, by due date; None means every unit.

        `after` is where the page before ended: its last case may have moved since. A case without a due date stands
        behind all others. With `awaiting` only cases with open proposals.
        """
        found = select(CASE.c.number).where(CASE.c.district == self._district).order_by(*_PLACE.clauses)
        if units is not None:
            found = found.where(_has_standing(sorted(units)))
        if awaiting:
            found = found.where(CASE.c.awaits != "")
        if after:
            found = found.where(tuple_(literal(after.due_on or _LAST, Day()), literal(after.number)) < _PLACE)
        if limit is not None:
            found = found.limit(limit)
        return [str(row[0]) for row in self._connection.execute(found)]

    def open_about(self, subject: str, workflow: str) -> str:
        """The number of a case about this subject under this workflow that has not ended; empty for none."""
        at = {"at_district": self._district, "at_subject": subject, "at_workflow": workflow}
        return str(self._connection.execute(_OPEN_ABOUT, at).scalar() or "")

    def answered(self, subjects: Iterable[str], workflow: str, *, day: date) -> set[str]:
        """Those of these subjects of whom a case under this workflow says what a list of that day asks.

        It was opened on that day or later, or ended after it.
        """
        found: set[str] = set()
        later = or_(CASE.c.opened_on >= day, and_(CASE.c.kind == "final", CASE.c.entered_on > day))
        for some in parts(sorted(subjects)):
            about = CASE.c.subject.in_(some)
            asked = select(CASE.c.subject).where(
                CASE.c.district == self._district, about, CASE.c.workflow == workflow, later
            )
            found.update(str(row.subject) for row in self._connection.execute(asked))
        return found

    def numbers(self) -> list[str]:
        """Every case's number, in the order of opening."""
        found = select(CASE.c.number).where(CASE.c.district == self._district).order_by(CASE.c.id)
        return [str(row[0]) for row in self._connection.execute(found)]

    def rows(self) -> Iterable[Any]:
        """The open columns of every case as they are stored, in the order of opening; for checks."""
        return _ROWS.run(self._connection, {"at_district": self._district}).all()

    def standing(self, number: str) -> set[tuple[str, str, str | None]]:
        """(unit, relation, place in its list) of the units that have standing in a case, as stored."""
        rows = _STANDING.run(self._connection, self._at(number))
        return {(row.unit, row.relation, row.listed_on) for row in rows}


def _place(number: str) -> bytes:
    return f"case:{number}".encode()


def _identity_place(number: str) -> bytes:
    return f"identity:{number}".encode()


def _has_standing(units: list[str]) -> Any:
    return exists().where(
        STANDING.c.district == CASE.c.district,
        STANDING.c.number == CASE.c.number,
        STANDING.c.unit.in_(units),
        STANDING.c.last.is_(None),
    )


def place_in_lists(kind: object, due_on: object) -> object:
    """Where a case stands in the lists of its units, as stored, by the kind of its state and its due day as stored."""
    return None if kind == "final" else due_on or LAST_PLACE


def standing_of(case: CaseView) -> set[tuple[str, str]]:
    """(unit, relation) of the units that have standing in a case by its view."""
    return {(unit.code, unit.relation) for unit in case.identity.units}
