"""Documents and their numbers: without gap, without repeat, taken in the transaction that issues."""

from __future__ import annotations

import os
from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from engine.cases.model import DocumentOrder
from engine.definitions.facts import CaseView
from engine.storage.keys import Keys
from engine.storage.record import value_bytes, value_from
from engine.storage.rows import StoredDocument
from engine.storage.tables import CaseRow, DocumentRow, SeriesRow
from engine.vault import open_sealed, seal
from notifications.documents import Filled, commitment

DOCUMENT, SERIES, CASE = (row.__table__ for row in (DocumentRow, SeriesRow, CaseRow))  # type: ignore[attr-defined]  # SQLModel's own
SALT = 16


class DocumentStore:
    """Documents, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def next_number(self, issuer: str, series: str, year: int) -> int:
        """The next number of a series; the transaction's end decides whether it was taken."""
        at = (SERIES.c.district == self._district) & (SERIES.c.issuer == issuer) & (SERIES.c.series == series)
        at = at & (SERIES.c.year == year)
        last = self._connection.execute(select(SERIES.c.last).where(at)).scalar()
        if last is None:
            row = {"district": self._district, "issuer": issuer, "series": series, "year": year, "last": 1}
            self._connection.execute(insert(SERIES), row)
            return 1
        self._connection.execute(update(SERIES).where(at).values(last=last + 1))
        return int(last) + 1

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
        at = (DOCUMENT.c.district == self._district) & (DOCUMENT.c.number == document.case)
        self._connection.execute(delete(DOCUMENT).where(at, DOCUMENT.c.id == document.id, DOCUMENT.c.status == "draft"))
        body = value_bytes({"filled": document.filled.to_json(), "salt": document.salt})
        place = f"document:{document.case}:{document.id}".encode()
        self._connection.execute(
            insert(DOCUMENT),
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
                "sealed": seal(self._keys.of(self._subject(document.case)), body, place),
            },
        )

    def drop_drafts(self, case: CaseView) -> None:
        """Remove drafts that the case no longer knows."""
        kept = [each.id for each in case.documents]
        at = (DOCUMENT.c.district == self._district) & (DOCUMENT.c.number == case.identity.number)
        self._connection.execute(delete(DOCUMENT).where(at, DOCUMENT.c.status == "draft", DOCUMENT.c.id.not_in(kept)))

    def _subject(self, number: str) -> str:
        found = select(CASE.c.subject).where(CASE.c.district == self._district, CASE.c.number == number)
        return str(self._connection.execute(found).scalar_one())

    def get(self, number: str, id_: str) -> StoredDocument | None:
        """One document, or None."""
        return next((each for each in self.of(number) if each.id == id_), None)

    def of(self, number: str) -> list[StoredDocument]:
        """The documents of a case, in the order in which they were made."""
        found = select(DOCUMENT).where(DOCUMENT.c.district == self._district, DOCUMENT.c.number == number)
        rows = self._connection.execute(found).all()
        if not rows:
            return []
        key = self._keys.of(self._subject(number))
        documents = []
        for row in rows:
            body = value_from(open_sealed(key, row.sealed, f"document:{number}:{row.id}".encode()))
            documents.append(
                StoredDocument(
                    case=number,
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
            )
        return sorted(documents, key=lambda each: [int(part) for part in each.id.split("-")])

    def numbers(self) -> dict[tuple[str, int], list[str]]:
        """Every issued number by issuer and year, for the check that none is missing or doubled."""
        found: dict[tuple[str, int], list[str]] = {}
        for row in self._connection.execute(select(DOCUMENT).where(DOCUMENT.c.document_number != "")):
            found.setdefault((row.issuer, row.issued_on.year), []).append(row.document_number)
        return found

    def series(self) -> dict[tuple[str, str, int], int]:
        """The last number of each series."""
        return {(row.issuer, row.series, row.year): row.last for row in self._connection.execute(select(SERIES))}
