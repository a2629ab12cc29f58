"""The driver itself, for the hot path: what SQLAlchemy does around a statement costs more than the statement.

Who listens to the statements of an engine hears these too, and what goes wrong is told by SQLAlchemy's own errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

NOTHING: Mapping[str, object] = {}


def run(connection: Connection, words: str, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = NOTHING) -> Any:
    """The driver's cursor after these words, once or for each of several sets of values; raises DBAPIError."""
    cursor: Any = connection.connection.cursor()
    many = isinstance(values, list)
    dispatch = connection.dispatch
    try:
        for heard in dispatch.before_cursor_execute:
            heard(connection, cursor, words, values, None, many)
        if many:
            cursor.executemany(words, values)
        elif values:
            cursor.execute(words, values)
        else:
            cursor.execute(words)
        for heard in dispatch.after_cursor_execute:
            heard(connection, cursor, words, values, None, many)
    except connection.dialect.loaded_dbapi.Error as error:
        raise told(connection, words, values, error=error) from error
    return cursor


def told(connection: Connection, words: str, values: Any, *, error: Any) -> DBAPIError:
    """A driver's error as SQLAlchemy tells it; a connection that was lost is thrown away."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection, None)
    if lost:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    found: Any = DBAPIError.instance(words, values, error, base, connection_invalidated=lost, dialect=dialect)
    return found  # type: ignore[no-any-return]  # for an error of the driver it makes nothing else
