"""The JSON API: the same commands as the pages, for programs (CONTRACT.md, Web).

A program signs in for a bearer token, which is a session like a browser's, and names each act by an Idempotency-Key.
Nothing here reads a cookie, so no other site can act through a browser.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.audit.chain import plain
from engine.cases.forms import read_date
from engine.errors import DefinitionError, InputError, InstallationError, Refused
from engine.services.model import ActRequest, OpenRequest
from engine.services.opening import NOBODY
from engine.services.records import Wanted
from engine.services.refusals import NOT_FOUND, refusal_told
from engine.services.written import object_in
from engine.web.visits import desk_of

A_PAGE = 200
"""How many cases one answer holds; the header Link names the next page."""

_KEY = re.compile(r"[A-Za-z0-9-]{8,64}")

Body = Mapping[str, Any]
Step = Callable[[Request, Body], Response]


class ApiFault(Exception):
    """A request that is refused before any service is asked: its status and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def sign_in(request: Request, body: Body) -> Response:
    """A bearer token for an account and its password."""
    _only(body, "account", "password")
    account, password = (str(body.get(name, "")) for name in ("account", "password"))
    address = request.client.host if request.client else ""
    return _told({"token": desk_of(request).app.people.sign_in(account, password, address)}, 201)


def sign_out(request: Request, _: Body) -> Response:
    """End the session of the token."""
    _person(request)
    desk_of(request).app.people.sign_out(_token(request))
    return Response(status_code=204)


def cases(request: Request, _: Body) -> Response:
    """The cases that the person may see, by due date; nothing that is sealed."""
    account, asked = _person(request), request.query_params
    limit = asked.get("limit", str(A_PAGE))
    if not (re.fullmatch("[0-9]{1,3}", limit) and 0 < int(limit) <= A_PAGE):
        raise ApiFault(422, f"limit 应为1至{A_PAGE}的整数")
    wanted = Wanted(
        state=asked.get("state", ""),
        unit=asked.get("unit", ""),
        overdue=asked.get("overdue") == "true",
        after=asked.get("after", ""),
    )
    with closing(desk_of(request).app.cases.records(account, wanted)) as found:
        page = list(islice(found, int(limit)))
        more = next(found, None) is not None
    answer = _told([each.as_json() for each in page])
    if more:
        following = request.url.include_query_params(after=page[-1].place)
        answer.headers["link"] = f'<{following.path}?{following.query}>; rel="next"'
    return answer


def case(request: Request, _: Body) -> Response:
    """One case with its deadlines, what will happen, what is possible, and its history."""
    account = _person(request)
    return _told(desk_of(request).app.cases.record(request.path_params["number"], account).as_json())


def open_case(request: Request, body: Body) -> Response:
    """A case about one subject, named by its reference or by a number, opened once for each Idempotency-Key."""
    account = _person(request)
    _only(body, "workflow", "subject", "reference", "number", "fields")
    named = {name: body.get(name, "") for name in ("workflow", "subject", "reference", "number")}
    fields = body.get("fields", {})
    if not isinstance(fields, dict) or not all(isinstance(each, str) for each in named.values()):
        raise ApiFault(422, "fields 应为对象，其余应为文字")
    if bool(named["reference"]) == bool(named["number"]):
        raise ApiFault(422, "reference 与 number 应写一项，也只写一项")
    asked = OpenRequest(
        **{**named, "subject": named["subject"] or "pupil"}, account=account, fields=fields, request_id=_key(request)
    )
    app = desk_of(request).app
    done = app.cases.open(asked)
    return _told(app.cases.record(done.case, account).as_json(), 200 if done.repeated else 201)


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise ApiFault(400, "Idempotency-Key：8 到 64 位字母、数字或者连字符")
    return key


def act(request: Request, body: Body) -> Response:
    """One act, once for each Idempotency-Key; the same key again gives the first answer."""
    account, number = _person(request), request.path_params["number"]
    _only(body, "fields", "on", "version")
    key = _key(request)
    fields, version, day = body.get("fields", {}), body.get("version"), body.get("on")
    if not isinstance(fields, dict) or not (version is None or type(version) is int):
        raise ApiFault(422, "fields 应为对象，version 应为整数")
    asked = ActRequest(
        case=number,
        trigger=request.path_params["trigger"],
        account=account,
        fields=fields,
        request_id=key,
        version=version,
        happened_on=read_date(str(day)) if day is not None else None,
    )
    app = desk_of(request).app
    done = app.cases.advance(asked)
    told = {"case": done.case, "state": done.state, "version": done.version, "repeated": done.repeated}
    deadlines = app.cases.deadlines(number, account)
    return _told({**told, "documents": list(done.documents), "deadlines": list(deadlines)})


def described(_: Request, __: Body) -> Response:
    """The description of this API."""
    return _told(DESCRIPTION)


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _person(request: Request) -> str:
    token = _token(request)
    person = desk_of(request).app.people.who(token) if token else None
    if person is None:
        raise ApiFault(401, "没有登录，或者登录已过期；先 POST /api/v1/sessions 取得令牌")
    return person.account


def _only(body: Body, *names: str) -> None:
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise ApiFault(422, f"不认识的项：{'、'.join(unknown)}；可用：{'、'.join(names)}")


def _told(document: object, status: int = 200) -> Response:
    return JSONResponse(plain(document), status_code=status)


def _refused(error: Refused) -> Response:
    told = refusal_told(error)
    status = {"right": 403, "stale": 409}.get(str(told["kind"]), 422)
    unseen = any(told in str(error) for told in (NOT_FOUND, NOBODY))
    return _told({"refused": told}, 404 if unseen else status)


def _body(request: Request, raw: bytes) -> Body:
    if request.method != "POST":
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiFault(415, "内容应为 application/json")
    try:
        return object_in(raw)
    except InputError as error:
        raise ApiFault(400, f"内容{error}") from error


def _answer(step: Step, request: Request, raw: bytes) -> Response:
    try:
        return step(request, _body(request, raw))
    except ApiFault as error:
        return _told({"error": str(error)}, error.status)
    except Refused as error:
        return _refused(error)
    except InputError as error:
        return _told({"error": str(error)}, 422)
    except (InstallationError, DefinitionError):
        return _told({"error": "系统暂时不能用，没有登记；请稍后再试"}, 503)


def _endpoint(step: Step) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_answer, step, request, await request.body())

    return endpoint


ROUTES: tuple[tuple[str, str, Callable[[Request], Awaitable[Response]]], ...] = (
    ("GET", "/openapi.json", _endpoint(described)),
    ("POST", "/api/v1/sessions", _endpoint(sign_in)),
    ("DELETE", "/api/v1/sessions", _endpoint(sign_out)),
    ("GET", "/api/v1/cases", _endpoint(cases)),
    ("POST", "/api/v1/cases", _endpoint(open_case)),
    ("GET", "/api/v1/cases/{number}", _endpoint(case)),
    ("POST", "/api/v1/cases/{number}/acts/{trigger}", _endpoint(act)),
)
"""Every way in for programs."""


def _operation(
    summary: str, answers: str, *places: str, body: Body | None = None, keyed: bool = False, **more: object
) -> Body:
    named = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in places]
    responses = {status: {"description": _MEANS[status]} for status in answers.split()}
    told = {"summary": summary, "parameters": named + [_HEADER] * keyed, "responses": responses, **more}
    if body is None:
        return told
    schema = {"type": "object", "properties": body, "additionalProperties": False}
    return {**told, "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_MEANS = {
    "200": "办成或者读到", "201": "已登录，或者已立案",
    "204": "已退出", "400": "不完整", "401": "没有登录", "403": "没有这项权限",
    "404": "没有，或者不在职责范围内", "409": "个案已有变动", "415": "不是 JSON", "422": "不能办理，原因逐条列出",
    "503": "系统暂时不能用",
}  # fmt: skip
_TEXT = {"type": "string"}
_OBJECT = {"type": "object"}
_FILTERS = [
    {"name": name, "in": "query", "required": False, "schema": schema}
    for name, schema in (
        ("state", _TEXT), ("unit", _TEXT), ("overdue", {"type": "boolean"}), ("after", _TEXT),
        ("limit", {"type": "integer", "minimum": 1, "maximum": A_PAGE, "default": A_PAGE}),
    )
]  # fmt: skip
_HEADER = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": _TEXT}
DESCRIPTION: Body = {
    "openapi": "3.1.0",
    "info": {"title": "应返尽返", "version": "1"},
    "components": {"securitySchemes": {"session": {"type": "http", "scheme": "bearer"}}},
    "security": [{"session": []}],
    "paths": {
        "/api/v1/sessions": {
            "post": _operation("登录", "201 403 415 422", body={"account": _TEXT, "password": _TEXT}, security=[]),
            "delete": _operation("退出", "204 401"),
        },
        "/api/v1/cases": {
            "get": _operation("职责范围内的个案；还有更多时，Link 头指明下一页", "200 401 422", parameters=_FILTERS),
            "post": _operation(
                "立案", "200 201 400 401 403 404 415 422 503",
                body={**dict.fromkeys(("workflow", "subject", "reference", "number"), _TEXT), "fields": _OBJECT},
                keyed=True,
            ),
        },
        "/api/v1/cases/{number}": {"get": _operation("一件个案", "200 401 404", "number")},
        "/api/v1/cases/{number}/acts/{trigger}": {
            "post": _operation(
                "办理", "200 400 401 403 404 409 415 422 503", "number", "trigger",
                body={"fields": _OBJECT, "on": _TEXT, "version": {"type": "integer"}}, keyed=True,
            ),
        },
    },
}  # fmt: skip
"""The API as OpenAPI tells it."""
