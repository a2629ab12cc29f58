"""Subjects, register rows and findings: everything that names a child is sealed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.errors import StaleRefused
from engine.roster.findings import Finding
from engine.storage.codec import value_bytes, value_from
from engine.storage.keys import Keys
from engine.storage.rows import Counts, StoredFinding
from engine.storage.tables import FINDING, PUPIL, SUBJECT
from engine.vault import open_sealed, seal

INDEX = "index"
"""The class of the key under which references are made."""

REFERENCE_LENGTH = 24
REGISTER = "register"
"""The retention class of register rows and findings: shorter than a case's."""


class SubjectStore:
    """Profiles of subjects that have a case."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def put(self, reference: str, kind: str, profile: Mapping[str, object]) -> None:
        """Store a subject's profile, or bring it up to date."""
        body = seal(self._keys.of(reference), value_bytes(dict(profile)), f"subject:{reference}".encode())
        at = (SUBJECT.c.district == self._district) & (SUBJECT.c.reference == reference)
        if self._connection.execute(update(SUBJECT).where(at).values(sealed=body)).rowcount == 0:
            row = {"district": self._district, "reference": reference, "kind": kind, "sealed": body}
            self._connection.execute(insert(SUBJECT), row)

    def get(self, reference: str) -> dict[str, Any]:
        """A subject's profile; empty for an unknown one."""
        at = (SUBJECT.c.district == self._district) & (SUBJECT.c.reference == reference)
        sealed = self._connection.execute(select(SUBJECT.c.sealed).where(at)).scalar()
        if sealed is None:
            return {}
        return dict(value_from(open_sealed(self._keys.existing(reference), sealed, f"subject:{reference}".encode())))


class RosterStore:
    """Register rows and findings, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def _key(self, *, make: bool = False) -> bytes:
        holder = f"district:{self._district}"
        return self._keys.of(holder, REGISTER) if make else self._keys.existing(holder, REGISTER)

    def reference(self, register_no: str) -> str:
        """The keyed reference that stands for a register number wherever it is not sealed; empty for none.

        A register number holds the citizen number, so a bare hash of it could be guessed (RELIABILITY.md 0.8).
        """
        if not register_no:
            return ""
        key = self._keys.of(f"district:{self._district}", INDEX)
        return "S" + hmac.new(key, register_no.encode(), hashlib.sha256).hexdigest()[:REFERENCE_LENGTH]

    def put_pupils(self, pupils: Iterable[tuple[str, Mapping[str, object]]]) -> Counts:
        """Register rows by number: how many were new, changed, unchanged."""
        key = self._key(make=True)
        found = select(PUPIL.c.register_no, PUPIL.c.digest).where(PUPIL.c.district == self._district)
        known = {row.register_no: row.digest for row in self._connection.execute(found)}
        new: list[dict[str, object]] = []
        changed = unchanged = 0
        for number, profile in pupils:
            body = value_bytes(dict(profile))
            digest = _digest(key, body)
            if known.get(number) == digest:
                unchanged += 1
                continue
            sealed = seal(key, body, f"pupil:{number}".encode())
            if number in known:
                at = (PUPIL.c.district == self._district) & (PUPIL.c.register_no == number)
                self._connection.execute(update(PUPIL).where(at).values(digest=digest, sealed=sealed))
                changed += 1
            else:
                new.append({"district": self._district, "register_no": number, "digest": digest, "sealed": sealed})
        if new:
            self._connection.execute(insert(PUPIL), new)
        return Counts(len(new), changed, unchanged)

    def pupils(self) -> list[dict[str, Any]]:
        """Every register row."""
        found = select(PUPIL).where(PUPIL.c.district == self._district).order_by(PUPIL.c.register_no)
        rows = self._connection.execute(found).all()
        if not rows:
            return []
        key = self._key()
        return [dict(value_from(open_sealed(key, row.sealed, f"pupil:{row.register_no}".encode()))) for row in rows]

    def pupil(self, number: str) -> dict[str, Any]:
        """One register row; empty for an unknown number."""
        at = (PUPIL.c.district == self._district) & (PUPIL.c.register_no == number)
        sealed = self._connection.execute(select(PUPIL.c.sealed).where(at)).scalar()
        return {} if sealed is None else dict(value_from(open_sealed(self._key(), sealed, f"pupil:{number}".encode())))

    def put_findings(self, findings: Iterable[tuple[Finding, str]], *, day: date) -> int:
        """Findings with their school's code; the same finding of the same day is stored once. How many were new."""
        key = self._key(make=True)
        found = select(FINDING.c.key).where(FINDING.c.district == self._district)
        known = {row.key for row in self._connection.execute(found)}
        new = []
        for finding, school in findings:
            told = "\n".join(
                (str(day), finding.kind, finding.register_no, finding.school, finding.class_name, finding.name)
            )
            name = _digest(key, told.encode())
            if name in known:
                continue
            known.add(name)
            hidden = {
                "name": finding.name,
                "detail": finding.detail,
                "school_name": finding.school,
                "class_name": finding.class_name,
            }
            new.append(
                {
                    "district": self._district,
                    "key": name,
                    "kind": finding.kind,
                    "register_no": finding.register_no,
                    "school": school,
                    "found_on": day,
                    "status": "open",
                    "number": "",
                    "settled_by": "",
                    "settled_at": None,
                    "sealed": seal(key, value_bytes(hidden), _place(name)),
                }
            )
        if new:
            self._connection.execute(insert(FINDING), new)
        return len(new)

    def findings(self) -> list[StoredFinding]:
        """Every finding, oldest first."""
        found = select(FINDING).where(FINDING.c.district == self._district).order_by(FINDING.c.id)
        rows = self._connection.execute(found).all()
        if not rows:
            return []
        key = self._key()
        return [_finding(row, _hidden(row, key)) for row in rows]

    def finding(self, id_: int) -> StoredFinding | None:
        """One finding, or None."""
        row = self._row(id_)
        return None if row is None else _finding(row, _hidden(row, self._key()))

    def _row(self, id_: int) -> Any:
        at = (FINDING.c.district == self._district) & (FINDING.c.id == id_)
        return self._connection.execute(select(FINDING).where(at)).first()

    def settle(self, id_: int, status: str, case: str, *, account: str, at: datetime, reason: str = "") -> None:
        """Close a finding: confirmed with its case, or dismissed with a reason, which is sealed with the rest.

        Raises StaleRefused for a finding that is gone or was confirmed meanwhile: a case that was opened stays named.
        """
        row = self._row(id_)
        if row is None or row.status == "confirmed":
            raise StaleRefused(f"疑点{id_}已由他人处理，没有保存；请刷新后再看")
        key = self._key()
        body = value_bytes({**_hidden(row, key), "reason": reason})
        changed = {"status": status, "number": case, "settled_by": account, "settled_at": at}
        sealed = seal(key, body, _place(row.key))
        self._connection.execute(update(FINDING).where(FINDING.c.id == id_).values(**changed, sealed=sealed))


def _digest(key: bytes, body: bytes) -> str:
    """Tells equal rows from changed ones, and tells nothing to whoever lacks the key."""
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _place(key: str) -> bytes:
    return f"finding:{key}".encode()


def _hidden(row: Any, key: bytes) -> dict[str, str]:
    return dict(value_from(open_sealed(key, row.sealed, _place(row.key))))


def _finding(row: Any, hidden: Mapping[str, str]) -> StoredFinding:
    return StoredFinding(
        id=row.id,
        kind=row.kind,
        register_no=row.register_no,
        name=hidden["name"],
        school=row.school,
        school_name=hidden["school_name"],
        class_name=hidden["class_name"],
        detail=hidden["detail"],
        found_on=row.found_on,
        status=row.status,
        case=row.number,
    )
