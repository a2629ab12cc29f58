"""What is wrong with a definition: one complaint a fault, all of them at once, in Chinese."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import DefinitionError

MOST = 300
"""So many complaints of one kind of reading are listed; a file with more is no definition."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Complaint:
    """One fault: where it stands (line and column from 1), its code, what was found, what would be accepted."""

    file: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class BadDefinition(DefinitionError):
    """A definition was refused; `complaints` holds every fault that was found."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(sorted(set(complaints)))
        super().__init__("\n".join(str(each) for each in self.complaints))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a misspelt one is nearest to; empty when none is near."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def suggest(name: str, known: Iterable[str]) -> str:
    """A clause that names the nearest known name, or lists the known ones when they are few; empty without any."""
    names = list(known)
    near = nearest(name, names)
    if near:
        return f"；是否应为「{near}」"
    if not names:
        return "；这里还没有可用的名称"
    listed = "、".join(names[:12])
    return f"；可用：{listed}" + ("等" if len(names) > 12 else "")
