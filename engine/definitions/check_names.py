"""Names: each one that is used must exist, each one that is declared must be used."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.complaints import Complaint
from engine.definitions.drafts import GROUPS, ActDraft, Draft
from engine.definitions.legal_parts import LEGAL_PARTS
from engine.definitions.model import DeadlineSource, EffectSource
from engine.definitions.source import Trail
from engine.definitions.vocabulary import ALONE, BUILT_IN, ROLES, UNIT_KINDS
from engine.definitions.workflow import FORMER

PEOPLE = ROLES.keys() - ALONE


def _folder(draft: Draft) -> Iterator[Complaint]:
    if draft.model.workflow != draft.folder:
        message = f"流程名「{draft.model.workflow}」与文件夹名「{draft.folder}」不同；应当相同"
        yield draft.complain(("workflow",), "wrong_folder", message)


def _acts(draft: Draft) -> Iterator[Complaint]:
    counters = draft.counters()
    for act in draft.acts.values():
        yield from _act_names(draft, act)
        yield from _effect_names(draft, act.source, act.trail, counters)
        yield from _roles(draft, act)
        for edge in act.edges:
            if edge.source is not act.source:
                yield from _effect_names(draft, edge.source, edge.trail, counters)


def _act_names(draft: Draft, act: ActDraft) -> Iterator[Complaint]:
    model, source, trail = draft.model, act.source, act.trail
    yield from draft.unknown(source.from_, (*model.states, *GROUPS), (*trail, "from"), what="状态")
    if source.form:
        yield from draft.unknown([source.form], model.forms, (*trail, "form"), what="表单")
    yield from draft.unknown(source.opens, model.links, (*trail, "opens"), what="关联")
    yield from draft.unknown(source.withdraws, draft.acts, (*trail, "withdraws"), what="动作")
    for kind, keys in source.law.items():
        place = (*trail, "law", kind) if kind else (*trail, "law")
        if kind:
            yield from draft.unknown([kind], UNIT_KINDS, place, what="单位类别")
        yield from draft.unknown(keys, model.law, place, what="法条")


def _effect_names(draft: Draft, source: EffectSource, trail: Trail, counters: frozenset[str]) -> Iterator[Complaint]:
    yield from draft.unknown(source.documents, draft.model.documents, (*trail, "documents"), what="文书")
    yield from draft.unknown(source.document, draft.model.documents, (*trail, "document"), what="文书")
    yield from draft.unknown(source.resets, counters, (*trail, "resets"), what="计数")
    if source.to:
        yield from draft.unknown([source.to], (*draft.model.states, FORMER), (*trail, "to"), what="状态")


def _roles(draft: Draft, act: ActDraft) -> Iterator[Complaint]:
    source, trail = act.source, act.trail
    yield from draft.unknown(source.by, PEOPLE | {"system"}, (*trail, "by"), what="办理角色")
    yield from draft.unknown(source.draft_by, PEOPLE, (*trail, "draft_by"), what="起草角色")
    yield from draft.unknown(source.propose_by, PEOPLE | {"system"}, (*trail, "propose_by"), what="报批角色")
    yield from draft.unknown(source.approvals, PEOPLE | {"issuer_head"}, (*trail, "approvals"), what="审批角色")


def _deadlines(draft: Draft) -> Iterator[Complaint]:
    for name, deadline in draft.model.deadlines.items():
        trail = ("deadlines", name)
        yield from draft.unknown(deadline.while_, (*draft.model.states, *GROUPS), (*trail, "while"), what="状态")
        yield from _starts(draft, deadline, trail)
        acts = (*draft.acts, *BUILT_IN)
        yield from draft.unknown(deadline.met_by, acts, (*trail, "met_by"), what="动作")
        yield from draft.unknown(deadline.restarts, acts, (*trail, "restarts"), what="动作")
        yield from draft.unknown(deadline.law, draft.model.law, (*trail, "law"), what="法条")
        if deadline.lasts.printed_in:
            kinds = [deadline.lasts.printed_in]
            yield from draft.unknown(kinds, draft.model.documents, (*trail, "lasts", "printed_in"), what="文书")
        yield from _levels(draft, deadline, trail)


def _starts(draft: Draft, deadline: DeadlineSource, trail: Trail) -> Iterator[Complaint]:
    starts, model = deadline.starts, draft.model
    for key, value, known, what in (
        ("after", starts.after, (*draft.acts, *BUILT_IN), "动作"),
        ("served", starts.served, model.documents, "文书"),
        ("issued", starts.issued, model.documents, "文书"),
        ("passed", starts.passed, model.deadlines, "期限"),
    ):
        if value is not None:
            yield from draft.unknown([value], known, (*trail, "starts", key), what=what)


def _levels(draft: Draft, deadline: DeadlineSource, trail: Trail) -> Iterator[Complaint]:
    for at, level in enumerate(deadline.overdue):
        inner = (*trail, "overdue", at)
        yield from draft.unknown(level.tell, PEOPLE | {"issuer_head"}, (*inner, "tell"), what="角色")
        for key, value, known, what in (
            ("task", level.task, (*draft.acts, *BUILT_IN), "动作"),
            ("propose", level.propose, draft.acts, "动作"),
            ("fire", level.fire, draft.acts, "动作"),
            ("takes_over", level.takes_over, PEOPLE, "角色"),
        ):
            if value:
                yield from draft.unknown([value], known, (*inner, key), what=what)


def _parameters(draft: Draft) -> Iterator[Complaint]:
    model = draft.model
    for name, parameter in model.parameters.items():
        yield from draft.unknown(
            [parameter.basis], ("practice", *model.law), ("parameters", name, "basis"), what="依据"
        )
        if name in model.locked:
            message = f"「{name}」在 parameters 和 locked 里各写了一次；只留一处"
            yield draft.complain(("locked", name), "duplicate_name", message, key=True)
    for name, locked in model.locked.items():
        yield from draft.unknown([locked.basis], model.law, ("locked", name, "basis"), what="法条")
    for trail, name in used_parameters(draft):
        yield from draft.unknown([name], draft.values, trail, what="参数")


def used_parameters(draft: Draft) -> Iterator[tuple[Trail, str]]:
    """Every `$name` in the deadlines, with its place."""
    for name, deadline in draft.model.deadlines.items():
        trail: Trail = ("deadlines", name)
        if deadline.lasts.default.startswith("$"):
            yield (*trail, "lasts", "default"), deadline.lasts.default[1:]
        for at, level in enumerate(deadline.overdue):
            if level.then_after is not None and level.then_after.startswith("$"):
                yield (*trail, "overdue", at, "then_after"), level.then_after[1:]


def _unused(draft: Draft) -> Iterator[Complaint]:
    model = draft.model
    values = {name for _, name in used_parameters(draft)} | draft.guards.used
    laws = {key for act in draft.acts.values() for keys in act.source.law.values() for key in keys}
    laws |= {key for deadline in model.deadlines.values() for key in deadline.law}
    laws |= {each.basis for each in model.parameters.values()} | {each.basis for each in model.locked.values()}
    forms = {act.source.form for act in draft.acts.values()}
    links = {name for act in draft.acts.values() for name in act.source.opens}
    issued = {kind for act in draft.acts.values() for kind in act.all_documents()}
    issued |= {kind for kind, rule in LEGAL_PARTS.items() if rule.engine_issued}
    for section, declared, used, what in (
        ("law", model.law, laws, "法条"),
        ("parameters", model.parameters, values, "参数"),
        ("locked", model.locked, values, "锁定值"),
        ("forms", model.forms, forms, "表单"),
        ("links", model.links, links, "关联"),
    ):
        for name in declared:
            if name not in used:
                message = f"{what}「{name}」没有用到；请用上或删去"
                yield draft.complain((section, name), "unused", message, key=True)
    for at, kind in enumerate(model.documents):
        if kind not in issued:
            yield draft.complain(("documents", at), "unused", f"没有动作出具文书「{kind}」；请在某个动作里写上它")


def _links(draft: Draft) -> Iterator[Complaint]:
    for name, link in draft.model.links.items():
        if draft.known is not None:
            yield from draft.unknown([link.opens], draft.known, ("links", name, "opens"), what="流程")


def _twice(draft: Draft) -> Iterator[Complaint]:
    for code in draft.model.closing:
        if f"close_{code}" in draft.model.transitions:
            message = f"动作名 close_{code} 留给销号类别「{code}」；请改名"
            yield draft.complain(("transitions", f"close_{code}"), "duplicate_name", message, key=True)
    kinds = draft.model.documents
    for at, kind in enumerate(kinds):
        if kind in kinds[:at]:
            yield draft.complain(("documents", at), "duplicate_name", f"文书「{kind}」列了两次")


NAME_CHECKS = (_folder, _parameters, _acts, _deadlines, _links, _twice, _unused)
"""Checks of names."""
