"""Guards as written, read into guards as asked: predicates found, arguments typed, parameters put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.definitions.complaints import MOST, Complaint, suggest
from engine.definitions.source import Source, Trail
from engine.definitions.workflow import Guard, Predicate
from engine.errors import InputError
from engine.workdays import Span

Values = Mapping[str, Span | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedGuard:
    """A guard and where it stands in the file."""

    guard: Guard
    trail: Trail

    def leaves(self) -> Iterator[tuple[Predicate, Mapping[str, object], Trail]]:
        """Every predicate that this guard asks, with its arguments and its place."""
        inner = [(each, (*self.trail, "any", at)) for at, each in enumerate(self.guard.any_of)]
        for guard, trail in inner or [(self.guard, self.trail)]:
            yield from [(guard.predicate, guard.args, trail)] if guard.predicate else []


@dataclass(slots=True, kw_only=True)
class GuardReader:
    """Reads the guards of one file and collects what is wrong with them."""

    source: Source
    predicates: Mapping[str, Predicate]
    values: Values
    complaints: list[Complaint] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Names of the parameters that guards used."""

    def read(self, raw: list[object], trail: Trail) -> tuple[PlacedGuard, ...]:
        """The guards of one `when`; those that are wrong are left out and complained about."""
        found = []
        for at, each in enumerate(raw if len(self.complaints) < MOST else []):
            guard = self._guard(each, (*trail, at), outermost=True)
            if guard is not None:
                found.append(PlacedGuard(guard=guard, trail=(*trail, at)))
        return tuple(found)

    def _complain(self, trail: Trail, code: str, message: str) -> None:
        self.complaints.append(self.source.complain(trail, code, message))

    def _guard(self, raw: object, trail: Trail, *, outermost: bool) -> Guard | None:
        if isinstance(raw, str):
            return self._predicate(raw, {}, trail, trail)
        if not isinstance(raw, dict) or len(raw) != 1:
            self._complain(trail, "wrong_guard", "条件应为名称、{名称: {参数: 值}}、{not: 条件} 或 {any: [条件]}")
            return None
        name, inner = next(iter(raw.items()))
        if name == "any":
            return self._any(inner, (*trail, "any"), outermost=outermost)
        if name == "not":
            return self._not(inner, (*trail, "not"))
        if not isinstance(inner, dict):
            self._complain((*trail, name), "wrong_guard", f"「{name}」的参数应为映射，例如 {{{name}: {{参数: 值}}}}")
            return None
        return self._predicate(name, inner, trail, (*trail, name))

    def _any(self, raw: object, trail: Trail, *, outermost: bool) -> Guard | None:
        if not outermost or not isinstance(raw, list) or len(raw) < 2:
            self._complain(trail, "wrong_guard", "any 应为两项以上条件的列表，并且不再套 any 或 not")
            return None
        found = [self._guard(each, (*trail, at), outermost=False) for at, each in enumerate(raw)]
        whole = tuple(each for each in found if each is not None)
        return Guard(any_of=whole) if len(whole) == len(found) else None

    def _not(self, raw: object, trail: Trail) -> Guard | None:
        if isinstance(raw, dict) and set(raw) & {"any", "not"}:
            self._complain(trail, "wrong_guard", "not 后面只写一个条件名称，不再套 any 或 not")
            return None
        guard = self._guard(raw, trail, outermost=False)
        return None if guard is None else Guard(predicate=guard.predicate, args=guard.args, negated=True)

    def _predicate(self, name: str, raw: Mapping[str, object], trail: Trail, inner: Trail) -> Guard | None:
        predicate = self.predicates.get(name)
        if predicate is None:
            self._complain(trail, "unknown_predicate", f"没有条件「{name}」{suggest(name, self.predicates)}")
            return None
        before = len(self.complaints)
        args = self._arguments(predicate, raw, inner)
        return Guard(predicate=predicate, args=args) if len(self.complaints) == before else None

    def _arguments(self, predicate: Predicate, raw: Mapping[str, object], trail: Trail) -> dict[str, object]:
        wanted = predicate.parameters
        for name in raw:
            if name not in wanted:
                message = (
                    f"条件「{predicate.name}」没有参数「{name}」{suggest(name, wanted) if wanted else '；它不带参数'}"
                )
                self._complain((*trail, name), "unknown_argument", message)
        for name, kind in wanted.items():
            if name not in raw:
                self._complain(
                    trail, "missing_argument", f"条件「{predicate.name}」少了参数「{name}」({_TYPES_ZH[kind]})"
                )
        return {name: self._value(raw[name], kind, (*trail, name)) for name, kind in wanted.items() if name in raw}

    def _value(self, raw: object, kind: str, trail: Trail) -> object:
        value = raw
        if isinstance(raw, str) and raw.startswith("$"):
            self.used.add(raw[1:])
            if raw[1:] not in self.values:
                self._complain(trail, "unknown_parameter", f"没有参数值「{raw}」{suggest(raw[1:], self.values)}")
                return None
            value = self.values[raw[1:]]
        found = _READERS[kind](value)
        if found is None:
            shown = f"{raw}" if not isinstance(raw, (list, dict)) else "列表或映射"
            self._complain(trail, "wrong_argument", f"「{shown}」不可用；这里应为{_TYPES_ZH[kind]}")
        return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _span(value: object) -> Span | None:
    if isinstance(value, Span):
        return value
    try:
        return Span.parse(value) if isinstance(value, str) else None
    except InputError:
        return None


def _texts(value: object) -> tuple[str, ...] | None:
    several = [value] if isinstance(value, str) else value
    if isinstance(several, list) and several and all(isinstance(each, str) for each in several):
        return tuple(several)
    return None


_READERS: Mapping[str, Callable[[object], object]] = {
    "str": _text,
    "int": _number,
    "Span": _span,
    "tuple[str, ...]": _texts,
}
_TYPES_ZH: Mapping[str, str] = {
    "str": "文字",
    "int": "整数",
    "Span": "期限，例如 3 workdays",
    "tuple[str, ...]": "文字的列表",
}
