"""What a decision changed in a case, as a value that replay applies: case before and change give the case after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.definitions.facts import CaseView

MAPPINGS = ("tallies", "acts", "deadlines")
"""Fields that are recorded key by key: a long case does not repeat all its acts in every entry."""

OWN = frozenset({*MAPPINGS, "head", "previous"})
_PLAIN = tuple(name for name in CaseView._fields if name not in OWN)

Change = Mapping[str, Any]
"""whole: the opened case · set: fields by name · put, cut: keys of mappings · undo: how `previous` stands."""


def change(before: CaseView | None, after: CaseView) -> Change:
    """The change from one view to the next; the head is left out, because the chain itself gives it."""
    if before is None:
        return {"whole": after._replace(head="")}
    old: dict[str, Any] = before._asdict()
    new: dict[str, Any] = after._asdict()
    told: dict[str, Any] = {"set": {name: new[name] for name in _PLAIN if new[name] != old[name]}}
    told["put"] = {name: _put(old[name], new[name]) for name in MAPPINGS if new[name] != old[name]}
    told["cut"] = {name: gone for name in MAPPINGS if (gone := tuple(key for key in old[name] if key not in new[name]))}
    told["undo"] = _undo(before, after)
    return told


def _put(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in new.items() if key not in old or old[key] != value}


def _undo(before: CaseView, after: CaseView) -> object:
    """What may be undone to: nothing, the case before this act, the same as before it, or a case of its own."""
    if after.previous is None:
        return "nothing"
    if after.previous == before._replace(previous=None):
        return "before"
    return "same" if after.previous == before.previous else after.previous


def applied(before: CaseView | None, told: Change) -> CaseView:
    """The case after a recorded change, with the head it had before; raises ValueError without the case it needs."""
    if "whole" in told:
        opened: CaseView = told["whole"]
        return opened
    if before is None:
        raise ValueError("only the first entry of a case opens it")
    new: dict[str, Any] = dict(told["set"])
    for name in MAPPINGS:
        kept = {key: value for key, value in getattr(before, name).items() if key not in told["cut"].get(name, ())}
        new[name] = {**kept, **told["put"].get(name, {})}
    undo = told["undo"]
    if isinstance(undo, CaseView):
        new["previous"] = undo
    else:
        new["previous"] = {"nothing": None, "before": before._replace(previous=None), "same": before.previous}[undo]
    return before._replace(**new)
