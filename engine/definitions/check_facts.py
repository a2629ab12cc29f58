"""Facts: what a condition looks at, something in the workflow must collect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.definitions.check_forms import values_of
from engine.definitions.complaints import Complaint, suggest
from engine.definitions.drafts import ActDraft, Draft
from engine.definitions.guards import PlacedGuard
from engine.definitions.model import FieldSource
from engine.definitions.source import Trail
from engine.definitions.vocabulary import BUILT_IN


def _guards(draft: Draft) -> Iterator[Complaint]:
    counters = sorted(draft.counters())
    documents = sorted({kind for act in draft.acts.values() for kind in act.all_documents()})
    known = {
        "count": ("没有动作计数", counters),
        "act": ("没有动作", [*draft.acts, *sorted(BUILT_IN)]),
        "document": ("没有动作出具文书", documents),
        "link": ("没有关联", list(draft.model.links)),
    }
    for act in draft.acts.values():
        form = {field.field: field for field in draft.model.forms.get(act.source.form, [])}
        for placed in act.guards:
            yield from _reads(draft, placed, form, known)


def _reads(
    draft: Draft, placed: PlacedGuard, form: Mapping[str, FieldSource], known: Mapping[str, tuple[str, list[str]]]
) -> Iterator[Complaint]:
    for predicate, args, trail in placed.leaves():
        for kind, name in sorted(predicate.reads(args)):
            what, names = known.get(kind, ("", []))
            if kind == "field":
                what, names = "这个动作的表单没有填", list(form)
            if what and name not in names:
                message = f"条件「{predicate.name}」要看「{name}」，但{what}「{name}」{suggest(name, names)}"
                yield draft.complain(trail, "fact_not_collected", message)
        deadline = args.get("deadline")
        if deadline is not None:
            yield from draft.unknown([str(deadline)], draft.model.deadlines, trail, what="期限")
        yield from _values(draft, trail, args, form)


def _values(
    draft: Draft, trail: Trail, args: Mapping[str, object], form: Mapping[str, FieldSource]
) -> Iterator[Complaint]:
    """A condition on a field can only ask for values that the field can have."""
    field, wanted = form.get(str(args.get("field"))), args.get("one_of")
    allowed = values_of(field) if field else None
    if field is not None and allowed is not None and isinstance(wanted, tuple):
        for value in wanted:
            if value not in allowed:
                message = f"「{field.field}」没有值「{value}」{suggest(value, sorted(allowed))}"
                yield draft.complain(trail, "unknown_value", message)


def _printed(draft: Draft) -> Iterator[Complaint]:
    """A document whose limit starts or measures a clock must be one that people are served, with its limit typed."""
    for name, deadline in draft.model.deadlines.items():
        kind, served = deadline.lasts.printed_in, deadline.starts.served
        if kind and not any("limit" in _fields(draft, act) for act in draft.issuing(kind)):
            message = f"出具「{kind}」的表单里没有 limit 一项(type: span)，文书上印不出期限"
            yield draft.complain(("deadlines", name, "lasts", "printed_in"), "fact_not_collected", message)
        for key, wanted in (("served", served), ("issued", deadline.starts.issued)):
            if wanted in draft.model.documents and not draft.issuing(str(wanted)):
                message = f"没有动作出具文书「{wanted}」，期限不会起算"
                yield draft.complain(("deadlines", name, "starts", key), "fact_not_collected", message)
        notice = draft.notices.get(str(served))
        if notice is not None and not notice.model.serves:
            message = f"文书「{served}」的模板没有写 serves: true，不会有送达，期限不会起算"
            yield draft.complain(("deadlines", name, "starts", "served"), "not_served", message)


def _fields(draft: Draft, act: ActDraft) -> frozenset[str]:
    return frozenset(field.field for field in draft.model.forms.get(act.source.form, []) if field.type == "span")


FACT_CHECKS = (_guards, _printed)
"""Checks of facts."""
