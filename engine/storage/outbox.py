"""Requests that were accepted, messages that must go out, tasks that deadlines gave."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.definitions.facts import CaseView
from engine.storage.rows import StoredMessage, StoredRequest
from engine.storage.tables import OUTBOX, REQUEST, WORK

MOST_DOUBLINGS = 9
LONGEST_WAIT = timedelta(hours=6)

_FIND_REQUEST = select(REQUEST.c.content, REQUEST.c.answer).where(
    REQUEST.c.district == bindparam("district"), REQUEST.c.request == bindparam("request")
)
_ADD_REQUEST = insert(REQUEST)
_ADD_MESSAGE = insert(OUTBOX)
_ADD_WORK = insert(WORK)
_DONE = (
    update(WORK)
    .where(
        WORK.c.district == bindparam("at_district"),
        WORK.c.number == bindparam("at_number"),
        WORK.c.trigger == bindparam("at_trigger"),
        WORK.c.done.is_(False),
    )
    .values(done=True)
)


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
        self._connection.execute(_ADD_REQUEST, {**row, "content": content, "answer": answer})


class OutboxStore:
    """Messages, stored with what caused them and sent afterwards."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def put(self, case: CaseView, kind: str, role: str, *, at: datetime) -> None:
        """A message to a role about a case, to leave at this moment; it names the case and no person."""
        row = {
            "district": self._district,
            "number": case.identity.number,
            "seq": case.seq,
            "kind": kind,
            "role": role,
            "body": f"个案 {case.identity.number} 有新的事项，请登录查看",
            "due_at": at,
            "sent_at": None,
            "tries": 0,
            "fault": "",
        }
        self._connection.execute(_ADD_MESSAGE, row)

    def due(self, now: datetime, limit: int) -> list[StoredMessage]:
        """Messages to be sent now, oldest first."""
        found = select(OUTBOX).where(OUTBOX.c.district == self._district, OUTBOX.c.sent_at.is_(None))
        found = found.where(OUTBOX.c.due_at <= now).order_by(OUTBOX.c.id).limit(limit)
        return [
            StoredMessage(r.id, r.number, r.kind, r.role, r.body, f"{r.number}:{r.seq}:{r.kind}:{r.role}")
            for r in self._connection.execute(found)
        ]

    def mark(self, id_: int, now: datetime, *, good: bool, detail: str) -> None:
        """Mark a message as sent, or put it off: the wait doubles with each try, up to six hours."""
        tries = int(self._connection.execute(select(OUTBOX.c.tries).where(OUTBOX.c.id == id_)).scalar_one()) + 1
        wait = min(LONGEST_WAIT, timedelta(minutes=2 ** min(tries, MOST_DOUBLINGS)))
        changed = {"sent_at": now} if good else {"due_at": now + wait}
        self._connection.execute(update(OUTBOX).where(OUTBOX.c.id == id_).values(tries=tries, fault=detail, **changed))


class WorkStore:
    """Tasks."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def put(self, case: CaseView, trigger: str, at: datetime) -> None:
        """A task to do an act in a case."""
        row = {"district": self._district, "number": case.identity.number, "trigger": trigger}
        self._connection.execute(_ADD_WORK, {**row, "since": at, "done": False})

    def done(self, number: str, trigger: str) -> None:
        """Tick off the tasks that an act fulfilled."""
        at = {"at_district": self._district, "at_number": number, "at_trigger": trigger}
        self._connection.execute(_DONE, at)

    def open(self, number: str) -> list[str]:
        """The acts that tasks of a case still ask for, oldest first."""
        found = select(WORK.c.trigger).where(WORK.c.district == self._district, WORK.c.number == number)
        found = found.where(WORK.c.done.is_(False)).order_by(WORK.c.id)
        return [str(row[0]) for row in self._connection.execute(found)]
