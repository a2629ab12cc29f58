"""Documents and their numbers: without gap, without repeat, taken in the transaction that issues."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from engine.cases.model import DocumentOrder
from engine.definitions.facts import CaseView
from engine.storage.codec import value_bytes, value_from
from engine.storage.keys import DOCUMENT as KEPT_AS
from engine.storage.keys import Keys
from engine.storage.rows import StoredDocument
from engine.storage.tables import CASE, DOCUMENT, SERIES
from engine.vault import open_sealed, seal
from notifications.documents import Filled, commitment

SALT = 16

_NEXT = text(
    "INSERT INTO number_series (district, issuer, series, year, last) VALUES (:district, :issuer, :series, :year, 1) "
    "ON CONFLICT (district, issuer, series, year) DO UPDATE SET last = number_series.last + 1 RETURNING last"
)
_AT_CASE = (DOCUMENT.c.district == bindparam("at_district"), DOCUMENT.c.number == bindparam("at_number"))
_AT = (*_AT_CASE, DOCUMENT.c.id == bindparam("at_id"))
_OF = select(DOCUMENT).where(*_AT_CASE)
_GET = select(DOCUMENT).where(*_AT)
_STANDING = select(DOCUMENT.c.id, DOCUMENT.c.status).where(*_AT_CASE)
_DROP = delete(DOCUMENT).where(*_AT, DOCUMENT.c.status == "draft")
_MARK = update(DOCUMENT).where(*_AT).values(status=bindparam("as_status"))
_ADD = insert(DOCUMENT)
_SUBJECT = select(CASE.c.subject).where(
    CASE.c.district == bindparam("at_district"), CASE.c.number == bindparam("at_number")
)


class DocumentStore:
    """Documents, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def next_number(self, issuer: str, series: str, year: int) -> int:
        """The next number of a series; the transaction's end decides whether it was taken."""
        values = {"district": self._district, "issuer": issuer, "series": series, "year": year}
        return int(self._connection.execute(_NEXT, values).scalar_one())

    def numbered(self, number: str) -> list[str]:
        """The cases that hold a document with this number, oldest first; none for an empty number."""
        if not number:
            return []
        found = select(DOCUMENT.c.number).where(
            DOCUMENT.c.district == self._district, DOCUMENT.c.document_number == number
        )
        return [str(row[0]) for row in self._connection.execute(found.order_by(DOCUMENT.c.number))]

    def made(
        self, *, case: CaseView, order: DocumentOrder, filled: Filled, number: str, day: date | None
    ) -> StoredDocument:
        """A document ready to be put: salted, with its commitment."""
        salt = os.urandom(SALT)
        return StoredDocument(
            case=case.identity.number,
            id=order.id,
            kind=order.kind,
            status="draft" if order.draft else "issued",
            number=number,
            issuer=order.issuer,
            issued_on=day,
            filled=filled,
            salt=salt.hex(),
            commitment=commitment(filled.text, salt),
        )

    def put(self, document: StoredDocument) -> None:
        """Store a document; an issued one takes the place of its draft."""
        self._connection.execute(_DROP, {**self._at(document.case), "at_id": document.id})
        body = value_bytes({"filled": document.filled.to_json(), "salt": document.salt})
        place = _place(document.case, document.id)
        self._connection.execute(
            _ADD,
            {
                "district": self._district,
                "number": document.case,
                "id": document.id,
                "kind": document.kind,
                "status": document.status,
                "document_number": document.number,
                "issuer": document.issuer,
                "issued_on": document.issued_on,
                "commitment": document.commitment,
                "sealed": seal(self._keys.of(self._subject(document.case), KEPT_AS), body, place),
            },
        )

    def drop_drafts(self, case: CaseView) -> None:
        """Put the stored documents in step with the case: drafts that it no longer knows go, withdrawn ones say so.

        A number once taken stays with its document, withdrawn or not.
        """
        at = self._at(case.identity.number)
        known = {each.id: each.status for each in case.documents}
        for row in self._connection.execute(_STANDING, at).all():
            status = known.get(row.id)
            if row.status == "draft" and status is None:
                self._connection.execute(_DROP, {**at, "at_id": row.id})
            elif status is not None and status != row.status:
                self._connection.execute(_MARK, {**at, "at_id": row.id, "as_status": status})

    def _at(self, number: str) -> dict[str, object]:
        return {"at_district": self._district, "at_number": number}

    def _subject(self, number: str) -> str:
        return str(self._connection.execute(_SUBJECT, self._at(number)).scalar_one())

    def get(self, number: str, id_: str) -> StoredDocument | None:
        """One document, or None."""
        row = self._connection.execute(_GET, {**self._at(number), "at_id": id_}).first()
        return None if row is None else _document(row, self._keys.existing(self._subject(number), KEPT_AS))

    def of(self, number: str) -> list[StoredDocument]:
        """The documents of a case, in the order in which they were made."""
        rows = self._connection.execute(_OF, self._at(number)).all()
        if not rows:
            return []
        key = self._keys.existing(self._subject(number), KEPT_AS)
        return sorted((_document(row, key) for row in rows), key=lambda each: _order(each.id))

    def statuses(self, number: str) -> set[tuple[str, str, str]]:
        """(id, kind, status) of the documents of a case; needs no key."""
        return {(row.id, row.kind, row.status) for row in self._connection.execute(_OF, self._at(number))}

    def numbers(self) -> list[tuple[str, int, str]]:
        """(issuer, year, number) of every numbered document, for the check that none is missing or doubled."""
        found = select(DOCUMENT.c.issuer, DOCUMENT.c.issued_on, DOCUMENT.c.document_number).where(
            DOCUMENT.c.district == self._district, DOCUMENT.c.document_number != ""
        )
        return [
            (row.issuer, row.issued_on.year if row.issued_on else 0, row.document_number)
            for row in self._connection.execute(found)
        ]

    def series(self) -> dict[tuple[str, str, int], int]:
        """The last number of each series by (issuer, series, year)."""
        found = select(SERIES).where(SERIES.c.district == self._district)
        return {(row.issuer, row.series, row.year): row.last for row in self._connection.execute(found)}


def _place(number: str, id_: str) -> bytes:
    return f"document:{number}:{id_}".encode()


def _order(id_: str) -> list[int]:
    """Ids are the entry's seq and a count, so that they sort by the time of making."""
    return [int(part) for part in id_.split("-")]


def _document(row: Any, key: bytes) -> StoredDocument:
    body = value_from(open_sealed(key, row.sealed, _place(row.number, row.id)))
    return StoredDocument(
        case=row.number,
        id=row.id,
        kind=row.kind,
        status=row.status,
        number=row.document_number,
        issuer=row.issuer,
        issued_on=row.issued_on,
        filled=Filled.from_json(body["filled"]),
        salt=body["salt"],
        commitment=row.commitment,
    )
