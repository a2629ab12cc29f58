"""The night watch: APScheduler wakes the sweep; no case ever has a job of its own (DESIGN.md §7)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from engine.clock import LOCAL_ZONE
from engine.errors import YingfanError

if TYPE_CHECKING:
    from engine.app import App

LOG = logging.getLogger(__name__)


def scheduler_for(app: App, seconds: int) -> BackgroundScheduler:
    """A scheduler, not yet started, that sweeps every so many seconds: in memory, one at a time, never skipping a late run."""
    scheduler = BackgroundScheduler(timezone=LOCAL_ZONE)
    scheduler.add_job(
        lambda: sweep_once(app),
        IntervalTrigger(seconds=seconds, timezone=LOCAL_ZONE),
        id="sweep",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=None if seconds <= 0 else _now_in_zone(app),
    )
    return scheduler


def _now_in_zone(app: App) -> object:
    return (app.clock.now() - app.clock.offset).astimezone(LOCAL_ZONE)


def sweep_once(app: App) -> None:
    """One sweep; a failure is logged and the next tick tries again."""
    try:
        swept = app.timers.sweep()
    except YingfanError as error:
        LOG.error("sweep failed: %s", error)  # noqa: TRY400  the text says it; a trace would hold personal data
        return
    if swept.timers or swept.delivered or swept.failed:
        LOG.info("swept: %d timers, %d messages, %d failures", swept.timers, swept.delivered, swept.failed)
