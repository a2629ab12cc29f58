"""Forms of the acts that every case has, with the choices that this case offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from engine.cases.attempt import NOTHING
from engine.cases.methods import (
    BODIES,
    FAMILY,
    LEFT_AT,
    METHODS,
    NOT_FAMILY,
    REFUSED_BY,
    SLIPS,
    WHEREABOUTS,
    WITNESS_BODIES,
)
from engine.cases.service import DISPENSATIONS, approved_correction, service_of
from engine.definitions.facts import GUARDIANS, CaseView, Identity, SubjectFacts
from engine.definitions.workflow import Field, Workflow

_YES_NO = (("yes", "是"), ("no", "否"))


def _text(name: str, zh: str, *, required: bool = True, hint: str = "") -> Field:
    return Field(name=name, zh=zh, type="long_text", required=required, hint=hint)


def _choice(name: str, zh: str, options: tuple[tuple[str, str], ...], *, required: bool = True) -> Field:
    return Field(name=name, zh=zh, type="choice", required=required, options=options, public=True)


def _only(name: str, zh: str, type_: str, *methods: str) -> Field:
    """A field that belongs to some methods of service only; the proof is checked by methods.evidence."""
    hint = "、".join(METHODS[method] for method in methods) + "时填写"
    return Field(name=name, zh=zh, type=type_, hint=hint)


def _one_of(name: str, zh: str, options: Mapping[str, str], *methods: str) -> Field:
    """A choice that belongs to some methods of service only; what it must be is checked by methods.evidence."""
    hint = "、".join(METHODS[method] for method in methods) + "时填写"
    return Field(name=name, zh=zh, type="choice", options=tuple(options.items()), hint=hint)


def _document(case: CaseView, workflow: Workflow, *, waiting: bool = False) -> Field:
    """An issued document of the case; with `waiting`, one that somebody has not been served with yet."""
    issued = [each for each in case.documents if each.status == "issued"]
    if waiting:
        issued = [each for each in issued if any(whom.status == "waiting" for whom in each.addressees)]
    return _choice("document", "文书", tuple((each.id, workflow.notices[each.kind].title) for each in issued))


def _serve(case: CaseView, workflow: Workflow) -> tuple[Field, ...]:
    people = dict.fromkeys(a.key for d in case.documents if d.status == "issued" for a in d.addressees)
    names = {unit.code: unit.name for unit in case.identity.units}
    to = tuple((key, GUARDIANS.get(key, names.get(key, key))) for key in people)
    by_hand = ("direct", "family", "entrusted", "forwarded")
    return (
        _document(case, workflow, waiting=True),
        _choice("to", "受送达人", to),
        _choice("method", "送达方式", tuple(METHODS.items())),
        _choice("result", "结果", (("served", "已送达"), ("failed", "未送达")), required=False),
        Field(name="servers", zh="送达人", type="people", required=True, hint="不少于两人，用顿号隔开"),
        _only("receipt", "送达回证已签名并注明日期", "yes_no", *by_hand),
        _only("absent", "受送达人不在", "yes_no", "family"),
        _only("person_name", "代收或者拒收的家属姓名", "text", "family", "lien"),
        _one_of("relation", "家属与受送达人的关系", {**FAMILY, **NOT_FAMILY}, "family", "lien"),
        _only("lives_together", "同住", "yes_no", "family", "lien"),
        _only("adult", "成年", "yes_no", "family", "lien"),
        _one_of("refused", "谁拒收", REFUSED_BY, "lien"),
        _one_of("left_at", "留在何处", LEFT_AT, "lien"),
        _only("witness", "见证人", "people", "lien"),
        _one_of("witness_body", "见证人来自", WITNESS_BODIES, "lien"),
        _only("video", "已拍照或录像", "yes_no", "lien"),
        _only("tracking_no", "邮件号", "text", "mail"),
        _only("mailed_on", "交寄日期", "date", "mail"),
        _one_of("slip", "回执", SLIPS, "mail"),
        _only("slip_date", "回执上的收件日期", "date", "mail"),
        _only("address", "送到哪个电子地址", "text", "electronic"),
        _only("log", "有到达特定系统的记录", "yes_no", "electronic"),
        _only("review_channel", "已告知网上申请复议的途径", "yes_no", "electronic"),
        _one_of("body", "转交单位", BODIES, "forwarded"),
        _only("letter", "有转交函", "yes_no", "forwarded"),
        _only("posted_on", "公告之日", "date", "public_notice"),
        _only("where", "公告地点", "text", "public_notice"),
        _one_of("unknown_whereabouts", "下落不明的证明", WHEREABOUTS, "public_notice"),
        _text("reason", "事由或经过", required=False, hint="未送达、拒收、邮寄、公告时填写"),
    )


def _dispense(case: CaseView, workflow: Workflow) -> tuple[Field, ...]:
    document, to = _serve(case, workflow)[:2]
    return (
        document,
        to,
        _choice("reason", "理由", tuple(DISPENSATIONS.items())),
        _text("note", "说明", required=False),
    )


def _deadline(case: CaseView, workflow: Workflow) -> Field:
    return _choice("deadline", "期限", tuple((name, workflow.deadlines[name].zh) for name in case.deadlines))


def _hold(case: CaseView, workflow: Workflow) -> tuple[Field, ...]:
    review = Field(name="review_on", zh="复查日期", type="date", required=True)
    return (_deadline(case, workflow), _text("reason", "理由"), review)


def _acts(case: CaseView, workflow: Workflow) -> tuple[tuple[str, str], ...]:
    transitions = workflow.transitions
    return tuple((name, transitions[name].zh) for name in case.acts if name in transitions)


def services(case: CaseView, workflow: Workflow) -> tuple[tuple[str, str], ...]:
    """Every service of the case whose day may be corrected without approval: ``DOCUMENT/ADDRESSEE``, its Chinese."""
    names = {unit.code: unit.name for unit in case.identity.units}
    return tuple(
        (
            f"{document.id}/{whom.key}",
            f"{workflow.notices[document.kind].title}送达{GUARDIANS.get(whom.key, names.get(whom.key, whom.key))}",
        )
        for document in case.documents
        for whom in document.addressees
        if service_of(case, f"{document.id}/{whom.key}") is not None
        and not approved_correction(workflow, document.kind)
    )


def _correct(case: CaseView, workflow: Workflow) -> tuple[Field, ...]:
    return (
        _choice("entry", "更正哪一条", (*_acts(case, workflow), *services(case, workflow))),
        Field(name="field", zh="更正哪一项", type="text", required=True, hint="happened_on 为发生日期"),
        Field(name="value", zh="新内容", type="text", required=True),
        _text("reason", "理由"),
    )


def _proposals(case: CaseView, workflow: Workflow) -> Field:
    return _choice("proposal", "报批", tuple((p.id, workflow.transitions[p.trigger].zh) for p in case.proposals))


def by_id(case: CaseView, fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of a reserved act with documents and proposals named by id.

    A program may name the newest document of a kind, or its service, or a proposal by its trigger, without an id.
    """
    named = dict(fields)
    document = case.latest(str(fields.get("document")))
    if document is not None:
        named["document"] = document.id
    service = service_of(case, str(fields.get("entry")))
    if service is not None:
        named["entry"] = f"{service[0].id}/{service[1].key}"
    proposal = next((each for each in case.proposals if each.trigger == fields.get("proposal")), None)
    if proposal is not None:
        named["proposal"] = proposal.id
    return named


Form = Callable[[CaseView, Workflow], tuple[Field, ...]]

_FORMS: Mapping[str, Form] = {
    "case.note": lambda _case, _workflow: (_text("text", "内容"),),
    "case.undo": lambda _case, _workflow: (),
    "case.correct": _correct,
    "case.hold": _hold,
    "case.release": lambda case, workflow: (_deadline(case, workflow),),
    "case.hand_over": lambda _case, _workflow: (
        Field(name="owner", zh="新负责人", type="text", required=True),
        _text("reason", "理由"),
    ),
    "case.reopen": lambda _case, _workflow: (_text("reason", "理由"),),
    "document.serve": _serve,
    "document.dispense": _dispense,
    "document.withdraw": lambda case, workflow: (
        _document(case, workflow),
        _text("reason", "理由"),
    ),
    "proposal.approve": lambda case, workflow: (
        _proposals(case, workflow),
        _text("opinion", "意见", required=False),
    ),
    "proposal.return": lambda case, workflow: (_proposals(case, workflow), _text("reason", "退回理由")),
}


def reserved_form(trigger: str, case: CaseView, workflow: Workflow) -> tuple[Field, ...]:
    """The form of a reserved act for this case; raises KeyError for a name that is none."""
    return _FORMS[trigger](case, workflow)


_NONE = Identity(
    number="", workflow="", district="", subject=SubjectFacts(kind="", reference=""), units=(), opened_on=date.min
)
_NO_CASE = CaseView(
    _NONE, "", "", 0, 0, 0, "", date.min, "", "", {}, {}, {}, (), (), (), (), (), "", None
)  # fmt: skip


def form_in_words(trigger: str, workflow: Workflow) -> tuple[Field, ...]:
    """The form of an act as no case offers it, for the names of its fields and fixed choices alone."""
    to = {field.name: field for field in form_of(trigger, _NO_CASE, workflow)}
    if "to" in to:
        to["to"] = replace(to["to"], options=tuple(GUARDIANS.items()))
    return tuple(to.values())


def form_of(
    trigger: str, case: CaseView, workflow: Workflow, *, raw: Mapping[str, object] = NOTHING
) -> tuple[Field, ...]:
    """The form of an act, of the workflow or reserved; empty for a name that is neither.

    What is corrected (`raw`) says how the new value of a correction is read: as its own field is.
    """
    transition = workflow.transitions.get(trigger)
    if transition is not None:
        return transition.form
    try:
        form = reserved_form(trigger, case, workflow)
    except KeyError:
        return ()
    return _read_alike(form, workflow, raw) if trigger == "case.correct" else form


def _read_alike(form: tuple[Field, ...], workflow: Workflow, raw: Mapping[str, object]) -> tuple[Field, ...]:
    """The form of a correction with its new value read as the corrected field is; unknown ones stay text."""
    transition = workflow.transitions.get(str(raw.get("entry")))
    named = raw.get("field")
    corrected = next((each for each in (transition.form if transition else ()) if each.name == named), None)
    if named == "happened_on":
        corrected = Field(name="happened_on", zh="发生日期", type="date")
    if corrected is None:
        return form
    value = replace(corrected, name="value", zh="新内容", required=True, required_when={}, required_unless={})
    return tuple(value if each.name == "value" else each for each in form)
