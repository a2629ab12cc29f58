"""Calendar files that an installation took in, and the reports of what each of them did to running deadlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from engine.storage.tables import CASE
from engine.storage.time_tables import CALENDAR, LINE, RECALCULATION
from engine.workdays.orders import CalendarFile

PASSES = 2
"""How often the cases are gone through: again once every node has the new calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A recalculation: which file made which version, how far it is, who accepted what waited."""

    id: int
    name: str
    before: str
    after: str
    made_at: datetime
    passes: int
    scanned: str
    accepted_by: str
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """One deadline of one case: due before, due after, how it applies, and what became of it."""

    case: str
    deadline: str
    protects: str
    due_before: date
    due_after: date
    applies: str  # itself | person | stays | fault
    status: str  # done | open | moot | told | fault


class CalendarStore:
    """Calendar files and recalculations, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def files(self) -> list[CalendarFile]:
        """The files taken in, oldest first, as they were written."""
        found = select(CALENDAR.c.name, CALENDAR.c.source).where(CALENDAR.c.district == self._district)
        return [CalendarFile(r.name, r.source) for r in self._connection.execute(found.order_by(CALENDAR.c.id))]

    def last(self) -> int:
        """The id of the last file taken in; 0 where there is none: what a node compares to learn of a new one."""
        found = select(func.max(CALENDAR.c.id)).where(CALENDAR.c.district == self._district)
        return int(self._connection.execute(found).scalar() or 0)

    def add(self, file: CalendarFile, versions: tuple[str, str], *, at: datetime, by: str) -> int:
        """Take a file in and begin its report; the report's number."""
        before, after = versions
        row = {"district": self._district, "name": file.name}
        taken = {**row, "source": file.text, "version": after, "applied_at": at, "applied_by": by}
        self._connection.execute(insert(CALENDAR), taken)
        begun = {"calendar_before": before, "calendar_after": after, "made_at": at, "passes": 0, "scanned": ""}
        done = self._connection.execute(insert(RECALCULATION), {**row, **begun, "accepted_by": "", "accepted_at": None})
        return int(done.inserted_primary_key[0])  # type: ignore[index]  # an integer key is always there

    def reports(self) -> list[StoredReport]:
        """Every recalculation, newest first."""
        found = select(RECALCULATION).where(RECALCULATION.c.district == self._district)
        return [_report(row) for row in self._connection.execute(found.order_by(RECALCULATION.c.id.desc()))]

    def report(self, id_: int) -> StoredReport | None:
        """One recalculation, or None."""
        found = select(RECALCULATION).where(RECALCULATION.c.district == self._district, RECALCULATION.c.id == id_)
        row = self._connection.execute(found).first()
        return _report(row) if row else None

    def scanned(self, id_: int, *, to: str, passes: int) -> None:
        """Note how far a report's pass through the cases is."""
        at = (RECALCULATION.c.district == self._district, RECALCULATION.c.id == id_)
        self._connection.execute(update(RECALCULATION).where(*at).values(scanned=to, passes=passes))

    def accepted(self, id_: int, *, by: str, at: datetime) -> None:
        """Note who accepted what waited in a report; the first who did so stays."""
        here = (
            RECALCULATION.c.district == self._district,
            RECALCULATION.c.id == id_,
            RECALCULATION.c.accepted_by == "",
        )
        self._connection.execute(update(RECALCULATION).where(*here).values(accepted_by=by, accepted_at=at))

    def running(self, after: str, limit: int) -> list[str]:
        """Numbers of cases that have not ended, behind a number, in order."""
        found = select(CASE.c.number).where(
            CASE.c.district == self._district, CASE.c.kind != "final", CASE.c.number > after
        )
        return [str(row[0]) for row in self._connection.execute(found.order_by(CASE.c.number).limit(limit))]

    def put_lines(self, id_: int, lines: Iterable[StoredLine]) -> None:
        """Add lines to a report; one that is there already is left as it is."""
        for line in lines:
            if self._line(id_, line.case, line.deadline) is None:
                self._connection.execute(insert(LINE), {"district": self._district, "report": id_, **_columns(line)})

    def drop_line(self, id_: int, number: str, deadline: str) -> None:
        """Take a line out of a report: what it said no longer holds."""
        self._connection.execute(delete(LINE).where(*self._at(id_, number, deadline)))

    def lines(self, id_: int) -> list[StoredLine]:
        """The lines of a report, by case and due date."""
        found = select(LINE).where(LINE.c.district == self._district, LINE.c.report == id_)
        ordered = found.order_by(LINE.c.number, LINE.c.due_after, LINE.c.deadline)
        return [_stored_line(row) for row in self._connection.execute(ordered)]

    def settle(self, id_: int, number: str, *, done: Iterable[str]) -> None:
        """Close the open lines of a case: these deadlines were moved, the others had changed meanwhile."""
        moved = set(done)
        for line in [e for e in self.lines(id_) if e.case == number and e.status == "open"]:
            status = "done" if line.deadline in moved else "moot"
            self._connection.execute(update(LINE).where(*self._at(id_, number, line.deadline)).values(status=status))

    def _at(self, id_: int, number: str, deadline: str) -> tuple[Any, ...]:
        of = (LINE.c.district == self._district, LINE.c.report == id_)
        return (*of, LINE.c.number == number, LINE.c.deadline == deadline)

    def _line(self, id_: int, number: str, deadline: str) -> Any:
        return self._connection.execute(select(LINE).where(*self._at(id_, number, deadline))).first()


def _report(row: Any) -> StoredReport:
    return StoredReport(
        id=row.id,
        name=row.name,
        before=row.calendar_before,
        after=row.calendar_after,
        made_at=row.made_at,
        passes=row.passes,
        scanned=row.scanned,
        accepted_by=row.accepted_by,
        accepted_at=row.accepted_at,
    )


def _columns(line: StoredLine) -> dict[str, object]:
    return {
        "number": line.case,
        "deadline": line.deadline,
        "protects": line.protects,
        "due_before": line.due_before,
        "due_after": line.due_after,
        "applies": line.applies,
        "status": line.status,
    }


def _stored_line(row: Any) -> StoredLine:
    return StoredLine(
        case=row.number,
        deadline=row.deadline,
        protects=row.protects,
        due_before=row.due_before,
        due_after=row.due_after,
        applies=row.applies,
        status=row.status,
    )
