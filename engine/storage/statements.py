"""Statements of the hot path: built once from the tables, compiled once a database, run as the driver's own SQL.

Core costs 0.7 of a floor in a sweep and driver SQL 0.07 (PERFORMANCE.md §3.6); values are bound by name either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import ClauseElement

Parameters = Mapping[str, object]

_DIALECTS: Mapping[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


class Hot:
    """One statement, written with the tables' own names; values go in and come out as the database keeps them."""

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Parameters]] = {}

    def _in(self, name: str) -> tuple[str, Parameters]:
        """The text of the statement in a database, and the values that the statement brings along itself."""
        if name not in self._compiled:
            compiled = self._statement.compile(dialect=_DIALECTS[name])
            own = {key: value for key, value in compiled.params.items() if value is not None}
            self._compiled[name] = str(compiled), own
        return self._compiled[name]

    def run(self, connection: Connection, values: Parameters | Sequence[Parameters]) -> CursorResult[Any]:
        """Run it once with these values, or for each of several sets of them."""
        text, own = self._in(connection.dialect.name)
        if own:
            values = {**own, **values} if isinstance(values, Mapping) else [{**own, **each} for each in values]
        return connection.exec_driver_sql(text, values)
