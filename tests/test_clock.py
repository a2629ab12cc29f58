"""The only reader of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.clock import Clock, SteppedClock, at_local, end_of_day, local_day


class TestClock:
    """The machine's clock."""

    def test_offset(self) -> None:
        """A demonstration's clock is the machine's, moved."""
        now, moved = Clock().now(), Clock(timedelta(days=-30)).now()
        assert timedelta(days=29) < now - moved < timedelta(days=31)
        assert now.tzinfo is UTC


class TestSteppedClock:
    """A clock that is set."""

    def test_stands(self) -> None:
        """It stands where it was set and never goes back."""
        clock = SteppedClock(at_local(date(2026, 9, 1), 14))
        clock.set(at_local(date(2026, 9, 2)))
        assert clock.now() == at_local(date(2026, 9, 2))
        with pytest.raises(ValueError, match="cannot go back"):
            clock.set(at_local(date(2026, 9, 1)))


class TestDays:
    """Legal days."""

    def test_zone(self) -> None:
        """A legal day is a day of the installation's zone, and lasts to its end."""
        instant = datetime(2026, 9, 1, 16, 0, tzinfo=UTC)
        assert (local_day(instant), end_of_day(date(2026, 9, 1))) == (date(2026, 9, 2), instant)
