"""What differs between databases: settings, the begin of a writing transaction, triggers. SQLite for now."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from engine.errors import InputError, InstallationError

PATIENCE = 5.0
"""Seconds an act waits for the write lock before it says so."""

PAUSE = 0.002
APPEND_ONLY = ("entry", "access_log")


def writer(url: str) -> Engine:
    """The engine for writing transactions; raises InputError for a URL of a database that is not supported yet."""
    if not url.startswith("sqlite:///"):
        raise InputError(f"数据库地址「{url.split('://')[0]}」暂不支持；可用 sqlite:///绝对路径")
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
    for setting in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "wal_autocheckpoint=10000",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _query_only(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA query_only=ON")


@contextmanager
def begin(engine: Engine, *, write: bool) -> Iterator[Connection]:
    """A transaction that ends in rollback unless the caller commits; a writing one takes the lock at once."""
    with engine.connect() as connection:
        if write:
            _immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]  # sqlite3's own
                connection.exec_driver_sql("ROLLBACK")


def _immediate(connection: Connection) -> None:
    """BEGIN IMMEDIATE, tried every few milliseconds: SQLite's own waiting grows to steps that starve a person."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise InstallationError(f"数据库暂时不能写入：{error.orig}；没有保存，请稍后再试") from None
            time.sleep(PAUSE)
        else:
            return


def append_only(connection: Connection) -> None:
    """Triggers that keep history from being changed, removed or written over."""
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            )
        connection.execute(
            text(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        )


def triggers(connection: Connection) -> set[str]:
    """The names of the triggers that are there."""
    rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    return {str(row[0]) for row in rows}


