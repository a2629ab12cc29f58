"""Who stands at the counter: the session behind a request, and the form that came with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.definitions.facts import Person
from engine.services.importing import IMPORTERS
from engine.services.opening import CONFIRMERS, ONLOOKERS
from engine.web.counter import App
from engine.web.pages import Pages
from engine.web.tokens import form_token, form_token_fits

FORM_TYPE = "application/x-www-form-urlencoded"
FIELD_LIMIT = 400
CSRF_FIELD = "csrf"

Pairs = tuple[tuple[str, str], ...]
"""Names and texts of a form, in the order they came."""


class SignInNeededError(Exception):
    """Nobody is signed in; `typed` is what the person had written, `token` the session from which the form came."""

    def __init__(self, typed: Pairs = (), token: str = "") -> None:
        super().__init__("sign in")
        self.typed = typed
        self.token = token


class ForgedFormError(Exception):
    """The form's token is not of this session: the page is too old, or it is not our page."""

    def __init__(self, typed: Pairs = ()) -> None:
        super().__init__("forged")
        self.typed = typed


class UnreadableFormError(Exception):
    """The body is no form that our pages send."""

    def __init__(self, status: int) -> None:
        super().__init__("unreadable")
        self.status = status


class UnknownFieldsError(Exception):
    """The form holds names that the page never offered."""

    def __init__(self, names: Iterable[str], typed: Pairs = ()) -> None:
        super().__init__("unknown fields")
        self.names = tuple(names)
        self.typed = typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One application: the house and its pages."""

    app: App
    pages: Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of a signed-in person; `fields` holds what was posted, without the token."""

    request: Request
    desk: Desk
    person: Person
    token: str
    fields: Pairs = ()

    @property
    def app(self) -> App:
        """The house."""
        return self.desk.app

    @property
    def account(self) -> str:
        """The signed-in person's account."""
        return self.person.account

    def page(self, template: str, status: int = 200, **context: object) -> Response:
        """A page for this person, with what every page needs."""
        today = self.app.today()
        roles = dict.fromkeys(held.role for held in self.person.roles if held.first <= today <= held.last)
        frame = {
            "person": self.person,
            "offices": tuple(roles),
            "confirms": not CONFIRMERS.isdisjoint(roles),
            "imports": not IMPORTERS.isdisjoint(roles),
            "looks_on": not ONLOOKERS.isdisjoint(roles),
            "csrf": form_token(self.token),
        }
        return self.desk.pages.render(self.request, template, status, **{**frame, **context})

    def problem(self, key: str, status: int, **context: object) -> Response:
        """An error page."""
        return self.desk.pages.problem(self.request, key, status, **context)

    def one(self, name: str) -> str:
        """The first text posted under a name, or empty."""
        return next((text for key, text in self.fields if key == name), "")

    def several(self, name: str) -> list[str]:
        """All texts posted under a name."""
        return [text for key, text in self.fields if key == name]

    def only(self, *names: str) -> None:
        """Raise UnknownFieldsError when something else was posted (ASVS 15.3.3)."""
        unknown = {key for key, _ in self.fields} - set(names)
        if unknown:
            raise UnknownFieldsError(sorted(unknown), self.fields)


def desk_of(request: Request) -> Desk:
    """The desk of the application that received the request."""
    desk: Desk = request.app.state.desk
    return desk


def typed_in(request: Request) -> Pairs:
    """What a form of ours had brought, whatever became of it; never a password."""
    return getattr(request.state, "typed", ())


def session_cookie(request: Request) -> str:
    """The session cookie's name; behind TLS no other host and no plain page can set it."""
    return "__Host-yingfan" if request.url.scheme == "https" else "yingfan"


def set_cookie(request: Request, response: Response, name: str, *, value: str) -> None:
    """Set a cookie that no script reads and no other site sends along."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=secure, path="/")


def fresh_id() -> str:
    """A random id for one filling of one form."""
    return secrets.token_hex(16)


async def posted(request: Request) -> Pairs:
    """The posted form; raises UnreadableFormError for anything but one UTF-8 form of a sensible number of fields."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise UnreadableFormError(415)
    body = await request.body()
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELD_LIMIT)
    except ValueError as error:
        raise UnreadableFormError(400) from error
    if any("\x00" in key or "\x00" in value for key, value in pairs):
        raise UnreadableFormError(400)
    return tuple(pairs)


def enter(request: Request) -> Visit:
    """The visit of a page that is read; raises SignInNeededError."""
    desk = desk_of(request)
    token = request.cookies.get(session_cookie(request), "")
    person = desk.app.people.who(token) if token else None
    if person is None:
        raise SignInNeededError
    return Visit(request=request, desk=desk, person=person, token=token)


def hand_in(request: Request, pairs: Annotated[Pairs, Depends(posted)]) -> Visit:
    """The visit of a form that is handed in; raises SignInNeededError or ForgedFormError, each with what was typed."""
    typed = tuple(pair for pair in pairs if pair[0] != CSRF_FIELD)
    request.state.typed = typed
    try:
        visit = enter(request)
    except SignInNeededError:
        token = request.cookies.get(session_cookie(request), "")
        proven = token if form_token_fits(token, dict(pairs).get(CSRF_FIELD, "")) else ""
        raise SignInNeededError(typed, proven) from None
    if not form_token_fits(visit.token, dict(pairs).get(CSRF_FIELD, "")):
        raise ForgedFormError(typed)
    return Visit(
        request=request,
        desk=visit.desk,
        person=visit.person,
        token=visit.token,
        fields=typed,
    )


Reading = Annotated[Visit, Depends(enter)]
HandingIn = Annotated[Visit, Depends(hand_in)]


def see_other(path: str) -> RedirectResponse:
    """Send the browser on to read the result, so that reloading repeats nothing."""
    return RedirectResponse(path, status_code=303)
