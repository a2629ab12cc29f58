"""From a checked draft to the frozen workflow: parameters in, groups expanded, closings made transitions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from engine.definitions.drafts import ActDraft, Draft, EdgeDraft
from engine.definitions.model import BlockModel, DeadlineSource, FieldSource, LevelSource
from engine.definitions.workflow import (
    BlockSource,
    Closing,
    DeadlineRule,
    Edge,
    Field,
    Guard,
    Law,
    Level,
    LinkRule,
    NoticeRule,
    Start,
    State,
    Transition,
    Workflow,
)
from engine.workdays import Roll, Span

_ROLLS: Mapping[str, Roll] = {"next workday": Roll.NEXT_WORKDAY, "none": Roll.NONE}
_PAIRS = frozenset({"options", "rows"})
"""Fields that hold pairs of a mapping: the order of its keys is no part of what it means."""
_LATER = frozenset({"corrects"})
"""Fields that came after versions were published: where nothing is said, a version keeps the hash it had."""
_UNHASHED = frozenset({"hash", "canonical", "test", "reads", "offers"})


def resolve(draft: Draft) -> Workflow:
    """The workflow that a draft without complaints means, with its hash and the canonical JSON that the hash covers."""
    model = draft.model
    workflow = Workflow(
        name=model.workflow,
        title=model.title,
        subject=model.subject,
        hash="",
        initial=next(iter(model.states)),
        laws={key: Law(key=key, title=law.title, quote=law.quote) for key, law in model.law.items()},
        parameters=dict(draft.values),
        states={name: State(name=name, zh=s.zh, kind=s.kind, rung=s.rung) for name, s in model.states.items()},
        transitions={name: _transition(draft, act) for name, act in draft.acts.items()},
        deadlines={name: _deadline(draft, name, each) for name, each in model.deadlines.items()},
        closings=_closings(draft),
        links={
            name: LinkRule(name=name, zh=each.zh, workflow=each.opens, closing_needs=frozenset(each.closing_needs))
            for name, each in model.links.items()
        },
        notices={kind: _notice(draft, kind) for kind in model.documents},
        predicates=_predicates(draft),
    )
    canonical = canonical_of(workflow)
    return replace(workflow, hash=hashlib.sha256(canonical.encode()).hexdigest(), canonical=canonical)


def canonical_of(workflow: Workflow) -> str:
    """All that a workflow means as tight JSON with sorted keys, without the hash that covers it."""
    return json.dumps(_plain(workflow), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A value in JSON's own kinds: sets sorted, predicates by their ids, spans by their text."""
    if isinstance(value, Span):
        return value.key
    if isinstance(value, Guard):
        return _plain_guard(value)
    if is_dataclass(value):
        return {
            each.name: _plain(dict(getattr(value, each.name)) if each.name in _PAIRS else getattr(value, each.name))
            for each in fields(value)
            if each.name not in _UNHASHED and not (each.name in _LATER and getattr(value, each.name) == each.default)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def _plain_guard(guard: Guard) -> Any:
    if guard.any_of:
        return {"any": [_plain_guard(each) for each in guard.any_of]}
    name = guard.predicate.id if guard.predicate else ""
    return {"ask": name, "with": _plain(guard.args), "not": guard.negated}


def _predicates(draft: Draft) -> tuple[str, ...]:
    found = {predicate.id for act in draft.acts.values() for each in act.guards for predicate, *_ in each.leaves()}
    return tuple(sorted(found))


def _transition(draft: Draft, act: ActDraft) -> Transition:
    source = act.source
    approvals = tuple(source.approvals)
    form = draft.model.forms[source.form] if source.form else []
    return Transition(
        name=act.trigger,
        zh=source.zh,
        sources=draft.expand(source.from_),
        edges=tuple(_edge(act, edge, at) for at, edge in enumerate(act.edges)),
        by=frozenset(source.by),
        draft_by=frozenset(source.draft_by),
        propose_by=frozenset(source.propose_by),
        approvals=approvals,
        form=tuple(_field(each) for each in form),
        when=tuple(each.guard for each in act.when),
        addressees=source.addressees,
        law={kind: tuple(keys) for kind, keys in source.law.items()},
        opens=tuple(source.opens),
        withdraws=tuple(source.withdraws),
        corrects=source.corrects,
        act_of_authority=bool(approvals) if source.authority is None else source.authority,
        at_once=source.at_once,
        closes_as=act.code,
    )


def _edge(act: ActDraft, edge: EdgeDraft, index: int) -> Edge:
    return Edge(
        index=index,
        when=tuple(each.guard for each in edge.when),
        to=edge.source.to,
        zh=getattr(edge.source, "zh", "") if edge.source is not act.source else "",
        documents=act.documents(edge),
        counts=act.counts(edge),
        resets=act.resets(edge),
    )


def _field(source: FieldSource) -> Field:
    return Field(
        name=source.field,
        zh=source.zh,
        type=source.type,
        required=source.required,
        required_when={name: frozenset(values) for name, values in source.required_when.items()},
        required_unless={name: frozenset(values) for name, values in source.required_unless.items()},
        options=tuple(source.of.items()),
        rows=tuple(source.rows.items()),
        may_be=tuple(source.may_be),
        not_before=source.not_before,
        not_after=source.not_after,
        least=source.least,
        most=source.most,
        public=source.class_ == "public",
        hint=source.hint,
    )


def _span(draft: Draft, text: str) -> Span:
    found = draft.values[text[1:]] if text.startswith("$") else Span.parse(text)
    if isinstance(found, int):
        raise TypeError(f"{text} is a number: the check lets only spans through")
    return found


def _deadline(draft: Draft, name: str, source: DeadlineSource) -> DeadlineRule:
    kind, of = next(iter(source.starts.model_dump(exclude_none=True).items()))
    return DeadlineRule(
        name=name,
        zh=source.zh,
        states=draft.expand(source.while_),
        starts=Start(kind=kind, of=of),
        span=_span(draft, source.lasts.default),
        roll=_ROLLS[source.roll],
        protects=source.protects,
        printed_in=source.lasts.printed_in,
        statutory=source.statutory,
        in_session=source.in_session,
        met_by=frozenset(source.met_by),
        restarts=frozenset(source.restarts),
        remind=tuple(Span.parse(each) for each in source.remind),
        levels=tuple(_level(draft, each) for each in source.overdue),
        law=tuple(source.law),
    )


def _level(draft: Draft, source: LevelSource) -> Level:
    return Level(
        after=None if source.then_after is None else _span(draft, source.then_after),
        tell=tuple(source.tell),
        task=source.task,
        propose=source.propose,
        fire=source.fire,
        takes_over=source.takes_over,
    )


def _closings(draft: Draft) -> dict[str, Closing]:
    return {
        code: Closing(
            code=code,
            zh=each.zh,
            trigger=f"close_{code}",
            to=each.to,
            counts_as_returned=each.counts_as_returned,
            stays_open=each.stays_open,
            stops_letters=each.stops_letters,
        )
        for code, each in draft.model.closing.items()
    }


def _notice(draft: Draft, kind: str) -> NoticeRule:
    model = draft.notices[kind].model
    return NoticeRule(
        kind=kind,
        title=model.title,
        series=model.number.series if model.number else "",
        issuers=frozenset(model.issuer),
        addressees=model.addressees,
        printed=model.printed,
        serves=model.serves,
        blocks=tuple(_block(each) for each in model.blocks),
    )


def _block(model: BlockModel) -> BlockSource:
    kind = model.kinds[0]
    return BlockSource(
        kind=kind,
        text=tuple(model.text_of(kind) or ()),
        parts=tuple(model.part),
        when=model.when,
        each=model.each,
        least=model.min or 0,
    )
