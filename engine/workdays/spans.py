"""Spans of time as the law writes them: a number with its unit; each law has its own (DOMAIN.md 6.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from engine.errors import InputError

LONGEST = 3660
"""The longest span accepted: about ten years of days."""


class Unit(StrEnum):
    """What a span counts."""

    HOURS = "hours"
    WORKDAYS = "workdays"
    CALENDAR_DAYS = "calendar days"
    SCHOOL_DAYS = "school days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class Roll(StrEnum):
    """What happens when the last day is no workday."""

    NONE = "none"
    NEXT_WORKDAY = "next-workday"


_ZH = {
    Unit.HOURS: "小时",
    Unit.WORKDAYS: "个工作日",
    Unit.CALENDAR_DAYS: "日",
    Unit.SCHOOL_DAYS: "个上课日",
    Unit.WEEKS: "周",
    Unit.MONTHS: "个月",
    Unit.YEARS: "年",
}
_SPAN = re.compile(r"([1-9][0-9]{0,3}) +([a-z]+(?: days?)?)")
_UNITS = {unit.value: unit for unit in Unit} | {unit.value.removesuffix("s"): unit for unit in Unit}


@dataclass(frozen=True, slots=True)
class Span:
    """A number of units, 1 to LONGEST (InputError otherwise); `str()` gives the text that `parse` reads."""

    n: int
    unit: Unit
    key: str = field(init=False, repr=False, compare=False)
    """The text of the span, made once: what memos are keyed by."""

    def __post_init__(self) -> None:
        if not 1 <= self.n <= LONGEST:
            raise InputError(f"期限{self.n}超出范围；应为1至{LONGEST}的整数")
        object.__setattr__(self, "key", f"{self.n} {self.unit.value}")

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span that a text such as ``10 workdays`` or ``1 week`` names; raises InputError for anything else."""
        found = _SPAN.fullmatch(text.strip())
        unit = _UNITS.get(found[2]) if found else None
        if found is None or unit is None or int(found[1]) > LONGEST:
            units = "、".join(each.value for each in Unit)
            raise InputError(
                f"「{text}」不是期限；应为半角整数(1至{LONGEST})加空格加单位，单位可用：{units}，例如 10 workdays"
            )
        return cls(int(found[1]), unit)

    def __str__(self) -> str:
        return self.key

    @property
    def zh(self) -> str:
        """The span as an order prints it: 10个工作日, 30日, 6个月."""
        return f"{self.n}{_ZH[self.unit]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An interval in which a clock stands still, both days included; an open one has no last day."""

    first: date
    last: date | None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise InputError(f"中止期间{self.first}..{self.last}的终点早于起点")
