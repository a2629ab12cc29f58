"""Cases of which a timer failed: tried again later and later, then left alone until a person has looked at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from engine.storage.statements import Hot
from engine.storage.tables import CASE
from engine.storage.time_tables import STUCK

TRIES = 10
"""After so many failures a case is left alone: by then it has been tried for half a day."""

LONGEST_WAIT = timedelta(hours=6)

_ANY = Hot(select(STUCK.c.number).where(STUCK.c.district == bindparam("district")).limit(1))
"""Every page of work asks for stuck cases, and mostly there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckCase:
    """A case of which a timer failed."""

    case: str
    tries: int
    since: datetime
    retry_at: datetime
    fault: str
    quarantined: bool


class StuckStore:
    """Stuck cases, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def all(self) -> list[StuckCase]:
        """Every stuck case, the oldest first."""
        if _ANY.run(self._connection, {"district": self._district}).first() is None:
            return []
        found = select(STUCK).where(STUCK.c.district == self._district).order_by(STUCK.c.since, STUCK.c.number)
        return [_stuck(row) for row in self._connection.execute(found)]

    def of(self, number: str) -> StuckCase | None:
        """One stuck case, or None."""
        row = self._connection.execute(select(STUCK).where(*self._at(number))).first()
        return _stuck(row) if row else None

    def failed(self, faults: Mapping[str, str], *, at: datetime) -> None:
        """Count a failure of each of these cases: the wait doubles from one minute, and ends in quarantine."""
        for number, fault in faults.items():
            known = self.of(number)
            tries = known.tries + 1 if known else 1
            row = {
                "tries": tries,
                "retry_at": at + min(LONGEST_WAIT, timedelta(minutes=2 ** (tries - 1))),
                "fault": fault,
                "quarantined": tries >= TRIES,
            }
            if known:
                self._connection.execute(update(STUCK).where(*self._at(number)).values(**row))
            else:
                fresh = {"district": self._district, "number": number, "since": at}
                self._connection.execute(insert(STUCK), {**fresh, **row})

    def cure(self, now: datetime) -> None:
        """Forget the cases of which no timer is due any more: it acted, or somebody acted on the case."""
        due = exists().where(
            CASE.c.district == STUCK.c.district, CASE.c.number == STUCK.c.number, CASE.c.next_at <= now
        )
        self._connection.execute(delete(STUCK).where(STUCK.c.district == self._district, ~due))

    def retry(self, number: str, *, at: datetime) -> bool:
        """Let a case be tried again from now on; False when it was not stuck."""
        again = update(STUCK).where(*self._at(number)).values(tries=0, retry_at=at, quarantined=False)
        return int(self._connection.execute(again).rowcount) == 1

    def _at(self, number: str) -> tuple[Any, ...]:
        return (STUCK.c.district == self._district, STUCK.c.number == number)


def _stuck(row: Any) -> StuckCase:
    return StuckCase(
        case=row.number,
        tries=row.tries,
        since=row.since,
        retry_at=row.retry_at,
        fault=row.fault,
        quarantined=row.quarantined,
    )
