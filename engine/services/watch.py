"""Whether this node's clock may be trusted with a sweep: by the database's clock, and never before the last sweep."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.clock import LOCAL_ZONE
from engine.errors import InstallationError
from engine.services.office import Office

LOG = logging.getLogger(__name__)
TOLERANCE = timedelta(seconds=60)
"""How far a node's clock may be off the database's, and how far it may go back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The clock of the sweep, for one office."""

    office: Office

    def now(self) -> datetime:
        """The instant of a sweep that begins now, by the database's clock.

        Raises InstallationError when this node is more than a minute off it, or when time went back behind the last
        sweep of any node: a timer that acted must not find itself in the future.
        """
        archive, clock = self.office.archive, self.office.clock
        drift = clock.behind(archive.database_now())
        if abs(drift) > TOLERANCE:
            raise _refused(f"本机时钟与数据库相差{abs(drift.total_seconds()):.0f}秒，超过60秒；请校准时钟后再扫描")
        now = clock.now() + drift
        last = archive.swept_at
        if last is not None and now < last - TOLERANCE:
            raise _refused(
                f"时钟倒退：上次扫描在{_zh(last)}，现在是{_zh(now)}；请校准时钟，"
                "确认现在的时钟无误后用 yingfan sweep --clock-corrected"
            )
        return now

    def swept(self, at: datetime) -> None:
        """Note that a sweep was done as of this instant; what a later sweep, and the health page, ask for."""
        self.office.archive.note_sweep(at)

    def corrected(self) -> datetime:
        """Forget a last sweep that lies in the future, because a wrong clock was put right; what stands now."""
        now = self.office.now()
        LOG.critical("the clock of the last sweep was reset to %s by an operator", now.isoformat())
        self.office.archive.note_sweep(now, back=True)
        return now


def _refused(message: str) -> InstallationError:
    LOG.critical("sweep refused: %s", message)
    return InstallationError(message)


def _zh(instant: datetime) -> str:
    return f"{instant.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}"
