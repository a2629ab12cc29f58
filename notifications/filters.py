"""Filters that notice texts may use: days, names, lists in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

WEEKDAYS = "一二三四五六日"


def date_zh(value: object) -> str:
    """A day as 2026年9月1日; text is passed through."""
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value)


def datetime_zh(value: datetime) -> str:
    """An instant as 2026年9月1日10时05分, in its own zone."""
    return f"{date_zh(value.date())}{value.hour}时{value.minute:02d}分"


def weekday_zh(value: date) -> str:
    """The day of the week: 星期二."""
    return f"星期{WEEKDAYS[value.weekday()]}"


def names(people: Iterable[object]) -> str:
    """The names of people, joined by the enumeration comma; each is a text or a mapping with `name`."""
    return "、".join(str(each["name"]) if isinstance(each, Mapping) else str(each) for each in people)


def mask_id(number: str) -> str:
    """A citizen number of which the first and last four stay."""
    return number[:4] + "*" * (len(number) - 8) + number[-4:] if len(number) > len("12345678") else "*" * len(number)


FILTERS: Mapping[str, Callable[..., str]] = {
    "date_zh": date_zh,
    "datetime_zh": datetime_zh,
    "weekday_zh": weekday_zh,
    "names": names,
    "mask_id": mask_id,
}
"""Every filter by its name in templates, beside Jinja's own."""
