"""Requests that were accepted, messages that must go out, tasks that deadlines gave."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from engine.definitions.facts import CaseView
from engine.storage.rows import StoredMessage, StoredRequest
from engine.storage.tables import OutboxRow, RequestRow, WorkRow

OUTBOX, REQUEST, WORK = (row.__table__ for row in (OutboxRow, RequestRow, WorkRow))  # type: ignore[attr-defined]  # SQLModel's own
LONGEST_WAIT = timedelta(hours=6)


class RequestStore:
    """Accepted requests."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def find(self, request: str) -> StoredRequest | None:
        """What an earlier request with this id asked and got, or None."""
        at = (REQUEST.c.district == self._district) & (REQUEST.c.request == request)
        row = self._connection.execute(select(REQUEST.c.content, REQUEST.c.answer).where(at)).first()
        return StoredRequest(row.content, row.answer) if row else None

    def put(self, request: str, number: str, seq: int, content: str, answer: str) -> None:
        """Consume a request id with its answer."""
        row = {"district": self._district, "request": request, "number": number, "seq": seq}
        self._connection.execute(insert(REQUEST), {**row, "content": content, "answer": answer})


class OutboxStore:
    """Messages, stored with what caused them and sent afterwards."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def put(self, case: CaseView, kind: str, role: str, at: datetime) -> None:
        """A message to a role about a case; it names the case and no person."""
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
        self._connection.execute(insert(OUTBOX), row)

    def due(self, now: datetime, limit: int) -> list[StoredMessage]:
        """Messages to be sent now, oldest first."""
        found = select(OUTBOX).where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.due_at <= now).order_by(OUTBOX.c.id).limit(limit)
        return [
            StoredMessage(row.id, row.number, row.kind, row.role, row.body, f"{row.number}:{row.seq}:{row.kind}:{row.role}")
            for row in self._connection.execute(found)
        ]

    def mark(self, id_: int, now: datetime, *, good: bool, detail: str) -> None:
        """Mark a message as sent, or put it off: the wait doubles with each try."""
        row = self._connection.execute(select(OUTBOX.c.tries).where(OUTBOX.c.id == id_)).one()
        tries = int(row.tries) + 1
        wait = min(LONGEST_WAIT, timedelta(minutes=2**tries))
        changed = {"sent_at": now} if good else {"due_at": now + wait}
        self._connection.execute(update(OUTBOX).where(OUTBOX.c.id == id_).values(tries=tries, fault=detail, **changed))


class WorkStore:
    """Tasks."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def put(self, case: CaseView, trigger: str, at: datetime) -> None:
        """A task to do an act in a case."""
        row = {"district": self._district, "number": case.identity.number, "trigger": trigger, "since": at, "done": False}
        self._connection.execute(insert(WORK), row)

    def done(self, number: str, trigger: str) -> None:
        """Tick off the tasks that an act fulfilled."""
        at = (WORK.c.district == self._district) & (WORK.c.number == number) & (WORK.c.trigger == trigger)
        self._connection.execute(update(WORK).where(at).values(done=True))

    def open(self, number: str) -> list[str]:
        """The acts that tasks of a case still ask for."""
        found = select(WORK.c.trigger).where(WORK.c.number == number, WORK.c.done == False)  # noqa: E712  SQL, not Python
        return [str(row[0]) for row in self._connection.execute(found.order_by(WORK.c.id))]
