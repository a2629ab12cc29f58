"""What differs between databases: settings, how transactions begin and end, triggers. SQLite for now."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from engine.errors import InputError, InstallationError

PREFIX = "sqlite:///"
HEADER = b"SQLite format 3\x00"
PATIENCE = 5.0
"""Seconds an act waits for the write lock before it says so."""

PAUSE = 0.002
SETTINGS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "wal_autocheckpoint=10000",
    "secure_delete=ON",
)
APPEND_ONLY = {
    "entry": "id = NEW.id OR (district = NEW.district AND number = NEW.number AND seq = NEW.seq)",
    "access_log": "id = NEW.id",
    "outbox": "id = NEW.id",
    "calendar_file": "id = NEW.id",
}
"""Tables whose rows stay as written, with what makes a new row take an old one's place."""

COLUMNS = {"outbox": ("id", "district", "number", "seq", "kind", "role", "body", "due_at")}
_TAKEN = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
    sqlite3.SQLITE_CONSTRAINT_TRIGGER,
}


def path_of(url: str) -> Path:
    """The file of a database's URL; raises InputError for a database that is not supported yet."""
    if not url.startswith(PREFIX) or len(url) == len(PREFIX):
        raise InputError(f"数据库地址「{url.partition('://')[0]}」暂不支持；可用 {PREFIX}绝对路径")
    return Path(url.removeprefix(PREFIX))


def prepare(path: Path) -> bool:
    """Make the database's folder and an empty file that nobody else may read; True when there was no data yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        with path.open("rb") as file:
            head = file.read(len(HEADER))
    except OSError as error:
        raise InstallationError(f"数据库 {path} 不能建立或打开：{error.strerror}") from None
    if head not in (b"", HEADER):
        raise InstallationError(f"{path} 不是应返尽返的数据库：它不是数据库文件")
    return not head


def writer(url: str) -> Engine:
    """The engine for writing transactions."""
    engine = create_engine(url, connect_args={"timeout": 0})
    event.listen(engine, "connect", _settings)
    return engine


def reader(url: str) -> Engine:
    """The engine for reading; it cannot write."""
    engine = writer(url)
    event.listen(engine, "connect", _query_only)
    return engine


def _settings(connection: sqlite3.Connection, _: object) -> None:
    # The driver must not begin transactions by itself: `begin` below decides how.
    connection.isolation_level = None
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}")


def _query_only(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def write_ahead(engine: Engine) -> None:
    """Let readers and a writer work at once; kept in the file, so that it is set once it is known to be ours."""
    with engine.connect() as connection:
        _patiently(lambda: connection.exec_driver_sql("PRAGMA journal_mode=WAL"))


@contextmanager
def begin(engine: Engine, *, write: bool) -> Iterator[Connection]:
    """A transaction that ends in rollback unless the caller commits; a writing one takes the lock at once.

    Raises InstallationError when the database cannot be used: that handle is thrown away, nothing was kept.
    """
    try:
        with engine.connect() as connection:
            try:
                if write:
                    _patiently(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
                else:
                    connection.exec_driver_sql("BEGIN")
                yield connection
            except OperationalError:
                connection.invalidate()
                raise
            finally:
                _roll_back(connection)
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise InstallationError(f"数据库不能读写：{error.orig}；没有保存，请稍后再试") from None


def _roll_back(connection: Connection) -> None:
    if not connection.invalidated and connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]  # sqlite3's own
        connection.exec_driver_sql("ROLLBACK")


def commit(connection: Connection) -> None:
    """Keep what was written; what is written afterwards is a transaction of its own, rolled back like any other."""
    connection.exec_driver_sql("COMMIT")
    connection.exec_driver_sql("BEGIN")


def _patiently(attempt: Callable[[], object]) -> None:
    """Try every few milliseconds: SQLite's own waiting grows to steps that starve a person."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            attempt()
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > until:
                raise
            time.sleep(PAUSE)
        else:
            return


def is_taken(error: IntegrityError) -> bool:
    """True when a row's place was taken by somebody else; False when the row itself is wrong."""
    return getattr(error.orig, "sqlite_errorcode", None) in _TAKEN


def append_only(connection: Connection) -> None:
    """Triggers that keep history from being changed, removed or written over."""
    for name, body in _triggers().items():
        connection.execute(text(f"CREATE TRIGGER {name} {body}"))


def _triggers() -> dict[str, str]:
    """Every trigger by name. The words come from this module alone, never from outside."""
    made = {}
    for table, taken in APPEND_ONLY.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        of = f" OF {', '.join(COLUMNS[table])}" if table in COLUMNS else ""
        made[f"{table}_no_update"] = f"BEFORE UPDATE{of} ON {table} {refuse}"
        made[f"{table}_no_delete"] = f"BEFORE DELETE ON {table} {refuse}"
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608  constants of this module
        made[f"{table}_no_replace"] = f"BEFORE INSERT ON {table} WHEN {exists} {refuse}"
    return made


def missing_triggers(connection: Connection) -> list[str]:
    """Triggers that are not there, or read otherwise than they were made: whoever dropped them could change history."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    found = {str(row.name): str(row.sql) for row in rows}
    return sorted(name for name, body in _triggers().items() if found.get(name) != f"CREATE TRIGGER {name} {body}")


def tables(connection: Connection) -> set[str]:
    """The names of the tables that are there."""
    rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    return {str(row.name) for row in rows}
