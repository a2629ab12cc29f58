"""Proposals: a prepared command that only named others may put into force (DESIGN.md §5).

The case stays where it is until the last approval of the chain; then the guards are asked again on the case as it
stands, and the approval *is* the transition. Nobody approves what he proposed, and nobody approves twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from engine.access import head_of
from engine.cases import choosing
from engine.cases.attempt import Attempt, Line, bounds, entry_of, in_role, right_reason
from engine.cases.effect import Effect, orders_of, take_effect
from engine.cases.forms import complaints
from engine.cases.model import Command, Decision, DocumentOrder, Outcome, Reason, Refusal, refuse
from engine.definitions.facts import Addressee, CaseView, Document, Proposal, Values
from engine.definitions.workflow import Transition

Approvals = tuple[tuple[str, str, date], ...]


def make(attempt: Attempt, effect: Effect) -> Outcome:
    """A proposal for an act that passed every check; refused while a person's proposal of this act is open."""
    case, transition = attempt.case, effect.transition
    same = [p for p in case.proposals if p.trigger == transition.name]
    if any(p.proposed_by != "system" for p in same):
        return refuse("rule", Reason("state", "proposal", f"「{transition.zh}」已有一件报批在办，应先办结或退回"))
    seq = case.seq + 1
    proposal = Proposal(
        id=f"P{seq}",
        trigger=transition.name,
        proposed_by=attempt.command.actor.user,
        proposed_role=attempt.role,
        made_on=attempt.today,
        happened_on=attempt.happened,
        epoch=case.epoch,
        values=effect.values,
    )
    orders = orders_of(attempt, effect, seq, draft=True)
    kept = tuple(p for p in case.proposals if p.trigger != transition.name)
    line = Line("", effect.edge.index, seen=effect.seen, sealed=effect.values, result={"proposal": proposal.id})
    return _proposed(attempt, (*kept, proposal), orders, line)


def by_system(attempt: Attempt, transition: Transition) -> Outcome:
    """A timer's proposal: no values, a person completes it; refused when the case is not ready for the act."""
    case = attempt.case
    if any(p.trigger == transition.name for p in case.proposals):
        return refuse("rule", Reason("state", "proposal", f"「{transition.zh}」已有报批在办"))
    reasons, offers = choosing.ask(attempt.plan.early[transition.name], attempt.facts({}), {})
    if reasons:
        return refuse("rule", *reasons, accepted=offers)
    proposal = Proposal(
        id=f"P{case.seq + 1}",
        trigger=transition.name,
        proposed_by="system",
        proposed_role="system",
        made_on=attempt.today,
        happened_on=attempt.today,
        epoch=case.epoch,
        values={},
    )
    return _proposed(attempt, (*case.proposals, proposal), (), Line("", result={"proposal": proposal.id}))


def _proposed(
    attempt: Attempt, proposals: tuple[Proposal, ...], orders: tuple[DocumentOrder, ...], line: Line
) -> Decision:
    case = attempt.case
    drafts = tuple(
        Document(
            id=order.id,
            kind=order.kind,
            status="draft",
            issuer=order.issuer,
            addressees=tuple(Addressee(key=key) for key in order.addressees),
            epoch=case.epoch,
        )
        for order in orders
    )
    gone = {p.trigger for p in case.proposals} & {p.trigger for p in proposals[len(proposals) - 1 :]}
    documents = case.documents if not gone else tuple(d for d in case.documents if d.status != "draft")
    after = case._replace(
        seq=case.seq + 1,
        version=case.version + 1,
        proposals=proposals,
        documents=(*documents, *drafts),
        previous=None,
        undoable=0,
    )
    tells = next_approvers(attempt.plan.workflow.transitions[proposals[-1].trigger], case, proposals[-1])
    return Decision(before=case, case=after, entry=entry_of(attempt, line), orders=orders, tells=tells)


def chain_of(transition: Transition) -> tuple[str, ...]:
    """The roles that must approve in turn; a draft of an act without approvals is confirmed by one who may do it."""
    return transition.approvals or ("by",)


def next_approvers(transition: Transition, case: CaseView, proposal: Proposal) -> tuple[str, ...]:
    """The roles of which one must approve next; an open proposal always waits for somebody."""
    wanted = chain_of(transition)[len(proposal.approvals)]
    return tuple(sorted(_roles(wanted, transition, case, proposal.values)))


def _roles(wanted: str, transition: Transition, case: CaseView, values: Values) -> frozenset[str]:
    if wanted == "by":
        return transition.by
    if wanted != "issuer_head":
        return frozenset({wanted})
    issuer = case.unit_by_code(str(values.get("issuer", "") or case.unit))
    head = head_of(issuer.kind) if issuer else ""
    return frozenset({head}) if head else frozenset()


def find(case: CaseView, named: object) -> Proposal | None:
    """The open proposal with this id or of this trigger."""
    return next((p for p in case.proposals if named in (p.id, p.trigger)), None)


def _open_proposal(attempt: Attempt) -> Proposal | Refusal:
    """The proposal that the command names, if this person may decide on it now."""
    case, named = attempt.case, attempt.command.values.get("proposal")
    proposal = find(case, named)
    if proposal is None:
        open_ones = "、".join(p.trigger for p in case.proposals) or "没有"
        said = f"没有在办的报批「{named}」" if named else "没有写明哪件报批"
        return refuse("rule", Reason("field", "proposal", f"{said}；在办的：{open_ones}"))
    if proposal.epoch != case.epoch:
        return refuse("stale", Reason("stale", "proposal", "报批以后个案已经变动，应重新报批"))
    return proposal


def _placed(attempt: Attempt, proposal: Proposal) -> Attempt | Refusal:
    """The attempt in the role that the chain asks for next, held in the unit that issues where it is its head."""
    transition = attempt.plan.workflow.transitions[proposal.trigger]
    wanted = frozenset(next_approvers(transition, attempt.case, proposal))
    place = attempt
    if chain_of(transition)[len(proposal.approvals)] == "issuer_head":
        issuer = str(proposal.values.get("issuer", "") or attempt.case.unit)
        narrowed = _narrow(attempt, issuer)
        place = narrowed
    placed = in_role(place, wanted)
    if placed is None:
        return refuse("right", right_reason(place, wanted))
    placed = placed._replace(case=attempt.case)
    user = attempt.command.actor.user
    if user == proposal.proposed_by:
        return refuse("right", Reason("right", "own_proposal", "报批人不能审批自己的报批，应由他人审批"))
    if placed.held is not None and placed.held.covers == proposal.proposed_by:
        return refuse("right", Reason("right", "own_proposal", "代行人不能以报批人的职务审批其报批，应由他人审批"))
    used = {user, placed.held.covers} if placed.held is not None else {user}
    if any(by in used for _, by, _ in proposal.approvals):
        return refuse("right", Reason("right", "approved_already", "同一报批的各级审批应由不同的人办理"))
    return placed


def _narrow(attempt: Attempt, unit: str) -> Attempt:
    """The attempt as if only this unit had standing: a head signs for the own unit alone."""
    case = attempt.case
    return attempt._replace(case=case._replace(identity=replace(case.identity, scope=frozenset({unit}))))


def approve(attempt: Attempt) -> Outcome:
    """One approval of the chain; the last one puts the act into force on the case as it stands today."""
    found = _open_proposal(attempt)
    if isinstance(found, Refusal):
        return found
    placed = _placed(attempt, found)
    if isinstance(placed, Refusal):
        return placed
    transition = attempt.plan.workflow.transitions[found.trigger]
    chain = chain_of(transition)
    approvals = (*found.approvals, (chain[len(found.approvals)], attempt.command.actor.user, attempt.today))
    if len(approvals) < len(chain):
        return _step(placed, found, approvals)
    return _force(placed, found, transition, approvals)


def _step(attempt: Attempt, proposal: Proposal, approvals: Approvals) -> Decision:
    case = attempt.case
    changed = replace(proposal, approvals=approvals)
    others = tuple(changed if p.id == proposal.id else p for p in case.proposals)
    after = case._replace(seq=case.seq + 1, version=case.version + 1, proposals=others, previous=None, undoable=0)
    opinion = {"opinion": attempt.command.values.get("opinion", "")}
    line = Line("", sealed=opinion, result={"proposal": proposal.id, "approvals": len(approvals)})
    tells = next_approvers(attempt.plan.workflow.transitions[proposal.trigger], case, changed)
    return Decision(before=case, case=after, entry=entry_of(attempt, line), tells=tells)


def _force(attempt: Attempt, proposal: Proposal, transition: Transition, approvals: Approvals) -> Outcome:
    """The act itself, with the values as proposed; its happened-on day is today for acts of authority."""
    today = attempt.today
    happened = today if transition.approvals else proposal.happened_on
    again = attempt._replace(happened=happened, command=_as_proposed(attempt, proposal))
    checked = _check(again, transition)
    if isinstance(checked, Refusal):
        return checked
    drafts = tuple(
        d.id for d in attempt.case.documents if d.status == "draft" and d.id.startswith(proposal.id[1:] + "-")
    )
    seen = {**checked.seen, "proposed_by": proposal.proposed_by, "approved_by": tuple(by for _, by, _ in approvals)}
    effect = checked._replace(seen=seen, document_ids=drafts)
    return take_effect(again, effect)


def _as_proposed(attempt: Attempt, proposal: Proposal) -> Command:
    return attempt.command._replace(trigger=proposal.trigger, values=proposal.values, happened_on=None)


def _check(attempt: Attempt, transition: Transition) -> Effect | Refusal:
    values = attempt.command.values
    facts = attempt.facts(values)
    seen: dict[str, object] = {}
    reasons, offers = choosing.ask(transition.when, facts, seen)
    wrong = complaints(transition.form, values, bounds(attempt))
    if reasons or wrong:
        return refuse("rule", *reasons, *wrong, accepted=offers)
    return choosing.choose(attempt, transition, facts, seen=seen)


def send_back(attempt: Attempt) -> Outcome:
    """The proposal ends and goes back to its drafter, with a reason."""
    found = _open_proposal(attempt)
    if isinstance(found, Refusal):
        return found
    placed = _placed(attempt, found)
    if isinstance(placed, Refusal):
        return placed
    reason = attempt.command.values.get("reason")
    if not reason:
        return refuse("rule", Reason("field", "reason", "退回理由：没有填写"))
    case = attempt.case
    drafts = f"{found.id[1:]}-"
    after = case._replace(
        seq=case.seq + 1,
        version=case.version + 1,
        proposals=tuple(p for p in case.proposals if p.id != found.id),
        documents=tuple(d for d in case.documents if not (d.status == "draft" and d.id.startswith(drafts))),
        previous=None,
        undoable=0,
    )
    line = Line("", sealed={"reason": reason}, result={"proposal": found.id, "ended_proposals": (found.id,)})
    return Decision(before=case, case=after, entry=entry_of(placed, line), tells=(found.proposed_role,))


ACTS: Mapping[str, Callable[[Attempt], Outcome]] = {"proposal.approve": approve, "proposal.return": send_back}
"""Reserved acts on proposals; who may do them stands in the chain, and never more than in access.RESERVED."""
