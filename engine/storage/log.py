"""The history: entries appended, chained, read, verified."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.audit.chain import START, Problem, Stored, canonical, entry_hash, verify
from engine.cases.model import Decision
from engine.definitions.facts import CaseView
from engine.storage.codec import some_from
from engine.storage.delta import applied
from engine.storage.dialects import is_taken, lock
from engine.storage.keys import AtHand, Keys
from engine.storage.record import change_of, entry_public, entry_sealed, is_open, timer_public
from engine.storage.rows import Conflict, StoredDocument, StoredEntry
from engine.storage.statements import Hot
from engine.storage.tables import ACCESS, CASE, ENTRY
from engine.storage.types import instant_from
from engine.vault import open_sealed, seal

_LINE = ("district", "number", "seq", "public", "sealed", "previous", "hash")
_ADD = Hot(insert(ENTRY).values({name: bindparam(name) for name in _LINE}).inline())
_OF = Hot(
    select(ENTRY, CASE.c.subject)
    .join(CASE, (CASE.c.number == ENTRY.c.number) & (CASE.c.district == ENTRY.c.district))
    .where(ENTRY.c.district == bindparam("district"), ENTRY.c.number == bindparam("number"))
    .order_by(ENTRY.c.seq)
)
_LINK = select(ENTRY.c.number, ENTRY.c.seq, ENTRY.c.previous, ENTRY.c.public, ENTRY.c.sealed, ENTRY.c.hash)
_CHAIN = Hot(
    _LINK.where(ENTRY.c.district == bindparam("district"), ENTRY.c.number == bindparam("number")).order_by(ENTRY.c.seq)
)


def _pieces_of(table: Table, columns: Iterable[Any]) -> Hot:
    """These columns and the row's own number, some rows behind a place, in the order in which they were written."""
    # Nothing to look up by: all are of one district, and the order of the table is wanted.
    behind = (table.c.district + "" == bindparam("district"), table.c.id > bindparam("last"))
    return Hot(select(*columns, table.c.id).where(*behind).order_by(table.c.id).limit(bindparam("most")))


_CHAINS = _pieces_of(ENTRY, _LINK.selected_columns)
A_PIECE = 2_000
"""So many entries are read at once where all are."""

_LAST_ACCESS = select(ACCESS.c.hash).where(ACCESS.c.district == bindparam("district"))
_LAST_ACCESS = _LAST_ACCESS.order_by(ACCESS.c.id.desc()).limit(1)
_ADD_ACCESS = insert(ACCESS)
_ACCESSES = select(ACCESS.c.account, ACCESS.c.what, ACCESS.c.at)
_ACCESSES = _ACCESSES.where(ACCESS.c.district == bindparam("district"), ACCESS.c.number == bindparam("number"))
_ACCESSES = _ACCESSES.order_by(ACCESS.c.id.desc()).limit(bindparam("most"))
_READINGS = _pieces_of(
    ACCESS, (ACCESS.c.account, ACCESS.c.what, ACCESS.c.number, ACCESS.c.at, ACCESS.c.previous, ACCESS.c.hash)
)


class Log:
    """Entries, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys | AtHand) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def append(self, decision: Decision, documents: Sequence[StoredDocument], definition: str) -> str:
        """Write the decision's entry behind the case's head; the new head. Raises Conflict when its place is taken."""
        entry = decision.entry
        previous = decision.before.head if decision.before is not None else START
        public, sealed = self._parts(decision, documents, definition)
        head = entry_hash(previous, public, sealed)
        row = {"district": self._district, "number": entry.case, "seq": entry.seq, "public": public}
        try:
            _ADD.put(self._connection, {**row, "sealed": sealed, "previous": previous, "hash": head})
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise Conflict(f"{entry.case}/{entry.seq}") from None
        return head

    def _parts(self, decision: Decision, documents: Sequence[StoredDocument], definition: str) -> tuple[bytes, bytes]:
        """The public and the sealed bytes; nothing is sealed where nothing is personal."""
        if is_open(decision):
            return timer_public(decision, definition), b""
        entry = decision.entry
        key = self._keys.of(decision.case.identity.subject.reference)
        sealed = seal(key, entry_sealed(decision), _place(entry.case, entry.seq))
        return entry_public(decision, [each.as_public() for each in documents], definition), sealed

    def of(self, number: str, *, changes: bool = False) -> list[StoredEntry]:
        """The entries of a case in order, their sealed parts opened, with `changes` what replay applies too.

        Raises VaultError when the keys are gone.
        """
        entries = []
        for row in _OF.run(self._connection, {"district": self._district, "number": number}):
            told = json.loads(row.public)
            entries.append(_entry(row, told, self._hidden(row, told, changes=changes)))
        return entries

    def _hidden(self, row: Any, told: Mapping[str, Any], *, changes: bool) -> Mapping[str, Any]:
        if not row.sealed:
            return {"fields": {}, "seen": {}, **({"change": change_of(told)} if changes else {})}
        opened = open_sealed(self._keys.existing(row.subject), row.sealed, _place(row.number, row.seq))
        return some_from(opened, ("fields", "seen", "change") if changes else ("fields", "seen"))

    def replayed(self, number: str, *, before: int | None = None) -> CaseView | None:
        """The case as its entries alone tell it, up to the one before `before`; None for no entries."""
        case: CaseView | None = None
        for entry in self.of(number, changes=True):
            if before is not None and entry.seq >= before:
                break
            case = applied(case, entry.sealed["change"])._replace(head=entry.hash)  # type: ignore[arg-type]  # a change
        return case

    def links(self, number: str | None) -> Iterator[Stored]:
        """The chain of one case, or of all as they were written, side by side: a long history is never held whole."""
        if number is not None:
            yield from _CHAIN.run(self._connection, {"district": self._district, "number": number}).bare()  # type: ignore[misc]  # the columns of _LINK
            return
        for row in _in_pieces(self._connection, _CHAINS, self._district):
            yield row[:-1]  # type: ignore[misc]  # the columns of _LINK

    def accesses(self, number: str, *, most: int = 500) -> list[tuple[str, str, datetime]]:
        """What the access log tells of a case, or of a file by its hash: account, what, instant; the newest first."""
        told = {"district": self._district, "number": number, "most": most}
        return [(row.account, row.what, row.at) for row in self._connection.execute(_ACCESSES, told)]

    def note(self, account: str, what: str, number: str, *, at: datetime) -> None:
        """Append to the access log what is done in this very transaction."""
        log_access(self._connection, self._district, (account, what, number, at))

    def size(self) -> tuple[int, int]:
        """How many entries there are, and how many cases have one."""
        counted = select(func.count(), func.count(func.distinct(ENTRY.c.number))).select_from(ENTRY)
        row = self._connection.execute(counted.where(ENTRY.c.district == self._district)).one()
        return int(row[0]), int(row[1])

    def verify(self, number: str | None) -> list[Problem]:
        """What does not hold: in the chains, and between each chain and the head of its case; needs no key."""
        last: dict[str, tuple[int, str]] = {}
        problems = verify(self.links(number), last)
        heads = select(CASE.c.number, CASE.c.seq, CASE.c.head).where(CASE.c.district == self._district)
        if number is not None:
            heads = heads.where(CASE.c.number == number)
        for row in self._connection.execute(heads):
            if last.pop(row.number, None) != (row.seq, row.head):
                problems.append(Problem(row.number, row.seq, "head", "历史的末条与个案所记的不符"))
        problems += [Problem(case, seq, "orphan", "有历史而没有个案") for case, (seq, _) in last.items()]
        return problems


def _place(number: str, seq: int) -> bytes:
    return f"entry:{number}:{seq}".encode()


def _entry(row: Any, told: Mapping[str, Any], hidden: Mapping[str, Mapping[str, object]]) -> StoredEntry:
    return StoredEntry(
        case=told["case"],
        seq=told["seq"],
        version=told["version"],
        happened_on=date.fromisoformat(told["happened_on"]),
        recorded_at=datetime.fromisoformat(told["recorded_at"]),
        user=told["actor"],
        role=told["role"],
        trigger=told["trigger"],
        source=told["from"],
        target=told["to"],
        law=tuple(told["law"]),
        public=told,
        values={**told["fields"], **hidden["fields"]},
        documents=tuple(each["number"] or each["kind"] for each in told["documents"]),
        hash=row.hash,
        previous=row.previous,
        sealed=hidden,
    )


def log_access(connection: Connection, district: str, access: tuple[str, str, str, datetime]) -> None:
    """Append one reading (account, what, case, instant) to the access log, chained to the one before."""
    lock(connection, f"access:{district}")
    last = connection.execute(_LAST_ACCESS, {"district": district}).scalar() or START
    account, what, number, at = access
    told = canonical({"account": account, "what": what, "case": number, "at": at})
    row = {"district": district, "account": account, "what": what, "number": number, "at": at}
    connection.execute(_ADD_ACCESS, {**row, "previous": last, "hash": entry_hash(last, told, b"")})


def _in_pieces(connection: Connection, asked: Hot, district: str) -> Iterator[Sequence[Any]]:
    """Every row of a table as it was written, read in pieces; the last value of each is the row's own number."""
    last = 0
    while rows := asked.run(connection, {"district": district, "last": last, "most": A_PIECE}).bare():
        yield from rows
        last = rows[-1][-1]


def verify_access(connection: Connection, district: str) -> list[Problem]:
    """What does not hold in the access log's chain."""
    problems, head = [], START
    for account, what, number, at, previous, written, id_ in _in_pieces(connection, _READINGS, district):
        told = canonical({"account": account, "what": what, "case": number, "at": instant_from(at)})
        if previous != head or entry_hash(previous, told, b"") != written:
            problems.append(Problem(number, id_, "access", "查阅记录的链条不连续"))
        head = written
    return problems
