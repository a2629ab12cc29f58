"""Cases and their units, timers and proposals: written together, from one decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from engine.cases.model import Decision
from engine.definitions.facts import CaseView, Proposal
from engine.storage.keys import Keys
from engine.storage.record import case_bytes, case_from
from engine.storage.rows import DueTimer
from engine.storage.tables import CaseRow, CaseUnitRow, ProposalRow, TimerRow
from engine.vault import open_sealed, seal

CASE, UNIT, TIMER, PROPOSAL = (row.__table__ for row in (CaseRow, CaseUnitRow, TimerRow, ProposalRow))  # type: ignore[attr-defined]  # SQLModel's own

_LOAD = select(CASE.c.sealed, CASE.c.head, CASE.c.subject).where(
    CASE.c.district == bindparam("district"), CASE.c.number == bindparam("number")
)
_DEFINITION = select(CASE.c.definition).where(
    CASE.c.district == bindparam("district"), CASE.c.number == bindparam("number")
)
_SAVE = (
    update(CASE)
    .where(CASE.c.district == bindparam("at_district"), CASE.c.number == bindparam("at_number"), CASE.c.seq == bindparam("at_seq"))
    .values({name: bindparam(name) for name in ("unit", "owner", "state", "seq", "version", "head", "due_on", "late_after", "closed_as", "sealed")})
)


class Conflict(Exception):  # noqa: N818  a lost race is nobody's error; services run it again
    """Another writer was first: the case's next entry is taken."""


class CaseStore:
    """Cases, through one connection."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def load(self, number: str) -> CaseView | None:
        """The case as it stands, or None."""
        row = self._connection.execute(_LOAD, {"district": self._district, "number": number}).first()
        if row is None:
            return None
        case = case_from(open_sealed(self._keys.of(row.subject), row.sealed, f"case:{number}".encode()))
        return case._replace(head=row.head)

    def definition_of(self, number: str) -> str:
        """The hash of the workflow version that the case runs on; empty for a case that does not exist."""
        return self._connection.execute(_DEFINITION, {"district": self._district, "number": number}).scalar() or ""

    def add(self, decision: Decision, definition: str) -> None:
        """A new case with its units; raises Conflict when the number is taken."""
        case = decision.case
        identity = case.identity
        fixed = {
            "district": self._district,
            "number": identity.number,
            "workflow": identity.workflow,
            "definition": definition,
            "subject": identity.subject.reference,
            "opened_on": identity.opened_on,
            "parent": identity.parent,
        }
        if self.definition_of(identity.number):
            raise Conflict(identity.number)
        self._connection.execute(insert(CASE), {**fixed, **self._changing(case)})
        units = [
            {
                "district": self._district,
                "unit": unit.code,
                "number": identity.number,
                "relation": unit.relation,
                "first": identity.opened_on,
                "last": None,
            }
            for unit in identity.units
        ]
        if units:
            self._connection.execute(insert(UNIT), units)

    def save(self, decision: Decision) -> None:
        """The case after a decision; raises Conflict when it is no longer the case that was decided on."""
        case, before = decision.case, decision.before
        at = {"at_district": self._district, "at_number": case.identity.number, "at_seq": before.seq if before else 0}
        done = self._connection.execute(_SAVE, {**at, **self._changing(case)})
        if done.rowcount != 1:
            raise Conflict(case.identity.number)

    def _changing(self, case: CaseView) -> dict[str, object]:
        running = sorted((d.due_on, d.late_after) for d in case.deadlines.values() if d.status == "running" and d.due_on)
        place = f"case:{case.identity.number}".encode()
        return {
            "unit": case.unit,
            "owner": case.owner,
            "state": case.state,
            "seq": case.seq,
            "version": case.version,
            "head": case.head,
            "due_on": running[0][0] if running else None,
            "late_after": running[0][1] if running else None,
            "closed_as": case.closed_as,
            "sealed": seal(self._keys.of(case.identity.subject.reference), case_bytes(case), place),
        }

    def listed(self, units: Iterable[str]) -> list[str]:
        """Numbers of the cases in which one of these units has standing, by due date."""
        wanted = select(UNIT.c.number).where(
            UNIT.c.district == self._district, UNIT.c.unit.in_(sorted(units)), UNIT.c.last.is_(None)
        )
        found = (
            select(CASE.c.number)
            .where(CASE.c.district == self._district, CASE.c.number.in_(wanted))
            .order_by(CASE.c.due_on.is_(None), CASE.c.due_on, CASE.c.number)
        )
        return [str(row[0]) for row in self._connection.execute(found)]

    def numbers(self) -> list[str]:
        """Every case's number."""
        found = select(CASE.c.number).where(CASE.c.district == self._district).order_by(CASE.c.id)
        return [str(row[0]) for row in self._connection.execute(found)]


class TimerStore:
    """Timers: one row for each deadline that will act."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def replace(self, case: CaseView) -> None:
        """Put the timers of a case in step with its deadlines."""
        number = case.identity.number
        self._connection.execute(
            delete(TIMER).where(TIMER.c.district == self._district, TIMER.c.number == number)
        )
        rows = [
            {
                "district": self._district,
                "number": number,
                "deadline": each.name,
                "due_at": each.next_at,
                "epoch": each.epoch,
                "generation": each.generation,
                "step": each.step,
            }
            for each in case.deadlines.values()
            if each.next_at is not None
        ]
        if rows:
            self._connection.execute(insert(TIMER), rows)

    def claim(self, now: datetime, limit: int) -> list[DueTimer]:
        """Timers whose moment has come, oldest first; the case decides whether they still count."""
        found = (
            select(TIMER)
            .where(TIMER.c.district == self._district, TIMER.c.due_at <= now)
            .order_by(TIMER.c.due_at, TIMER.c.number)
            .limit(limit)
        )
        return [
            DueTimer(row.number, row.deadline, row.due_at, row.epoch, row.generation, row.step)
            for row in self._connection.execute(found)
        ]

    def of(self, number: str) -> set[tuple[str, datetime, int, int, int]]:
        """The timers of one case."""
        found = select(TIMER).where(TIMER.c.district == self._district, TIMER.c.number == number)
        return {(r.deadline, r.due_at, r.epoch, r.generation, r.step) for r in self._connection.execute(found)}


class ProposalStore:
    """Open proposals, for lists of those who must decide."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def replace(self, case: CaseView, open_ones: Sequence[tuple[Proposal, tuple[str, ...]]]) -> None:
        """Put the proposals of a case in step with it."""
        number = case.identity.number
        self._connection.execute(
            delete(PROPOSAL).where(PROPOSAL.c.district == self._district, PROPOSAL.c.number == number)
        )
        rows = [
            {
                "district": self._district,
                "number": number,
                "id": proposal.id,
                "trigger": proposal.trigger,
                "next_roles": ",".join(roles),
                "made_on": proposal.made_on,
            }
            for proposal, roles in open_ones
        ]
        if rows:
            self._connection.execute(insert(PROPOSAL), rows)

    def open(self) -> list[tuple[str, str]]:
        """(case, id) of every open proposal, oldest first."""
        found = select(PROPOSAL.c.number, PROPOSAL.c.id).order_by(PROPOSAL.c.made_on, PROPOSAL.c.number)
        return [(str(row[0]), str(row[1])) for row in self._connection.execute(found)]
