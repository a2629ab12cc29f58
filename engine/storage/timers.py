"""Timers: one row for each deadline that will act."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from engine.definitions.facts import CaseView
from engine.storage.rows import DueTimer
from engine.storage.tables import TIMER

_CLEAR = delete(TIMER).where(TIMER.c.district == bindparam("at_district"), TIMER.c.number == bindparam("at_number"))
_ADD = insert(TIMER)
_DUE = (
    select(TIMER)
    .where(TIMER.c.district == bindparam("district"), TIMER.c.due_at <= bindparam("now"))
    .order_by(TIMER.c.due_at, TIMER.c.number, TIMER.c.deadline)
    .limit(bindparam("most"))
)
_OF = select(TIMER).where(TIMER.c.district == bindparam("district"), TIMER.c.number == bindparam("number"))


class TimerStore:
    """Timers, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def replace(self, case: CaseView) -> None:
        """Put the timers of a case in step with its deadlines."""
        number = case.identity.number
        self._connection.execute(_CLEAR, {"at_district": self._district, "at_number": number})
        rows = [
            {
                "district": self._district,
                "number": number,
                "deadline": deadline,
                "due_at": due_at,
                "epoch": epoch,
                "generation": generation,
                "step": step,
            }
            for deadline, due_at, epoch, generation, step in timers_of(case)
        ]
        if rows:
            self._connection.execute(_ADD, rows)

    def claim(self, now: datetime, limit: int) -> list[DueTimer]:
        """Timers whose moment has come, oldest first; the case decides whether they still count."""
        found = self._connection.execute(_DUE, {"district": self._district, "now": now, "most": limit})
        return [DueTimer(r.number, r.deadline, r.due_at, r.epoch, r.generation, r.step) for r in found]

    def of(self, number: str) -> set[tuple[str, datetime, int, int, int]]:
        """The timers of one case as (deadline, moment, epoch, generation, step)."""
        found = self._connection.execute(_OF, {"district": self._district, "number": number})
        return {(r.deadline, r.due_at, r.epoch, r.generation, r.step) for r in found}


def timers_of(case: CaseView) -> set[tuple[str, datetime, int, int, int]]:
    """The timers that a case asks for, as (deadline, moment, epoch, generation, step)."""
    return {
        (each.name, each.next_at, each.epoch, each.generation, each.step)
        for each in case.deadlines.values()
        if each.next_at is not None
    }
