"""Subjects, register rows and findings: everything that names a child is sealed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, insert, select, update

from engine.errors import StaleRefused
from engine.roster.findings import ABSENCES, Finding
from engine.storage.codec import some_from, value_bytes, value_from
from engine.storage.index import PUPIL as OF_PUPIL
from engine.storage.index import SUBJECT as OF_SUBJECT
from engine.storage.index import IndexStore
from engine.storage.keys import CASE, INDEX, REGISTER, Keys
from engine.storage.parts import parts
from engine.storage.rows import Counts, Doubt, KeptFindings, StoredFinding, Weighed
from engine.storage.statements import Hot, Listed
from engine.storage.tables import FINDING, PUPIL, SUBJECT
from engine.vault import digests, open_sealed, seal

BEYOND = 2**31
"""No row has this number or a higher one, and a database cannot even be asked for it."""

REFERENCE_LENGTH = 24
"""Hexadecimal digits of a reference."""

DOUBT = "register_doubt"
"""The kind of finding that a register's row leaves: whether it is the same child."""

_OPEN_FINDINGS = Hot(
    select(FINDING.c.school, func.count().label("n"))
    .where(FINDING.c.district == bindparam("at_district"), FINDING.c.status == "open")
    .group_by(FINDING.c.school)
)
_SEALED = Listed(
    lambda wanted: select(SUBJECT.c.reference, SUBJECT.c.sealed).where(
        SUBJECT.c.district == bindparam("at_district"), SUBJECT.c.reference.in_(wanted)
    )
)
_NAME = frozenset({"name"})
_OPEN: Mapping[str, object] = {"status": "open", "number": "", "settled_by": "", "settled_at": None}
Row = TypeVar("Row")


class SubjectStore:
    """Profiles of subjects that have a case."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys
        self._index = IndexStore(connection, district, keys)

    def put(self, reference: str, kind: str, profile: Mapping[str, object]) -> None:
        """Store a subject's profile, or bring it up to date, and let it be found."""
        at = self._at(reference)
        # The row first: whoever is erasing this subject is waited for, and then the key is a new one.
        known = self._connection.execute(select(SUBJECT.c.reference).where(at).with_for_update()).first()
        body = seal(self._keys.of(reference), value_bytes(dict(profile)), f"subject:{reference}".encode())
        if known is not None:
            self._connection.execute(update(SUBJECT).where(at).values(sealed=body))
        else:
            row = {"district": self._district, "reference": reference, "kind": kind, "sealed": body}
            self._connection.execute(insert(SUBJECT), row)
        self._index.put(OF_SUBJECT, [(reference, profile)], known=known is not None)

    def _at(self, reference: str) -> Any:
        return (SUBJECT.c.district == self._district) & (SUBJECT.c.reference == reference)

    def references(self) -> set[str]:
        """Every subject that has a profile."""
        found = select(SUBJECT.c.reference).where(SUBJECT.c.district == self._district)
        return {str(row[0]) for row in self._connection.execute(found)}

    def names(self, references: Iterable[str]) -> dict[str, str]:
        """The names of several subjects by reference, and nothing else of their profiles; an erased one has none."""
        wanted = list(references)
        keys = self._keys.existing_of(wanted, CASE)
        found: dict[str, str] = {}
        for some in parts(wanted):
            for row in _SEALED.run(self._connection, {"at_district": self._district}, some):
                key = keys.get(row.reference)
                if key is not None:
                    profile = open_sealed(key, row.sealed, f"subject:{row.reference}".encode())
                    found[row.reference] = str(some_from(profile, _NAME).get("name") or "")
        return found

    def get(self, reference: str) -> dict[str, Any]:
        """A subject's profile; empty for an unknown one."""
        sealed = self._connection.execute(select(SUBJECT.c.sealed).where(self._at(reference))).scalar()
        if sealed is None:
            return {}
        return dict(value_from(open_sealed(self._keys.existing(reference), sealed, f"subject:{reference}".encode())))


class RosterStore:
    """Register rows and findings, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys
        self._index = IndexStore(connection, district, keys)

    def _key(self) -> bytes:
        """The key of what belongs to no pupil of the register."""
        return self._keys.of(f"district:{self._district}", REGISTER)

    def reference(self, register_no: str) -> str:
        """The keyed reference that stands for a register number wherever it is not sealed; empty for none.

        A register number holds the citizen number, so a bare hash of it could be guessed (RELIABILITY.md 0.8).
        """
        return self.references([register_no])[0]

    def references(self, register_nos: Iterable[str]) -> list[str]:
        """The references of several register numbers, in order."""
        key = self._keys.of(f"district:{self._district}", INDEX)
        numbers = list(register_nos)
        told = zip(numbers, digests(key, numbers), strict=True)
        return ["S" + digest.hex()[:REFERENCE_LENGTH] if number else "" for number, digest in told]

    def _digests(self) -> dict[str, str]:
        found = select(PUPIL.c.register_no, PUPIL.c.digest).where(PUPIL.c.district == self._district)
        return {row.register_no: row.digest for row in self._connection.execute(found)}

    def weigh(self, rows: Mapping[str, Row], profile_of: Callable[[Row, str], Mapping[str, object]]) -> Weighed[Row]:
        """What rows by reference would do to the register: nothing is written, and no key is made."""
        known = self._digests()
        keys = self._keys.existing_of((number for number in rows if number in known), REGISTER)
        new, changed, unchanged = [], [], 0
        for number, row in rows.items():
            if number not in keys:
                new.append((number, row))
                continue
            profile = profile_of(row, number)
            if digest_of(keys[number], value_bytes(dict(profile))) == known[number]:
                unchanged += 1
            else:
                changed.append((number, profile, self.pupil(number)))
        return Weighed(new=new, changed=changed, unchanged=unchanged, known=len(known))

    def put_pupils(self, pupils: Iterable[tuple[str, Mapping[str, object]]]) -> Counts:
        """Register rows by reference: how many were new, changed, unchanged. New and changed ones can be found."""
        rows = dict(pupils)
        keys = self._keys.of_all(rows, REGISTER)
        known = self._digests()
        new: list[dict[str, object]] = []
        changed: list[dict[str, object]] = []
        for number, profile in rows.items():
            key, body = keys[number], value_bytes(dict(profile))
            digest = digest_of(key, body)
            if known.get(number) == digest:
                continue
            sealed = seal(key, body, f"pupil:{number}".encode())
            if number in known:
                changed.append({"at": number, "digest": digest, "sealed": sealed})
            else:
                new.append({"district": self._district, "register_no": number, "digest": digest, "sealed": sealed})
        if new:
            self._connection.execute(insert(PUPIL), new)
        self._index.put(
            OF_PUPIL, [(str(row["register_no"]), rows[str(row["register_no"])]) for row in new], known=False
        )
        if changed:
            at = (PUPIL.c.district == self._district) & (PUPIL.c.register_no == bindparam("at"))
            self._connection.execute(update(PUPIL).where(at), changed)
        self._index.put(OF_PUPIL, [(str(row["at"]), rows[str(row["at"])]) for row in changed])
        return Counts(len(new), len(changed), len(rows) - len(new) - len(changed))

    def _pupil(self, number: str) -> Any:
        return (PUPIL.c.district == self._district) & (PUPIL.c.register_no == number)

    def pupils(self) -> list[dict[str, Any]]:
        """Every register row."""
        found = select(PUPIL).where(PUPIL.c.district == self._district).order_by(PUPIL.c.register_no)
        rows = self._connection.execute(found).all()
        keys = self._keys.existing_of((row.register_no for row in rows), REGISTER)
        return [self._opened(keys.get(row.register_no), row.register_no, row.sealed) for row in rows]

    def pupil(self, number: str) -> dict[str, Any]:
        """One register row; empty for an unknown number."""
        sealed = self._connection.execute(select(PUPIL.c.sealed).where(self._pupil(number))).scalar()
        return {} if sealed is None else self._opened(None, number, sealed)

    def _opened(self, key: bytes | None, number: str, sealed: bytes) -> dict[str, Any]:
        key = key or self._keys.existing(number, REGISTER)
        return dict(value_from(open_sealed(key, sealed, f"pupil:{number}".encode())))

    def registered(self) -> set[str]:
        """Every pupil that has a register row."""
        found = select(PUPIL.c.register_no).where(PUPIL.c.district == self._district)
        return {str(row[0]) for row in self._connection.execute(found)}

    def put_findings(self, findings: Iterable[tuple[Finding, str]], *, day: date) -> KeptFindings:
        """Findings with their school's code; the same finding of the same day is stored once, settled or not.

        Where a pupil of the register was that day is the same question also when name or class were put right since.
        """
        key, listed = self._key(), list(findings)
        keys = self._keys.of_all((each.register_no for each, _ in listed if each.register_no), REGISTER)
        asked = (FINDING.c.key, FINDING.c.kind, FINDING.c.register_no)
        found = select(*asked).where(FINDING.c.district == self._district, FINDING.c.found_on == day)
        rows = self._connection.execute(found).all()
        known = {row.key for row in rows}
        absences = {(row.kind, row.register_no): row.key for row in rows if row.kind in ABSENCES}
        new, names = [], []
        for finding, school in listed:
            told = "\n".join(
                (str(day), finding.kind, finding.register_no, finding.school, finding.class_name, finding.name)
            )
            name = absences.get((finding.kind, finding.register_no)) or digest_of(key, told.encode())
            names.append(name)
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
                    **_OPEN,
                    "sealed": seal(keys.get(finding.register_no, key), value_bytes(hidden), _place(name)),
                }
            )
        if new:
            self._connection.execute(insert(FINDING), new)
        return KeptFindings(len(new), tuple(names))

    def put_doubts(self, doubts: Iterable[Doubt], *, day: date) -> KeptFindings:
        """Rows of a register that a person must decide on, each with what it would write; once for the same row.

        What was decided is remembered: the same row again is no new doubt.
        """
        listed = list(doubts)
        keys = self._keys.existing_of((each.register_no for each in listed), REGISTER)
        found = select(FINDING.c.key).where(FINDING.c.district == self._district, FINDING.c.kind == DOUBT)
        known = {row.key for row in self._connection.execute(found)}
        new, names = [], []
        for each in listed:
            key = keys[each.register_no]
            name = digest_of(key, value_bytes({**each.row, "": each.row_reference}))
            names.append(name)
            if name not in known:
                known.add(name)
                hidden = {**each.shown, "row": each.row, "row_reference": each.row_reference}
                row = {"key": name, "kind": DOUBT, "register_no": each.register_no, "school": each.school}
                sealed = seal(key, value_bytes(hidden), _place(name))
                new.append({"district": self._district, **row, "found_on": day, **_OPEN, "sealed": sealed})
        if new:
            self._connection.execute(insert(FINDING), new)
        return KeptFindings(len(new), tuple(names))

    def doubted(self, id_: int) -> tuple[str, dict[str, Any]]:
        """What the row of a doubt would write: reference and profile."""
        row = self._row(id_)
        hidden = _hidden(row, self._finding_key(row))
        return str(hidden["row_reference"]), dict(hidden["row"])

    def open_findings(self) -> dict[str, int]:
        """How many findings wait for a person, by the code of the school."""
        return {row.school: row.n for row in _OPEN_FINDINGS.run(self._connection, {"at_district": self._district})}

    def findings(self, schools: Collection[str] | None = None) -> list[StoredFinding]:
        """The findings, oldest first; with `schools` only theirs."""
        found = select(FINDING).where(FINDING.c.district == self._district).order_by(FINDING.c.id)
        if schools is not None:
            found = found.where(FINDING.c.school.in_(sorted(schools)))
        return self._unsealed(self._connection.execute(found).all())

    def waiting(self, keys: Collection[str]) -> list[StoredFinding]:
        """Those of these findings that wait for a person, oldest first."""
        rows: list[Any] = []
        for some in parts(sorted(keys)):
            asked = select(FINDING).where(
                FINDING.c.district == self._district, FINDING.c.key.in_(some), FINDING.c.status == "open"
            )
            rows += self._connection.execute(asked).all()
        return self._unsealed(sorted(rows, key=lambda row: int(row.id)))

    def _unsealed(self, rows: Sequence[Any]) -> list[StoredFinding]:
        keys = self._keys.existing_of((row.register_no for row in rows if row.register_no), REGISTER)
        return [_finding(row, _hidden(row, keys.get(row.register_no) or self._finding_key(row))) for row in rows]

    def _finding_key(self, row: Any) -> bytes:
        """That of the pupil; of the district where the register knows no such pupil."""
        return self._keys.existing(row.register_no, REGISTER) if row.register_no else self._key()

    def finding(self, id_: int) -> StoredFinding | None:
        """One finding, or None."""
        row = self._row(id_)
        return None if row is None else _finding(row, _hidden(row, self._finding_key(row)))

    def _row(self, id_: int) -> Any:
        if not 0 < id_ < BEYOND:
            return None
        at = (FINDING.c.district == self._district) & (FINDING.c.id == id_)
        return self._connection.execute(select(FINDING).where(at)).first()

    def settle(self, id_: int, status: str, case: str, *, account: str, at: datetime, reason: str = "") -> None:
        """Close a finding: confirmed with its case, or dismissed with a reason, which is sealed with the rest.

        Raises StaleRefused for a finding that is gone or was confirmed meanwhile: a case that was opened stays named.
        """
        row = self._row(id_)
        if row is None or row.status == "confirmed":
            raise StaleRefused(f"疑点{id_}已由他人处理，没有保存；请刷新后再看")
        key = self._finding_key(row)
        body = value_bytes({**_hidden(row, key), "reason": reason})
        changed = {"status": status, "number": case, "settled_by": account, "settled_at": at}
        sealed = seal(key, body, _place(row.key))
        self._connection.execute(update(FINDING).where(FINDING.c.id == id_).values(**changed, sealed=sealed))


def digest_of(key: bytes, body: bytes) -> str:
    """Tells equal rows from changed ones, and tells nothing to whoever lacks the key."""
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _place(key: str) -> bytes:
    return f"finding:{key}".encode()


def _hidden(row: Any, key: bytes) -> dict[str, Any]:
    return dict(value_from(open_sealed(key, row.sealed, _place(row.key))))


def _finding(row: Any, hidden: Mapping[str, Any]) -> StoredFinding:
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
