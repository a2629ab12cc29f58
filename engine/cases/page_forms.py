"""Forms as a page offers them: what was chosen first says what is asked next. The form that is checked stays whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from engine.cases.notices import label
from engine.cases.reserved_forms import form_of
from engine.cases.service import service_of
from engine.definitions.facts import CaseView, Facts
from engine.definitions.workflow import Field, Guard, Transition, Workflow

CHOSEN_FIRST: Mapping[str, tuple[str, ...]] = {
    "document.serve": ("document", "to", "method", "result"),
    "case.correct": ("entry", "field"),
}
"""What must be chosen before the rest of a form is known."""

PREVIEWED = frozenset({"document.serve", "case.correct", "case.hold", "case.release"})
"""Acts that move deadlines: what becomes of them is shown before anything is saved (DESIGN.md §4.5)."""

PROOF: Mapping[str, tuple[str, ...]] = {
    "direct": ("receipt",),
    "family": ("person_name", "relation", "lives_together", "adult", "receipt"),
    "lien": ("refused", "witness", "video", "reason"),
    "entrusted": ("letter", "receipt"),
    "mail": ("tracking_no", "slip"),
    "electronic": ("consent", "log"),
    "forwarded": ("body", "letter", "receipt"),
    "public_notice": ("posted_on", "where", "unknown_whereabouts", "reason"),
}
"""The fields of a page of service by method; what each must say is checked by methods.evidence (DOMAIN.md 5)."""

_EITHER = frozenset({"witness", "video", "unknown_whereabouts"})
"""Proof of which something else may stand in the place."""

DAY = "happened_on"
_DAY_ZH = "发生日期"


def page_form(trigger: str, case: CaseView, workflow: Workflow, *, raw: Mapping[str, object]) -> tuple[Field, ...]:
    """The fields that a page asks for, given what was chosen so far."""
    form = form_of(trigger, case, workflow, raw=raw)
    if trigger == "document.serve":
        return _service(form, raw)
    return _correction(form, case, workflow, raw) if trigger == "case.correct" else form


def _service(form: tuple[Field, ...], raw: Mapping[str, object]) -> tuple[Field, ...]:
    """Nothing but the chosen method's proof; a failed attempt asks for its reason alone."""
    method = str(raw.get("method", ""))
    if method not in PROOF:
        wanted: tuple[str, ...] = ()
    elif raw.get("result") == "failed":
        wanted = ("servers", "reason")
    else:
        wanted = ("servers", *PROOF[method])
    first = CHOSEN_FIRST["document.serve"]
    named = {field.name: field for field in form}
    rest = (replace(named[name], required=name not in _EITHER, hint=_hint(named[name])) for name in wanted)
    return (*(named[name] for name in first), *rest)


def _hint(field: Field) -> str:
    """The hint, but for the one that says for which method a field is: the page knows."""
    return "" if field.hint.endswith("填写") else field.hint


def _correction(
    form: tuple[Field, ...], case: CaseView, workflow: Workflow, raw: Mapping[str, object]
) -> tuple[Field, ...]:
    """The fields of the chosen act to choose from, each with what it says now; the new value once one is chosen."""
    said = _said(case, workflow, str(raw.get("entry")))
    if not said:
        return tuple(field for field in form if field.name == "entry")
    chosen = any(raw.get("field") == name for name, _ in said)
    kept = []
    for field in form:
        if field.name == "field":
            kept.append(replace(field, type="choice", options=tuple(said), hint=""))
        elif chosen or field.name == "entry":
            kept.append(field)
    return tuple(kept)


def may_be_named(field: Field, transition: Transition, facts: Facts, *, units: Sequence[str]) -> tuple[str, ...]:
    """Those of these units that a field of this act may name: each guard that looks at it holds, if need be after
    another answer to the choices that it looks at too (DOMAIN.md 4).

    Only offering: the guards are asked again when the act is decided. All where none would do: then they say why.
    """
    choices = {each.name: [key for key, _ in each.options] for each in transition.form if each.type == "choice"}
    asked = [(guard, _looks_at(guard) - {field.name}) for guard in transition.when if field.name in _looks_at(guard)]
    known = [(guard, sorted(others)) for guard, others in asked if others <= choices.keys()]

    def holds(guard: Guard, others: list[str], unit: str) -> bool:
        answers = product(*(choices[name] for name in others))
        values = ({**dict(zip(others, some, strict=True)), field.name: unit} for some in answers)
        return any(guard.ask(facts._replace(values=each)).holds for each in values)

    found = tuple(unit for unit in units if all(holds(guard, others, unit) for guard, others in known))
    return found or tuple(units)


def looked_at(transition: Transition) -> dict[str, str]:
    """The first field of the form that each guard of an act looks at, by the guard's label: there a no is mended."""
    guards = (*transition.when, *(guard for edge in transition.edges for guard in edge.when))
    fields = [each.name for each in transition.form]
    found = {guard.label: next((name for name in fields if name in _looks_at(guard)), "") for guard in guards}
    return {label: name for label, name in found.items() if name}


def _looks_at(guard: Guard) -> frozenset[str]:
    """The fields of the form that a guard looks at."""
    reads = guard.predicate.reads(guard.args) if guard.predicate else frozenset()
    own = frozenset(name for kind, name in reads if kind == "field")
    return own.union(*(_looks_at(each) for each in guard.any_of))


def _said(case: CaseView, workflow: Workflow, entry: str) -> list[tuple[str, str]]:
    """What may be corrected of an act or of a service, each with what it says now; empty for neither."""
    service = service_of(case, entry)
    if service is not None:
        return [(DAY, f"送达日期（现为：{service[1].served_on}）")]
    act, transition = case.acts.get(entry), workflow.transitions.get(entry)
    if act is None or transition is None:
        return []
    said = [(DAY, f"{_DAY_ZH}（现为：{act.happened_on}）")]
    for field in transition.form:
        value = act.values.get(field.name)
        now = label(field, value, {}) if value not in (None, "", ()) else "没有填写"
        said.append((field.name, f"{field.zh}（现为：{now}）"))
    return said
