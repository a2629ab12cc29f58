"""The driver itself, for the hot path: what SQLAlchemy does around a statement costs more than the statement.

Who listens to the statements of an engine hears these too, and what goes wrong is told by SQLAlchemy's own errors.
On PostgreSQL what needs no answer yet waits, and goes out together with what comes next: one round trip for all. The
commit goes with it too, so the server itself looks whether a row was changed, and keeps nothing where none was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
NOTHING: Mapping[str, Any] = {}
WAITING = "waiting"


NOT_ONE = "22012"
"""Division by zero: what PostgreSQL says, and goes no further, where a statement should change one row and does not."""


class Statement(NamedTuple):
    """Words with one or several sets of values; `refused` is raised where not exactly one row was changed."""

    words: str
    values: Values = NOTHING
    refused: Exception | None = None

    @property
    def guarded(self) -> Statement:
        """The same for a server that gets the commit with it, and so must look at the number of rows itself."""
        if self.refused is None:
            return self
        words = f"WITH changed AS ({self.words} RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM changed"  # noqa: S608  our own words
        return self._replace(words=words)


class First:
    """Questions that are asked as a transaction begins, and the driver's cursors with the answers."""

    __slots__ = ("cursors", "questions")

    def __init__(self, questions: Sequence[Statement]) -> None:
        self.questions = questions
        self.cursors: list[Any] = []


def run(connection: Connection, words: str, values: Values = NOTHING) -> Any:
    """The driver's cursor after these words, once or for each of several sets of values; raises DBAPIError."""
    return together(connection, [Statement(words, values)])[0]


def put(connection: Connection, statement: Statement) -> None:
    """Run a statement that gives no rows, at the latest before the next one that does, or before the commit."""
    if connection.dialect.name == "postgresql":
        connection.info.setdefault(WAITING, []).append(statement.guarded)
    else:
        together(connection, [statement])


def flush(connection: Connection) -> None:
    """Run what waits; raises what it raises."""
    if WAITING in connection.info:
        together(connection, [])


def forget(connection: Connection) -> None:
    """Let go of what waits: it is rolled back before it ran."""
    connection.info.pop(WAITING, None)


def together(connection: Connection, statements: Sequence[Statement]) -> list[Any]:
    """The driver's cursors after these statements, which PostgreSQL gets in one go, behind what waits."""
    waiting: Sequence[Statement] = connection.info.pop(WAITING, ())
    every = [*waiting, *statements]
    handle: Any = connection.connection.driver_connection
    cursors: list[Any] = []
    try:
        if len(every) > 1 and connection.dialect.name == "postgresql":
            with handle.pipeline():
                cursors.extend(_sent(connection, handle, each) for each in every)
            for cursor, each in zip(cursors, every, strict=True):
                _done(connection, cursor, each)
        else:
            for each in every:
                cursors.append(_sent(connection, handle, each))
                _done(connection, cursors[-1], each)
    except connection.dialect.loaded_dbapi.Error as error:
        refused = next((each.refused for each in every if each.refused is not None), None)
        if refused is not None and getattr(error, "sqlstate", "") == NOT_ONE:
            raise refused from error
        raise told(connection, every[max(0, len(cursors) - 1)], error) from error
    return cursors[len(waiting) :]


def _sent(connection: Connection, handle: Any, statement: Statement) -> Any:
    words, values, _ = statement
    cursor = handle.cursor()
    if connection.engine._has_events:
        for heard in connection.dispatch.before_cursor_execute:
            heard(connection, cursor, words, values, None, False)
    if isinstance(values, list):
        cursor.executemany(words, values)
    elif values:
        cursor.execute(words, values)
    else:
        cursor.execute(words)
    return cursor


def _done(connection: Connection, cursor: Any, statement: Statement) -> None:
    if connection.engine._has_events:
        for heard in connection.dispatch.after_cursor_execute:
            heard(connection, cursor, statement.words, statement.values, None, False)
    if statement.refused is not None and cursor.rowcount != 1:
        raise statement.refused


def told(connection: Connection, statement: Statement, error: Any) -> DBAPIError:
    """A driver's error as SQLAlchemy tells it; a connection that was lost is thrown away."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection, None)
    if lost:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    found: Any = DBAPIError.instance(
        statement.words, statement.values, error, base, connection_invalidated=lost, dialect=dialect
    )
    return found  # type: ignore[no-any-return]  # for an error of the driver it makes nothing else
