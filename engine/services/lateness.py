"""By how much something is overdue, in working days, and how that was counted (SCREENS.md 3.2)."""

from __future__ import annotations

from datetime import date, timedelta

from engine.workdays import Calendar

NAMED = 5
"""So many days are named one by one; of more only the number is told."""


def overdue_by(due_on: date, today: date, calendar: Calendar) -> tuple[int, str]:
    """Working days after the due date up to today, both told in words; zero days where none was a working day yet."""
    after = [due_on + timedelta(days=n) for n in range(1, (today - due_on).days + 1)]
    worked = [day for day in after if calendar.is_workday(day)]
    rest = len(after) - len(worked)
    named = f"（{'、'.join(_short(day) for day in worked)}）" if 0 < len(worked) <= NAMED else ""
    why = f"{_short(due_on)}到期，次日起至今天{_short(today)}共{len(after)}天：工作日{len(worked)}天{named}"
    return len(worked), why + (f"，休息日和节假日{rest}天不计" if rest else "")


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"
