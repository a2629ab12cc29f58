"""Requests that were accepted, messages that must go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.definitions.facts import CaseView
from engine.storage.rows import StoredMessage, StoredRequest
from engine.storage.statements import Hot
from engine.storage.tables import OUTBOX, REQUEST
from engine.storage.types import instant_text

MOST_DOUBLINGS = 9
LONGEST_WAIT = timedelta(hours=6)

_FIND_REQUEST = select(REQUEST.c.content, REQUEST.c.answer).where(
    REQUEST.c.district == bindparam("district"), REQUEST.c.request == bindparam("request")
)
_ADD_REQUEST = Hot(insert(REQUEST).values({column.name: bindparam(column.name) for column in REQUEST.c}).inline())
_ADD_MESSAGE = Hot(
    insert(OUTBOX).values({column.name: bindparam(column.name) for column in OUTBOX.c if column.name != "id"}).inline()
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
        _ADD_REQUEST.run(self._connection, {**row, "content": content, "answer": answer})


class OutboxStore:
    """Messages, stored with what caused them and sent afterwards."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def put(self, told: Sequence[tuple[CaseView, str, str]], *, at: datetime) -> None:
        """Messages (case, kind, role), to leave at this moment; they name the case and no person."""
        if told:
            _ADD_MESSAGE.run(self._connection, [self._row(case, kind, role, at) for case, kind, role in told])

    def _row(self, case: CaseView, kind: str, role: str, at: datetime) -> dict[str, object]:
        return {
            "district": self._district,
            "number": case.identity.number,
            "seq": case.seq,
            "kind": kind,
            "role": role,
            "body": f"个案 {case.identity.number} 有新的事项，请登录查看",
            "due_at": instant_text(at),
            "sent_at": None,
            "tries": 0,
            "fault": "",
        }

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
