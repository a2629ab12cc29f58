"""The blind index: subjects found by exact values that are stored as keyed hashes alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select

from engine.roster.terms import Term, terms_of
from engine.storage.keys import INDEX, Keys
from engine.storage.parts import parts
from engine.storage.private_tables import BLIND
from engine.storage.tables import CASE

SUBJECT, PUPIL = "subject", "pupil"
"""Whose values these are: the subject of a case, which is found by name too, or a row of the register."""

TOKEN = 32
"""Hexadecimal digits of a token: 128 bits."""

_DROP = delete(BLIND).where(
    BLIND.c.district == bindparam("at_district"),
    BLIND.c.subject == bindparam("at_subject"),
    BLIND.c.source == bindparam("at_source"),
)


class IndexStore:
    """The index, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def token(self, term: Term, key: bytes) -> str:
        """The keyed hash of a value; equal values of two kinds have different ones."""
        return hmac.new(key, f"{term.kind}\n{term.value}".encode(), hashlib.sha256).hexdigest()[:TOKEN]

    def put(self, source: str, profiles: Iterable[tuple[str, Mapping[str, object]]], *, known: bool = True) -> None:
        """Let these subjects be found by their profiles; `known` False says that none of them was there before."""
        key = self._keys.of(f"district:{self._district}", INDEX)
        subjects, rows = [], []
        for subject, profile in profiles:
            subjects.append({"at_district": self._district, "at_subject": subject, "at_source": source})
            for term in sorted(terms_of(profile, name=source == SUBJECT)):
                row = {"district": self._district, "kind": term.kind, "token": self.token(term, key)}
                rows.append({**row, "subject": subject, "source": source})
        if known and subjects:
            self._connection.execute(_DROP, subjects)
        if rows:
            self._connection.execute(insert(BLIND), rows)

    def subjects(self, terms: Iterable[Term]) -> list[str]:
        """References of the subjects that have one of these values."""
        key = self._keys.of(f"district:{self._district}", INDEX)
        tokens = [self.token(term, key) for term in terms]
        found = select(BLIND.c.subject).where(BLIND.c.district == self._district, BLIND.c.token.in_(tokens))
        return sorted({str(row[0]) for row in self._connection.execute(found)})

    def owners(self, kind: str, values: Iterable[str]) -> dict[str, str]:
        """Which row of the register has which of these values of one kind: reference by value."""
        key = self._keys.of(f"district:{self._district}", INDEX)
        tokens = {self.token(Term(kind, value), key): value for value in values}
        found: dict[str, str] = {}
        for some in parts(tokens):
            asked = select(BLIND.c.token, BLIND.c.subject).where(
                BLIND.c.district == self._district,
                BLIND.c.kind == kind,
                BLIND.c.token.in_(some),
                BLIND.c.source == PUPIL,
            )
            found.update((tokens[row.token], str(row.subject)) for row in self._connection.execute(asked))
        return found

    def cases(self, subjects: Iterable[str]) -> list[str]:
        """Numbers of the cases about these subjects, in the order of opening."""
        found: list[tuple[int, str]] = []
        for some in parts(sorted(subjects)):
            about = select(CASE.c.id, CASE.c.number).where(CASE.c.district == self._district, CASE.c.subject.in_(some))
            found += [(row.id, str(row.number)) for row in self._connection.execute(about)]
        return [number for _, number in sorted(found)]

    def subjects_of(self, numbers: Iterable[str]) -> dict[str, str]:
        """Whom these cases are about: reference by number."""
        found: dict[str, str] = {}
        for some in parts(numbers):
            about = select(CASE.c.number, CASE.c.subject).where(
                CASE.c.district == self._district, CASE.c.number.in_(some)
            )
            found.update({str(row.number): str(row.subject) for row in self._connection.execute(about)})
        return found

    def drop(self, subject: str) -> None:
        """Let nobody find this subject any more."""
        at = (BLIND.c.district == self._district) & (BLIND.c.subject == subject)
        self._connection.execute(delete(BLIND).where(at))

    def indexed(self) -> set[tuple[str, str]]:
        """(subject, source) of everything that is found, for checks."""
        found = select(BLIND.c.subject, BLIND.c.source).where(BLIND.c.district == self._district).distinct()
        return {(str(row.subject), str(row.source)) for row in self._connection.execute(found)}
