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
from tests.faults.history import Kept, Line, check, lines_of, told
from tests.faults.town import NUMBERED, READY
from tests.faults.worker import Post, spawned

PAUSE = (0.02, 0.08)
"""Seconds between two kills, at least and at most."""

A_DAY = 0.04
"""Seconds of half a day of the town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """By how many workers, how long at least, what must be done by then, under which seed."""

    workers: int
    seconds: float
    least: int = 0
    """Acknowledged acts, acts of timers and numbers, of each at least so many: a busy machine takes longer for them."""
    kills: int = 0
    slower: int = 1
    """So many times as long between two kills: a busy machine takes longer to start a worker."""
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
    days, over = folder / "days", folder / "over"
    days.touch()
    began = time.monotonic()
    lived = 0.0
    outcome = Outcome()
    seeds = iter(range(plan.seed * 100_000, (plan.seed + 1) * 100_000))

    def post(place: object) -> Post:
        diary = folder / f"diary-{place}"
        return Post(ground=ground, diary=diary, days=days, over=over, begins=moment(READY), seed=next(seeds))

    running = {place: spawned(post(place)) for place in range(plan.workers)}
    while not _is_enough(plan, outcome.kills, passed := time.monotonic() - began, folder):
        # Where the time was too short for enough, workers come to less between two kills than they should. The town's
        # days get longer with it: they would run out, and nobody act any more, before a busy machine came to enough.
        pause = chance.uniform(*PAUSE)
        time.sleep(pause * plan.slower * (1 + passed // plan.seconds))
        _pass_days(days, lived := lived + pause)
        place = chance.randrange(plan.workers)
        os.kill(running[place], signal.SIGKILL)
        os.waitpid(running[place], 0)
        outcome.kills += 1
        running[place] = spawned(post(place))
    over.touch()
    for child in running.values():
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status):
            outcome.faults.append(f"a worker ended with {os.waitstatus_to_exitcode(status)}")
    # Whoever still waits for an answer sends once more.
    for place in range(plan.workers):
        os.waitpid(spawned(post(place)), 0)
    last = post("last")
    with opened(ground, last.now()) as app:
        app.timers.sweep()
        judge(app, lines_of(sorted(folder.glob("diary-*"))), outcome)
    return outcome


def _is_enough(plan: Plan, kills: int, passed: float, folder: Path) -> bool:
    """Whether the time is over and the diaries tell of enough; they are looked at every tenth kill."""
    if passed < plan.seconds or kills < plan.kills or kills % 10:
        return False
    acts = 0
    numbered: set[str] = set()
    answered: set[str] = set()
    for diary in folder.glob("diary-*"):
        for line in told(diary):
            if line["kind"] == "ok":
                answered.add(line["key"])
            elif line["kind"] == "swept":
                acts += line["acts"]
            elif line.get("trigger") == NUMBERED:
                numbered.add(line["key"])
    return min(acts, len(answered), len(numbered & answered)) >= plan.least


def _pass_days(days: Path, lived: float) -> None:
    """So many half days have passed as this file is long: everybody reads the same one."""
    with days.open("ab") as file:
        file.write(b"." * (int(lived / A_DAY) - file.tell()))


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
