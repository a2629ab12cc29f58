"""Named predicates: how one is declared, and how a workflow finds it.

A predicate is a pure function of :class:`Facts` and keyword arguments that a YAML file may give. It answers with
the values it used and, when it says no, with a reason in Chinese that names what would be accepted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from engine.definitions.workflow import Predicate

if TYPE_CHECKING:
    from engine.definitions.facts import Answer

Arguments = Mapping[str, object]
ARGUMENT_TYPES = frozenset({"str", "int", "Span", "tuple[str, ...]"})
"""The annotations that a predicate's arguments may carry; the loader checks YAML values against them."""


def _nothing(_: Arguments) -> frozenset[tuple[str, str]]:
    return frozenset()


def _no_offers(_: Arguments) -> tuple[str, ...]:
    return ()


def predicate(
    zh: str,
    *,
    version: int = 1,
    reads: Callable[[Arguments], frozenset[tuple[str, str]]] = _nothing,
    offers: Callable[[Arguments], tuple[str, ...]] = _no_offers,
) -> Callable[[Callable[..., Answer]], Predicate]:
    """Turn a function ``(facts, *, …) -> Answer`` into a :class:`Predicate` named after the function.

    `zh` is its label; `version` grows when its meaning changes (it is part of every workflow's hash); `reads` tells
    the checker which facts it looks at; `offers` names the triggers that would make it hold.
    Raises TypeError for an argument of a type that YAML cannot give.
    """

    def declare(test: Callable[..., Answer]) -> Predicate:
        arguments = list(inspect.signature(test).parameters.values())[1:]
        parameters = {each.name: str(each.annotation) for each in arguments}
        wrong = {name for name, kind in parameters.items() if kind not in ARGUMENT_TYPES}
        if wrong:
            raise TypeError(f"{test.__name__}: no YAML value fits the arguments {sorted(wrong)}")
        return Predicate(
            name=test.__name__, version=version, zh=zh, test=test, parameters=parameters, reads=reads, offers=offers
        )

    return declare


def registry(modules: Iterable[object]) -> Mapping[str, Predicate]:
    """All predicates that the given modules declare, by name; raises ValueError when two share one."""
    found: dict[str, Predicate] = {}
    for module in modules:
        for each in vars(module).values():
            if isinstance(each, Predicate) and found.setdefault(each.name, each) is not each:
                raise ValueError(f"two predicates are named {each.name}")
    return found
