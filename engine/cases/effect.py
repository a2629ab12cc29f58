"""What an accepted act leaves behind: the case after it, its entry, documents and linked cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from engine.access import head_of
from engine.cases.attempt import NOTHING, Attempt, Line, entry_of, law_of, split_values
from engine.cases.corrections import corrected
from engine.cases.machine import event_name
from engine.cases.model import Decision, DocumentOrder, LinkOrder
from engine.cases.plan import Plan
from engine.cases.starting import move_served, restart, resume
from engine.cases.timers import Deadlines, Moment, escalated, meet, waiting
from engine.definitions.facts import Act, Addressee, CaseView, Document, Link, Proposal, Running, Tally, Values
from engine.definitions.workflow import FORMER, DeadlineRule, Edge, Transition
from engine.workdays import Span

_ABOVE = {"class": "school", "village_committee": "residence"}
"""Kinds of unit that issue nothing: a class teacher drafts for the school, a village for its township."""


class Effect(NamedTuple):
    """An act that passed every check: which edge it takes, with which values, under which guards' answers."""

    transition: Transition
    edge: Edge
    values: Values
    seen: Values
    document_ids: tuple[str, ...] = ()
    """Ids that drafts of a proposal already carry; empty for an act that issues at once."""


def take_effect(attempt: Attempt, effect: Effect) -> Decision:
    """The decision of an act that passed every check; fires the shared machine on the one edge that held."""
    case, transition, edge = attempt.case, effect.transition, effect.edge
    target = _target(attempt, effect)
    seq = case.seq + 1
    epoch = case.epoch + 1 if target else case.epoch
    papers = _papers(attempt, effect, seq)
    orders, documents = papers.orders, papers.documents
    opens, links = _links(attempt, effect, seq) if transition.opens else ((), case.links)
    left = bool(target) and target != case.state
    proposals, ended = _proposals(case, effect, left=left) if case.proposals else (case.proposals, ())
    state = target or case.state
    deadlines: Mapping[str, Running] = case.deadlines
    mooted: tuple[str, ...] = ()
    if target or orders or transition.name in attempt.plan.touched:
        moment = Moment(attempt.calendar, documents, case.pauses, epoch)
        deadlines, mooted = _deadlines(attempt, transition.name, target, moment, orders)
    if papers.served is not None:
        deadlines = dict(deadlines)
        moment = Moment(attempt.calendar, documents, case.pauses, epoch)
        move_served(attempt.plan, deadlines, papers.served, moment=moment)
    public, sealed = split_values(transition.form, effect.values)
    result: dict[str, object] = {"ended_proposals": ended, **papers.told} if ended else dict(papers.told)
    if mooted:
        result["moots"] = mooted
    lasting = orders or opens or papers.served
    line = Line(target, edge.index, _law(attempt, effect), effect.seen, public, sealed, result)
    after = CaseView(
        case.identity,
        state,
        _former(attempt.plan, case, target),
        epoch,
        seq,
        case.version + 1,
        case.head,
        attempt.happened if target else case.entered_on,
        case.unit,
        case.owner,
        _tallies(case, edge, attempt.happened) if edge.counts or edge.resets else case.tallies,
        {**case.acts, transition.name: _act(attempt, effect, seq)},
        deadlines,
        documents,
        proposals,
        links,
        case.pauses if state not in attempt.plan.finals else (),
        case.watchers,
        transition.closes_as if target in attempt.plan.finals else case.closed_as,
        None if lasting else case._replace(previous=None, undoable=0),
        0 if lasting else seq,
    )
    return Decision(case, after, entry_of(attempt, line), (), (), orders, opens)


def _target(attempt: Attempt, effect: Effect) -> str:
    edge = effect.edge
    if not edge.to:
        return ""
    target = attempt.case.former or attempt.plan.workflow.initial if edge.to == FORMER else edge.to
    return attempt.plan.steps.fire(event_name(effect.transition.name, edge.index, target), attempt.case.state)


def _former(plan: Plan, case: CaseView, target: str) -> str:
    """The open rung that a case left for observation or for its end; kept until it is back on the ladder."""
    if not target:
        return case.former
    if target in plan.observing or target in plan.finals:
        return case.state if plan.workflow.states[case.state].kind == "open" else case.former
    return ""


def _tallies(case: CaseView, edge: Edge, day: date) -> dict[str, Tally]:
    tallies = dict(case.tallies)
    for name in edge.resets:
        tallies.pop(name, None)
    for name in edge.counts:
        old = tallies.get(name, Tally(0, ()))
        tallies[name] = Tally(old.times + 1, old.days if day in old.days else (*old.days, day))
    return tallies


def _act(attempt: Attempt, effect: Effect, seq: int) -> Act:
    return Act(
        effect.transition.name,
        seq,
        attempt.happened,
        attempt.now,
        attempt.command.actor.user,
        attempt.role,
        effect.edge.index,
        effect.values,
    )


def issuer_of(attempt: Attempt, effect: Effect) -> str:
    """The unit that issues: the one the form names, else the one whose head approves last, else that of the role.

    So the draft names the unit that will issue, whoever drafts it; without any of these it is the responsible unit.
    """
    named = effect.values.get("issuer")
    if named:
        return str(named)
    last = effect.transition.approvals[-1:]
    headed = (unit.code for unit in attempt.case.identity.units if last == (head_of(unit.kind),))
    return next(headed, "") or _own(attempt) or attempt.case.unit


def _own(attempt: Attempt) -> str:
    """The unit of the role or, where it issues nothing itself, the one that it belongs to."""
    unit = attempt.case.unit_by_code(attempt.role_unit)
    above = attempt.case.unit_of(_ABOVE[unit.kind]) if unit and unit.kind in _ABOVE else None
    return above.code if above else attempt.role_unit


def _law(attempt: Attempt, effect: Effect) -> tuple[str, ...]:
    """The law of the act; where it differs by issuer, that of the unit that issues."""
    law = effect.transition.law
    if len(law) == 1 and "" in law:
        return law[""]
    unit = attempt.case.unit_by_code(issuer_of(attempt, effect))
    return law_of(effect.transition, unit.kind if unit else "")


def addressees_of(case: CaseView, kind: str, values: Values) -> tuple[str, ...]:
    """Keys of those a document goes to: guardians by relation, offices by unit code."""
    if kind in ("guardians", "family"):
        return case.identity.subject.guardians
    if kind == "upward":
        return tuple(u.code for u in case.identity.units if u.relation in ("bureau", "residence"))
    if kind == "receiver":
        receiver = values.get("receiver")
        return (str(receiver),) if receiver else ()
    return ()


def orders_of(attempt: Attempt, effect: Effect, seq: int, *, draft: bool) -> tuple[DocumentOrder, ...]:
    """The documents that an act asks for, with ids that stay the same from draft to issue."""
    notices = attempt.plan.workflow.notices
    orders = []
    for at, kind in enumerate(effect.edge.documents):
        id_ = effect.document_ids[at] if at < len(effect.document_ids) else f"{seq}-{at + 1}"
        whom = effect.transition.addressees or notices[kind].addressees
        drafted = None if draft else attempt.case.document(id_)
        orders.append(
            DocumentOrder(
                id_,
                kind,
                draft,
                effect.transition.name,
                drafted.issuer if drafted else issuer_of(attempt, effect),
                addressees_of(attempt.case, whom, effect.values),
            )
        )
    return tuple(orders)


class _Papers(NamedTuple):
    """What an act does to the documents of a case."""

    orders: tuple[DocumentOrder, ...]
    documents: tuple[Document, ...]
    served: Document | None = None
    """The document whose service the act corrects."""
    told: Values = NOTHING
    """What the entry tells of the correction."""


def _papers(attempt: Attempt, effect: Effect, seq: int) -> _Papers:
    if effect.transition.corrects:
        documents, served, told = corrected(attempt, effect.transition.corrects, effect.values)
        return _Papers((), documents, served, told)
    return _documents(attempt, effect, seq) if effect.edge.documents else _Papers((), attempt.case.documents)


def _documents(attempt: Attempt, effect: Effect, seq: int) -> _Papers:
    case = attempt.case
    orders = orders_of(attempt, effect, seq, draft=False)
    limit = effect.values.get("limit")
    fixed = effect.values.get("fixed_on")
    agreed = effect.values.get("consent") == "agreed"
    issued = tuple(
        Document(
            id=order.id,
            kind=order.kind,
            status="issued",
            issuer=order.issuer,
            issued_on=attempt.today,
            addressees=tuple(Addressee(key=key) for key in order.addressees),
            limit=Span.parse(str(limit)) if limit else None,
            fixed_on=fixed if isinstance(fixed, date) else None,
            epoch=case.epoch + 1,
            about=_whom(effect.values),
            electronic=str(effect.values.get("electronic_address", "")) if agreed else "",
        )
        for order in orders
    )
    drafts = {order.id for order in orders}
    return _Papers(orders, (*(d for d in case.documents if d.id not in drafts), *issued))


def _whom(values: Values) -> tuple[str, ...]:
    """The guardians whom a paper is about, as the form's field `whom` names them: one, or several."""
    whom = values.get("whom", ())
    return tuple(map(str, whom)) if isinstance(whom, tuple) else (str(whom),)


def _links(attempt: Attempt, effect: Effect, seq: int) -> tuple[tuple[LinkOrder, ...], tuple[Link, ...]]:
    case = attempt.case
    rules = attempt.plan.workflow.links
    channel = str(effect.values.get("channel", ""))
    receiver = str(effect.values.get("receiver", ""))
    orders, links = [], []
    for name in effect.transition.opens:
        rule = rules[name]
        orders.append(LinkOrder(name, rule.workflow, channel, receiver))
        reference = f"{case.identity.number}-{seq}"
        links.append(Link(name=name, workflow=rule.workflow, reference=reference, channel=channel))
    return tuple(orders), (*case.links, *links)


def _proposals(case: CaseView, effect: Effect, *, left: bool) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
    """Open proposals after the act: its own is done, withdrawn ones end, and leaving the state ends the rest."""
    own = effect.transition.name
    kept = [p for p in case.proposals if not left and p.trigger != own and p.trigger not in effect.transition.withdraws]
    ended = tuple(p.id for p in case.proposals if p not in kept and p.trigger != own)
    return tuple(kept), ended


def _deadlines(
    attempt: Attempt, trigger: str, target: str, moment: Moment, orders: tuple[DocumentOrder, ...]
) -> tuple[Deadlines, tuple[str, ...]]:
    """Deadlines after the act, and the names of those whose escalation a late entry made moot."""
    plan, case = attempt.plan, attempt.case
    deadlines = dict(case.deadlines)
    state = target or case.state
    met = plan.met_by.get(trigger, ())
    mooted = _mooted(attempt, met, target) if attempt.happened < attempt.today else ()
    if met:
        deadlines = meet(deadlines, met)
    if target:
        _enter(attempt, deadlines, target, moment)
    if trigger in plan.touched:
        for rule in (*plan.after.get(trigger, ()), *plan.restarts.get(trigger, ())):
            if state in rule.states:
                restart(plan, deadlines, rule, anchor=_anchor(attempt, rule), moment=moment)
    for order in orders:
        _issued(attempt, deadlines, order.kind, (state, moment))
    return deadlines, mooted


def _issued(attempt: Attempt, deadlines: Deadlines, kind: str, at: tuple[str, Moment]) -> None:
    """Deadlines that a newly issued document starts, or that now wait for its service."""
    plan, (state, moment) = attempt.plan, at
    for rule in plan.issued.get(kind, ()):
        if state in rule.states:
            restart(plan, deadlines, rule, anchor=attempt.today, moment=moment)
    for rule in plan.served.get(kind, ()):
        if state in rule.states:
            deadlines[rule.name] = waiting(rule, moment.epoch, kind)


def _anchor(attempt: Attempt, rule: DeadlineRule) -> date:
    from_instant = rule.span.unit.value == "hours"
    return attempt.now if from_instant else attempt.happened


def _mooted(attempt: Attempt, met: tuple[DeadlineRule, ...], target: str) -> tuple[str, ...]:
    """Escalated deadlines that the act had kept in time, as its late entry now shows (DESIGN.md §4.4)."""
    plan, found = attempt.plan, []
    names = {rule.name for rule in met}
    for name, running in attempt.case.deadlines.items():
        rule = plan.workflow.deadlines[name]
        ends = name in names or (target and target not in rule.states)
        in_time = running.due_on is not None and attempt.happened <= running.due_on
        if ends and in_time and escalated(rule, running):
            found.append(name)
    return tuple(found)


def _enter(attempt: Attempt, deadlines: Deadlines, target: str, moment: Moment) -> None:
    """Deadlines on entering a state: those of other states end, those of this one start or wait."""
    plan = attempt.plan
    rules = plan.workflow.deadlines
    for name in [name for name in deadlines if target not in rules[name].states]:
        del deadlines[name]
    for rule in plan.entering[target]:
        if rule.name not in deadlines:
            restart(plan, deadlines, rule, anchor=_anchor(attempt, rule), moment=moment)
    for rule in plan.resuming[target]:
        if rule.name not in deadlines:
            resume(plan, deadlines, rule, moment=moment)
