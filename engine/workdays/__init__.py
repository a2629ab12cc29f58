"""Statutory time: calendars as versioned data, and due dates with their reasons (DOMAIN.md 6)."""

from engine.workdays.calendar import Calendar, Day, Step, calendar_of, load_calendar
from engine.workdays.reckoning import Reckoning, chain, earliest_after, never_shorter, reckon
from engine.workdays.spans import Hold, Roll, Span, Unit

__all__ = [
    "Calendar",
    "Day",
    "Hold",
    "Reckoning",
    "Roll",
    "Span",
    "Step",
    "Unit",
    "calendar_of",
    "chain",
    "earliest_after",
    "load_calendar",
    "never_shorter",
    "reckon",
]
