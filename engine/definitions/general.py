"""Predicates that any workflow can use: what was recorded, counted, typed, served."""

from __future__ import annotations

from engine.definitions.facts import Answer, Facts
from engine.definitions.predicates import predicate


@predicate(
    "已登记",
    reads=lambda a: frozenset({("act", str(a["act"]))}),
    offers=lambda a: (str(a["act"]),),
)
def recorded(facts: Facts, *, act: str) -> Answer:
    """Holds once an act of this trigger was accepted in the case."""
    found = facts.case.acts.get(act)
    if found is None:
        return Answer(False, {act: None}, f"还没有登记「{act}」")
    return Answer(True, {act: found.seq})


@predicate("次数达到要求", reads=lambda a: frozenset({("count", str(a["count"]))}))
def at_least(facts: Facts, *, count: str, times: int) -> Answer:
    """Holds when something counted at least so many times."""
    tally = facts.case.tallies.get(count)
    times_so_far = tally.times if tally else 0
    if times_so_far < times:
        return Answer(False, {count: times_so_far}, f"「{count}」要求不少于{times}次，现有{times_so_far}次")
    return Answer(True, {count: times_so_far})


@predicate("分布在不同日期", reads=lambda a: frozenset({("count", str(a["count"]))}))
def on_days(facts: Facts, *, count: str, days: int) -> Answer:
    """Holds when something counted on at least so many different days."""
    tally = facts.case.tallies.get(count)
    days_so_far = len(tally.days) if tally else 0
    if days_so_far < days:
        why = f"「{count}」应在不少于{days}个不同日期，现有{days_so_far}个"
        return Answer(False, {f"{count}_days": days_so_far}, why)
    return Answer(True, {f"{count}_days": days_so_far})


@predicate("表单所填", reads=lambda a: frozenset({("field", str(a["field"]))}))
def field_is(facts: Facts, *, field: str, one_of: tuple[str, ...]) -> Answer:
    """Holds when the form's field has one of these values (for a field of several choices: contains one)."""
    value = facts.values.get(field)
    given = value if isinstance(value, tuple) else (value,)
    holds = any(each in one_of for each in given)
    return Answer(holds, {field: value}, "" if holds else f"「{field}」应为：{'、'.join(one_of)}")
