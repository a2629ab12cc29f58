"""The history: entries appended, chained, read, verified."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from engine.audit.chain import START, Link, Problem, canonical, entry_hash, verify
from engine.cases.model import Decision
from engine.storage.keys import Keys
from engine.storage.record import entry_public, entry_sealed, value_from
from engine.storage.rows import StoredDocument, StoredEntry
from engine.storage.tables import AccessRow, CaseRow, EntryRow
from engine.vault import open_sealed, seal

ENTRY, CASE, ACCESS = (row.__table__ for row in (EntryRow, CaseRow, AccessRow))  # type: ignore[attr-defined]  # SQLModel's own


class Log:
    """Entries, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def append(self, decision: Decision, documents: Sequence[StoredDocument], definition: str) -> str:
        """Write the decision's entry behind the case's head; the new head."""
        case, entry = decision.case, decision.entry
        previous = decision.before.head if decision.before is not None else START
        public = entry_public(decision, [each.as_public() for each in documents], definition)
        place = f"entry:{entry.case}:{entry.seq}".encode()
        sealed = seal(self._keys.of(case.identity.subject.reference), entry_sealed(decision), place)
        head = entry_hash(previous, public, sealed)
        self._connection.execute(
            insert(ENTRY),
            {
                "district": self._district,
                "number": entry.case,
                "seq": entry.seq,
                "public": public,
                "sealed": sealed,
                "previous": previous,
                "hash": head,
            },
        )
        return head

    def of(self, number: str) -> list[StoredEntry]:
        """The entries of a case in order, their sealed parts opened."""
        found = (
            select(ENTRY, CASE.c.subject)
            .join(CASE, (CASE.c.number == ENTRY.c.number) & (CASE.c.district == ENTRY.c.district))
            .where(ENTRY.c.district == self._district, ENTRY.c.number == number)
            .order_by(ENTRY.c.seq)
        )
        entries = []
        for row in self._connection.execute(found):
            place = f"entry:{number}:{row.seq}".encode()
            hidden = value_from(open_sealed(self._keys.of(row.subject), row.sealed, place))
            entries.append(_entry(row.public, hidden, row.hash))
        return entries

    def links(self, number: str | None) -> Iterator[Link]:
        """The chain of one case, or of all, case by case."""
        found = select(ENTRY).where(ENTRY.c.district == self._district).order_by(ENTRY.c.number, ENTRY.c.seq)
        if number is not None:
            found = found.where(ENTRY.c.number == number)
        for row in self._connection.execute(found):
            yield Link(row.number, row.seq, row.previous, row.public, row.sealed, row.hash)

    def verify(self, number: str | None) -> list[Problem]:
        """What does not hold: in the chains, and between each chain and the head of its case."""
        links = list(self.links(number))
        problems = verify(links)
        last = {link.case: link for link in links}
        heads = select(CASE.c.number, CASE.c.seq, CASE.c.head).where(CASE.c.district == self._district)
        if number is not None:
            heads = heads.where(CASE.c.number == number)
        for row in self._connection.execute(heads):
            link = last.get(row.number)
            if link is None or (link.seq, link.hash) != (row.seq, row.head):
                problems.append(Problem(row.number, row.seq, "head", "历史的末条与个案所记的不符"))
        return problems


def _entry(public: bytes, hidden: dict[str, dict[str, object]], hash_: str) -> StoredEntry:
    told = json.loads(public)
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
        hash=hash_,
    )


def log_access(connection: Connection, account: str, what: str, number: str, at: datetime) -> None:
    """Append one reading to the access log, chained to the one before."""
    last = connection.execute(select(ACCESS.c.hash).order_by(ACCESS.c.id.desc()).limit(1)).scalar() or START
    told = canonical({"account": account, "what": what, "case": number, "at": at})
    connection.execute(
        insert(ACCESS),
        {
            "account": account,
            "what": what,
            "number": number,
            "at": at,
            "previous": last,
            "hash": entry_hash(last, told, b""),
        },
    )


def verify_access(connection: Connection) -> list[Problem]:
    """What does not hold in the access log's chain."""
    problems, head = [], START
    for row in connection.execute(select(ACCESS).order_by(ACCESS.c.id)):
        told = canonical({"account": row.account, "what": row.what, "case": row.number, "at": row.at})
        if row.previous != head or entry_hash(row.previous, told, b"") != row.hash:
            problems.append(Problem(row.number, row.id, "access", "查阅记录的链条不连续"))
        head = row.hash
    return problems
