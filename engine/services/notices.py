"""Documents as people take them away: the text, the printable page, the PDF, all from the same stored blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.clock import at_local
from engine.services.acting import seen_case
from engine.services.case_page import document_row, unit_names
from engine.services.model import DocumentRow
from engine.services.office import Office
from engine.services.outbox import Outbox
from engine.services.records import RecordMaker
from engine.services.refusals import refused
from notifications.documents import Filled
from notifications.html import Letterhead, html
from notifications.messages import Channel

if TYPE_CHECKING:
    from engine.definitions.facts import CaseView
    from engine.storage.unit_of_work import StoredDocument
    from notifications.pdf import PdfPrinter


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Documents, for one office; the printer is made when the first PDF is asked for."""

    office: Office
    printer: Callable[[], PdfPrinter]
    channels: tuple[Channel, ...] = ()

    def deliver(self, limit: int | None = None) -> tuple[int, int]:
        """Hand due messages to the channels: how many went out, how many failed; see Outbox.deliver."""
        return Outbox(office=self.office, channels=self.channels).deliver(limit)

    def document(self, number: str, document_id: str, account: str) -> DocumentRow:
        """One document with its text as an HTML fragment; the reading is logged first."""
        with self.office.archive.read() as uow:
            _, case, workflow = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "document", number, at=self.office.now())
            stored = _found(uow.documents.get(number, document_id))
            return document_row(workflow, case, stored, names=unit_names(uow, case, self.office.today()), body=True)

    def record(self, number: str, document_id: str, account: str) -> Mapping[str, object]:
        """One document as programs read it, with its canonical text; the reading is logged first.

        Beside each word of the engine (status, addressee) stands what pages say of it: `status_zh`, `zh`, `service_zh`.
        """
        with self.office.archive.read() as uow:
            actor, case, workflow = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "document", number, at=self.office.now())
            stored = _found(uow.documents.get(number, document_id))
            maker = RecordMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow)
            name = f"{number}/{document_id}"
            seen = next((each for each in maker.documents(()) if each["document"] == name), {"addressees": ()})
            row = document_row(workflow, case, stored, names=unit_names(uow, case, self.office.today()))
            whom = zip(_addressees(seen), row.addressees, strict=True)
            return {
                "document": name,
                "case": number,
                "kind": stored.kind,
                "title": workflow.notices[stored.kind].title,
                "status": stored.status,
                "issuer": stored.issuer,
                "issued_on": stored.issued_on,
                **seen,
                "status_zh": row.status_zh,
                "addressees": [{**each, "zh": zh, "service_zh": said} for each, (zh, said) in whom],
                "number": stored.number,
                "text": stored.filled.text,
            }

    def html(self, number: str, document_id: str, account: str) -> str:
        """One document as a printable page of its own."""
        filled, head, _ = self._paper(number, document_id, account)
        return html(filled, letterhead=head)

    def pdf(self, number: str, document_id: str, account: str) -> bytes:
        """One document as PDF; the same document gives the same bytes."""
        filled, head, timestamp = self._paper(number, document_id, account)
        return self.printer().pdf(filled, letterhead=head, timestamp=timestamp)

    def _paper(self, number: str, document_id: str, account: str) -> tuple[Filled, Letterhead, int]:
        with self.office.archive.read() as uow:
            _, case, _ = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "document", number, at=self.office.now())
            stored = _found(uow.documents.get(number, document_id))
            day = stored.issued_on or case.identity.opened_on
            return stored.filled, letterhead_of(case, stored), int(at_local(day, 9).timestamp())


def letterhead_of(case: CaseView, stored: StoredDocument) -> Letterhead:
    """The head of a document: its issuer's name, and the mark of a draft."""
    issuer = case.unit_by_code(stored.issuer)
    return Letterhead(issuer=issuer.name if issuer else stored.issuer, draft=stored.status == "draft")


def _addressees(seen: Mapping[str, object]) -> Iterable[Mapping[str, object]]:
    told: Iterable[Mapping[str, object]] = seen["addressees"]  # type: ignore[assignment]  # as the record makes it
    return told


def _found(stored: StoredDocument | None) -> StoredDocument:
    if stored is None:
        raise refused("right", "document", "没有这份文书，或者它不在你的职责范围内")
    return stored
