"""Long lists asked about in parts: a statement, of the key store too, names only so many values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Value = TypeVar("Value")

AT_ONCE = 500
"""How many values one statement names."""


def parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    """The values in their order, AT_ONCE at a time; nothing for none."""
    rest = iter(values)
    while some := list(islice(rest, AT_ONCE)):
        yield some
