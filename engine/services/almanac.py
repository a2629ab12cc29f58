"""The calendar in force: the shipped files and those that this installation took in; the same on every node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from engine.workdays import Calendar, load_calendar
from engine.workdays.orders import CalendarFile

TakenIn = Callable[[], tuple[int, Sequence[CalendarFile]]]
"""Gives the id of the last file taken in, and all files, oldest first."""


class Almanac:
    """Holds the calendar in force; `refresh` learns of one that another node took in.

    Raises as `load_calendar` when the files cannot be read. May be shared by threads.
    """

    __slots__ = ("_calendar", "_directory", "_last", "_lock", "_taken_in")

    def __init__(self, directory: Path, taken_in: TakenIn) -> None:
        self._directory = directory
        self._taken_in = taken_in
        self._lock = Lock()
        self._last, files = taken_in()
        self._calendar = load_calendar(directory, files)

    @property
    def calendar(self) -> Calendar:
        """The calendar in force, as far as this node knows."""
        return self._calendar

    def refresh(self) -> Calendar:
        """The calendar in force by the database."""
        with self._lock:
            last, files = self._taken_in()
            if last != self._last:
                self._calendar = load_calendar(self._directory, files)
                self._last = last
            return self._calendar

    def with_files(self, files: Sequence[CalendarFile]) -> Calendar:
        """The calendar as it would be with these files taken in, oldest first."""
        return load_calendar(self._directory, files)
