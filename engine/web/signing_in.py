"""Signing in and out."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InputError, RightRefused
from engine.web.tokens import form_token, form_token_fits
from engine.web.visits import (
    CSRF_FIELD,
    ForgedFormError,
    HandingIn,
    Pairs,
    UnknownFieldsError,
    desk_of,
    posted,
    see_other,
    session_cookie,
    set_cookie,
)

_KNOWN = frozenset({CSRF_FIELD, "account", "password", "next"})


def sign_in_page(request: Request) -> Response:
    """The form; it has a token too, bound to a cookie of its own, so that nobody is signed in as somebody else."""
    return _form(request, 200, next_=request.query_params.get("next", ""))


def sign_in(request: Request, pairs: Annotated[Pairs, Depends(posted)]) -> Response:
    """Open a session and go where the person wanted to go; one same answer for every wrong pair."""
    given = dict(pairs)
    secret = request.cookies.get(_visitor_cookie(request), "")
    if not secret or not form_token_fits(secret, given.get(CSRF_FIELD, "")):
        raise ForgedFormError
    if given.keys() - _KNOWN:
        raise UnknownFieldsError(sorted(given.keys() - _KNOWN))
    account, people = given.get("account", "").strip(), desk_of(request).app.people
    address = request.client.host if request.client else ""
    try:
        token = people.sign_in(account, given.get("password", ""), address)
    except (RightRefused, InputError) as error:
        return _form(
            request,
            422,
            account=account,
            message=str(error),
            next_=given.get("next", ""),
        )
    former = request.cookies.get(session_cookie(request))
    if former:
        people.sign_out(former)
    response = see_other(inside(given.get("next", "")))
    set_cookie(request, response, session_cookie(request), value=token)
    response.delete_cookie(_visitor_cookie(request), secure=request.url.scheme == "https")
    return response


def sign_out(visit: HandingIn) -> Response:
    """End the session here and in the house."""
    visit.only()
    visit.app.people.sign_out(visit.token)
    response = see_other("/sign-in")
    response.delete_cookie(session_cookie(visit.request), secure=visit.request.url.scheme == "https")
    return response


def to_sign_in(request: Request) -> Response:
    """Send a reader to the form and remember the page."""
    url = request.url
    path = f"{url.path}?{url.query}" if url.query else url.path
    return see_other("/sign-in" if path == "/" else "/sign-in?" + urlencode({"next": path}))


def inside(path: str) -> str:
    """The path when it lies in this counter, else the first page: no link may lead a signed-in person away."""
    plain = path.startswith("/") and not path.startswith(("//", "/sign-")) and "\\" not in path
    return path if plain and path.isprintable() else "/"


def _visitor_cookie(request: Request) -> str:
    return "__Host-yingfan-visitor" if request.url.scheme == "https" else "yingfan-visitor"


def _form(
    request: Request,
    status: int,
    *,
    account: str = "",
    message: str = "",
    next_: str = "",
) -> Response:
    name = _visitor_cookie(request)
    secret = request.cookies.get(name) or secrets.token_urlsafe(32)
    context = {
        "account": account,
        "message": message,
        "next": inside(next_),
        "person": None,
    }
    response = desk_of(request).pages.render(request, "sign_in.html", status, csrf=form_token(secret), **context)
    set_cookie(request, response, name, value=secret)
    return response
