"""Requests that were accepted, messages that must go out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, insert, or_, select, update

from engine.access import OUTSIDE
from engine.definitions.facts import CaseView
from engine.storage.rows import StoredMessage, StoredRequest, WaitingMessage
from engine.storage.statements import Hot
from engine.storage.tables import OUTBOX, REQUEST
from engine.storage.types import instant_text

MOST_DOUBLINGS = 9
LONGEST_WAIT = timedelta(hours=6)


def _open(district: Any) -> tuple[ColumnElement[bool], ...]:
    return OUTBOX.c.district == district, OUTBOX.c.sent_at.is_(None), OUTBOX.c.cancelled_at.is_(None)


_FIND_REQUEST = select(REQUEST.c.content, REQUEST.c.answer).where(
    REQUEST.c.district == bindparam("district"), REQUEST.c.request == bindparam("request")
)
_ADD_REQUEST = Hot(insert(REQUEST).values({column.name: bindparam(column.name) for column in REQUEST.c}).inline())
_WRITTEN = ("district", "number", "seq", "kind", "role", "body", "due_at", "try_at")
_ADD_MESSAGE = Hot(insert(OUTBOX).values({name: bindparam(name) for name in _WRITTEN}).inline())
_IS_STOPPED = or_(OUTBOX.c.held != "", OUTBOX.c.tries > 0)
_ANY_STOPPED = Hot(select(OUTBOX.c.id).where(*_open(bindparam("district")), _IS_STOPPED).limit(1))
"""Every page of work asks for what is stopped, and mostly nothing is."""


class RequestStore:
    """Accepted requests."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def find(self, request: str) -> StoredRequest | None:
        """What an earlier request with this id asked and got, or None."""
        row = self._connection.execute(_FIND_REQUEST, {"district": self._district, "request": request}).first()
        return StoredRequest(row.content, row.answer) if row else None

    def put(self, request: str, number: str, seq: int, *, content: str, answer: str) -> None:
        """Consume a request id with its answer; an empty id is refused by the table."""
        row = {"district": self._district, "request": request, "number": number, "seq": seq}
        _ADD_REQUEST.put(self._connection, {**row, "content": content, "answer": answer})


class OutboxStore:
    """Messages, stored with what caused them and sent afterwards."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def put(self, told: Sequence[tuple[CaseView, str, str]], *, at: datetime) -> None:
        """Messages (case, kind, role), to leave at this moment; they name the case and no person."""
        if told:
            _ADD_MESSAGE.put(self._connection, [self._row(case, kind, role, at) for case, kind, role in told])

    def _row(self, case: CaseView, kind: str, role: str, at: datetime) -> dict[str, object]:
        moment = instant_text(at)
        return {
            "district": self._district,
            "number": case.identity.number,
            "seq": case.seq,
            "kind": kind,
            "role": role,
            "body": f"个案 {case.identity.number} 有新的事项，请登录查看",
            "due_at": moment,
            "try_at": moment,
        }

    def _open(self) -> tuple[ColumnElement[bool], ...]:
        return _open(self._district)

    def _ready(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return (*self._open(), OUTBOX.c.held == "", OUTBOX.c.try_at <= now)

    def due(self, now: datetime, limit: int) -> list[StoredMessage]:
        """Messages to be sent now, oldest first."""
        found = select(OUTBOX).where(*self._ready(now)).order_by(OUTBOX.c.id).limit(limit)
        return [_message(row) for row in self._connection.execute(found)]

    def claim(self, now: datetime, limit: int, *, until: datetime) -> list[StoredMessage]:
        """Take messages that are to be sent now, oldest first, so that nobody else sends them until then.

        The update decides, not the look before it: a message that another worker took is not given out. The look
        is a table expression of its own, which PostgreSQL evaluates once: as a subquery it may be evaluated again for
        the rows found, and give out more than the limit.
        """
        free = or_(OUTBOX.c.claimed_until.is_(None), OUTBOX.c.claimed_until <= now)
        some = select(OUTBOX.c.id).where(*self._ready(now), free).order_by(OUTBOX.c.id).limit(limit)
        seen = some.with_for_update(skip_locked=True).cte("some")
        taken = update(OUTBOX).where(OUTBOX.c.id.in_(select(seen.c.id)), free, *self._open())
        rows = self._connection.execute(taken.values(claimed_until=until).returning(OUTBOX))
        return sorted((_message(row) for row in rows), key=lambda each: each.id)

    def mark(self, id_: int, now: datetime, *, good: bool, detail: str) -> None:
        """Mark a message as sent, or put it off: the wait doubles with each try, up to six hours."""
        tries = int(self._connection.execute(select(OUTBOX.c.tries).where(OUTBOX.c.id == id_)).scalar_one()) + 1
        wait = min(LONGEST_WAIT, timedelta(minutes=2 ** min(tries, MOST_DOUBLINGS)))
        changed = {"sent_at": now} if good else {"try_at": now + wait}
        here = update(OUTBOX).where(OUTBOX.c.id == id_, OUTBOX.c.sent_at.is_(None))
        self._connection.execute(here.values(tries=tries, fault=detail, claimed_until=None, **changed))

    def sent(self, ids: Sequence[int], now: datetime) -> None:
        """Mark messages as sent, all at once; one that somebody marked before stays as it is."""
        here = update(OUTBOX).where(OUTBOX.c.id.in_(ids), OUTBOX.c.sent_at.is_(None))
        self._connection.execute(here.values(sent_at=now, tries=OUTBOX.c.tries + 1, fault="", claimed_until=None))

    def cancel(self, number: str, since: int, *, at: datetime) -> int:
        """Take back the messages of a case's entries from this one on that have not left; how many."""
        here = update(OUTBOX).where(*self._open(), OUTBOX.c.number == number, OUTBOX.c.seq >= since)
        return int(self._connection.execute(here.values(cancelled_at=at)).rowcount)

    def brake(self, now: datetime, *, late: timedelta, most: int) -> int:
        """Hold messages to families and offices outside that are later than this, or too many at once; how many."""
        fresh = (*self._ready(now), OUTBOX.c.role.in_(sorted(OUTSIDE)), OUTBOX.c.released_at.is_(None))
        behind = update(OUTBOX).where(*fresh, OUTBOX.c.due_at < now - late).values(held="late")
        held = int(self._connection.execute(behind).rowcount)
        left = int(self._connection.execute(select(func.count()).select_from(OUTBOX).where(*fresh)).scalar_one())
        if left > most:
            held += int(self._connection.execute(update(OUTBOX).where(*fresh).values(held="many")).rowcount)
        return held

    def outside(self, now: datetime) -> bool:
        """True when a message to a family or an office outside is due."""
        fresh = (*self._ready(now), OUTBOX.c.role.in_(sorted(OUTSIDE)), OUTBOX.c.released_at.is_(None))
        return self._connection.execute(select(OUTBOX.c.id).where(*fresh).limit(1)).first() is not None

    def stopped(self) -> list[WaitingMessage]:
        """Messages that wait for a person, or were tried and did not arrive, oldest first."""
        if _ANY_STOPPED.run(self._connection, {"district": self._district}).first() is None:
            return []
        found = select(OUTBOX).where(*self._open(), _IS_STOPPED)
        return [_waiting(row) for row in self._connection.execute(found.order_by(OUTBOX.c.id))]

    def waiting(self, number: str | None = None, *, held: bool = False) -> list[WaitingMessage]:
        """Messages that have not left, oldest first: all, of one case, or only those that wait for a person."""
        found = select(OUTBOX).where(*self._open())
        if number is not None:
            found = found.where(OUTBOX.c.number == number)
        if held:
            found = found.where(OUTBOX.c.held != "")
        return [_waiting(row) for row in self._connection.execute(found.order_by(OUTBOX.c.id))]

    def counts(self) -> tuple[int, int, int]:
        """How many messages have not left; how many of them are held, and how many were tried."""
        held = func.coalesce(func.sum(case((OUTBOX.c.held != "", 1), else_=0)), 0)
        tried = func.coalesce(func.sum(case((OUTBOX.c.tries > 0, 1), else_=0)), 0)
        row = self._connection.execute(select(func.count(), held, tried).where(*self._open())).one()
        return int(row[0]), int(row[1]), int(row[2])

    def release(self, ids: Iterable[int] | None, *, by: str, at: datetime) -> list[str]:
        """Let held messages go, these or all; the numbers of their cases."""
        here = update(OUTBOX).where(*self._open(), OUTBOX.c.held != "")
        if ids is not None:
            here = here.where(OUTBOX.c.id.in_(sorted(ids)))
        rows = self._connection.execute(here.values(held="", released_by=by, released_at=at).returning(OUTBOX.c.number))
        return [str(row.number) for row in rows]


def _message(row: Any) -> StoredMessage:
    key = f"{row.number}:{row.seq}:{row.kind}:{row.role}"
    return StoredMessage(row.id, row.number, row.kind, row.role, row.body, key)


def _waiting(row: Any) -> WaitingMessage:
    return WaitingMessage(
        id=row.id,
        case=row.number,
        kind=row.kind,
        to=row.role,
        due_at=row.due_at,
        try_at=row.try_at,
        tries=row.tries,
        fault=row.fault,
        held=row.held,
        released_by=row.released_by,
    )
