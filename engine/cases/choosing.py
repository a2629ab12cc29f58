"""Asking guards, and choosing the one edge that holds."""

from __future__ import annotations

from engine.cases.attempt import Attempt
from engine.cases.effect import Effect
from engine.cases.model import Reason, Refusal, refuse
from engine.definitions.facts import Facts
from engine.definitions.workflow import Edge, Guard, Transition


def ask(guards: tuple[Guard, ...], facts: Facts, seen: dict[str, object]) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """Every guard's no with its reason, and the acts that would help; the values used are added to `seen`."""
    reasons: list[Reason] = []
    offers: list[str] = []
    for guard in guards:
        answer = guard.ask(facts)
        seen.update(answer.seen)
        if not answer.holds:
            reasons.append(Reason("guard", guard.label, answer.why))
            offers.extend(_offers(guard))
    return tuple(reasons), tuple(dict.fromkeys(offers))


def _offers(guard: Guard) -> tuple[str, ...]:
    if guard.any_of:
        return tuple(offer for each in guard.any_of for offer in _offers(each))
    if guard.negated or guard.predicate is None:
        return ()
    return guard.predicate.offers(guard.args)


def choose(attempt: Attempt, transition: Transition, facts: Facts, *, seen: dict[str, object]) -> Effect | Refusal:
    """The effect of the only edge whose guards hold; a refusal with all reasons when none or several do."""
    if len(transition.edges) == 1:
        edge = transition.edges[0]
        reasons, offers = ask(edge.when, facts, seen)
        if reasons:
            return refuse("rule", *reasons, accepted=offers)
        return _to(attempt, transition, edge, seen)
    holding: list[tuple[Edge, dict[str, object]]] = []
    against: list[Reason] = []
    offered: list[str] = []
    for edge in transition.edges:
        own: dict[str, object] = {}
        reasons, offers = ask(edge.when, facts, own)
        if reasons:
            against.extend(reasons)
            offered.extend(offers)
        else:
            holding.append((edge, own))
    if not holding:
        return refuse("rule", *dict.fromkeys(against), accepted=tuple(dict.fromkeys(offered)))
    if len(holding) > 1:
        names = "、".join(edge.zh or str(edge.index) for edge, _ in holding)
        return refuse(
            "rule", Reason("definition", transition.name, f"流程定义有误：「{transition.zh}」同时符合：{names}")
        )
    edge, own = holding[0]
    seen.update(own)
    return _to(attempt, transition, edge, seen)


def _to(attempt: Attempt, transition: Transition, edge: Edge, seen: dict[str, object]) -> Effect | Refusal:
    """The effect, unless the case would end while a linked case still runs (DESIGN.md §9)."""
    case = attempt.case
    if edge.to in attempt.plan.finals and case.links:
        open_links = [link for link in case.links if not link.ended]
        if open_links:
            names = "、".join(attempt.plan.workflow.links[link.name].zh for link in open_links)
            return refuse("rule", Reason("guard", "links_ended", f"关联个案尚未结束：{names}"))
    return Effect(transition, edge, attempt.command.values, seen)
