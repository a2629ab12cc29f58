"""The facts that a notice is filled with: the case, its people and offices, its history, in plain values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from engine.cases.attempt import law_of
from engine.cases.model import DocumentOrder
from engine.definitions.facts import GUARDIANS, CaseView, Document, UnitFacts, Values
from engine.definitions.workflow import Field, Transition, Workflow
from engine.workdays import Span

PERSUASIONS = frozenset({"persuade", "persuade_again"})
"""Triggers whose acts a notice lists as persuasions."""

VISITS = frozenset({"record_visit", "record_further_visit"})
"""Triggers whose acts a notice lists as visits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One earlier act, as far as a notice tells of it."""

    trigger: str
    happened_on: date
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """Everything a notice may draw on."""

    workflow: Workflow
    case: CaseView
    order: DocumentOrder
    values: Values
    profile: Mapping[str, object]
    """The subject's sealed profile, opened: name, sex, birth, register_no, school, class_name, guardians …"""
    history: tuple[Past, ...]
    officers: tuple[str, ...]
    today: date
    offices: Mapping[str, str]
    """Installation facts by name: review_authority, court, contact …"""
    units: Mapping[str, str]
    """Names of all units by code: a receiver stands outside the case."""
    numbers: Mapping[str, str]
    """Numbers of the case's issued documents, by id."""
    number: str = ""
    issued_on: date | None = None


def notice_facts(context: NoticeContext) -> dict[str, object]:
    """The facts by name; a name that does not apply is absent, so that a template asking for it is refused."""
    case, values = context.case, context.values
    transition = context.workflow.transitions.get(context.order.trigger)
    facts: dict[str, object] = {
        "child": _child(context),
        "guardians": _guardians(context),
        "school": {"name": context.profile.get("school", "")},
        "issuer": _unit(context, context.order.issuer),
        "township": _relation(case, "residence"),
        "bureau": _relation(case, "bureau"),
        "receiver": _unit(context, str(values.get("receiver", ""))),
        "today": context.today,
        "absent_since": context.profile.get("absent_since") or case.identity.opened_on,
        "persuasions": _listed(context, PERSUASIONS),
        "visits": _listed(context, VISITS),
        "evidence": _evidence(context),
        "values": dict(values),
        "values_zh": labels(transition.form if transition else (), values, context.units),
        "legal_basis": _basis(context, transition),
        "officers": list(context.officers),
        "concerned": _concerned(context),
        "recipients": _recipients(context),
        "withdrawn": _withdrawn(context),
        "case": {"number": case.identity.number},
        "order": _order(context),
        "closing": _closing(context, transition),
        "limit": Span.parse(str(values["limit"])).zh if values.get("limit") else "",
        "fixed_on": values.get("fixed_on") or "",
        **context.offices,
    }
    if context.number:
        facts["number"] = context.number
    if context.issued_on is not None:
        facts["issued_on"] = context.issued_on
    return facts


def _child(context: NoticeContext) -> dict[str, object]:
    profile = context.profile
    kept = ("name", "sex", "birth", "class_name", "residence")
    child = {name: profile.get(name) or "" for name in kept}
    register_no = str(profile.get("register_no", ""))
    child["register_no_masked"] = f"{register_no[:5]}{'*' * max(0, len(register_no) - 9)}{register_no[-4:]}"
    child["school"] = profile.get("school") or ""
    return child


def _guardians(context: NoticeContext) -> list[dict[str, str]]:
    given = context.profile.get("guardians")
    people = given if isinstance(given, (list, tuple)) else ()
    return [
        {"key": str(each["key"]), "name": str(each["name"]), "relation": GUARDIANS.get(str(each["key"]), "监护人")}
        for each in people
    ]


def _unit(context: NoticeContext, code: str) -> dict[str, str]:
    unit = context.case.unit_by_code(code)
    return {"name": unit.name, "kind": unit.kind} if unit else {"name": context.units.get(code, ""), "kind": ""}


def _relation(case: CaseView, relation: str) -> dict[str, str]:
    unit: UnitFacts | None = case.unit_of(relation)
    return {"name": unit.name, "kind": unit.kind} if unit else {"name": "", "kind": ""}


def _listed(context: NoticeContext, triggers: frozenset[str]) -> list[dict[str, object]]:
    return [
        {"happened_on": past.happened_on, "summary": summary_of(context.workflow, past, context.units)}
        for past in context.history
        if past.trigger in triggers
    ]


def summary_of(workflow: Workflow, past: Past, units: Mapping[str, str]) -> str:
    """One line about an earlier act: its Chinese name and the plain answers it gave."""
    transition = workflow.transitions[past.trigger]
    told = labels(tuple(f for f in transition.form if f.type in ("choice", "choices", "people")), past.values, units)
    names = {field.name: field.zh for field in transition.form}
    return transition.zh + "".join(f"，{names[name]}：{text}" for name, text in told.items())


def labels(form: Iterable[Field], values: Values, units: Mapping[str, str]) -> dict[str, str]:
    """The form's values in words: option labels instead of keys, names of units, lists joined, days written out."""
    found = {}
    for field in form:
        if field.name in values:
            found[field.name] = label(field, values[field.name], units)
    return found


def label(field: Field, value: object, units: Mapping[str, str]) -> str:
    """One value of a field in words."""
    if field.type == "unit":
        return units.get(str(value), str(value))
    options = {**dict(field.options), "yes": "是", "no": "否"}
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, Mapping):
        rows = dict(field.rows)
        return "；".join(f"{rows.get(str(row), row)}：{options.get(str(each), each)}" for row, each in value.items())
    if isinstance(value, (tuple, list)):
        return "、".join(options.get(str(each), str(each)) for each in value)
    if field.type == "span":
        return Span.parse(str(value)).zh
    return options.get(str(value), str(value))


def _evidence(context: NoticeContext) -> list[str]:
    visits = len(_listed(context, VISITS))
    persuasions = len(_listed(context, PERSUASIONS))
    found = [f"家访记录{visits}份"] if visits else []
    found += [f"劝返记录{persuasions}份"] if persuasions else []
    named = context.values.get("evidence")
    if isinstance(named, (tuple, list)):
        found += [str(each) for each in named]
    elif named:
        found.append(str(named))
    return found or ["到校名册"]


def _basis(context: NoticeContext, transition: Transition | None) -> list[str]:
    if transition is None:
        return []
    unit = context.case.unit_by_code(context.order.issuer)
    basis = [context.workflow.laws[key].title for key in law_of(transition, unit.kind if unit else "")]
    return [*basis, f"赋权文件{unit.delegation}"] if unit and transition.name in unit.lent else basis


def _order(context: NoticeContext) -> dict[str, object]:
    order: Document | None = context.case.latest("correction_order")
    if order is None:
        return {"id": "", "issued_on": "", "served_on": "", "number": ""}
    return {
        "id": order.id,
        "issued_on": order.issued_on or "",
        "served_on": order.served_on or "",
        "number": context.numbers.get(order.id, ""),
    }


def _concerned(context: NoticeContext) -> list[dict[str, str]]:
    """The guardians whom the form's field `whom` names."""
    whom = context.values.get("whom", ())
    named = whom if isinstance(whom, tuple) else (whom,)
    return [each for each in _guardians(context) if each["key"] in named]


def _recipients(context: NoticeContext) -> list[dict[str, str]]:
    """Those to whom this document goes: guardians and offices, by name."""
    guardians = {each["key"]: each for each in _guardians(context)}
    return [guardians.get(key) or {"key": key, "name": context.units.get(key, key)} for key in context.order.addressees]


def _withdrawn(context: NoticeContext) -> dict[str, object]:
    """The document that this one takes back; empty where none is named."""
    named = str(context.values.get("document", ""))
    found = context.case.document(named) if context.order.trigger == "document.withdraw" else None
    if found is None:
        return {"title": "", "number": "", "issued_on": ""}
    return {
        "title": context.workflow.notices[found.kind].title,
        "number": context.numbers.get(found.id, ""),
        "issued_on": found.issued_on or "",
    }


def _closing(context: NoticeContext, transition: Transition | None) -> dict[str, str]:
    code = transition.closes_as if transition else ""
    closing = context.workflow.closings.get(code)
    return {"code": code, "zh": closing.zh if closing else ""}
