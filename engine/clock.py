"""The only reader of time.

Everything else receives ``now`` as an argument, so that deciding stays pure and a demonstration can live on
another day: its database stores an offset that the clock adds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")
"""The installation's zone: all legal days are days of this zone (DOMAIN.md 6.5)."""


REMEMBERED = 4096
"""How many days and instants are remembered once converted: a sweep meets the same few again and again."""


class Clock:
    """The machine's clock plus an offset; the offset is zero outside demonstrations."""

    __slots__ = ("offset",)

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """The present instant, aware, in UTC, cut to whole microseconds."""
        return datetime.now(UTC) + self.offset

    def behind(self, other: datetime | None) -> timedelta:
        """How far the machine's clock is behind another machine's; zero when there is no other clock."""
        return timedelta(0) if other is None else other - datetime.now(UTC)


class SteppedClock(Clock):
    """A clock that stands still until it is set: a demonstration plays its days through it."""

    __slots__ = ("_at",)

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._at

    def behind(self, other: datetime | None) -> timedelta:
        """Zero: it is no machine's clock."""
        return timedelta(0)

    def set(self, at: datetime) -> None:
        """Stand at this aware instant; raises ValueError for one that lies before the present one."""
        if at < self._at:
            raise ValueError(f"the clock stands at {self._at} and cannot go back to {at}")
        self._at = at


@lru_cache(maxsize=REMEMBERED)
def local_day(instant: datetime) -> date:
    """The legal day of an aware instant in the installation's zone."""
    return instant.astimezone(LOCAL_ZONE).date()


@lru_cache(maxsize=REMEMBERED)
def at_local(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """The aware instant of a wall-clock time on a legal day, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LOCAL_ZONE).astimezone(UTC)


@lru_cache(maxsize=REMEMBERED)
def end_of_day(day: date) -> datetime:
    """The instant at which a legal day is over: a duty due that day is late from then on (民法典 203)."""
    return at_local(day + timedelta(days=1))
