"""Rows of the first release under the keys of today: documents and register rows have classes of their own now.

There all of a subject's data was under one key, and all register rows and findings under the district's. A row that
opens with today's key is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, update

from engine.storage.codec import value_from
from engine.storage.index import PUPIL as OF_PUPIL
from engine.storage.index import SUBJECT as OF_SUBJECT
from engine.storage.index import IndexStore
from engine.storage.keys import CASE as KEPT_WITH_CASE
from engine.storage.keys import DOCUMENT as KEPT_AS_DOCUMENT
from engine.storage.keys import REGISTER, Keys
from engine.storage.roster import digest_of
from engine.storage.tables import CASE, DOCUMENT, FINDING, PUPIL, SUBJECT
from engine.vault import VaultError, open_sealed, seal

Named = tuple[str, str]


def resealed(connection: Connection, district: str, keys: Keys) -> None:
    """Seal documents, register rows and findings under today's keys, and let subjects and pupils be found."""
    sealing = _Sealing(connection, district, keys)
    sealing.documents()
    sealing.pupils()
    sealing.findings()
    sealing.subjects()


class _Sealing:
    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys
        self._index = IndexStore(connection, district, keys)
        self._whole: Named = (f"district:{district}", REGISTER)

    def documents(self) -> None:
        about = (DOCUMENT.c.district == CASE.c.district) & (DOCUMENT.c.number == CASE.c.number)
        found = select(DOCUMENT, CASE.c.subject).join(CASE, about).where(DOCUMENT.c.district == self._district)
        for row in self._connection.execute(found).all():
            names = ((row.subject, KEPT_WITH_CASE), (row.subject, KEPT_AS_DOCUMENT))
            here = (DOCUMENT.c.number == row.number) & (DOCUMENT.c.id == row.id)
            self._move(DOCUMENT, here, row.sealed, names, f"document:{row.number}:{row.id}")

    def pupils(self) -> None:
        for row in self._connection.execute(select(PUPIL).where(PUPIL.c.district == self._district)).all():
            name, here = (row.register_no, REGISTER), PUPIL.c.register_no == row.register_no
            body = self._move(
                PUPIL, here, row.sealed, (self._whole, name), f"pupil:{row.register_no}",
                more=lambda key, body: {"digest": digest_of(key, body)},
            )  # fmt: skip
            self._index.put(OF_PUPIL, [(row.register_no, value_from(body))])

    def findings(self) -> None:
        for row in self._connection.execute(select(FINDING).where(FINDING.c.district == self._district)).all():
            if row.register_no:
                names = (self._whole, (row.register_no, REGISTER))
                self._move(FINDING, FINDING.c.id == row.id, row.sealed, names, f"finding:{row.key}")

    def subjects(self) -> None:
        for row in self._connection.execute(select(SUBJECT).where(SUBJECT.c.district == self._district)).all():
            key = self._keys.existing(row.reference)
            body = open_sealed(key, row.sealed, f"subject:{row.reference}".encode())
            self._index.put(OF_SUBJECT, [(row.reference, value_from(body))])

    def _move(
        self,
        table: Table,
        here: ColumnElement[bool],
        sealed: bytes,
        names: tuple[Named, Named],
        place: str,
        *,
        more: Callable[[bytes, bytes], dict[str, Any]] = lambda _key, _body: {},
    ) -> bytes:
        """Seal a row under the second key instead of the first; what it says."""
        before, after = names
        key = self._keys.of(*after)
        try:
            return open_sealed(key, sealed, place.encode())
        except VaultError:
            body = open_sealed(self._keys.existing(*before), sealed, place.encode())
        values = {"sealed": seal(key, body, place.encode()), **more(key, body)}
        self._connection.execute(update(table).where(table.c.district == self._district, here).values(values))
        return body
