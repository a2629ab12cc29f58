"""What clients saw, line by line, and whether the history of the cases bears it out (RELIABILITY.md §3.2)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One thing that a client did or saw, in nanoseconds of the machine's monotonic clock."""

    at: int
    kind: str  # invoke | ok | refused | read | swept
    key: str
    case: str
    version: int = 0
    """invoke: the version that the page showed; ok and read: the version that was answered."""
    seq: int = 0


class Kept(NamedTuple):
    """One entry as the history keeps it."""

    case: str
    seq: int
    version: int
    request: str


class Diary:
    """A client's lines in a file of its own: whole lines, there as soon as they are written."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, kind: str, key: str, case: str, **told: Any) -> None:
        """Write one line; what else is told (a form, say) is kept beside what the checker reads."""
        line = {"at": time.monotonic_ns(), "kind": kind, "key": key, "case": case, **told}
        os.write(self._file, (json.dumps(line, ensure_ascii=False) + "\n").encode())


def told(path: Path) -> list[Mapping[str, Any]]:
    """The lines of a diary; its client may have died in the middle of the last one."""
    lines = path.read_text("utf-8").split("\n") if path.exists() else []
    return [json.loads(line) for line in lines[:-1]]


def lines_of(paths: Iterable[Path]) -> list[Line]:
    """The lines of several diaries by time."""
    every = (each for path in paths for each in told(path))
    return sorted(Line(**{name: each[name] for name in Line._fields if name in each}) for each in every)


def check(lines: Iterable[Line], kept: Iterable[Kept]) -> list[str]:
    """Everything that clients saw and the history does not bear out; empty when all is well. Linear."""
    lines, kept = list(lines), sorted(kept)
    by_key: dict[str, Kept] = {}
    found = []
    for entry in kept:
        if entry.request in by_key:
            found.append(f"{entry.request}: entered twice, {entry.case}/{by_key[entry.request].seq} and {entry.seq}")
        by_key[entry.request] = entry
    return [*found, *_answers(lines, by_key), *_versions(lines, kept), *_order(lines, kept), *_reads(lines, by_key)]


def _answers(lines: list[Line], kept: Mapping[str, Kept]) -> Iterator[str]:
    """An acknowledged act is in the history with its answer; a refused one is not."""
    for line in lines:
        entry = kept.get(line.key)
        if line.kind == "ok" and entry is None:
            yield f"{line.key}: acknowledged and lost"
        elif line.kind == "ok" and (line.seq, line.version) != (entry.seq, entry.version):  # type: ignore[union-attr]  # is there
            yield f"{line.key}: answered {line.seq}/{line.version}, kept {entry.seq}/{entry.version}"  # type: ignore[union-attr]
        elif line.kind == "refused" and entry is not None:
            yield f"{line.key}: refused and entered"


def _versions(lines: list[Line], kept: list[Kept]) -> Iterator[str]:
    """Entries are numbered without a gap, and each was made on the version that its command named."""
    named = {line.key: line.version for line in lines if line.kind == "invoke"}
    before: dict[str, Kept] = {}
    for entry in kept:
        last = before.get(entry.case)
        if entry.seq != (last.seq + 1 if last else 1):
            yield f"{entry.case}: entry {entry.seq} follows {last.seq if last else 0}"
        if last and named.get(entry.request, 0) not in (0, last.version):
            yield f"{entry.request}: made on version {named[entry.request]}, entered on {last.version}"
        before[entry.case] = entry


def _order(lines: list[Line], kept: list[Kept]) -> Iterator[str]:
    """What was acknowledged before something else was sent stands before it."""
    sent: dict[str, int] = {}
    known: dict[str, int] = {}
    for line in lines:
        if line.kind == "invoke":
            sent.setdefault(line.key, line.at)
        elif line.kind == "ok":
            known.setdefault(line.key, line.at)
    earliest: dict[str, int] = {}
    for entry in reversed(kept):
        acknowledged = earliest.get(entry.case)
        if acknowledged is not None and sent.get(entry.request, 0) > acknowledged:
            yield f"{entry.request}: sent after a later entry of {entry.case} was acknowledged"
        if entry.request in known:
            earliest[entry.case] = min(known[entry.request], acknowledged or known[entry.request])


def _reads(lines: list[Line], kept: Mapping[str, Kept]) -> Iterator[str]:
    """A page asked for after an act was acknowledged shows it; `at` of a read is when it was asked for."""
    shown: dict[str, int] = {}
    for line in lines:
        if line.kind == "ok" and line.key in kept:
            shown[line.case] = max(shown.get(line.case, 0), kept[line.key].version)
        elif line.kind == "read" and line.version < shown.get(line.case, 0):
            yield f"{line.case}: shown at version {line.version} after {shown[line.case]} was acknowledged"
