"""A workflow as a picture: what people do as arrows, what time does as words beneath each state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.definitions.vocabulary import ROLES
from engine.definitions.workflow import FORMER, DeadlineRule, Level, Workflow

FORMER_ZH = "原来的状态"
_KINDS = {"open": "办理中", "observing": "观察中", "final": "终结"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Acts that lead from some states to one: everything that shares sources and target is one arrow."""

    sources: tuple[str, ...]
    target: str
    names: tuple[str, ...]


def moves_of(workflow: Workflow) -> tuple[Move, ...]:
    """Every arrow, in the order of the file; acts that move nothing are none."""
    found: dict[tuple[tuple[str, ...], str], list[str]] = {}
    order = list(workflow.states)
    for transition in workflow.transitions.values():
        sources = tuple(sorted(transition.sources, key=order.index))
        for edge in transition.edges:
            if not edge.to:
                continue
            away = tuple(each for each in sources if each != edge.to)
            name = f"{transition.zh}（{edge.zh}）" if edge.zh else transition.zh
            names = found.setdefault((away, edge.to), [])
            names.extend([name] if away else [])
    return tuple(
        Move(sources=sources, target=target, names=tuple(dict.fromkeys(names)))
        for (sources, target), names in found.items()
        if names
    )


def staying(workflow: Workflow, state: str) -> tuple[str, ...]:
    """The acts that are possible in a state and leave it where it is."""
    return tuple(
        each.zh
        for each in workflow.transitions.values()
        if state in each.sources and any(edge.to in ("", state) for edge in each.edges)
    )


def clocks(workflow: Workflow, state: str) -> Iterator[str]:
    """What time does in a state: one line a deadline, one line each thing that it does."""
    for rule in workflow.deadlines.values():
        if state in rule.states:
            yield f"◷ {rule.zh}：{_length(workflow, rule)}，自{_start(workflow, rule)}起"
            for span in rule.remind:
                yield f"　届满前{span.zh}：提醒"
            for level in rule.levels:
                after = f"逾期再过{level.after.zh}" if level.after else "逾期"
                yield f"　{after}：{_deeds(workflow, level)}"


def kind_zh(kind: str) -> str:
    """The kind of a state in Chinese."""
    return _KINDS[kind]


def _length(workflow: Workflow, rule: DeadlineRule) -> str:
    if rule.printed_in:
        return f"以{workflow.notices[rule.printed_in].title}所载为准(无记载则{rule.span.zh})"
    return rule.span.zh + ("(法定)" if rule.statutory else "")


def _start(workflow: Workflow, rule: DeadlineRule) -> str:
    kind, of = rule.starts.kind, rule.starts.of
    if kind == "entered":
        return "进入本状态"
    if kind == "after":
        return f"「{_act(workflow, of)}」"
    if kind == "passed":
        return f"「{workflow.deadlines[of].zh}」届满"
    return f"{workflow.notices[of].title}{'送达' if kind == 'served' else '签发'}"


def _act(workflow: Workflow, trigger: str) -> str:
    found = workflow.transitions.get(trigger)
    return found.zh if found else trigger


def _deeds(workflow: Workflow, level: Level) -> str:
    said = []
    if level.tell:
        said.append("告知" + "、".join(ROLES[role] for role in level.tell))
    for word, trigger in (("待办", level.task), ("提出", level.propose), ("自动办理", level.fire)):
        if trigger:
            said.append(f"{word}「{_act(workflow, trigger)}」")
    if level.takes_over:
        said.append(f"转由{ROLES[level.takes_over]}负责")
    return "；".join(said)


def mermaid(workflow: Workflow) -> str:
    """The ladder as a Mermaid state diagram; deadlines stand in notes."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines.extend(f'    state "{_quiet(state.zh)}" as {state.name}' for state in workflow.states.values())
    moves = moves_of(workflow)
    if any(move.target == FORMER for move in moves):
        lines.append(f'    state "{FORMER_ZH}" as former_state')
    lines.append(f"    [*] --> {workflow.initial}")
    for move in moves:
        target = "former_state" if move.target == FORMER else move.target
        label = _quiet("、".join(move.names))
        lines.extend(f"    {source} --> {target} : {label}" for source in move.sources)
    lines.extend(f"    {state.name} --> [*]" for state in workflow.states.values() if state.kind == "final")
    for name in workflow.states:
        said = [_quiet(line) for line in clocks(workflow, name)]
        if said:
            lines += [f"    note right of {name}", *(f"        {line}" for line in said), "    end note"]
    return "\n".join(lines) + "\n"


def _quiet(text: str) -> str:
    """Text without the marks that Mermaid reads as its own."""
    return text.translate({ord(":"): "：", ord(";"): "；", ord('"'): "”", ord("\n"): " ", ord("#"): "＃"})
