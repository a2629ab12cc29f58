"""Time: values within bounds, statutory periods locked, timers that lead somewhere and never in a ring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.definitions.complaints import Complaint
from engine.definitions.drafts import Draft
from engine.definitions.model import DeadlineSource, LevelSource, ParameterSource
from engine.definitions.source import Trail
from engine.definitions.vocabulary import BUILT_IN
from engine.workdays import Span, Unit

_UNITS = {unit.value for unit in Unit}


def quantity(value: Any) -> Span | int:
    """The span or number that a value stands for; its shape was checked before."""
    return value if isinstance(value, int) else Span.parse(value)


def out_of_bounds(value: Span | int, parameter: ParameterSource) -> str:
    """Why a value is not allowed for a parameter, in Chinese; empty when it is."""
    bounds, home = parameter.between, quantity(parameter.value)
    if isinstance(value, int) or isinstance(home, int):
        if not (isinstance(value, int) and isinstance(home, int)):
            return f"「{value}」应为{'整数' if isinstance(home, int) else '带单位的期限，例如 ' + str(home)}"
        low, high = bounds.get("", [value + 1, value])
        return "" if low <= value <= high else f"{value}超出范围；应为{_listed(bounds)}"
    unit = value.unit.value
    pair = bounds.get(unit) or (bounds.get("") if home.unit is value.unit else None)
    if pair is None:
        allowed = "、".join(key for key in bounds if key) or home.unit.value
        return f"单位「{unit}」不可用；可用：{allowed}"
    return "" if pair[0] <= value.n <= pair[1] else f"{value}超出范围；应为{_listed(bounds)}"


def _listed(bounds: Mapping[str, list[int]]) -> str:
    return "，或".join(f"{low}至{high} {unit}".strip() for unit, (low, high) in bounds.items())


def _parameters(draft: Draft) -> Iterator[Complaint]:
    for name, parameter in draft.model.parameters.items():
        trail: Trail = ("parameters", name)
        wrong_units = [unit for unit in parameter.between if unit and unit not in _UNITS]
        yield from draft.unknown(wrong_units, sorted(_UNITS), (*trail, "between"), what="期限单位")
        why = out_of_bounds(quantity(parameter.value), parameter)
        if why and not wrong_units:
            yield draft.complain((*trail, "value"), "out_of_bounds", why)


def _each(draft: Draft) -> Iterator[tuple[str, DeadlineSource, Trail]]:
    for name, deadline in draft.model.deadlines.items():
        yield name, deadline, ("deadlines", name)


def _span(draft: Draft, text: str) -> Span | int | None:
    return draft.values.get(text[1:]) if text.startswith("$") else Span.parse(text)


def _spans(draft: Draft) -> Iterator[Complaint]:
    for _, deadline, trail in _each(draft):
        lasts = _span(draft, deadline.lasts.default)
        if isinstance(lasts, int):
            message = f"「{deadline.lasts.default}」是数字不是期限；应带单位，例如 3 workdays"
            yield draft.complain((*trail, "lasts"), "not_a_span", message)
        for at, text in enumerate(deadline.remind):
            before = Span.parse(text)
            if isinstance(lasts, Span) and lasts.unit is before.unit and before.n >= lasts.n:
                message = f"提前{before.zh}提醒，期限却只有{lasts.zh}；提醒应在起算之后"
                yield draft.complain((*trail, "remind", at), "remind_too_early", message)
        for at, level in enumerate(deadline.overdue):
            if level.then_after is not None and isinstance(_span(draft, level.then_after), int):
                message = f"「{level.then_after}」是数字不是期限；应带单位"
                yield draft.complain((*trail, "overdue", at, "then_after"), "not_a_span", message)


def _statutory(draft: Draft) -> Iterator[Complaint]:
    for _, deadline, trail in _each(draft):
        if not deadline.statutory:
            continue
        if deadline.lasts.default.removeprefix("$") not in draft.model.locked or deadline.lasts.printed_in:
            message = "法定期限(statutory)的长度只能取自 locked，写作 $名称"
            yield draft.complain((*trail, "lasts"), "statutory_not_locked", message)
        if not deadline.law:
            yield draft.complain(trail, "statutory_without_law", "法定期限(statutory)必须写 law", key=True)


def _places(draft: Draft) -> Iterator[Complaint]:
    for _, deadline, trail in _each(draft):
        states = draft.expand(deadline.while_)
        for state in sorted(states):
            if draft.kind_of(state) == "final":
                message = f"「{state}」是终结状态，没有期限可走"
                yield draft.complain((*trail, "while"), "deadline_in_final", message)
        for key in ("met_by", "restarts"):
            for at, trigger in enumerate(getattr(deadline, key)):
                yield from _possible(draft, trigger, states, (*trail, key, at))
        if deadline.starts.passed is not None:
            yield from _passed(draft, deadline.starts.passed, states, trail)


def _possible(draft: Draft, trigger: str, states: frozenset[str], trail: Trail) -> Iterator[Complaint]:
    if trigger in draft.acts and states and not states & draft.sources_of(trigger):
        message = f"动作「{trigger}」在这个期限所在的状态({'、'.join(sorted(states))})里都不能办理"
        yield draft.complain(trail, "out_of_place", message)


def _passed(draft: Draft, name: str, states: frozenset[str], trail: Trail) -> Iterator[Complaint]:
    before = draft.model.deadlines.get(name)
    if before is not None and not states & draft.expand(before.while_):
        message = f"期限「{name}」与本期限没有共同的状态，它届满时本期限不会起算"
        yield draft.complain((*trail, "starts", "passed"), "out_of_place", message)


def _levels(draft: Draft) -> Iterator[Complaint]:
    for _, deadline, trail in _each(draft):
        states = draft.expand(deadline.while_)
        for at, level in enumerate(deadline.overdue):
            inner = (*trail, "overdue", at)
            if at and level.then_after is None:
                yield draft.complain(inner, "level_without_time", "第二级起应写 then_after，隔多久再升级")
            if not (level.tell or level.task or level.propose or level.fire):
                yield draft.complain(inner, "level_does_nothing", "这一级什么也不做；请写 tell、task、propose 或 fire")
            for key in ("task", "propose", "fire"):
                trigger = getattr(level, key)
                if trigger and trigger not in BUILT_IN:
                    yield from _possible(draft, trigger, states, (*inner, key))
            yield from _timer_acts(draft, level, states, inner)


def _timer_acts(draft: Draft, level: LevelSource, states: frozenset[str], trail: Trail) -> Iterator[Complaint]:
    proposed, fired = draft.acts.get(level.propose), draft.acts.get(level.fire)
    if level.propose and level.fire:
        yield draft.complain((*trail, "fire"), "propose_and_fire", "propose 与 fire 只能写一个", key=True)
    if proposed is not None and "system" not in proposed.source.propose_by:
        message = f"「{level.propose}」的 propose_by 里没有 system，定时不能提出它"
        yield draft.complain((*trail, "propose"), "not_for_timers", message)
    if fired is None:
        return
    if "system" not in fired.source.by:
        message = f"「{level.fire}」的 by 里没有 system，定时不能办理它"
        yield draft.complain((*trail, "fire"), "not_for_timers", message)
    if not states <= draft.sources_of(level.fire):
        message = f"定时要办理「{level.fire}」，它必须在这个期限的每个状态里都能办理"
        yield draft.complain((*trail, "fire"), "out_of_place", message)
    form = draft.model.forms.get(fired.source.form, [])
    if len(fired.edges) > 1 or fired.when or any(field.required for field in form):
        message = f"「{level.fire}」有条件、多个结果或必填项，定时无法作答；请改用 propose 或 task"
        yield draft.complain((*trail, "fire"), "not_for_timers", message)


def _rings(draft: Draft) -> Iterator[Complaint]:
    deadlines = draft.model.deadlines
    chained = {name: {d.starts.passed} for name, d in deadlines.items() if d.starts.passed in deadlines}
    for name in _in_ring(chained):
        message = f"期限「{name}」绕了一圈又从自己起算，永远不会开始"
        yield draft.complain(("deadlines", name, "starts", "passed"), "ring", message)
    fired: dict[str, set[str]] = {}
    for deadline in deadlines.values():
        triggers = [level.fire for level in deadline.overdue if level.fire in draft.acts]
        for state in draft.expand(deadline.while_):
            fired.setdefault(state, set()).update(*(draft.targets_of(trigger) for trigger in triggers))
    for state in _in_ring(fired):
        message = f"定时自动办理的动作会绕一圈回到「{state}」，永不停止；请让其中一步由人办理"
        yield draft.complain(("states", state), "ring", message, key=True)


def _in_ring(moves: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    """The names from which one comes back to the same name."""
    for name in moves:
        seen: set[str] = set()
        waiting = list(moves[name])
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting.extend(moves.get(at, ()))
        if name in seen:
            yield name


TIME_CHECKS = (_parameters, _spans, _statutory, _places, _levels, _rings)
"""Checks of time."""
