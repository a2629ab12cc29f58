"""Service: how, when and to whom a document was handed over; legal time runs from it (DOMAIN.md 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from engine.access import ISSUERS, RESERVED
from engine.cases.attempt import Attempt, Line, day_reason, entry_of, in_role, right_reason
from engine.cases.methods import METHODS, evidence, record_of, service_day
from engine.cases.model import Decision, DocumentOrder, Outcome, Reason, Refusal, refuse
from engine.cases.starting import move_served, restart_served
from engine.cases.timers import Deadlines, meet, moment_of
from engine.definitions.facts import Addressee, CaseView, Document, Values
from engine.definitions.workflow import Workflow

DISPENSATIONS: Mapping[str, str] = {
    "died": "受送达人死亡",
    "guardianship_lost": "已丧失监护资格",
    "custody_elsewhere": "由另一方监护并已向其送达",
    "detained_elsewhere": "被羁押且监护已另行确定",
}
"""Coded reasons for which an addressee needs no service."""


def _document(attempt: Attempt) -> Document | Refusal:
    """The issued document that the command names by id or kind."""
    case, named = attempt.case, attempt.command.values.get("document")
    found = case.document(str(named)) or case.latest(str(named))
    if found is not None and found.status == "issued":
        return found
    issued = "、".join(f"{d.kind}({d.id})" for d in case.documents if d.status == "issued") or "没有"
    if found is not None:
        return refuse(
            "rule", Reason("field", "document", f"文书「{named}」尚未签发或已撤回，不能送达；已签发的：{issued}")
        )
    said = f"没有文书「{named}」" if named else "没有写明哪份文书"
    return refuse("rule", Reason("field", "document", f"{said}；已签发的：{issued}"))


def _addressee(document: Document, named: object, today: date) -> Addressee | Refusal:
    """The addressee that a command names, if still to be served; until its day a public notice may be overtaken."""
    found = next((each for each in document.addressees if each.key == named), None)
    if found is None:
        keys = "、".join(each.key for each in document.addressees) or "没有"
        message = f"「{named}」不是这份文书的受送达人；受送达人：{keys}（学生本人、被委托的照护人不是受送达人）"
        return refuse("rule", Reason("field", "to", message))
    passed = found.status == "posted" and found.served_on is not None and found.served_on <= today
    if passed or found.status in ("served", "dispensed"):
        return refuse("rule", Reason("state", "to", f"已对「{named}」送达或免除送达；日期有误的应报批更正"))
    return found


def serve(attempt: Attempt) -> Outcome:
    """Record one service, or one honest failure; the last one starts the deadlines that wait for it."""
    placed = in_role(attempt, RESERVED["document.serve"])
    if placed is None:
        return refuse("right", right_reason(attempt, RESERVED["document.serve"]))
    document = _document(placed)
    if isinstance(document, Refusal):
        return document
    addressee = _addressee(document, placed.command.values.get("to"), placed.today)
    if isinstance(addressee, Refusal):
        return addressee
    wrong_day = _service_day(placed, document)
    if wrong_day is not None:
        return refuse("rule", wrong_day)
    values = placed.command.values
    at = record_of(placed.case, document, addressee.key, day=placed.happened, today=placed.today)
    reasons = evidence(values, at)
    if reasons:
        return refuse("rule", *reasons)
    if values.get("result", "served") != "served":
        tried = replace(addressee, failed=(*addressee.failed, str(values["method"])))
        return _recorded(placed, document, tried)
    return _served(placed, document, addressee)


def _service_day(attempt: Attempt, document: Document) -> Reason | None:
    """A service is never in the future and never before the document was issued."""
    wrong = day_reason(attempt, authority=False)
    if wrong is not None:
        return wrong
    issued = document.issued_on
    if issued is not None and attempt.happened < issued:
        return Reason("day", "happened_on", f"送达日期{attempt.happened}早于签发日期；应在{issued}当天或之后")
    return None


def _served(attempt: Attempt, document: Document, addressee: Addressee) -> Outcome:
    values = attempt.command.values
    method = str(values["method"])
    day = service_day(method, values, day=attempt.happened, calendar=attempt.calendar)
    if document.fixed_on is not None and day >= document.fixed_on:
        return refuse(
            "rule",
            Reason("day", "happened_on", f"决定书限定{document.fixed_on}前改正，{day}送达已无期限可用，应重新签发"),
        )
    status = "posted" if day > attempt.today else "served"
    return _recorded(attempt, document, replace(addressee, status=status, method=method, served_on=day))


def dispense(attempt: Attempt) -> Outcome:
    """Excuse one addressee from service for a coded reason."""
    placed = in_role(attempt, RESERVED["document.dispense"])
    if placed is None:
        return refuse("right", right_reason(attempt, RESERVED["document.dispense"]))
    document = _document(placed)
    if isinstance(document, Refusal):
        return document
    addressee = _addressee(document, placed.command.values.get("to"), placed.today)
    if isinstance(addressee, Refusal):
        return addressee
    reason = placed.command.values.get("reason")
    if reason not in DISPENSATIONS:
        options = "、".join(f"{key}({zh})" for key, zh in DISPENSATIONS.items())
        return refuse("rule", Reason("field", "reason", f"免除送达的理由应为：{options}"))
    return _recorded(placed, document, replace(addressee, status="dispensed", reason=str(reason)))


def withdraw(attempt: Attempt) -> Outcome:
    """Take back an issued document by one of its own: it stands no more, and what ran from it ends."""
    placed = in_role(attempt, RESERVED["document.withdraw"])
    if placed is None:
        return refuse("right", right_reason(attempt, RESERVED["document.withdraw"]))
    document = _document(placed)
    if isinstance(document, Refusal):
        return document
    alone = in_role(_issuer_alone(attempt, document), RESERVED["document.withdraw"])
    if alone is None:
        return refuse("right", Reason("right", "right", "文书由签发单位的负责人撤回，不能撤回别的单位签发的文书"))
    placed = alone._replace(case=attempt.case)
    reason = placed.command.values.get("reason")
    if not reason:
        return refuse("rule", Reason("field", "reason", "撤回理由：没有填写"))
    case = placed.case
    documents = tuple(replace(d, status="withdrawn") if d.id == document.id else d for d in case.documents)
    deadlines = dict(case.deadlines)
    for rule in (*placed.plan.served.get(document.kind, ()), *placed.plan.issued.get(document.kind, ())):
        deadlines.pop(rule.name, None)
    orders = _letter(placed, document)
    letters = tuple(
        Document(
            id=each.id,
            kind=each.kind,
            status="issued",
            issuer=each.issuer,
            issued_on=placed.today,
            addressees=tuple(Addressee(key=key) for key in each.addressees),
            epoch=case.epoch,
        )
        for each in orders
    )
    after = case._replace(
        seq=case.seq + 1,
        version=case.version + 1,
        documents=(*documents, *letters),
        deadlines=deadlines,
        previous=None,
        undoable=0,
    )
    line = Line("", public={"document": document.id}, sealed={"reason": reason})
    return Decision(before=case, case=after, entry=entry_of(placed, line), orders=orders)


def _letter(attempt: Attempt, document: Document) -> tuple[DocumentOrder, ...]:
    """The document by which a numbered one is taken back, for those to whom it went; a record needs none."""
    notices = attempt.plan.workflow.notices
    if WITHDRAWAL not in notices or document.kind == WITHDRAWAL or not notices[document.kind].series:
        return ()
    whom = tuple(each.key for each in document.addressees)
    order = DocumentOrder(
        id=f"{attempt.case.seq + 1}-1",
        kind=WITHDRAWAL,
        draft=False,
        trigger="document.withdraw",
        issuer=attempt.role_unit,
        addressees=whom,
    )
    return (order,)


def _issuer_alone(attempt: Attempt, document: Document) -> Attempt:
    """The attempt where only the issuing office has standing: nobody takes back the act of another office."""
    issuer = attempt.case.unit_by_code(document.issuer)
    if issuer is None or issuer.kind not in ISSUERS:
        return attempt
    identity = replace(attempt.case.identity, scope=frozenset({issuer.code}))
    return attempt._replace(case=attempt.case._replace(identity=identity))


def _recorded(attempt: Attempt, document: Document, addressee: Addressee) -> Decision:
    """The case with this addressee's service, and the deadlines that it starts."""
    case = attempt.case
    served = _with(document, addressee)
    documents = tuple(served if each.id == document.id else each for each in case.documents)
    with_service = case._replace(documents=documents)
    after = with_service._replace(
        seq=case.seq + 1,
        version=case.version + 1,
        deadlines=_deadlines(attempt, with_service, served),
        previous=None,
        undoable=0,
    )
    values = attempt.command.values
    public = {name: values[name] for name in ("document", "to", "method", "result") if name in values}
    sealed: Values = {name: value for name, value in values.items() if name not in public}
    result = {"served_on": addressee.served_on} if addressee.served_on else {}
    return Decision(
        before=case, case=after, entry=entry_of(attempt, Line("", public=public, sealed=sealed, result=result))
    )


def _deadlines(attempt: Attempt, case: CaseView, document: Document) -> Deadlines:
    plan = attempt.plan
    deadlines = (
        meet(case.deadlines, plan.met_by.get("document.serve", ())) if _nobody_waits(document) else dict(case.deadlines)
    )
    restart_served(plan, deadlines, document, state=case.state, moment=moment_of(case, attempt.calendar))
    return deadlines


def _nobody_waits(document: Document) -> bool:
    return all(each.status != "waiting" for each in document.addressees)


WITHDRAWAL = "withdrawal"
"""The kind of document by which another is taken back."""


def service_of(case: CaseView, entry: str) -> tuple[Document, Addressee] | None:
    """The service that ``DOCUMENT/ADDRESSEE`` names, the document by id or kind; None where nothing was served so."""
    named, _, to = entry.partition("/")
    document = case.document(named) or case.latest(named)
    if document is None or document.status != "issued":
        return None
    served = (each for each in document.addressees if each.key == to and each.status in ("served", "posted"))
    addressee = next(served, None)
    return None if addressee is None else (document, addressee)


def approved_correction(workflow: Workflow, kind: str) -> str:
    """The act by which the day of service of such a document is corrected with approval; empty where none is."""
    return next((name for name, each in workflow.transitions.items() if each.corrects == kind), "")


def redate(attempt: Attempt, document: Document, addressee: Addressee) -> Outcome:
    """Another day of a service; what runs from it is worked out again, and what a citizen was told gets no shorter."""
    case, values = attempt.case, attempt.command.values
    if values["field"] != "happened_on":
        return refuse("rule", Reason("field", "field", f"送达没有「{values['field']}」这一项；可更正：happened_on"))
    if addressee.method == "public_notice":
        return refuse("rule", Reason("field", "entry", "公告送达之日由公告之日推算，不能在这里更正；应撤回后重新公告"))
    day, first = values["value"], document.issued_on or case.identity.opened_on
    if not isinstance(day, date) or not first <= day <= attempt.today:
        return refuse("rule", Reason("day", "value", f"日期应在{first}与{attempt.today}之间"))
    if document.fixed_on is not None and day >= document.fixed_on:
        return refuse("rule", Reason("day", "value", f"决定书限定{document.fixed_on}前改正；送达日期应早于这一天"))
    served = _with(document, replace(addressee, served_on=day))
    with_service = case._replace(documents=tuple(served if each.id == document.id else each for each in case.documents))
    deadlines: Deadlines = dict(case.deadlines)
    moment = moment_of(with_service, attempt.calendar)
    move_served(attempt.plan, deadlines, served, moment=moment)
    after = with_service._replace(
        seq=case.seq + 1,
        version=case.version + 1,
        deadlines=deadlines,
        previous=None,
        undoable=0,
    )
    line = Line("", sealed={**values, "before": addressee.served_on}, result={"served_on": day})
    return Decision(before=case, case=after, entry=entry_of(attempt, line))


def _with(document: Document, addressee: Addressee) -> Document:
    """The document with one addressee's service in its place."""
    addressees = tuple(addressee if each.key == addressee.key else each for each in document.addressees)
    return replace(document, addressees=addressees)


ACTS: Mapping[str, Callable[[Attempt], Outcome]] = {
    "document.serve": serve,
    "document.dispense": dispense,
    "document.withdraw": withdraw,
}
"""Reserved acts on documents."""

__all__ = [
    "ACTS",
    "DISPENSATIONS",
    "METHODS",
    "approved_correction",
    "dispense",
    "redate",
    "serve",
    "service_of",
    "withdraw",
]
