"""Every statement that reaches a database, seen before and after it runs; the key store's own ones too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event

Hook = Callable[[str, str, Any], None]
"""Called with ``before`` or ``after``, the statement, and the driver's connection it runs on."""


@contextmanager
def tapped(hook: Hook) -> Iterator[None]:
    """Let the hook see every statement of every engine of this process, and of the key store."""

    def before(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        hook("before", statement, connection)

    def after(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        hook("after", statement, connection)

    def committing(connection: Connection) -> None:
        hook("before", "COMMIT by the driver", connection)

    listeners = (("before_cursor_execute", before), ("after_cursor_execute", after), ("commit", committing))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        with patch.object(sqlite3, "connect", _watched(sqlite3.connect, hook)):
            yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def _watched(connect: Callable[..., sqlite3.Connection], hook: Hook) -> Callable[..., sqlite3.Connection]:
    """The driver's own connect, as the key store calls it, with its statements shown to the hook."""

    class Watched(sqlite3.Connection):
        def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
            hook("before", statement, self)
            cursor = super().execute(statement, *parameters)
            hook("after", statement, self)
            return cursor

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        return connect(*arguments, **{**named, "factory": Watched})

    return connected


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that run inside the block, BEGIN, COMMIT and ROLLBACK included, in order."""
    found: list[str] = []

    def note(when: str, statement: str, _: object) -> None:
        if when == "before":
            found.append(statement)

    with tapped(note):
        yield found
