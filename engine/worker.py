"""The night watch: APScheduler wakes a few rounds; no case ever has a job of its own (DESIGN.md §7)."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, sleep
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from engine.clock import LOCAL_ZONE, Clock
from engine.errors import InstallationError, YingfanError

if TYPE_CHECKING:
    from types import FrameType

    from engine.app import App
    from engine.services.timers import Swept

LOG = logging.getLogger(__name__)
PATIENCE = 60.0
"""Seconds that a single awaited sweep may take."""

BUDGET = 0.75
"""The share of the pause between two sweeps that one of them may take; the next one goes on with what is left."""

CALENDAR_SECONDS = 20
"""How often a node asks for a calendar that another node took in."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds of one worker; each logs its failure without personal data, and the next tick tries again."""

    app: App
    seconds: int
    stopping: Event = field(default_factory=Event)

    def sweep(self) -> None:
        """Timers, oldest first, as long as the budget of a tick lasts."""
        sweep_once(self.app, go_on=self.within(self.seconds * BUDGET))

    def outbox(self) -> None:
        """Messages, in a round of their own: a slow channel must not keep the timers waiting."""
        with logged("outbox"):
            sent, failed = self.app.outbox.deliver(go_on=self.within(self.seconds * BUDGET))
            if sent or failed:
                LOG.info("delivered: %d messages, %d failures", sent, failed)

    def calendar(self) -> None:
        """The calendar in force, and what it still has to move; before that, whether the tables are still ours."""
        with logged("calendar"):
            self.app.upkeep.look()
            self.app.calendars.refresh()
            while not self.stopping.is_set() and self.app.calendars.go_on():
                pass

    def within(self, seconds: float) -> Callable[[], bool]:
        """A question that says yes for so long, unless the worker is being stopped."""
        until = monotonic() + seconds
        return lambda: monotonic() < until and not self.stopping.is_set()


def scheduler_for(app: App, seconds: int, *, sweeps: bool = True) -> tuple[BackgroundScheduler, Rounds]:
    """A scheduler, not yet started, whose rounds run at once and then every so many seconds; with those rounds.

    Jobs live in memory, run one at a time, and a late run is never skipped. A node that only serves pages does not
    sweep, but it does learn of a new calendar.
    """
    rounds = Rounds(app, seconds)
    scheduler = BackgroundScheduler(timezone=LOCAL_ZONE)
    jobs: list[tuple[str, Callable[[], None], int]] = [("calendar", rounds.calendar, CALENDAR_SECONDS)]
    if sweeps:
        jobs = [("sweep", rounds.sweep, seconds), ("outbox", rounds.outbox, seconds), *jobs]
    for name, job, pause in jobs:
        scheduler.add_job(
            job,
            IntervalTrigger(seconds=pause, timezone=LOCAL_ZONE),
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=Clock().now(),  # the scheduler runs on the machine's own time, also in a demonstration
        )
    return scheduler, rounds


@contextmanager
def working(app: App, *, sweeps: bool = True) -> Iterator[Rounds]:
    """The rounds of an installation for as long as this lasts; at its end the batch that runs is finished."""
    scheduler, rounds = scheduler_for(app, app.settings.sweep_seconds, sweeps=sweeps)
    scheduler.start()
    try:
        yield rounds
    finally:
        rounds.stopping.set()
        scheduler.shutdown(wait=True)


def work(app: App) -> None:
    """Work until the process is told to stop (SIGTERM, SIGINT); what runs then is finished first."""
    with working(app) as rounds, told_to_stop(rounds.stopping.set):
        # In turns, so that a signal that reached another thread is looked at soon.
        while not rounds.stopping.wait(1.0):
            pass


@contextmanager
def told_to_stop(then: Callable[[], None]) -> Iterator[None]:
    """Do this when the process is told to stop; outside the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        then()

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def logged(what: str) -> Iterator[None]:
    """Let a round fail in one line of the log: the text says it, a trace would hold personal data."""
    try:
        yield
    except YingfanError as error:
        LOG.error("%s failed: %s", what, error)  # noqa: TRY400  see above


def sweep_once(app: App, *, go_on: Callable[[], bool] | None = None) -> Swept | None:
    """One sweep of the timers; a failure is logged without personal data, and the next tick tries again.

    With `go_on` it is a tick of the worker, whose outbox has a round of its own.
    """
    swept: Swept | None = None
    with logged("sweep"):
        swept = app.timers.sweep() if go_on is None else app.timers.sweep(deliver=False, go_on=go_on)
    if swept is not None and (swept.timers or swept.delivered or swept.failed):
        LOG.info("swept: %d timers, %d messages, %d failures", swept.timers, swept.delivered, swept.failed)
    return swept


def sweep_awaited(app: App) -> Swept:
    """One sweep woken by a scheduler of its own, awaited: how a demonstration lets its nights pass."""
    done, found = Event(), []

    def watch() -> None:
        found.append(sweep_once(app))
        done.set()

    scheduler = BackgroundScheduler(timezone=LOCAL_ZONE)
    scheduler.add_job(watch, DateTrigger(timezone=LOCAL_ZONE), misfire_grace_time=None)
    scheduler.start()
    try:
        done.wait(PATIENCE)
        while scheduler.get_jobs():  # the scheduler itself takes the spent job off its list
            sleep(0.001)
    finally:
        scheduler.shutdown(wait=True)
    if not found or found[0] is None:
        raise InstallationError("定时扫描没有完成；详见日志")
    return found[0]
