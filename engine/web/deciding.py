"""Approving and returning proposals, confirming and dismissing findings."""

from __future__ import annotations

from starlette.responses import Response

from engine.cases.model import Reason
from engine.errors import InputError, Refused, RightRefused, RuleRefused, StaleRefused
from engine.services.model import ActRequest
from engine.web.acts import reasons_of, refused_page, stale_page, to_result
from engine.web.filling import whole
from engine.web.papers import filled_text
from engine.web.tokens import open_list, seal_list
from engine.web.visits import HandingIn, Reading, Visit, fresh_id, see_other

_FINDING = "finding"


def proposal_page(visit: Reading, number: str, proposal_id: str) -> Response:
    """What an approver reads before deciding; when it is settled already, a page that says so."""
    try:
        return _proposal(visit, number, proposal_id, 200)
    except RuleRefused as error:
        return refused_page(visit, number, error)


def approve(visit: HandingIn, number: str, proposal_id: str) -> Response:
    """Put the proposal into force, or add one more approval of its chain."""
    visit.only("version", "request_id", "opinion")
    return _decide(visit, number, proposal_id, trigger="proposal.approve", text="opinion")


def send_back(visit: HandingIn, number: str, proposal_id: str) -> Response:
    """Return the proposal to its drafter with a reason."""
    visit.only("version", "request_id", "reason")
    if not visit.one("reason").strip():
        return _proposal(
            visit,
            number,
            proposal_id,
            422,
            reasons=(Reason("field", "reason", "退回理由：没有填写"),),
        )
    return _decide(visit, number, proposal_id, trigger="proposal.return", text="reason")


def findings(visit: Reading) -> Response:
    """Differences between register and roster that this person must settle."""
    opened = open_list(visit.token, visit.request.query_params.get("opened", ""))
    return _findings(visit, 200, opened=opened)


def confirm(visit: HandingIn) -> Response:
    """Open a case for each chosen finding; the same request again opens nothing twice."""
    visit.only("request_id", _FINDING)
    if not whole(visit.one("request_id")):
        return visit.problem("unreadable", 422)
    chosen = tuple(int(text) for text in visit.several(_FINDING) if text.isdecimal() and len(text) < 12)
    if not chosen:
        return _findings(
            visit,
            422,
            reasons=(Reason("field", _FINDING, "没有选中疑点；应至少选中一条"),),
        )
    try:
        cases = visit.app.roster.confirm(chosen, visit.account, visit.one("request_id"))
    except (Refused, InputError) as error:
        return _findings(visit, _status(error), reasons=reasons_of(error), chosen=chosen)
    return see_other("/findings?opened=" + seal_list(visit.token, tuple(filter(None, cases))))


def dismiss(visit: HandingIn, finding_id: int) -> Response:
    """Settle one finding without a case; the reason stays with it."""
    visit.only("reason")
    reason = visit.one("reason").strip()
    if not reason:
        missing = Reason("field", f"reason-{finding_id}", "排除理由：没有填写")
        return _findings(visit, 422, reasons=(missing,), dismissing=finding_id)
    try:
        visit.app.roster.dismiss(finding_id, reason, visit.account)
    except (Refused, InputError) as error:
        return _findings(visit, _status(error), reasons=reasons_of(error), dismissing=finding_id, reason=reason)
    return see_other("/findings")


def _status(error: Exception) -> int:
    return 403 if isinstance(error, RightRefused) else 422


def _decide(visit: Visit, number: str, proposal_id: str, *, trigger: str, text: str) -> Response:
    version, given = visit.one("version"), visit.one(text).strip()
    request = ActRequest(
        case=number,
        trigger=trigger,
        account=visit.account,
        fields={"proposal": proposal_id, **({text: given} if given else {})},
        request_id=visit.one("request_id"),
        version=int(version) if version.isdecimal() and len(version) < 10 else None,
    )
    if request.version is None or not whole(request.request_id):
        return visit.problem("unreadable", 422)
    try:
        return to_result(visit.app.cases.advance(request))
    except StaleRefused as error:
        return stale_page(visit, number, error)
    except RightRefused as error:
        return refused_page(visit, number, error)
    except (Refused, InputError) as error:
        return _refused_decision(visit, number, proposal_id, error)


def _refused_decision(visit: Visit, number: str, proposal_id: str, error: Exception) -> Response:
    """The page again with the reasons; the plain refusal when the proposal is not open any more."""
    try:
        return _proposal(visit, number, proposal_id, 422, reasons=reasons_of(error))
    except Refused:
        return refused_page(visit, number, error)


def _proposal(
    visit: Visit,
    number: str,
    proposal_id: str,
    status: int,
    *,
    reasons: tuple[Reason, ...] = (),
) -> Response:
    proposal = visit.app.cases.proposal(number, proposal_id, visit.account)
    typed = {"opinion": visit.one("opinion"), "reason": visit.one("reason")}
    request_id = visit.one("request_id") or fresh_id()
    drafts = [{"row": draft, "body": filled_text(draft)} for draft in proposal.drafts]
    ids = {"request_id": request_id, "return_id": fresh_id()}
    return visit.page(
        "proposal.html",
        status,
        proposal=proposal,
        drafts=drafts,
        reasons=reasons,
        typed=typed,
        **ids,
    )


def _findings(visit: Visit, status: int, **context: object) -> Response:
    blank = {"reasons": (), "opened": (), "chosen": (), "dismissing": 0, "reason": ""}
    links = {"error_links": ("finding", f"reason-{context.get('dismissing', 0)}")}
    rows = sorted(visit.app.roster.findings(visit.account), key=lambda each: each.status != "open")
    return visit.page(
        "findings.html",
        status,
        rows=rows,
        **{**blank, **links, **context, "request_id": fresh_id()},
    )
