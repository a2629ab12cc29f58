"""A node of an installation as a process: it acts, sweeps and reads in a loop, and writes down what it was answered."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.app import App
from engine.clock import SteppedClock
from engine.errors import Refused, YingfanError
from engine.services.model import ActRequest
from tests.faults.ground import Ground, opened
from tests.faults.history import Diary, told
from tests.faults.town import numbers, some_act

SWEEPS, READS, REPEATS = 0.25, 0.1, 0.1
"""Which share of what a worker does is sweeping, reading, and sending again what was answered already."""

# Officers look after every third case; the others are left to their deadlines, which escalate.
A_SWEEP = 7
"""At most so many timers a sweep: then many sweeps are cut short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where a worker works: its installation, its diary, the files that say what day it is and that all is over, its seed."""

    ground: Ground
    diary: Path
    days: Path
    over: Path
    begins: datetime
    seed: int

    def now(self) -> datetime:
        """The present moment of the town: so many half days after it began as the file is long."""
        return self.begins + timedelta(hours=12) * self.days.stat().st_size


def work(post: Post) -> None:
    """Work until all is over; what a predecessor left unanswered is sent first."""
    chance = random.Random(post.seed)
    clock = SteppedClock(post.begins)
    with opened(post.ground, clock) as app:
        worker = _Worker(app, Diary(post.diary), chance, f"{post.diary.name}-{post.seed}")
        clock.set(post.now())
        worker.finish(told(post.diary))
        while not post.over.exists():
            clock.set(max(post.now(), clock.now()))
            worker.step()


class _Worker:
    def __init__(self, app: App, diary: Diary, chance: random.Random, name: str) -> None:
        self.app = app
        self.diary = diary
        self.chance = chance
        self.name = name
        self.count = 0
        self.cases = numbers(app)
        self.busy = self.cases[::3]
        self.sent: list[Mapping[str, Any]] = []

    def finish(self, lines: list[Mapping[str, Any]]) -> None:
        """Send again what has no answer; the same request with the same content."""
        answered = {line["key"] for line in lines if line["kind"] in ("ok", "refused")}
        for line in lines:
            if line["kind"] == "invoke" and line["key"] not in answered:
                answered.add(line["key"])
                self.send(line)

    def step(self) -> None:
        """One thing at random."""
        dice = self.chance.random()
        try:
            if dice < SWEEPS:
                self.diary.note("swept", "", "", acts=self.app.timers.sweep(A_SWEEP).timers)
            elif dice < SWEEPS + READS:
                self.read(self.chance.choice(self.cases))
            elif dice < SWEEPS + READS + REPEATS and self.sent:
                self.send(self.chance.choice(self.sent))
            else:
                self.act(self.chance.choice(self.busy))
        except YingfanError:
            time.sleep(0.001)

    def read(self, number: str) -> int:
        """Look at a case, and write down which version was shown; when it was asked for counts."""
        asked = time.monotonic_ns()
        with self.app.archive.read() as uow:
            case = uow.cases.load(number)
        assert case is not None
        self.diary.note("read", "", number, version=case.version, at=asked)
        return case.version

    def act(self, number: str) -> None:
        """Some act on the version that was just read."""
        account, trigger, fields = some_act(self.chance)
        self.count += 1
        line = {
            "key": f"{self.name}-{self.count}",
            "case": number,
            "version": self.read(number),
            "trigger": trigger,
            "account": account,
            "fields": fields,
        }
        self.sent.append(line)
        self.send(line)

    def send(self, line: Mapping[str, Any]) -> None:
        """Send a request, and write down what was answered; another failure leaves it unanswered."""
        named = {name: line[name] for name in ("key", "case", "version", "trigger", "account", "fields")}
        self.diary.note("invoke", **named)
        request = ActRequest(
            case=named["case"],
            trigger=named["trigger"],
            account=named["account"],
            fields=named["fields"],
            version=named["version"],
            request_id=named["key"],
        )
        try:
            answer = self.app.cases.advance(request)
        except Refused:
            self.diary.note("refused", named["key"], named["case"])
        else:
            self.diary.note("ok", named["key"], named["case"], version=answer.version, seq=answer.seq)


def spawned(post: Post) -> int:
    """The process id of a worker that runs beside this process; it ends with 0, or with 1 for a fault of its own."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work(post)
        code = 0
    finally:
        os._exit(code)
