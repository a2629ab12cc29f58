"""One deed, interrupted at each of its statements in turn; then looked at, sent again, and compared."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from engine.app import App
from engine.clock import SteppedClock
from engine.errors import YingfanError
from tests.faults.exporting import differing, dumped, exported
from tests.faults.ground import Ground, Land, opened
from tests.faults.statements import tapped

DIED = 137
MOST = 400
"""A deed that has more statements than this is a fault of the harness."""

LATER = timedelta(minutes=15)
"""How much later somebody looks again: a message that was claimed by a dead worker is free by then."""

Ways = Sequence[str]
DYING: Ways = ("dies before", "dies after")
RAISING: Ways = ("raises before", "raises after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One command of one kind, on an installation at rest, at a moment; doing it again must be safe."""

    kind: str
    ground: Ground
    at: datetime
    do: Callable[[App], object]
    later: bool = False
    """True where completing it takes time: a message that a dead worker had claimed is free again after a while."""
    grows: frozenset[str] = frozenset()
    """What grows each time it is done: readings and imports are logged again."""


@dataclass(slots=True, kw_only=True)
class Tried:
    """What a harness tried and what it found; every harness prints one."""

    points: int = 0
    faults: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    """Points by kind of command."""


class _Interruption:
    """Counts statements and interrupts at one of them."""

    def __init__(self, way: str, at: int, end: Callable[[Connection | None], None], *, writes: bool = False) -> None:
        self.kind, _, self.when = way.partition(" ")
        self.at = at
        self.end = end
        self.writes = writes
        self.seen = {"before": 0, "after": 0}
        self.hit = False

    def __call__(self, when: str, statement: str, connection: Any) -> None:
        if self.writes and statement.lstrip().startswith(("SELECT", "PRAGMA")):
            return
        # Statements that wait go out together: all of them begin before the first one is done.
        self.seen[when] += 1
        if self.hit or when != self.when or self.seen[when] != self.at:
            return
        self.hit = True
        if self.kind == "dies":
            os._exit(DIED)
        if self.kind == "loses":
            self.end(connection)
            return
        fault = sqlite3.OperationalError("disk I/O error")
        raise OperationalError(statement, {}, fault) if isinstance(connection, Connection) else fault


def nothing_to_end(_: Connection | None) -> None:
    """For databases that live in the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a deed is tried: where, in which ways, and what ends a connection from outside."""

    land: Land
    folder: Path
    ways: Ways
    end: Callable[[Any], None] = nothing_to_end
    brief: bool = False
    """Fail only what writes; and where a death left every byte as it was, sending again was judged before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The deed done without a crash: the database before it, its answer, everything that is kept after it."""

    before: str
    answer: object
    after: dict[str, Any]


def interrupted(trial: Trial, deed: Deed) -> Tried:
    """Interrupt the deed at its first, second … statement until it runs through; what was found."""
    tried = Tried()
    whole = _whole(trial, deed)
    with _Copies(trial, deed, whole) as copies:
        for way in trial.ways:
            for at in range(1, MOST):
                found = _point(trial, deed, _Interruption(way, at, trial.end, writes=trial.brief), copies)
                if found is None:
                    break
                tried.points += 1
                tried.faults += [f"{deed.kind}, {way} statement {at}: {fault}" for fault in found]
            else:
                tried.faults.append(f"{deed.kind}, {way}: more than {MOST} statements")
    tried.kinds[deed.kind] = tried.points
    return tried


class _Copies:
    """Copies of a deed's installation, one at a time; one that a death left as it was is used again."""

    def __init__(self, trial: Trial, deed: Deed, whole: Whole) -> None:
        self._trial = trial
        self._deed = deed
        self._copy: Ground | None = None
        self.whole = whole

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spend()

    def one(self) -> Ground:
        """An installation as it was before the deed."""
        self._copy = self._copy or self._trial.land.copied(self._deed.ground, self._trial.folder / "tried")
        return self._copy

    def spend(self) -> None:
        """Throw the present copy away: it is no longer as it was."""
        if self._copy is not None:
            self._trial.land.removed(self._copy)
        self._copy = None

    def untouched(self) -> bool:
        """Whether every row and every key of the present copy is as it was before the deed."""
        return dumped(self.one()) == self.whole.before


def _point(trial: Trial, deed: Deed, interruption: _Interruption, copies: _Copies) -> list[str] | None:
    """What is wrong after one interruption; None when the deed ran through."""
    ground = copies.one()
    if interruption.kind != "dies":
        try:
            return _alive(deed, ground, interruption, copies.whole)
        finally:
            copies.spend()
    code = _dead(deed, ground, interruption)
    if code == DIED and trial.brief and interruption.at > 1 and copies.untouched():
        return []
    try:
        if code != DIED:
            return None if code == 0 else [f"the process ended with {code}"]
        clock = SteppedClock(deed.at)
        with opened(ground, clock) as app:
            return _recovered(deed, app, (ground, clock), copies.whole)
    finally:
        copies.spend()


def _whole(trial: Trial, deed: Deed) -> Whole:
    """The deed done without a crash, and done again."""
    ground = trial.land.copied(deed.ground, trial.folder / "whole")
    before = dumped(ground)
    clock = SteppedClock(deed.at)
    with opened(ground, clock) as app:
        answer = deed.do(app)
        assert _again(deed, app, clock) == answer, f"{deed.kind} answers otherwise the second time"
        assert app.archive.invariants() == []
        after = exported(app, ground, exactly=not deed.later)
    trial.land.removed(ground)
    return Whole(before=before, answer=answer, after=after)


def _again(deed: Deed, app: App, clock: SteppedClock) -> object:
    if deed.later:
        clock.set(deed.at + LATER)
    return deed.do(app)


def _dead(deed: Deed, ground: Ground, interruption: _Interruption) -> int:
    """The exit code of a process that dies at the statement: 0 when it ran through."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with opened(ground, deed.at) as app, tapped(interruption):
                deed.do(app)
            code = 0
        finally:
            os._exit(code)
    return ended(child)


def _alive(deed: Deed, ground: Ground, interruption: _Interruption, whole: Whole) -> list[str] | None:
    """A process whose statement fails: it says so in its own words, and goes on without a restart."""
    clock = SteppedClock(deed.at)
    faults = []
    with opened(ground, clock) as app:
        try:
            with tapped(interruption):
                deed.do(app)
        except YingfanError:
            pass
        except Exception as error:  # noqa: BLE001  whatever it is, it must be told and not end the harness
            faults = [f"{type(error).__name__}: {error}"]
        if not interruption.hit:
            return faults or None
        return faults + _recovered(deed, app, (ground, clock), whole)


def _recovered(deed: Deed, app: App, place: tuple[Ground, SteppedClock], whole: Whole) -> list[str]:
    """What is wrong after a crash, and after the same was sent again."""
    ground, clock = place
    faults = app.archive.invariants()
    try:
        again = deed.do(app)
        again = _again(deed, app, clock) if deed.later else again
    except Exception as error:  # noqa: BLE001  whatever it is, it must be told and not end the harness
        return [*faults, f"sent again: {type(error).__name__}: {error}"]
    if again != whole.answer:
        faults.append(f"sent again: answered {again}, not {whole.answer}")
    faults += [f"sent again: {fault}" for fault in app.archive.invariants()]
    differ = differing(whole.after, exported(app, ground, exactly=not deed.later))
    return faults + [f"sent again: {name} differs" for name in differ if name not in deed.grows]


def ended(child: int) -> int:
    """The exit code of a child, which is ended after half a minute."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL
