"""Advancing a case in the browser: the form of an act, its answer, and the page for a form that came too late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from engine.access import RESERVED_ZH
from engine.cases.model import Reason, Refusal
from engine.cases.page_forms import CHOSEN_FIRST
from engine.errors import InputError, Refused, RightRefused, RuleRefused, StaleRefused
from engine.services.model import ActPage, ActRequest, Advanced, CasePage
from engine.web.filling import (
    Filled,
    controls,
    days_offered,
    empty,
    form_named,
    from_draft,
    kept_of,
    offered,
    take,
    typed_lines,
    unread,
)
from engine.web.steps import about, at_fields, carried, day_step, step_with, steps_of
from engine.web.visits import HandingIn, Reading, SignInNeededError, Visit, desk_of, fresh_id, see_other

_PRESET = ("document", "proposal", "entry")
"""Fields that a link may fill in: ids, never what a person wrote."""


def act_form(visit: Reading, number: str, trigger: str) -> Response:
    """The form of one act; when the act is not open, a page that says why and what is."""
    linked = {name: visit.request.query_params[name] for name in _PRESET if name in visit.request.query_params}
    try:
        kept = visit.app.drafts.kept((visit.account, number, trigger))
        raw = {**kept.content["raw"], **linked} if kept else linked
        page = visit.app.cases.act_page(number, trigger, visit.account, raw=raw)
    except (RuleRefused, RightRefused) as error:
        return refused_page(visit, number, error)
    preset = _preset(visit, page)
    filled = from_draft(page, kept.content, preset) if kept else empty(page, preset)
    return _form(visit, page, filled, 200, kept=kept)


def act(visit: HandingIn, number: str, trigger: str) -> Response:
    """Do the act: 303 to its result, or the form again with everything kept.

    The house is asked even when the form is closed by now: a request that was accepted before gets its first answer.
    """
    filled = take(visit.fields, visit.app.today())
    page = _open_form(visit, number, trigger, filled.raw)
    if page is not None:
        visit.only(*offered(page))
        filled = replace(filled, raw={name: each for name, each in filled.raw.items() if name not in page.passed})
        answer = _drafted(visit, page, filled) or _on_the_way(visit, page, filled)
        if answer is not None:
            return answer
    request = ActRequest(
        case=number,
        trigger=trigger,
        account=visit.account,
        fields=filled.raw,
        request_id=filled.request_id,
        version=filled.version,
        happened_on=filled.happened_on,
        ends_draft=True,
    )
    try:
        if page is not None and filled.go == "preview":
            return _form(visit, page, filled, 200, preview=visit.app.cases.preview(request))
        if page is not None and page.asks_day and page.trigger not in CHOSEN_FIRST and not filled.sure:
            twin = visit.app.cases.same_day(request)
            if twin is not None:
                return _form(visit, page, filled, 200, twin=twin)
        return to_result(visit.app.cases.advance(request))
    except StaleRefused as error:
        _keep(visit, trigger, filled)
        return stale_page(visit, number, error, page=page, filled=filled)
    except (Refused, InputError) as error:
        if page is None or isinstance(error, RightRefused):
            return refused_page(visit, number, error)
        reasons = reasons_of(error)
        # Gone back to and changed, a form that was recorded is another one: pressed again it is recorded as such.
        used = any(each.name == "request_id" for each in reasons)
        return _form(
            visit,
            page,
            replace(filled, request_id="") if used else filled,
            422,
            reasons=at_fields(page, reasons),
            offers=_offers(visit, number, error),
        )


def _drafted(visit: Visit, page: ActPage, filled: Filled) -> Response | None:
    """The answer to a form that asks for its draft alone, by its button or by the script; None for another wish."""
    where = f"/cases/{quote(page.case, safe='')}/acts/{quote(page.trigger, safe='')}"
    if filled.go == "keep":
        _keep(visit, page.trigger, filled)
        return Response(status_code=204)
    if filled.go == "draft":
        _keep(visit, page.trigger, filled)
        return see_other(where)
    if filled.go == "discard":
        visit.app.drafts.drop((visit.account, page.case, page.trigger))
        return see_other(where)
    return None


def _keep(visit: Visit, trigger: str, filled: Filled) -> None:
    """Keep what was typed; a form that was accepted meanwhile leaves nothing behind."""
    number = visit.request.path_params["number"]
    visit.app.drafts.keep((visit.account, number, trigger), kept_of(filled))


def kept_late(request: Request, late: SignInNeededError) -> bool:
    """Keep a form that came after its session ran out, for the person whose session it was; False where it is not one.

    Only a form of that very session is kept: another site cannot lay words into somebody's drafts.
    """
    desk = desk_of(request)
    place = request.path_params
    account = desk.app.people.former(late.token) if late.token and "trigger" in place else ""
    if not account:
        return False
    filled = take(late.typed, desk.app.today())
    try:
        return desk.app.drafts.keep((account, place["number"], place["trigger"]), kept_of(filled))
    except Refused:
        return False


def _on_the_way(visit: Visit, page: ActPage, filled: Filled) -> Response | None:
    """The answer to a form that asks for another page, or that cannot be read; None when the act is asked for."""
    if filled.go == "back":
        return _form(visit, page, replace(filled, step=max(0, filled.step - 1)), 200)
    wrong = filled.wrong + (unread(page, filled) if filled.wrong or filled.go == "next" else ())
    if filled.go == "next":
        here = about(wrong, page, filled.step)
        if here:
            return _form(visit, page, filled, 422, reasons=here)
        _keep(visit, page.trigger, replace(filled, step=filled.step + 1))
        return _form(visit, page, replace(filled, step=filled.step + 1), 200)
    return _form(visit, page, filled, 422, reasons=wrong) if filled.wrong else None


def result_page(visit: Reading, number: str, seq: int) -> Response:
    """What an accepted act did, what comes next and when; safe to bookmark and to print."""
    case = visit.app.cases.show(number, visit.account)
    row = next((each for each in case.history if each.seq == seq), None)
    if row is None:
        return visit.problem("not_found", 404)
    again = "again" in visit.request.query_params
    return visit.page("result.html", case=case, row=row, again=again)


def to_result(done: Advanced) -> Response:
    """On to the result page; the same page for the same request, however often it comes."""
    path = f"/cases/{quote(done.case, safe='')}/results/{done.seq}"
    return see_other(path + "?again=1" if done.repeated else path)


def reasons_of(error: Exception) -> tuple[Reason, ...]:
    """Everything that stands against an act, whichever error brought it."""
    refusal = _refusal(error)
    return refusal.reasons if refusal and refusal.reasons else (Reason("rule", "", str(error)),)


def refused_page(visit: Visit, number: str, error: Exception) -> Response:
    """Why this person cannot do this now, and what they can; 404 when the case is not theirs at all."""
    typed = typed_lines(form_named(visit.app, visit.request), visit.fields)
    try:
        case = visit.app.cases.show(number, visit.account)
    except RightRefused:
        return visit.problem("not_found", 404, typed=typed)
    status = 403 if isinstance(error, RightRefused) else 422
    return visit.page(
        "refused.html",
        status,
        case=case,
        reasons=reasons_of(error),
        accepted=accepted(visit, error, case),
        typed=typed,
    )


def stale_page(
    visit: Visit,
    number: str,
    error: StaleRefused,
    *,
    page: ActPage | None = None,
    filled: Filled | None = None,
) -> Response:
    """409: what was recorded meanwhile, what was typed, and what is possible now (DESIGN.md §4.2)."""
    case = visit.app.cases.show(number, visit.account)
    typed = typed_lines(page.form if page else form_named(visit.app, visit.request), visit.fields)
    again: Mapping[str, object] = {}
    if page is not None and filled is not None:
        again = _form_context(page, filled, ())
    context = {
        "happened": getattr(error, "happened", ()),
        "version_now": case.version,
        "request_id": visit.one("request_id"),
        "note_id": fresh_id(),
    }
    return visit.page(
        "stale.html",
        409,
        case=case,
        reasons=reasons_of(error),
        typed=typed,
        again=again,
        **context,
    )


def accepted(visit: Visit, error: Exception, case: CasePage) -> tuple[tuple[str, str], ...]:
    """What would be accepted instead, as (trigger or empty, Chinese): a link where this person may do it now.

    What lacks something itself is no way out.
    """
    refusal = _refusal(error)
    open_now = {each.trigger: each.zh for each in case.acts}
    workflow = visit.app.workflows.get(case.workflow)
    named = {**RESERVED_ZH, **{each.name: each.zh for each in (workflow.transitions.values() if workflow else ())}}
    held = {each.trigger for each in case.acts if each.missing}
    offers = [each for each in refusal.accepted if each not in held] if refusal else ()
    return tuple((each if each in open_now else "", open_now.get(each) or named.get(each, each)) for each in offers)


def _refusal(error: Exception) -> Refusal | None:
    found = getattr(error, "refusal", None)
    return found if isinstance(found, Refusal) else None


def _offers(visit: Visit, number: str, error: Exception) -> tuple[tuple[str, str], ...]:
    refusal = _refusal(error)
    if refusal is None or not refusal.accepted:
        return ()
    return accepted(visit, error, visit.app.cases.show(number, visit.account))


def _preset(visit: Visit, page: ActPage) -> dict[str, str]:
    """What the link named: ids, and an addressee by place on the document, for a name must not stand in a link."""
    asked = visit.request.query_params
    preset = {name: asked[name] for name in _PRESET if name in asked}
    place = asked.get("nth", "")
    if "document" not in preset or not place.isdecimal():
        return preset
    addressees = visit.app.notices.document(page.case, preset["document"], visit.account).addressees
    names = {who for who, _ in addressees[int(place[:3]) - 1 : int(place[:3])]}
    options = next((field.options for field in page.form if field.name == "to"), ())
    fitting = [key for key, zh in options if zh in names]
    return {**preset, "to": fitting[0]} if len(fitting) == 1 else preset


def _open_form(visit: Visit, number: str, trigger: str, raw: Mapping[str, object]) -> ActPage | None:
    try:
        return visit.app.cases.act_page(number, trigger, visit.account, raw=raw)
    except (RuleRefused, RightRefused):
        return None


def _form_context(page: ActPage, filled: Filled, reasons: tuple[Reason, ...]) -> dict[str, object]:
    pages = steps_of(page)
    step = min(step_with(page, reasons, filled.step), len(pages) - 1)
    shown = tuple(each for each in controls(page, filled.raw, reasons) if each.field.name in pages[step])
    return {
        "page": page,
        "step": step,
        "steps": len(pages),
        "carried": carried(page, filled, step),
        "asks_day": page.asks_day and day_step(page) == step,
        "preview": None,
        "kept": None,
        "twin": None,
        "controls": shown,
        "days": days_offered(page),
        "filled": filled,
        "happened": _echoed(filled.happened_on, page.today),
        "field_names": {control.field.name for control in shown} | {"happened_on"},
    }


def _echoed(day: date | None, today: date) -> date | None:
    return day if day is not None and day != today else None


def _form(
    visit: Visit,
    page: ActPage,
    filled: Filled,
    status: int,
    *,
    reasons: tuple[Reason, ...] = (),
    offers: tuple[tuple[str, str], ...] = (),
    **more: object,
) -> Response:
    context = {**_form_context(page, filled, reasons), **more}
    if status == 422:
        _keep(visit, page.trigger, filled)
    version = page.version if filled.version is None else filled.version
    frame = {"version_now": version, "request_id": filled.request_id or fresh_id()}
    return visit.page(
        "act.html",
        status,
        page=page,
        filled=filled,
        form=context,
        field_names=context["field_names"],
        reasons=reasons,
        offers=offers,
        **frame,
    )
