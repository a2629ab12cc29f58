"""Pages that are only read: the work list, a case, its history, the health of the house."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from engine.cases.model import Reason
from engine.clock import local_day
from engine.errors import YingfanError
from engine.roster.days import read_day
from engine.services.model import CasePage, HistoryRow
from engine.web.pages import ASSETS
from engine.web.visits import HandingIn, Reading, Visit, desk_of

_PROBE = "healthz"
"""No session has this token; asking for it makes the database answer."""


def today(visit: Reading) -> Response:
    """The person's work, in the order of legal due times, a page at a time."""
    after = visit.request.query_params.get("after", "")
    return visit.page("today.html", work=visit.app.cases.worklist(visit.account, after=after))


def case_page(visit: Reading, number: str) -> Response:
    """One case, names masked."""
    return _case(visit, visit.app.cases.show(number, visit.account))


def reveal(visit: HandingIn, number: str) -> Response:
    """The same case with full names; the house records who looked before it answers."""
    visit.only()
    return _case(visit, visit.app.cases.show(number, visit.account, reveal=True))


def history(visit: Reading, number: str) -> Response:
    """The whole history as an auditor reads it, with what became of checking its chain."""
    typed = visit.request.query_params.get("as_of", "").strip()
    day = read_day(typed) if typed else None
    case = visit.app.audit.history(number, visit.account)
    if day is not None:
        case = _as_of(case, day)
    shown = _wanted(visit)
    then = case.history[0].state_zh if case.history else ""
    unread = Reason("field", "as_of", f"截至「{typed[:20]}」不是日期；写成 2026-09-14")
    reasons = (unread,) if typed and day is None else ()
    told = {"reasons": reasons, "typed": day.isoformat() if day else typed, "day": day, "then": then}
    return visit.page(
        "history.html", 422 if reasons else 200, case=case, rows=_chosen(case, shown), shown=shown, **told
    )


def _as_of(case: CasePage, day: date) -> CasePage:
    """The case with what was recorded, and who had looked, by the end of a day."""
    history = tuple(row for row in case.history if local_day(row.recorded_at) <= day)
    return replace(case, history=history, readings=tuple(row for row in case.readings if local_day(row.at) <= day))


KINDS = ("act", "document", "correction", "system", "late")
"""What a history may be narrowed to."""


def _case(visit: Visit, case: CasePage) -> Response:
    shown = _wanted(visit)
    return visit.page("case.html", case=case, rows=_chosen(case, shown), shown=shown)


def _wanted(visit: Visit) -> str:
    asked = visit.request.query_params.get("history", "")
    return asked if asked in KINDS else ""


def _chosen(case: CasePage, kind: str) -> tuple[HistoryRow, ...]:
    """The rows of one heading, or all."""
    return tuple(row for row in case.history if not kind or row.kind == kind or (kind == "late" and row.late))


def healthz(request: Request) -> Response:
    """200 when the database answers and a worker has swept lately, else 503; says nothing else."""
    app = desk_of(request).app
    try:
        app.people.who(_PROBE)
        well = app.timers.swept_lately()
    except (YingfanError, OSError):
        well = False
    if not well:
        return JSONResponse({"status": "unavailable"}, status_code=503, headers={"retry-after": "60"})
    return JSONResponse({"status": "ok"})


def metrics(request: Request) -> Response:
    """Figures for a monitor, as Prometheus reads them: numbers of everything, nothing of anybody."""
    app = desk_of(request).app
    try:
        entries, cases = app.audit.counted()
        waiting, held, tried = app.outbox.counts()
        swept = app.timers.swept_lately()
    except (YingfanError, OSError):
        return PlainTextResponse(_figures({"up": 0}), status_code=503, media_type=_PROMETHEUS)
    figures = {"up": 1, "swept_lately": int(swept), "cases": cases, "entries": entries}
    messages = {"messages_waiting": waiting, "messages_held": held, "messages_tried": tried}
    return PlainTextResponse(_figures({**figures, **messages}), media_type=_PROMETHEUS)


_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def _figures(figures: Mapping[str, int]) -> str:
    return "".join(f"# TYPE yingfan_{name} gauge\nyingfan_{name} {value}\n" for name, value in figures.items())


def asset(request: Request, name: str) -> Response:
    """The style sheet and the icon, kept by browsers until they change."""
    pages = desk_of(request).pages
    body = pages.assets.get(name)
    if body is None:
        return pages.problem(request, "not_found", 404)
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": "public, max-age=86400"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, "content-type": ASSETS[name]})
