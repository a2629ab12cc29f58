"""What a decision changed in a case, as a value that replay applies: case before and change give the case after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.definitions.facts import CaseView

MAPPINGS = ("tallies", "acts", "deadlines")
"""Fields that are recorded key by key: a long case does not repeat all its acts in every entry."""

OWN = frozenset({*MAPPINGS, "head", "previous"})
_PLACES = {name: CaseView._fields.index(name) for name in CaseView._fields}
_PLAIN = tuple((name, place) for name, place in _PLACES.items() if name not in OWN)

Change = Mapping[str, Any]
"""whole: the opened case · set: fields by name · put, cut: keys of mappings."""


def change(before: CaseView | None, after: CaseView) -> Change:
    """The change from one view to the next; without the head, which the chain gives, and the case before an act."""
    if before is None:
        return {"whole": after._replace(head="", previous=None)}
    old_ones: tuple[Any, ...] = before
    new_ones: tuple[Any, ...] = after
    told: dict[str, Any] = {"set": {name: new_ones[at] for name, at in _PLAIN if _differ(old_ones[at], new_ones[at])}}
    moved = [
        (name, old_ones[at], new_ones[at])
        for name, at in ((name, _PLACES[name]) for name in MAPPINGS)
        if new_ones[at] is not old_ones[at]
    ]
    told["put"] = {name: put for name, old, new in moved if (put := _put(old, new))}
    told["cut"] = {name: gone for name, old, new in moved if (gone := tuple(key for key in old if key not in new))}
    return told


def _differ(one: object, other: object) -> bool:
    return one is not other and one != other


def _put(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in new.items() if key not in old or old[key] != value}


def applied(before: CaseView | None, told: Change) -> CaseView:
    """The case after a recorded change, with the head it had before; raises ValueError without the case it needs."""
    if "whole" in told:
        opened: CaseView = told["whole"]
        return opened
    if before is None:
        raise ValueError("only the first entry of a case opens it")
    new: dict[str, Any] = dict(told["set"])
    for name in MAPPINGS:
        put, cut = told["put"].get(name, {}), told["cut"].get(name, ())
        if put or cut:
            kept = {key: value for key, value in getattr(before, name).items() if key not in cut}
            new[name] = {**kept, **put}
    if "undo" in told:
        new["undoable"] = _undoable_of_old(before, told)
    return before._replace(**new)


def _undoable_of_old(before: CaseView, told: Change) -> int:
    """What entries of the first release say of undoing: they told how the case before the act stood."""
    if told["undo"] == "before":
        return int(told["set"]["seq"])
    return before.undoable if told["undo"] == "same" else 0
