"""The web application: its routes in one table, its answers to every error."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import (
    DefinitionError,
    InputError,
    InstallationError,
    RightRefused,
    RuleRefused,
    StaleRefused,
)
from engine.web import acts, api, deciding, importing, papers, reading, searching, signing_in
from engine.web.counter import App
from engine.web.filling import form_named, typed_lines
from engine.web.guard import Guard
from engine.web.pages import Pages
from engine.web.tidying import Tidy
from engine.web.tokens import form_token
from engine.web.visits import (
    Desk,
    ForgedFormError,
    SignInNeededError,
    UnknownFieldsError,
    UnreadableFormError,
    desk_of,
    session_cookie,
    typed_in,
)

Endpoint = Callable[..., Response]

ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/sign-in", signing_in.sign_in_page),
    ("POST", "/sign-in", signing_in.sign_in),
    ("POST", "/sign-out", signing_in.sign_out),
    ("GET", "/", reading.today),
    ("GET", "/cases/{number}", reading.case_page),
    ("POST", "/cases/{number}/reveal", reading.reveal),
    ("GET", "/cases/{number}/history", reading.history),
    ("GET", "/cases/{number}/acts/{trigger}", acts.act_form),
    ("POST", "/cases/{number}/acts/{trigger}", acts.act),
    ("GET", "/cases/{number}/results/{seq}", acts.result_page),
    ("GET", "/cases/{number}/proposals/{proposal_id}", deciding.proposal_page),
    ("POST", "/cases/{number}/proposals/{proposal_id}/approve", deciding.approve),
    ("POST", "/cases/{number}/proposals/{proposal_id}/return", deciding.send_back),
    ("GET", "/cases/{number}/documents/{document_id}.pdf", papers.document_pdf),
    ("GET", "/cases/{number}/documents/{document_id}.html", papers.document_html),
    ("GET", "/cases/{number}/documents/{document_id}", papers.document_page),
    ("GET", "/searches", searching.search_page),
    ("POST", "/searches", searching.search),
    ("GET", "/searches/{query}", searching.found),
    ("GET", "/findings", deciding.findings),
    ("POST", "/findings/confirm", deciding.confirm),
    ("POST", "/findings/{finding_id}/dismiss", deciding.dismiss),
    ("GET", "/imports", importing.upload_page),
    ("POST", "/imports", importing.upload),
    ("GET", "/imports/{upload_id}", importing.columns_page),
    ("POST", "/imports/{upload_id}/check", importing.check),
    ("POST", "/imports/{upload_id}/errors", importing.errors),
    ("POST", "/imports/{upload_id}/keep", importing.keep),
    ("POST", "/imports/{upload_id}/discard", importing.discard),
    ("GET", "/healthz", reading.healthz),
    ("GET", "/metrics", reading.metrics),
    ("GET", "/static/{name}", reading.asset),
)
"""Every way in: method, path, what answers."""


def create_web(app: App, *, hosts: Iterable[str] = ()) -> FastAPI:
    """The counter over a house; `hosts` are its names besides those of this machine (without port).

    Run it with ``server_header=False`` and, behind a proxy, with that proxy alone trusted for the scheme.
    """
    pages = Pages(demo=app.demo)
    known = frozenset(host.lower() for host in hosts)
    web = FastAPI(
        title="应返尽返",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Tidy), Middleware(Guard, problem=pages.problem, hosts=known)],
    )
    web.state.desk = Desk(app=app, pages=pages)
    every: tuple[tuple[str, str, Callable[..., object]], ...] = (*ROUTES, *api.ROUTES)
    for method, path, endpoint in every:
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        web.add_api_route(path, endpoint, methods=methods, response_model=None)
    for kind, answer in _ANSWERS:
        web.add_exception_handler(kind, answer)
    return web


def _problem(request: Request, key: str, status: int, **context: object) -> Response:
    return desk_of(request).pages.problem(request, key, status, **context)


def _typed(request: Request, error: Exception) -> tuple[tuple[str, str], ...]:
    """What the browser has just sent, under the labels of its form, so that no text is lost."""
    typed = getattr(error, "typed", ()) or typed_in(request)
    return typed_lines(form_named(desk_of(request).app, request), typed)


def _sign_in_needed(request: Request, error: Exception) -> Response:
    if request.method != "POST":
        return signing_in.to_sign_in(request)
    kept = isinstance(error, SignInNeededError) and acts.kept_late(request, error)
    key, back = ("signed_out_kept", request.url.path) if kept else ("signed_out", "")
    return _problem(request, key, 401, typed=_typed(request, error), back=back)


def _forged(request: Request, error: Exception) -> Response:
    return _problem(request, "forged", 403, typed=_typed(request, error))


def _unreadable(request: Request, error: Exception) -> Response:
    return _problem(request, "unreadable", getattr(error, "status", 400))


def _unknown_fields(request: Request, error: Exception) -> Response:
    return _problem(request, "unknown_fields", 422, reasons=getattr(error, "names", ()), typed=_typed(request, error))


def _wrong(request: Request, error: Exception) -> Response:
    return _problem(
        request,
        "wrong",
        409 if isinstance(error, StaleRefused) else 422,
        reasons=(str(error),),
        typed=_typed(request, error),
    )


def _not_found(request: Request, _: Exception) -> Response:
    return _problem(request, "not_found", 404)


def _unavailable(request: Request, error: Exception) -> Response:
    again = typed_in(request)
    token = form_token(request.cookies.get(session_cookie(request), "")) if again else ""
    return _problem(request, "unavailable", 503, typed=_typed(request, error), again=again, csrf=token)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    response = _problem(
        request,
        {404: "not_found", 405: "wrong_method"}.get(status, "unreadable"),
        status,
    )
    if isinstance(error, HTTPException) and error.headers and "Allow" in error.headers:
        response.headers["allow"] = error.headers["Allow"]
    return response


_ANSWERS: tuple[tuple[type[Exception], Callable[[Request, Exception], Response]], ...] = (
    (SignInNeededError, _sign_in_needed),
    (ForgedFormError, _forged),
    (UnreadableFormError, _unreadable),
    (UnknownFieldsError, _unknown_fields),
    (RightRefused, _not_found),
    (RuleRefused, _wrong),
    (StaleRefused, _wrong),
    (InputError, _wrong),
    (InstallationError, _unavailable),
    (DefinitionError, _unavailable),
    (HTTPException, _http),
    (RequestValidationError, _not_found),
)
