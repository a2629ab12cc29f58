"""The door: every request passes it and every answer leaves through it, errors included.

It refuses foreign hosts, foreign origins and oversized bodies, and puts the security headers on every answer
(RELIABILITY.md §4, ASVS 3.4, 3.5). It keeps no state.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 256 * 1024
"""Bytes of one form without a file."""

UPLOADS: Mapping[tuple[str, str], int] = {("POST", "/imports"): 31 * 1024 * 1024}
"""The forms that carry a file, by method and path, and the bytes they may have."""

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer; `cache-control: no-store` too, unless the answer says otherwise."""

Problem = Callable[..., Response]
"""Draws an error page: (request, key of its words, status, more words by name); see Pages.problem."""

_READING = frozenset({"GET", "HEAD"})
_log = logging.getLogger(__name__)


class BodyTooLargeError(Exception):
    """More bytes came than a form may have."""


class Guard:
    """ASGI middleware; `hosts` are the names under which this counter is known, besides those of this machine."""

    def __init__(self, app: ASGIApp, *, problem: Problem, hosts: frozenset[str]) -> None:
        self.app = app
        self.problem = problem
        self.hosts = LOCAL_HOSTS | hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything that is not HTTP passes untouched (start and end of the program)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exit_ = _Exit(send, https=scope["scheme"] == "https")
        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, exit_)
            return
        try:
            await self.app(scope, _counting(receive, _limit(scope)), exit_)
        except BodyTooLargeError:
            await exit_.last(self.problem(Request(scope), "too_large", 413), scope, receive)
        except Exception as error:  # noqa: BLE001  the last net; the error's text must reach neither page nor log
            reference = secrets.token_hex(4)
            _log.error("%s", _trace(error, reference))
            page = self.problem(Request(scope), "failed", 500, reference=reference)
            await exit_.last(page, scope, receive)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        request = Request(scope)
        if _host_name(headers.get("host", "")) not in self.hosts:
            return self.problem(request, "wrong_host", 400)
        # No text of a database may hold NUL: PostgreSQL would refuse the question, and the house seem to be away.
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            return self.problem(request, "not_found", 404)
        if scope["method"] not in _READING and not _same_origin(headers, scope["scheme"]):
            return self.problem(request, "foreign", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _limit(scope):
            return self.problem(request, "too_large", 413)
        return None


class _Exit:
    """A send that adds the headers and remembers whether an answer has begun."""

    def __init__(self, send: Send, *, https: bool) -> None:
        self.send = send
        self.https = https
        self.started = False

    async def last(self, response: Response, scope: Scope, receive: Receive) -> None:
        """Send this instead of an answer that did not come; nothing when one has begun."""
        if not self.started:
            await response(scope, receive, self)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
            if self.https:
                headers["strict-transport-security"] = "max-age=31536000"
        await self.send(message)


def _limit(scope: Scope) -> int:
    return UPLOADS.get((scope["method"], scope["path"]), BODY_LIMIT)


def _counting(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise BodyTooLargeError
        return message

    return counted


def _host_name(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if name and port.isdecimal() else host).lower()


def _same_origin(headers: Headers, scheme: str) -> bool:
    """False when the browser says that another site sent this form; silence is left to the token."""
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    if scheme == "https" and parts.scheme != "https":
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == headers.get("host", "").lower()


def _trace(error: Exception, reference: str) -> str:
    """Where it failed, on one line; never the error's own text, which may hold what somebody typed."""
    places = " < ".join(
        f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__))
    )
    return f"web failure {reference} {type(error).__name__} at {places}"
