"""Statements of the hot path: built once from the tables, compiled once a database, run as the driver's own SQL.

Core costs 0.7 of a floor in a sweep and driver SQL 0.07 (PERFORMANCE.md §3.6), and in an act what SQLAlchemy does
around each statement costs more than the statement itself; values are bound by name either way.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import ClauseElement

from engine.storage import dialects, driver

Parameters = Mapping[str, object]

_DIALECTS: Mapping[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


class Rows:
    """What a statement found, each row with its columns by name; or how many rows it changed."""

    __slots__ = ("_cursor", "_row")

    def __init__(self, cursor: Any, row: Callable[[Sequence[Any]], Any]) -> None:
        self._cursor = cursor
        self._row = row

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        return int(self._cursor.rowcount)

    def first(self) -> Any:
        """The first row, or None; the others are let go."""
        found = self._cursor.fetchone()
        self._cursor.close()
        return None if found is None else self._row(found)

    def all(self) -> list[Any]:
        """Every row."""
        return [self._row(each) for each in self._cursor.fetchall()]

    def bare(self) -> list[Sequence[Any]]:
        """Every row as the driver gives it, without names."""
        found: list[Sequence[Any]] = self._cursor.fetchall()
        return found

    def __iter__(self) -> Iterator[Any]:
        """Every row, one after the other."""
        return map(self._row, self._cursor)


class Hot:
    """One statement, written with the tables' own names; values go in and come out as the database keeps them."""

    __slots__ = ("_compiled", "_row", "_statement", "_writes")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._writes = isinstance(statement, UpdateBase)
        self._compiled: dict[str, tuple[str, Parameters]] = {}
        self._row: Callable[[Sequence[Any]], Any] = tuple

    def _in(self, name: str) -> tuple[str, Parameters]:
        """The text of the statement in a database, and the values that the statement brings along itself."""
        if name not in self._compiled:
            compiled = self._statement.compile(dialect=_DIALECTS[name])
            own = {key: value for key, value in compiled.params.items() if value is not None}
            self._compiled[name] = str(compiled), own
        return self._compiled[name]

    def run(self, connection: Connection, values: Parameters | Sequence[Parameters]) -> Rows:
        """Run it once with these values, or for each of several sets of them; raises SQLAlchemy's errors."""
        statement = self.of(connection.dialect.name, values)
        if self._writes:
            dialects.within(connection)
        return self.rows(driver.together(connection, [statement])[0])

    def put(self, connection: Connection, values: Parameters | Sequence[Parameters], *, refused: Any = None) -> None:
        """Run it, at the latest before the commit; where one row should change and does not, `refused` is raised."""
        dialects.within(connection)
        driver.put(connection, self.of(connection.dialect.name, values, refused=refused))

    def of(
        self, name: str, values: Parameters | Sequence[Parameters], *, refused: Exception | None = None
    ) -> driver.Statement:
        """It with these values in the words of a database."""
        words, own = self._in(name)
        if own:
            values = {**own, **values} if isinstance(values, Mapping) else [{**own, **each} for each in values]
        return driver.Statement(words, values, refused)

    def rows(self, cursor: Any) -> Rows:
        """What the driver's cursor has after this statement."""
        if self._row is tuple and cursor.description is not None:
            self._row = _row_of([column[0] for column in cursor.description])
        return Rows(cursor, self._row)


class Listed:
    """A statement about a list of values, made once for each power of two: a list is filled up with its last value.

    `make` gives the statement for the marks that stand for the values.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[Sequence[BindParameter[Any]]], ClauseElement]) -> None:
        self._make = make
        self._made: dict[int, Hot] = {}

    def run(self, connection: Connection, values: Parameters, wanted: Sequence[object]) -> Rows:
        """Run it with these values for what is wanted, which is something; raises SQLAlchemy's errors."""
        size = 1 << (len(wanted) - 1).bit_length()
        if size not in self._made:
            self._made[size] = Hot(self._make([bindparam(f"wanted_{at}") for at in range(size)]))
        last = len(wanted) - 1
        marks = {f"wanted_{at}": wanted[min(at, last)] for at in range(size)}
        return self._made[size].run(connection, {**values, **marks})


def _row_of(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """What makes a row of these columns: the names are the statement's own, known when it first ran."""
    make: Callable[..., Any] = namedtuple  # noqa: PYI024  as said
    row: Callable[[Sequence[Any]], Any] = make("Row", names, rename=True)._make
    return row
