"""Faults as people make them, planted: a harness that does not find them finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from engine.storage import dialects
from engine.storage.log import Log
from engine.storage.outbox import RequestStore


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
