"""A version that was published earlier, read back from the canonical JSON that was kept of it.

A case runs to its end on the version it began with, whatever the files say today. The canonical text holds all that
a workflow means; what it does not hold is the order in which its author wrote things down, which is taken from
today's version of the same procedure where that has them too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from engine.definitions.workflow import Guard, Predicate, Workflow
from engine.errors import DefinitionError
from engine.workdays import Roll, Span

_OUTSIDE = frozenset({"hash", "canonical"})
"""What a workflow says of itself, and its canonical text does not."""


def revived(
    hash_: str, text: str, *, predicates: Mapping[str, Predicate], current: Mapping[str, Workflow] | None = None
) -> Workflow:
    """The workflow that a canonical text means; equal to the one that it was written from.

    `predicates` are this program's, by name; `current` are today's workflows, by name. Raises DefinitionError for a
    text that does not belong to the hash, that asks a predicate which this program does not have in that version, or
    that says something which this program does not understand.
    """
    version = f"流程版本 {hash_[:12]}"
    if hashlib.sha256(text.encode()).hexdigest() != hash_:
        raise DefinitionError(f"{version}：库存文本与散列值不符，数据库被改动过；请由备份恢复")
    told: Mapping[str, Any] = json.loads(text)
    lost = [name for name in told["predicates"] if name not in {each.id for each in predicates.values()}]
    if lost:
        raise DefinitionError(
            f"{version}（{told['title']}）：本程序没有条件 {'、'.join(lost)}；请使用仍有这些条件的程序版本"
        )
    try:
        found: Workflow = _Reader(predicates).read(Workflow, told, (current or {}).get(told["name"]))
    except DefinitionError as error:
        raise DefinitionError(f"{version}（{told['title']}）：{error}") from None
    return replace(found, hash=hash_, canonical=text)


class _Reader:
    """Reads JSON into the kinds that the workflow's own annotations name."""

    def __init__(self, predicates: Mapping[str, Predicate]) -> None:
        self._predicates = {each.id: each for each in predicates.values()}

    def read(self, kind: Any, value: Any, like: object = None) -> Any:
        """A value of this kind; what has names stands in the order of `like`, its counterpart of today."""
        if kind is Guard:
            return self._guard(value)
        if kind in (Span, Roll):
            return Span.parse(value) if kind is Span else Roll(value)
        if is_dataclass(kind):
            return self._record(kind, value, like)
        arguments = get_args(kind)
        if get_origin(kind) is UnionType:
            return None if value is None else self.read(arguments[0], value, like)
        if isinstance(value, list):
            found = (self.read(arguments[0], each, _counterpart(like, each)) for each in value)
            return frozenset(found) if get_origin(kind) is frozenset else tuple(found)
        if isinstance(value, dict):
            return self._named(get_origin(kind), arguments, value, like=like)
        return _quantity(value) if kind is object else value

    def _named(self, origin: Any, arguments: Sequence[Any], value: Mapping[str, Any], *, like: object) -> Any:
        """A mapping; or the pairs of one, where the order is part of what a form shows."""
        if origin is tuple:
            return tuple((name, value[name]) for name in _arranged(value, dict(like) if like else {}))  # type: ignore[call-overload]  # pairs
        beside: Mapping[str, Any] = like if isinstance(like, Mapping) else {}
        return {name: self.read(arguments[1], value[name], beside.get(name)) for name in _arranged(value, beside)}

    def _record(self, kind: Any, value: Mapping[str, Any], like: object) -> Any:
        known = {each.name: each for each in fields(kind) if each.name not in _OUTSIDE}
        strange = sorted(value.keys() - known.keys())
        if strange:
            raise DefinitionError(f"本程序不认识「{kind.__name__}」的 {'、'.join(strange)}；请使用较新的程序")
        lacks = [
            name
            for name, each in known.items()
            if name not in value and each.default is MISSING and each.default_factory is MISSING
        ]
        if lacks:
            raise DefinitionError(f"「{kind.__name__}」缺少 {'、'.join(lacks)}；请使用较早的程序")
        kinds = _kinds(kind)
        found = {
            name: self.read(kinds[name], value[name], getattr(like, name, None)) for name in known if name in value
        }
        return kind(**found, **({"hash": ""} if kind is Workflow else {}))

    def _guard(self, value: Mapping[str, Any]) -> Guard:
        if "any" in value:
            return Guard(any_of=tuple(self._guard(each) for each in value["any"]))
        predicate = self._predicates[value["ask"]]
        given = value["with"]
        args = {name: _argument(kind, given[name]) for name, kind in predicate.parameters.items()}
        return Guard(predicate=predicate, args=args, negated=value["not"])


@cache
def _kinds(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind, localns={"Roll": Roll, "Span": Span})


def _arranged(value: Iterable[str], like: Mapping[str, Any]) -> list[str]:
    """The names as their author would have them: known ones as today, the others behind, by name."""
    places = {name: at for at, name in enumerate(like)}
    return sorted(value, key=lambda name: (places.get(name, len(places)), name))


def _counterpart(like: object, value: object) -> object:
    """Today's element with the same name, of a list whose elements have names."""
    if not isinstance(like, tuple) or not isinstance(value, dict):
        return None
    return next((each for each in like if getattr(each, "name", None) == value.get("name")), None)


def _quantity(value: object) -> object:
    return Span.parse(value) if isinstance(value, str) else value


def _argument(kind: str, value: Any) -> object:
    if kind == "Span":
        return Span.parse(value)
    return tuple(value) if isinstance(value, list) else value
