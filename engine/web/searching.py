"""Searching: what is asked comes by POST and stands in the address only under an opaque word (DESIGN.md §12)."""

from __future__ import annotations

from starlette.responses import Response

from engine.cases.model import Reason
from engine.errors import RuleRefused
from engine.web.tokens import hide, unhide
from engine.web.visits import HandingIn, Reading, Visit, see_other

LONGEST = 100
"""Signs of a query."""


def search_page(visit: Reading) -> Response:
    """The empty form, which says what can be found."""
    return _page(visit, 200)


def search(visit: HandingIn) -> Response:
    """Take a query and send on to its answer, whose address tells nobody what was asked."""
    visit.only("q")
    text = visit.one("q").strip()
    if not text or len(text) > LONGEST:
        said = "没有填写" if not text else f"最多{LONGEST}字"
        return _page(visit, 422, asked=text, reasons=(Reason("field", "q", f"要找的内容：{said}"),))
    return see_other(f"/searches/{hide(visit.token, text)}")


def found(visit: Reading, query: str) -> Response:
    """The cases of one's own that a query finds; a query of another session finds nothing."""
    text = unhide(visit.token, query)
    if not text:
        return visit.problem("not_found", 404)
    try:
        return _page(visit, 200, asked=text, hits=visit.app.search.exact(text, visit.account))
    except RuleRefused as error:
        return _page(visit, 422, asked=text, reasons=(Reason("field", "q", str(error)),))


def _page(visit: Visit, status: int, **context: object) -> Response:
    return visit.page("search.html", status, **{"asked": "", "reasons": (), "hits": None, **context})
