"""Acts: who may do them, how they end, and what no timer and no single person may do."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.complaints import Complaint
from engine.definitions.drafts import ActDraft, Draft, EdgeDraft
from engine.definitions.legal_parts import LEGAL_PARTS, KindRule
from engine.definitions.workflow import FORMER, Guard

RETURNED = "returned"
AUTHORITY_GUARD = "issuer_has_authority"
CORRECTION_GUARD = "service_day_fits"


def _doers(draft: Draft) -> Iterator[Complaint]:
    for act in draft.acts.values():
        source, trail = act.source, act.trail
        if source.approvals and source.by:
            message = "有审批的动作由 propose_by 的人报批，审批即生效；请删去 by"
            yield draft.complain((*trail, "by"), "by_with_approvals", message, key=True)
        if source.approvals and not set(source.propose_by) - {"system"}:
            yield draft.complain(trail, "nobody", "有审批却没有人报批；请在 propose_by 写上至少一个角色", key=True)
        if not source.approvals and source.propose_by:
            message = "没有审批链就不能报批；请写 approvals，或把 propose_by 改为 by"
            yield draft.complain((*trail, "propose_by"), "propose_without_approvals", message, key=True)
        if not source.approvals and not source.by and not source.propose_by:
            yield draft.complain(trail, "nobody", "没有人可以办理；请写 by，或写 propose_by 和 approvals", key=True)
        for at, role in enumerate(source.approvals):
            if role in source.approvals[:at]:
                message = f"审批链里「{role}」写了两次；每一关应是不同的角色"
                yield draft.complain((*trail, "approvals", at), "duplicate_approval", message)


def _endings(draft: Draft) -> Iterator[Complaint]:
    for act in draft.acts.values():
        if act.edges[0].source is not act.source and act.source.to:
            message = "to 与 outcomes 不能并存；去向请写在每个结果里"
            yield draft.complain((*act.trail, "to"), "to_with_outcomes", message, key=True)
        if act.edges[0].source is not act.source and len(act.edges) == 1:
            message = "outcomes 只有一个结果；请把它写在动作上，或写出其余结果"
            yield draft.complain((*act.trail, "outcomes"), "single_outcome", message, key=True)
        yield from _overlaps(draft, act)
        for edge in act.edges:
            yield from _contradiction(draft, act, edge)


def _keys(edge: EdgeDraft) -> frozenset[str]:
    return frozenset(_key(each.guard) for each in edge.when)


def _key(guard: Guard) -> str:
    if guard.any_of:
        return "any:" + "|".join(sorted(_key(each) for each in guard.any_of))
    name = guard.predicate.name if guard.predicate else ""
    return f"{guard.negated}:{name}:{sorted((key, str(value)) for key, value in guard.args.items())}"


def _overlaps(draft: Draft, act: ActDraft) -> Iterator[Complaint]:
    """Two endings of which one's conditions contain the other's hold together: exactly one must."""
    for at, edge in enumerate(act.edges):
        for before in act.edges[:at]:
            if not (edge.whole and before.whole):
                continue
            mine, other = _keys(edge), _keys(before)
            if mine == other:
                message = "这个结果的条件与前面一个相同；每次只能有一个结果成立"
                yield draft.complain(edge.trail, "same_outcomes", message)
            elif mine < other or other < mine:
                message = "这个结果与前面一个会同时成立(一个的条件包含另一个的)；请加上相反的条件"
                yield draft.complain(edge.trail, "overlapping_outcomes", message)


def _contradiction(draft: Draft, act: ActDraft, edge: EdgeDraft) -> Iterator[Complaint]:
    held: set[str] = set()
    for placed in (*act.when, *edge.when):
        guard = placed.guard
        opposite = Guard(predicate=guard.predicate, args=guard.args, negated=not guard.negated)
        if not guard.any_of and _key(opposite) in held:
            message = f"条件「{guard.label}」与前面的条件相反，永远不能同时成立"
            yield draft.complain(placed.trail, "contradiction", message)
        held.add(_key(guard))


def _system(draft: Draft) -> Iterator[Complaint]:
    """No timer ever issues, refers, extends or closes (PIPL 24; DESIGN.md §7)."""
    for act in draft.acts.values():
        if "system" not in act.source.by:
            continue
        for why in _forbidden_to_system(draft, act):
            message = f"系统不得自行办理「{act.source.zh}」：{why}；请写 propose_by 和 approvals，由系统提出、由人审批"
            yield draft.complain((*act.trail, "by"), "system_acts", message)


def _forbidden_to_system(draft: Draft, act: ActDraft) -> Iterator[str]:
    if act.all_documents():
        yield "它出具文书"
    if act.source.opens:
        yield "它移送或另开个案"
    if act.code or any(draft.kind_of(to) == "final" for to in draft.targets_of(act.trigger)):
        yield "它使个案结束"
    extended = [d for d in draft.model.deadlines.values() if d.protects != "internal" and act.trigger in d.restarts]
    if extended:
        yield f"它使期限「{extended[0].zh}」重新起算"


def _documents(draft: Draft) -> Iterator[Complaint]:
    for act in draft.acts.values():
        for kind in sorted(act.all_documents()):
            rule = LEGAL_PARTS.get(kind)
            if rule is None:
                continue
            if rule.approved and not act.source.approvals:
                message = f"出具{rule.zh}必须有审批链(approvals)，起草人不得自行签发"
                yield draft.complain(act.trail, "no_approvals", message, key=True)
            if rule.issuers and AUTHORITY_GUARD not in _asked(act):
                message = f"出具{rule.zh}必须以条件 {AUTHORITY_GUARD} 核对签发机关(义教法 58；未保法 83)"
                yield draft.complain(act.trail, "no_issuer_guard", message, key=True)
            yield from _asks(draft, act, rule)
        yield from _receiver(draft, act)


def _asks(draft: Draft, act: ActDraft, rule: KindRule) -> Iterator[Complaint]:
    """A paper on which a service rests is issued with what that service reads."""
    typed = {field.field for field in draft.model.forms.get(act.source.form, [])}
    for name in rule.asks:
        if name not in typed:
            message = f"出具{rule.zh}的表单应有 {name} 一项，送达时以它为凭；请加上"
            yield draft.complain(act.trail, "no_field", message, key=True)


def _corrects(draft: Draft) -> Iterator[Complaint]:
    """The day of a service is corrected with approval, on a form that says whose day and which (DOMAIN.md 5)."""
    for act in draft.acts.values():
        kind = act.source.corrects
        if not kind:
            continue
        yield from draft.unknown([kind], draft.model.documents, (*act.trail, "corrects"), what="文书")
        if not act.source.approvals:
            message = "更正送达日期必须有审批链(approvals)；请写上"
            yield draft.complain(act.trail, "no_approvals", message, key=True)
        if CORRECTION_GUARD not in _asked(act):
            message = f"更正送达日期必须以条件 {CORRECTION_GUARD} 核对；表单里应有 to 和 served_on 两项"
            yield draft.complain(act.trail, "no_correction_guard", message, key=True)
        if act.all_documents():
            message = "更正送达日期的动作不出具文书；请删去 documents 或 corrects"
            yield draft.complain((*act.trail, "corrects"), "corrects_and_issues", message, key=True)


def _asked(act: ActDraft) -> frozenset[str]:
    """Names of the predicates that must hold for the act at all."""
    return frozenset(each.guard.predicate.name for each in act.when if each.guard.predicate and not each.guard.negated)


def _receiver(draft: Draft, act: ActDraft) -> Iterator[Complaint]:
    sent = [kind for kind in sorted(act.all_documents()) if draft.addressees(act, kind) == "receiver"]
    form = draft.model.forms.get(act.source.form, [])
    if sent and "receiver" not in {field.field for field in form}:
        message = f"文书「{sent[0]}」发给接收单位，表单里却没有 receiver 一项；请在表单里加上(type: unit)"
        yield draft.complain(act.trail, "no_receiver", message, key=True)


def _former(draft: Draft) -> Iterator[Complaint]:
    for act in draft.acts.values():
        wrong = sorted(s for s in draft.sources_of(act.trigger) if draft.kind_of(s) != "observing")
        for edge in act.edges:
            if edge.source.to == FORMER and wrong:
                message = f"former 只能从观察中(observing)的状态返回；「{'、'.join(wrong)}」不是"
                yield draft.complain((*edge.trail, "to"), "former_not_observing", message)


def _finals(draft: Draft) -> Iterator[Complaint]:
    for act in draft.acts.values():
        for at, name in enumerate(act.source.from_):
            if draft.kind_of(name) == "final":
                message = f"「{name}」是终结状态，不能再有动作；重新立案是引擎的固有动作"
                yield draft.complain((*act.trail, "from", at), "from_final", message)


def _danger(draft: Draft) -> Iterator[Complaint]:
    unfinished = draft.expand(["any_unfinished"])
    for act in draft.acts.values():
        if not act.source.at_once:
            continue
        if draft.sources_of(act.trigger) != unfinished:
            message = "遇险即报(at_once)必须从一切未终结的状态都能办理；请写 from: any_unfinished"
            yield draft.complain((*act.trail, "from"), "danger_limited", message)
        if act.source.approvals:
            message = "遇险即报(at_once)不经审批；请删去 approvals"
            yield draft.complain((*act.trail, "approvals"), "danger_waits", message, key=True)


def _closing(draft: Draft) -> Iterator[Complaint]:
    for code, closing in draft.model.closing.items():
        trail = ("closing", code)
        if closing.stays_open and closing.to:
            yield draft.complain((*trail, "to"), "open_and_closed", "写了 stays_open 就不写 to；个案不终结", key=True)
        if not closing.stays_open and not closing.to:
            yield draft.complain(trail, "no_end", "销号应写 to: 终结状态；不终结的写 stays_open: true", key=True)
        if closing.to and draft.kind_of(closing.to) not in ("final", ""):
            message = f"销号应到终结状态(final)，「{closing.to}」不是"
            yield draft.complain((*trail, "to"), "not_final", message)
        if closing.counts_as_returned:
            yield from _counts_as_returned(draft, code)


def _counts_as_returned(draft: Draft, code: str) -> Iterator[Complaint]:
    """Only `returned` counts, and only after the observation (DOMAIN.md 0.8, 12)."""
    if code != RETURNED:
        message = f"只有销号类别 {RETURNED} 可以计入复学；「{code}」不可以"
        yield draft.complain(("closing", code, "counts_as_returned"), "false_return", message)
    if any(draft.kind_of(state) != "observing" for state in draft.sources_of(f"close_{code}")):
        message = "计入复学的销号只能从观察中(observing)的状态办理：先观察，后销号"
        yield draft.complain(("closing", code, "from"), "return_unobserved", message)


def _codes(draft: Draft) -> Iterator[Complaint]:
    if not draft.model.closing:
        return
    for act in draft.acts.values():
        for edge in act.edges:
            if not act.code and draft.kind_of(edge.source.to) == "final":
                message = f"「{edge.source.to}」是终结状态；结案必须有销号类别，请写到 closing 里"
                yield draft.complain((*edge.trail, "to"), "final_without_code", message)


def _withdraws(draft: Draft) -> Iterator[Complaint]:
    for act in draft.acts.values():
        for at, trigger in enumerate(act.source.withdraws):
            other = draft.acts.get(trigger)
            if other is not None and not other.source.approvals:
                message = f"「{trigger}」没有审批，不会有待批的件可以撤回"
                yield draft.complain((*act.trail, "withdraws", at), "nothing_to_withdraw", message)


ACT_CHECKS = (
    _doers, _endings, _system, _documents, _corrects, _former, _finals, _danger, _closing, _codes, _withdraws,
)  # fmt: skip
"""Checks of acts."""
