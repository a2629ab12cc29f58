"""SQLite: one file, one writer at a time, readers beside it; append-only kept by triggers."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from engine.errors import InstallationError
from engine.storage import driver
from engine.storage.triggers import APPEND_ONLY, COLUMNS, LISTED, MOVE

PREFIX = "sqlite:///"
HEADER = b"SQLite format 3\x00"
PATIENCE = 5.0
"""Seconds an act waits for the write lock before it says so."""

READ_PATIENCE = 1.0
"""Seconds that reading, and a new connection, waits where somebody cleans up after a process that was killed."""

PAUSE = 0.001
SETTINGS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "wal_autocheckpoint=10000",
    "secure_delete=ON",
)
READ_CACHE = 32 * 1024
"""KiB that a connection for reading keeps at most: the inner pages of a million cases, so that a row is one look."""

_TAKEN = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
    sqlite3.SQLITE_CONSTRAINT_TRIGGER,
}


def path_of(url: str) -> Path:
    """The file of a database's URL."""
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


def engine_of(url: str, *, write: bool) -> Engine:
    """The engine for writing or for reading transactions; the latter cannot write."""
    engine = create_engine(url, connect_args={"timeout": READ_PATIENCE})
    event.listen(engine, "connect", _settings)
    event.listen(engine, "connect", _no_waiting if write else _query_only)
    return engine


def _settings(connection: sqlite3.Connection, _: object) -> None:
    # The driver must not begin transactions by itself: `begin` below decides how.
    connection.isolation_level = None
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}")


def _no_waiting(connection: sqlite3.Connection, _: object) -> None:
    # Who writes waits as `_patiently` does.
    connection.execute("PRAGMA busy_timeout=0")


def _query_only(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{READ_CACHE}")


def write_ahead(engine: Engine) -> None:
    """Let readers and a writer work at once; kept in the file, so that it is set once it is known to be ours."""
    with engine.connect() as connection:
        _patiently(lambda: connection.exec_driver_sql("PRAGMA journal_mode=WAL"))


def start(connection: Connection, *, write: bool, first: driver.First | None = None) -> None:
    """Begin a transaction; a writing one takes the lock at once, or says after some seconds that it could not."""
    if write:
        _patiently(lambda: driver.run(connection, "BEGIN IMMEDIATE"))
    else:
        driver.run(connection, "BEGIN")
    if first is not None:
        first.cursors = driver.together(connection, first.questions)


def is_open(handle: sqlite3.Connection) -> bool:
    """True while the driver's connection is in a transaction."""
    return handle.in_transaction


def lost_race(_: DBAPIError) -> bool:
    """Never: there is one writer at a time."""
    return False


def lock(_: Connection, __: str) -> None:
    """Nothing: the one writer holds every lock."""


def now_of(_: Connection) -> datetime | None:
    """None: the database's clock is this machine's own."""
    return None


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
    """Triggers that keep history from being changed, removed or written over; those that are there are made anew."""
    _make(connection, _keepers())


def in_step(connection: Connection) -> None:
    """The trigger that keeps lists in step with their cases, made anew if it is there."""
    _make(connection, _followers())


def _make(connection: Connection, triggers: Mapping[str, str]) -> None:
    for name, body in triggers.items():
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        connection.execute(text(f"CREATE TRIGGER {name} {body}"))


def _followers() -> dict[str, str]:
    when = "NEW.due_on IS NOT OLD.due_on OR NEW.kind <> OLD.kind"
    return {LISTED: f"AFTER UPDATE OF due_on, kind ON case_file WHEN {when} BEGIN {MOVE}; END"}


def _keepers() -> dict[str, str]:
    """Triggers of history by name. The words come from this project alone, never from outside."""
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
    wanted = {**_keepers(), **_followers()}
    return sorted(name for name, body in wanted.items() if found.get(name) != f"CREATE TRIGGER {name} {body}")


def tables(connection: Connection) -> set[str]:
    """The names of the tables that are there."""
    rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    return {str(row.name) for row in rows}


def back_up(url: str, to: Path) -> None:
    """A copy of the database at one moment, whole or not at all; never a copied file (RELIABILITY.md 0.4)."""
    draft = to.with_name(f"{to.name}.{os.getpid()}")
    try:
        with closing(sqlite3.connect(path_of(url))) as source, closing(sqlite3.connect(draft)) as copy:
            draft.chmod(0o600)
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        _synced(draft)
        draft.replace(to)
        _synced(to.parent)
    except (sqlite3.Error, OSError) as error:
        draft.unlink(missing_ok=True)
        raise InstallationError(f"不能备份到 {to}：{error}") from None


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_back(url: str, source: Path, held: str) -> None:
    """The database as a backup has it, in place of an empty one; raises InstallationError for what is no backup."""
    path = path_of(url)
    if path.exists() and path.stat().st_size:
        raise InstallationError(f"数据库 {path} 已经存在；请先移走，再恢复")
    with source.open("rb") as file:
        if file.read(len(HEADER)) != HEADER:
            raise InstallationError(f"{source} 不是数据库备份")
    draft = path.with_name(f"{path.name}.restored")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        back_up(f"{PREFIX}{source.resolve()}", draft)
        with closing(sqlite3.connect(draft)) as copy, copy:
            if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                raise InstallationError(f"{source} 不是应返尽返的数据库备份")
            copy.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('held', ?)", (held,))
        _synced(draft)
        draft.replace(path)
        _synced(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise InstallationError(f"不能恢复到 {path}：{error}") from None
    finally:
        draft.unlink(missing_ok=True)
