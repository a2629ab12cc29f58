"""Workers killed hard, at random, again and again; and what must hold of the town that they leave."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engine.app import App
from engine.cli.demo_play import moment
from tests.faults.ground import Ground, opened
from tests.faults.history import Kept, Line, check, lines_of
from tests.faults.town import READY
from tests.faults.worker import Post, spawned

PAUSE = (0.02, 0.08)
"""Seconds between two kills, at least and at most."""

A_DAY = 0.04
"""Seconds of half a day of the town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long, by how many workers, under which seed."""

    workers: int
    seconds: float
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    kills: int = 0
    acknowledged: int = 0
    timers: int = 0
    documents: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged, {self.timers} acts of timers, "
            f"{self.documents} numbers, {len(self.faults)} faults"
        )


def killed(ground: Ground, plan: Plan, folder: Path) -> Outcome:
    """Let workers work while one after another is killed; the town is judged at the end."""
    chance = random.Random(plan.seed)
    folder.mkdir(parents=True, exist_ok=True)
    days = folder / "days"
    days.touch()
    began = time.monotonic()
    until = began + plan.seconds
    outcome = Outcome()
    seeds = iter(range(plan.seed * 100_000, (plan.seed + 1) * 100_000))

    def start(place: int) -> int:
        post = Post(ground=ground, diary=folder / f"diary-{place}", days=days, begins=moment(READY), seed=next(seeds))
        return spawned(post, until)

    running = {place: start(place) for place in range(plan.workers)}
    while time.monotonic() < until - 0.5:
        time.sleep(chance.uniform(*PAUSE))
        _pass_days(days, began)
        place = chance.randrange(plan.workers)
        os.kill(running[place], signal.SIGKILL)
        os.waitpid(running[place], 0)
        outcome.kills += 1
        running[place] = start(place)
    for child in running.values():
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status):
            outcome.faults.append(f"a worker ended with {os.waitstatus_to_exitcode(status)}")
    # Whoever still waits for an answer sends once more.
    for place in range(plan.workers):
        os.waitpid(
            spawned(
                Post(ground=ground, diary=folder / f"diary-{place}", days=days, begins=moment(READY), seed=next(seeds)),
                0,
            ),
            0,
        )
    last = Post(ground=ground, diary=folder / "diary-last", days=days, begins=moment(READY), seed=0)
    with opened(ground, last.now()) as app:
        app.timers.sweep()
        judge(app, lines_of(sorted(folder.glob("diary-*"))), outcome)
    return outcome


def _pass_days(days: Path, began: float) -> None:
    """The town's day is as long as this file: everybody reads the same one."""
    passed = int((time.monotonic() - began) / A_DAY)
    with days.open("ab") as file:
        file.write(b"." * (passed - file.tell()))


def judge(app: App, lines: Iterable[Line], outcome: Outcome) -> None:
    """The promises, looked at after the fact: nothing lost, every timer once, numbers 1 to n, chains whole."""
    lines = list(lines)
    kept: list[Kept] = []
    acts: Counter[tuple[object, ...]] = Counter()
    due = 0
    with app.archive.read() as uow:
        for number in uow.cases.numbers():
            for entry in uow.log.of(number):
                kept.append(Kept(number, entry.seq, entry.version, str(entry.public["request"])))
                if entry.trigger.startswith("timer."):
                    told = entry.values
                    acts[number, told["deadline"], told["epoch"], told["generation"], told["step"]] += 1
            case = uow.cases.load(number)
            assert case is not None
            due += sum(each.next_at is not None and each.next_at <= app.clock.now() for each in case.deadlines.values())
        issued = [each.number for number in uow.cases.numbers() for each in uow.documents.of(number) if each.number]
    outcome.acknowledged = len({line.key for line in lines if line.kind == "ok"})
    outcome.timers, outcome.documents = acts.total(), len(issued)
    outcome.faults += app.archive.invariants()
    outcome.faults += check(lines, kept)
    outcome.faults += [f"timer {key} acted {times} times" for key, times in acts.items() if times != 1]
    outcome.faults += [f"{due} timers are still due"] if due else []
    outcome.faults += _numbered(issued)


def _numbered(issued: list[str]) -> list[str]:
    """Each series counts from 1 without a gap and without a double."""
    series: dict[str, list[int]] = {}
    for number in issued:
        name, _, serial = number.removesuffix("号").rpartition("〕")
        series.setdefault(name, []).append(int(serial))
    return [
        f"{name}: {sorted(found)}" for name, found in series.items() if sorted(found) != list(range(1, len(found) + 1))
    ]
