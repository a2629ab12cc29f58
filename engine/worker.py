"""The night watch: APScheduler wakes the sweep; no case ever has a job of its own (DESIGN.md §7)."""

from __future__ import annotations

import logging
from threading import Event
from time import sleep
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from engine.clock import LOCAL_ZONE, Clock
from engine.errors import InstallationError, YingfanError

if TYPE_CHECKING:
    from engine.app import App
    from engine.services.timers import Swept

LOG = logging.getLogger(__name__)
PATIENCE = 60.0
"""Seconds that a single awaited sweep may take."""


def scheduler_for(app: App, seconds: int) -> BackgroundScheduler:
    """A scheduler, not yet started, that sweeps at once and then every so many seconds.

    Jobs live in memory, run one at a time, and a late run is never skipped.
    """
    scheduler = BackgroundScheduler(timezone=LOCAL_ZONE)
    scheduler.add_job(
        sweep_once,
        IntervalTrigger(seconds=seconds, timezone=LOCAL_ZONE),
        args=[app],
        id="sweep",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=Clock().now(),  # the scheduler runs on the machine's own time, also in a demonstration
    )
    return scheduler


def sweep_once(app: App) -> Swept | None:
    """One sweep; a failure is logged without personal data, and the next tick tries again."""
    try:
        swept = app.timers.sweep()
    except YingfanError as error:
        LOG.error("sweep failed: %s", error)  # noqa: TRY400  the text says it; a trace would hold personal data
        return None
    if swept.timers or swept.delivered or swept.failed:
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
