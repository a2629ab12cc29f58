"""Bringing in a list: upload, columns proposed and confirmed, what it would do, and the one yes that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from engine.cases.model import Reason
from engine.errors import InputError, Refused, RightRefused
from engine.roster.attendance import Coverage
from engine.services.errors_sheet import XLSX
from engine.services.importing import KINDS, Imported, Manner, declared_all, names_of
from engine.services.uploads import Waiting
from engine.web.acts import reasons_of
from engine.web.tokens import form_token_fits
from engine.web.visits import (
    CSRF_FIELD,
    ForgedFormError,
    HandingIn,
    Reading,
    UnreadableFormError,
    Visit,
    enter,
    see_other,
)
from engine.web.waiting import Watch, in_sight

SHOWN = 20
"""Errors of one kind that a page lists; the command line lists all."""

_COLUMN = "column-"

Step = Callable[[Watch | None], Response]
"""What is done with an uploaded list; whoever watches is told of the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A form with a file: who handed it in, its texts, the file's name and content."""

    visit: Visit
    texts: Mapping[str, str]
    name: str
    content: bytes

    def text(self, name: str) -> str:
        """One of its texts, or empty."""
        return self.texts.get(name, "").strip()


async def uploaded(request: Request) -> Uploaded:
    """The form with a file; who is not signed in is sent away before anything is read."""
    visit = await run_in_threadpool(enter, request)
    try:
        form = await request.form(max_files=1, max_fields=10)
    except (HTTPException, UnicodeDecodeError) as error:
        raise UnreadableFormError(400) from error
    try:
        texts = {key: value for key, value in form.items() if isinstance(value, str)}
        if not form_token_fits(visit.token, texts.get(CSRF_FIELD, "")):
            raise ForgedFormError
        file = form.get("file")
        name, content = (file.filename or "", await file.read()) if isinstance(file, UploadFile) else ("", b"")
    finally:
        await form.close()
    return Uploaded(visit=visit, texts=texts, name=name, content=content)


Uploading = Annotated[Uploaded, Depends(uploaded)]


def upload_page(visit: Reading) -> Response:
    """The form for a file."""
    return _upload(visit, 200, {})


def upload(form: Uploading) -> Response:
    """Keep the file sealed, then go on to its columns; wrong ones are told with everything else kept."""
    if not form.name or not form.content:
        return _upload(form.visit, 422, form.texts, Reason("field", "file", "没有选择文件；可用 .xlsx 和 .csv"))
    try:
        day = date.fromisoformat(form.text("day")) if form.text("day") else None
    except ValueError:
        return _upload(form.visit, 422, form.texts, Reason("field", "day", "名册日期写成 2026-09-01"))
    covers = form.text("covers")
    try:
        told = Manner(day=day, covers=_covers(covers))
        file = (form.name, form.content)
        unit = form.text("unit")
        id_ = form.visit.app.uploads.put(
            file, form.text("kind"), form.visit.account, unit=unit, told=told, covers=covers
        )
    except RightRefused as error:
        return _upload(form.visit, 403, form.texts, *reasons_of(error))
    except (Refused, InputError) as error:
        return _upload(form.visit, 422, form.texts, Reason("field", "file", str(error)))
    return see_other(f"/imports/{id_}")


def columns_page(visit: Reading, upload_id: str) -> Response:
    """The columns that the file offers; once it was imported, what was done."""
    return _columns(visit, visit.app.uploads.waiting(upload_id, visit.account), 200)


def check(visit: HandingIn, upload_id: str) -> Response:
    """What importing the file with these columns would do: counts, errors by row, findings; nothing is kept."""
    waiting = visit.app.uploads.kept(upload_id, visit.account)
    _only_columns(visit, waiting)
    if waiting.done:
        return see_other(f"/imports/{upload_id}")

    def weigh(watch: Watch | None) -> Response:
        tried = visit.app.uploads.weigh(upload_id, visit.account, _manner(visit, waiting, watch))
        return _weighed(visit, waiting, tried)

    work = _or_columns(visit, waiting, weigh)
    return in_sight(visit, work, name=waiting.name, result=f"/imports/{upload_id}")


def _weighed(visit: Visit, waiting: Waiting, tried: Imported) -> Response:
    groups: dict[tuple[str, str], list[object]] = {}
    for each in tried.errors:
        groups.setdefault((each.code, each.column), []).append(each)
    return visit.page(
        "import_check.html",
        waiting=waiting,
        tried=tried,
        groups=list(groups.values()),
        shown=SHOWN,
        chosen=[(key, text) for key, text in visit.fields if key.startswith(_COLUMN)],
    )


def keep(visit: HandingIn, upload_id: str) -> Response:
    """Import the file; a second time leads to the same page and does nothing."""
    waiting = visit.app.uploads.kept(upload_id, visit.account)
    _only_columns(visit, waiting, "accept_missing")
    place = f"/imports/{upload_id}"

    def bring_in(watch: Watch | None) -> Response:
        visit.app.uploads.keep(upload_id, visit.account, _manner(visit, waiting, watch))
        return see_other(place)

    return in_sight(visit, _or_columns(visit, waiting, bring_in), name=waiting.name, result=place)


def errors(visit: HandingIn, upload_id: str) -> Response:
    """Every error of the file as a workbook in which the list can be mended and uploaded again; nothing is kept."""
    waiting = visit.app.uploads.kept(upload_id, visit.account)
    _only_columns(visit, waiting, "accept_missing")
    if waiting.done:
        return see_other(f"/imports/{upload_id}")

    def sheet(watch: Watch | None) -> Response:
        content = visit.app.uploads.errors(upload_id, visit.account, _manner(visit, waiting, watch))
        headers = {"content-disposition": 'attachment; filename="errors.xlsx"'}
        return Response(content, media_type=XLSX, headers=headers)

    return _or_columns(visit, waiting, sheet)(None)


def discard(visit: HandingIn, upload_id: str) -> Response:
    """Let go of the file."""
    visit.only()
    visit.app.uploads.discard(upload_id, visit.account)
    return see_other("/imports")


def _or_columns(visit: Visit, waiting: Waiting, step: Step) -> Step:
    """A step of importing that answers with the columns again, and why, where the list is refused."""

    def run(watch: Watch | None) -> Response:
        try:
            return step(watch)
        except RightRefused:
            raise
        except (Refused, InputError) as error:
            offered = visit.app.uploads.waiting(waiting.id, visit.account)
            return _columns(visit, offered, 422, *reasons_of(error))

    return run


def _covers(text: str) -> tuple[Coverage, ...]:
    return declared_all([each for each in text.replace("，", ",").replace("、", ",").split(",") if each.strip()])


def _only_columns(visit: Visit, waiting: Waiting, *more: str) -> None:
    visit.only(*(_COLUMN + name for name in names_of(waiting.kind)), *more)


def _manner(visit: Visit, waiting: Waiting, watch: Watch | None) -> Manner:
    chosen = {key.removeprefix(_COLUMN): text for key, text in visit.fields if key.startswith(_COLUMN) and text}
    accepted = visit.one("accept_missing") == "yes"
    return Manner(day=waiting.day, covers=_covers(waiting.covers), chosen=chosen, accept_missing=accepted, watch=watch)


def _upload(visit: Visit, status: int, typed: Mapping[str, str], *reasons: Reason) -> Response:
    units = visit.app.uploads.units(visit.account)
    links = ("file", "day")
    return visit.page(
        "import.html", status, reasons=reasons, error_links=links, kinds=KINDS, units=units, typed=dict(typed)
    )


def _columns(visit: Visit, waiting: Waiting, status: int, *reasons: Reason) -> Response:
    given = {key.removeprefix(_COLUMN): text for key, text in visit.fields if key.startswith(_COLUMN)}
    return visit.page("import_columns.html", status, reasons=reasons, waiting=waiting, given=given)
