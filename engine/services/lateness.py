"""By how much something is overdue, in working days, and how that was counted (SCREENS.md 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from engine.workdays import Calendar

NAMED = 5
"""So many days are named one by one; of more only the number is told."""


def overdue_by(due_on: date, today: date, calendar: Calendar) -> tuple[int, str]:
    """Working days after the due date up to today, both told in words; zero days where none was a working day yet."""
    after = max(0, (today - due_on).days)
    worked = calendar.workdays.between(due_on.toordinal() + 1, today.toordinal())
    named = f"（{'、'.join(map(_short, _workdays(due_on, worked, calendar)))}）" if 0 < worked <= NAMED else ""
    why = f"{_short(due_on)}到期，次日起至今天{_short(today)}共{after}天：工作日{worked}天{named}"
    return worked, why + (f"，休息日和节假日{after - worked}天不计" if after > worked else "")


def _workdays(after: date, count: int, calendar: Calendar) -> Iterator[date]:
    """The first working days after a day."""
    day = after
    for _ in range(count):
        day = calendar.next_workday(day + timedelta(days=1))
        yield day


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"
