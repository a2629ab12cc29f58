"""Timers: a case's `next_at` says when the first of its deadlines acts; a batch of due cases is written as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.audit.chain import entry_hash
from engine.cases.model import Decision
from engine.storage.case_row import outline_of, timed
from engine.storage.record import timer_public
from engine.storage.rows import Conflict, DueCase
from engine.storage.statements import Hot
from engine.storage.tables import CASE, ENTRY
from engine.storage.types import instant_text

_OUTLINE = (
    "id", "number", "workflow", "definition", "subject", "unit", "owner", "state", "former", "epoch", "seq", "version",
    "undoable", "head", "opened_on", "entered_on", "closed_as", "clock",
)  # fmt: skip
_DUE = (
    select(*(CASE.c[name] for name in _OUTLINE))
    .where(CASE.c.district == bindparam("district"), CASE.c.next_at <= bindparam("now"))
    .order_by(CASE.c.next_at, CASE.c.id)
    .limit(bindparam("most"))
)
_CLAIM = Hot(_DUE.with_for_update(skip_locked=True))
_TIMED = ("owner", "seq", "version", "undoable", "head", "due_on", "late_after", "next_at", "clock")
_SAVE = Hot(
    update(CASE)
    .where(CASE.c.id == bindparam("at_id"), CASE.c.seq == bindparam("at_seq"))
    .values({name: bindparam(name) for name in _TIMED})
)
_LINE = ("district", "number", "seq", "public", "sealed", "previous", "hash")
_ADD = Hot(insert(ENTRY).values({name: bindparam(name) for name in _LINE}).inline())


class TimerStore:
    """Timers, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district
        self.unreadable: dict[str, Exception] = {}
        """Due cases of the last claim whose row does not read, with why: they are not given out."""

    def claim(self, now: datetime, limit: int) -> list[DueCase]:
        """Cases of which a timer is due, oldest first, as outlines; other workers pass them by until this one ends.

        The claim saves work only: the case's row decides, when it is written.
        """
        values = {"district": self._district, "now": instant_text(now), "most": limit}
        self.unreadable = {}
        found = []
        for row in _CLAIM.run(self._connection, values).all():
            try:
                found.append(DueCase(row.id, row.definition, outline_of(row, self._district)))
            except (ValueError, TypeError, LookupError) as error:  # a row changed by hand must not stop the others
                self.unreadable[row.number] = error
        return found

    def write(self, done: Sequence[tuple[DueCase, Decision]]) -> None:
        """Write a batch of acts of timers that told or reminded: entries and cases, one statement each.

        Raises Conflict when one of the cases is no longer the one that was decided on.
        """
        if not done:
            return
        lines, cases = [], []
        for due, decision in sorted(done, key=_by_id):
            line, case = self._rows(due, decision)
            lines.append(line)
            cases.append(case)
        if _SAVE.run(self._connection, cases).rowcount != len(cases):
            raise Conflict("timers")
        _ADD.run(self._connection, lines)

    def _rows(self, due: DueCase, decision: Decision) -> tuple[dict[str, object], dict[str, object]]:
        case = decision.case
        previous = due.case.head
        public = timer_public(decision, due.definition)
        head = entry_hash(previous, public, b"")
        line = {
            "district": self._district,
            "number": case.identity.number,
            "seq": case.seq,
            "public": public,
            "sealed": b"",
            "previous": previous,
            "hash": head,
        }
        return line, {**timed(case), "head": head, "at_id": due.id, "at_seq": due.case.seq}


def _by_id(done: tuple[DueCase, Decision]) -> int:
    """In the order of the table: pages are written once, and locks are taken in one order by everybody."""
    return done[0].id
