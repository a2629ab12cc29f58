"""Values of the decision room as bytes, and back to equal ones.

Tagged JSON: `$d` a day, `$t` an instant, `$s` a span, `$f` a set, `$m` a mapping, `$o` and `$n` one of our classes by
the values of its fields in their order. Fields are only ever appended, with a default: what an earlier release wrote
is read as long as the classes keep to that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from engine.definitions.facts import (
    Act,
    Addressee,
    CaseView,
    Document,
    Identity,
    Link,
    Pause,
    Proposal,
    Running,
    SubjectFacts,
    Tally,
    UnitFacts,
)
from engine.workdays import Hold, Span

_KNOWN: tuple[type, ...] = (
    Act, Addressee, CaseView, Document, Hold, Identity, Link, Pause, Proposal, Running, SubjectFacts, Tally, UnitFacts,
)  # fmt: skip

_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_PLAIN = frozenset((type(None), bool, int, str))
_Encoder = Callable[[Any], object]


def _same(value: object) -> object:
    return value


def _many(value: Any) -> object:
    return [each if type(each) in _PLAIN else encode(each) for each in value]


def _mapping(value: Any) -> object:
    return {"$m": [[key, each if type(each) in _PLAIN else encode(each)] for key, each in value.items()]}


def _named(name: str) -> _Encoder:
    return lambda value: {"$n": name, "f": _many(value)}


def _record(name: str, cls: Any) -> _Encoder:
    values = attrgetter(*(field.name for field in fields(cls)))
    return lambda value: {"$o": name, "f": _many(values(value))}


_ENCODERS: dict[type, _Encoder] = {
    type(None): _same,
    bool: _same,
    int: _same,
    str: _same,
    datetime: lambda value: {"$t": value.isoformat()},
    date: lambda value: {"$d": value.isoformat()},
    Span: lambda value: {"$s": str(value)},
    frozenset: lambda value: {"$f": sorted(value)},
    tuple: _many,
    list: _many,
    dict: _mapping,
    MappingProxyType: _mapping,
    **{cls: _record(cls.__name__, cls) if is_dataclass(cls) else _named(cls.__name__) for cls in _KNOWN},
}


def encode(value: object) -> object:
    """A value as JSON that `decode` reads back to an equal one; raises TypeError for what a case cannot hold."""
    encoder = _ENCODERS.get(type(value))
    return encoder(value) if encoder is not None else _unusual(value)


def _unusual(value: object) -> object:
    """Kinds of text, number, mapping and sequence that are not built in but mean the same."""
    kinds: tuple[tuple[type, _Encoder], ...] = ((str, str), (int, int), (Mapping, _mapping), (tuple, _many))
    for kind, encoder in kinds:
        if isinstance(value, kind):
            return encoder(value)
    raise TypeError(f"a case cannot hold a {type(value).__name__}")


def _all(values: Iterable[Any]) -> list[Any]:
    return [each if type(each) in _PLAIN else decode(each) for each in values]


def _made(cls: Any) -> Callable[[Sequence[Any]], Any]:
    """What makes one of our classes of the values of its fields; an earlier release may have had fewer of them."""
    if issubclass(cls, tuple):
        return lambda values: cls(*_all(values))
    names = [field.name for field in fields(cls)]
    return lambda values: cls(**dict(zip(names, _all(values), strict=False)))


@lru_cache(4096)
def _unit(values: tuple[Any, ...]) -> UnitFacts:
    """A unit of texts and tuples: the cases of a district share few of them, so each is made and kept once."""
    names = (field.name for field in fields(UnitFacts))
    held: Iterable[Any] = (frozenset(each) if isinstance(each, tuple) else each for each in values)
    return UnitFacts(**dict(zip(names, held, strict=False)))


_CLASSES: dict[str, Callable[[Sequence[Any]], Any]] = {
    **{cls.__name__: _made(cls) for cls in _KNOWN},
    UnitFacts.__name__: lambda values: _unit(tuple([v if type(v) in _PLAIN else tuple(v["$f"]) for v in values])),
}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "$t": datetime.fromisoformat,
    "$d": date.fromisoformat,
    "$s": Span.parse,
    "$f": frozenset,
    "$m": lambda held: {key: each if type(each) in _PLAIN else decode(each) for key, each in held},
}


def decode(value: Any) -> Any:
    """What `encode` wrote, as it was; lists come back as tuples."""
    kind = type(value)
    if kind is list:
        return tuple(_all(value))
    if kind is not dict:
        return value
    tag, held = next(iter(value.items()))
    if tag in _DECODERS:
        return _DECODERS[tag](held)
    return _CLASSES[held](value["f"])


def value_bytes(value: object) -> bytes:
    """Any value of the decision room as bytes."""
    return _JSON.encode(encode(value)).encode()


def some_from(data: bytes, names: Collection[str]) -> dict[str, Any]:
    """Of a mapping that `value_bytes` wrote the values under these names; the others are not read back."""
    return {key: decode(each) for key, each in json.loads(data)["$m"] if key in names}


def value_from(data: bytes) -> Any:
    """The value that `value_bytes` wrote."""
    return decode(json.loads(data))
