"""The ladder as a whole: every state can be reached, every unfinished one can be left and has a clock."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.complaints import Complaint
from engine.definitions.drafts import Draft
from engine.definitions.workflow import FORMER


def _ends(draft: Draft) -> Iterator[Complaint]:
    states = draft.model.states
    first = next(iter(states))
    if states[first].kind != "open":
        message = f"第一个状态是起点，「{first}」应为 open"
        yield draft.complain(("states", first, "kind"), "wrong_start", message)
    if all(state.kind != "final" for state in states.values()):
        yield draft.complain(("states",), "no_final", "没有终结状态(kind: final)；个案将永远不能结束", key=True)


def _moves(draft: Draft) -> dict[str, set[str]]:
    """Where each state can lead."""
    moves: dict[str, set[str]] = {state: set() for state in draft.model.states}
    for act in draft.acts.values():
        targets = draft.targets_of(act.trigger) & moves.keys()
        for state in draft.sources_of(act.trigger):
            moves[state] |= targets - {state}
    return moves


def _reached(draft: Draft) -> Iterator[Complaint]:
    moves = _moves(draft)
    first = next(iter(moves))
    reached, waiting = {first}, [first]
    while waiting:
        for state in moves[waiting.pop()] - reached:
            reached.add(state)
            waiting.append(state)
    for state in moves:
        if state not in reached:
            message = f"从起点「{first}」走不到状态「{state}」；请加上通向它的动作，或删去它"
            yield draft.complain(("states", state), "unreachable", message, key=True)


def _left(draft: Draft) -> Iterator[Complaint]:
    moves = _moves(draft)
    back = {
        state
        for act in draft.acts.values()
        if any(edge.source.to == FORMER for edge in act.edges)
        for state in draft.sources_of(act.trigger)
    }
    timed = {state for deadline in draft.model.deadlines.values() for state in draft.expand(deadline.while_)}
    for name, state in draft.model.states.items():
        if state.kind == "final":
            continue
        if not moves[name] and name not in back:
            message = f"状态「{name}」没有出路；请加上离开它的动作"
            yield draft.complain(("states", name), "no_exit", message, key=True)
        if name not in timed:
            message = f"状态「{name}」没有期限；没有期限的状态会被遗忘，请在 deadlines 里写上"
            yield draft.complain(("states", name), "no_deadline", message, key=True)


LADDER_CHECKS = (_ends, _reached, _left)
"""Checks of the ladder."""
