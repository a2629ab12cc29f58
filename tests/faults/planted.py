"""Faults as people make them, planted: a harness that does not find them finds nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from engine.cases.model import Decision
from engine.storage import dialects
from engine.storage.log import Log
from engine.storage.outbox import RequestStore
from engine.storage.rows import DueCase
from engine.storage.timers import TimerStore

A_WHILE = 0.02
"""Seconds between a naive claim's reading and its write: room for somebody else, also on a slow machine."""


@contextmanager
def split_transaction() -> Iterator[None]:
    """The entry is committed by itself, the case and the rest afterwards."""
    append = Log.append

    def appended(log: Log, *arguments: Any) -> str:
        head = append(log, *arguments)
        dialects.commit(log._connection)
        return head

    with patch.object(Log, "append", appended):
        yield


@contextmanager
def forgotten_request() -> Iterator[None]:
    """Accepted requests are not kept: the same request again is done again."""
    with patch.object(RequestStore, "put", lambda *_, **__: None):
        yield


@contextmanager
def lost_request() -> Iterator[None]:
    """After the fifth request that is kept, the oldest one is deleted with each further one."""
    put = RequestStore.put

    def kept(store: RequestStore, *arguments: Any, **named: Any) -> None:
        put(store, *arguments, **named)
        mine = "FROM request WHERE request LIKE 'r%'"
        if (store._connection.execute(text(f"SELECT count(*) {mine}")).scalar() or 0) > 5:
            oldest = f"SELECT request {mine} ORDER BY number, seq LIMIT 1"
            store._connection.execute(text(f"DELETE FROM request WHERE request = ({oldest})"))

    with patch.object(RequestStore, "put", kept):
        yield


@contextmanager
def twice_acting() -> Iterator[None]:
    """A timer that told somebody tells it again in the same sweep."""
    write = TimerStore.write

    def written(store: TimerStore, done: Sequence[tuple[DueCase, Decision]]) -> None:
        write(store, done)
        write(store, [_on_what_is_there(store, due, decision) for due, decision in done])

    with patch.object(TimerStore, "write", written):
        yield


@contextmanager
def naive_claim() -> Iterator[None]:
    """Due timers are read, let go, and written later on whatever the case has become: no `where seq = …`."""
    claim, write = TimerStore.claim, TimerStore.write

    def claimed(store: TimerStore, now: datetime, limit: int) -> list[DueCase]:
        found = claim(store, now, limit)
        if found:
            dialects.commit(store._connection)
            time.sleep(A_WHILE)
        return found

    def written(store: TimerStore, done: Sequence[tuple[DueCase, Decision]]) -> None:
        write(store, [_on_what_is_there(store, due, decision) for due, decision in done])

    with patch.object(TimerStore, "claim", claimed), patch.object(TimerStore, "write", written):
        yield


def _on_what_is_there(store: TimerStore, due: DueCase, decision: Decision) -> tuple[DueCase, Decision]:
    """The same act, put behind the case's newest entry without asking whether it was done already."""
    statement = text("SELECT seq, head, version FROM case_file WHERE id = :id")
    row = store._connection.execute(statement, {"id": due.id}).one()
    seen = due.case._replace(seq=row.seq, head=row.head)
    version = row.version + decision.case.version - due.case.version
    after = decision.case._replace(seq=row.seq + 1, version=version)
    return due._replace(case=seen), decision._replace(
        before=seen, case=after, entry=decision.entry._replace(seq=row.seq + 1)
    )
