"""What differs between databases, behind one set of names: SQLite in a file, or PostgreSQL on a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from engine.errors import InputError, InstallationError
from engine.storage import driver, postgres, sqlite
from engine.storage.rows import Conflict

_ROOMS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgres}


def _room(url: str) -> ModuleType:
    for room in _ROOMS.values():
        if url.startswith(room.PREFIX) and len(url) > len(room.PREFIX):
            return room
    raise InputError(
        f"数据库地址「{url.partition('://')[0]}」不支持；"
        f"可用 {sqlite.PREFIX}绝对路径 或 {postgres.PREFIX}用户@主机/库名"
    )


def _of(connection: Connection) -> ModuleType:
    return _ROOMS[connection.dialect.name]


def place_of(url: str) -> str:
    """The database's place as messages name it, without a password."""
    if _room(url) is sqlite:
        return str(sqlite.path_of(url))
    head, _, tail = url.rpartition("@")
    return f"{postgres.PREFIX}{tail}" if head else url


def one_writer(url: str) -> bool:
    """True for a database that lets one write at a time."""
    return _room(url) is sqlite


def engines(url: str) -> tuple[Engine, Engine]:
    """The engines for writing and for reading; raises InputError for a database that is not supported."""
    room = _room(url)
    writer, reader = room.engine_of(url, write=True), room.engine_of(url, write=False)
    for name in ("do_execute", "do_executemany"):
        event.listen(writer, name, _next)
    return writer, reader


def _next(_: object, statement: str, __: object, context: Any) -> None:
    if context.root_connection.in_transaction():  # SQLAlchemy's own first questions come before any
        driver.flush(context.root_connection)
    if not statement.startswith(("BEGIN", "PRAGMA", "SHOW", "SELECT")):
        within(context.root_connection)


def within(connection: Connection) -> None:
    """What is written outside a transaction begins one of its own, which nobody commits."""
    handle: Any = connection.connection.driver_connection
    if not _of(connection).is_open(handle):  # what waits was put there in a transaction
        handle.cursor().execute("BEGIN")


def prepare(url: str, reader: Engine) -> bool:
    """Look whether the database can be used, and make an SQLite file that is not there; True when it holds nothing."""
    if _room(url) is sqlite:
        return sqlite.prepare(sqlite.path_of(url))
    try:
        return postgres.prepare(reader)
    except DBAPIError as error:
        raise InstallationError(f"数据库 {place_of(url)} 连接不上：{_said(error)}") from None


def settle(engine: Engine) -> None:
    """What is set once the database is known to be ours; raises InstallationError where that cannot be written."""
    if engine.dialect.name == "sqlite":
        with _told(sqlite):
            sqlite.write_ahead(engine)


@contextmanager
def begin(engine: Engine, *, write: bool, first: driver.First | None = None) -> Iterator[Connection]:
    """A transaction that ends in rollback unless the caller commits; `first` is asked as it begins.

    Raises InstallationError when the database cannot be used (that handle is thrown away, nothing was kept), Conflict
    when the database ended the transaction because of others.
    """
    room = _ROOMS[engine.dialect.name]
    with _told(room), engine.connect() as connection:
        try:
            room.start(connection, write=write, first=first)
            yield connection
            driver.flush(connection)  # what would be refused is told, also to whom only tries
        except OperationalError as error:
            if not room.lost_race(error):
                connection.invalidate()
            raise
        finally:
            _roll_back(connection)


@contextmanager
def _told(room: ModuleType) -> Iterator[None]:
    """Let a database that cannot be used say so in one line; what a row itself has wrong passes as it is."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        if room.lost_race(error):
            raise Conflict(str(error.orig)) from None
        raise InstallationError(f"数据库不能读写：{_said(error)}；没有保存，请稍后再试") from None
    except PoolTimeout:
        raise InstallationError("数据库不能读写：连接已用满；没有保存，请稍后再试") from None


def _said(error: DBAPIError) -> str:
    """The driver's first line, in front of its details."""
    first = (str(error.orig).strip().splitlines() or [""])[0]
    name = postgres.NAMES.get(str(getattr(error.orig, "sqlstate", "")), "")
    return f"{name}{first}" if not name else f"{name}：{first}"


def _roll_back(connection: Connection) -> None:
    if connection.invalidated or connection.closed:
        return
    driver.forget(connection)
    if _of(connection).is_open(connection.connection.driver_connection):
        driver.run(connection, "ROLLBACK")


def commit(connection: Connection) -> None:
    """Keep what was written; what is written afterwards is a transaction of its own, rolled back like any other."""
    driver.run(connection, "COMMIT")


def is_taken(error: IntegrityError) -> bool:
    """True when a row's place was taken by somebody else; False when the row itself is wrong."""
    return sqlite.is_taken(error) or postgres.is_taken(error)


def lock(connection: Connection, name: str) -> None:
    """Hold a lock of this name until the transaction ends."""
    _of(connection).lock(connection, name)


def now_of(connection: Connection) -> datetime | None:
    """The clock of the database's machine; None where that is this machine's own."""
    found: datetime | None = _of(connection).now_of(connection)
    return found


def append_only(connection: Connection) -> None:
    """Triggers that keep history from being changed, removed or written over."""
    _of(connection).append_only(connection)


def in_step(connection: Connection) -> None:
    """The trigger that moves a case in the lists of its units when its due day or the kind of its state changes."""
    _of(connection).in_step(connection)


def missing_triggers(connection: Connection) -> list[str]:
    """Triggers that are not there, or read otherwise than they were made: whoever dropped them could change history."""
    return list(_of(connection).missing_triggers(connection))


def tables(connection: Connection) -> set[str]:
    """The names of the tables that are there."""
    return set(_of(connection).tables(connection))


def back_up(url: str, to: Path) -> None:
    """Write a backup of the database at one moment; raises InstallationError when it cannot be written whole."""
    _room(url).back_up(url, to)


def put_back(url: str, source: Path, held: str) -> None:
    """Fill an empty database from a backup, marked as held from its first moment, whole or not at all.

    Raises InstallationError where there is a database already, and for what is no backup of this kind.
    """
    if not source.is_file():
        raise InstallationError(f"没有备份文件 {source}")
    room = _room(url)
    with _told(room):
        room.put_back(url, source, held)
