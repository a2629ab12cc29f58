"""Column types of our own: the same meaning on every database, and aware instants in and out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

DAY_LENGTH = len("2026-09-01")


REMEMBERED = 4096
"""Days and instants of cases fall on few values: midnights, and the moment of the sweep."""


@lru_cache(REMEMBERED)
def iso(moment: date) -> str:
    """A day or an aware instant as ISO text."""
    return moment.isoformat()


@lru_cache(REMEMBERED)
def moment_from(text: str) -> date:
    """The day or the instant that `iso` wrote."""
    return date.fromisoformat(text) if len(text) == DAY_LENGTH else datetime.fromisoformat(text)


@lru_cache(REMEMBERED)
def instant_text(value: datetime) -> str:
    """An aware instant as it is stored: fixed-width UTC text; raises ValueError for a naive one."""
    if value.tzinfo is None:
        raise ValueError("a naive instant must not be stored")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:-6] + "Z"


def instant_from(text: str) -> datetime:
    """The instant that was stored as this text."""
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware instant as fixed-width UTC text, so that text order is time order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Into the database; a naive instant is refused."""
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        """Out of the database."""
        return None if value is None else instant_from(value)


class Day(TypeDecorator[date]):
    """A legal day as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Any) -> str | None:
        """Into the database."""
        if isinstance(value, datetime):
            raise ValueError("a legal day must not be stored from an instant: the zone decides which day it is")  # noqa: TRY004  the value, not the call, is wrong
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Any) -> date | None:
        """Out of the database."""
        return None if value is None else date.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """A truth value as 0 or 1."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Any) -> int | None:
        """Into the database."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Any) -> bool | None:
        """Out of the database."""
        return None if value is None else bool(value)


__all__ = [
    "Day",
    "Flag",
    "Instant",
    "Integer",
    "LargeBinary",
    "Text",
    "instant_from",
    "instant_text",
    "iso",
    "moment_from",
]
