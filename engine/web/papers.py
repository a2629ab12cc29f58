"""Documents of a case: reading and fetching them."""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import Response

from engine.services.model import DocumentRow
from engine.web.visits import Reading


def document_page(visit: Reading, number: str, document_id: str) -> Response:
    """The filled text with its service on each addressee."""
    row = visit.app.notices.document(number, document_id, visit.account)
    return visit.page("document.html", row=row, body=filled_text(row))


def document_pdf(visit: Reading, number: str, document_id: str) -> Response:
    """The document as PDF, to be kept, not shown in the frame of this page."""
    pdf = visit.app.notices.pdf(number, document_id, visit.account)
    return Response(pdf, media_type="application/pdf", headers=_as_file(number, document_id, "pdf"))


def document_html(visit: Reading, number: str, document_id: str) -> Response:
    """The document as a page of its own, to be kept."""
    text = visit.app.notices.html(number, document_id, visit.account)
    return Response(text, media_type="text/html", headers=_as_file(number, document_id, "html"))


def filled_text(row: DocumentRow) -> Markup:
    """The fragment arrives escaped (engine.services.model.DocumentRow.body_html); nothing else is trusted so."""
    return Markup(row.body_html)  # noqa: S704  escaped where it was filled


def _as_file(number: str, document_id: str, suffix: str) -> dict[str, str]:
    """An attachment named by number and id alone: a file name must not name a child."""
    stem = "".join(
        letter for letter in f"{number}-{document_id}" if letter.isascii() and (letter.isalnum() or letter in "-_")
    )
    return {"content-disposition": f'attachment; filename="{stem or "document"}.{suffix}"'}
