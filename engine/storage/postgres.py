"""PostgreSQL 15 and newer: several writers under row locks, readers at one moment; append-only kept by triggers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from engine.errors import InstallationError
from engine.storage import driver
from engine.storage.triggers import APPEND_ONLY, COLUMNS, LISTED, MOVE

PREFIX = "postgresql://"
OLDEST = 15
SETTINGS = (
    "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c synchronous_commit=on "
    "-c client_min_messages=warning -c TimeZone=UTC"
)
PATIENCE = 5
"""Seconds to wait for the server when a connection is made."""

UNIQUE_VIOLATION = "23505"
LOST_RACES = {"40001", "40P01"}
"""Serialization failure and deadlock: nothing was kept, and the same again may succeed."""

WAITED_TOO_LONG = "55P03"
_OPEN = frozenset((TransactionStatus.INTRANS, TransactionStatus.INERROR))
FUNCTION = "refuse_change"
BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
FOLLOW = "move_in_lists"
BODIES = {FUNCTION: BODY, FOLLOW: f"BEGIN {MOVE}; RETURN NULL; END"}
"""What the triggers call, by name."""

NAMES = {"40001": "重试", WAITED_TOO_LONG: "数据库正忙 (locked)"}


def engine_of(url: str, *, write: bool) -> Engine:  # noqa: ARG001  a room's function like the other's
    """The engine of a server's database; `start` decides how each transaction begins."""
    return create_engine(
        "postgresql+psycopg://" + url.removeprefix(PREFIX),
        isolation_level="AUTOCOMMIT",
        connect_args={"options": SETTINGS, "connect_timeout": PATIENCE, "application_name": "yingfan"},
        pool_size=8,
        max_overflow=8,
        pool_timeout=PATIENCE,
    )


def start(connection: Connection, *, write: bool, first: driver.First | None = None) -> None:
    """Begin a transaction: writers read what is committed and lock rows, readers see one moment and cannot write.

    A connection that the server let go of meanwhile is made anew, once: nothing had begun on it.
    """
    words = "BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    try:
        _start(connection, words, first)
    except OperationalError as error:
        if not error.connection_invalidated:
            raise
        connection.engine.dispose()  # the other ones in the pool are as old
        _start(connection, words, first)


def _start(connection: Connection, words: str, first: driver.First | None) -> None:
    if first is None:
        driver.run(connection, words)
    else:
        first.cursors = driver.together(connection, [driver.Statement(words), *first.questions])[1:]


def is_open(handle: Any) -> bool:
    """True while the driver's connection is in a transaction, be it a failed one."""
    return handle.pgconn.transaction_status in _OPEN


def is_taken(error: IntegrityError) -> bool:
    """True when a row's place was taken by somebody else; False when the row itself is wrong."""
    return getattr(error.orig, "sqlstate", None) == UNIQUE_VIOLATION


def lost_race(error: DBAPIError) -> bool:
    """True when the server ended the transaction because of others; the same again may succeed."""
    return getattr(error.orig, "sqlstate", None) in LOST_RACES


def lock(connection: Connection, name: str) -> None:
    """Hold a lock of this name until the transaction ends: what reads a last row and writes the next takes it."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%(name)s))", {"name": name})


def now_of(connection: Connection) -> datetime | None:
    """The clock of the server."""
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found


def prepare(engine: Engine) -> bool:
    """Look whether the server can be used; True when the database has no tables yet."""
    with engine.connect() as connection:
        version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
        if version < OLDEST:
            raise InstallationError(f"数据库是 PostgreSQL {version}；需要 {OLDEST} 或更新的版本")
        return not tables(connection)


def append_only(connection: Connection) -> None:
    """Triggers that keep history from being changed or removed; those that are there are made anew."""
    _make(connection, FUNCTION, _keepers())


def in_step(connection: Connection) -> None:
    """The trigger that keeps lists in step with their cases, made anew if it is there."""
    _make(connection, FOLLOW, _followers())


def _make(connection: Connection, function: str, wanted: Mapping[str, Mapping[str, str]]) -> None:
    body = BODIES[function]
    connection.execute(text(f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"))
    for table, triggers in wanted.items():
        for name, words in triggers.items():
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {table}"))
            connection.execute(text(words))


def _followers() -> Mapping[str, Mapping[str, str]]:
    when = "new.due_on IS DISTINCT FROM old.due_on OR new.kind <> old.kind"
    words = f"AFTER UPDATE OF due_on, kind ON case_file FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {FOLLOW}()"
    return {"case_file": {LISTED: f"CREATE TRIGGER {LISTED} {words}"}}


def _keepers() -> Mapping[str, Mapping[str, str]]:
    """Triggers of history by table and name, as the server repeats them. The words come from this project alone."""
    made = {}
    for table in APPEND_ONLY:
        of = f" OF {', '.join(COLUMNS[table])}" if table in COLUMNS else ""
        row, statement = "FOR EACH ROW EXECUTE FUNCTION", "FOR EACH STATEMENT EXECUTE FUNCTION"
        made[table] = {
            f"{table}_no_update": f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{of} ON {table} {row} {FUNCTION}()",
            f"{table}_no_delete": f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {row} {FUNCTION}()",
            f"{table}_no_truncate": (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {statement} {FUNCTION}()"
            ),
        }
    return made


def missing_triggers(connection: Connection) -> list[str]:
    """Triggers that are not there, switched off, or that read otherwise than they were made."""
    rows = connection.exec_driver_sql(
        "SELECT tgname, pg_get_triggerdef(oid, true) AS words FROM pg_trigger "
        "WHERE NOT tgisinternal AND tgenabled = 'O'"
    )
    found = {str(row.tgname): str(row.words) for row in rows}
    every = {**_keepers(), **_followers()}
    wanted = {name: words for triggers in every.values() for name, words in triggers.items()}
    missing = [name for name, words in wanted.items() if found.get(name) != words]
    source = "SELECT prosrc FROM pg_proc WHERE proname = %(name)s"
    for name, body in BODIES.items():
        if connection.exec_driver_sql(source, {"name": name}).scalar() != body:
            missing.append(name)
    return sorted(missing)


def tables(connection: Connection) -> set[str]:
    """The names of the tables that are there."""
    rows = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return {str(row.tablename) for row in rows}


def back_up(url: str, to: Path) -> None:
    """A dump of the database at one moment, whole or not at all, by the server's own pg_dump."""
    draft = to.with_name(f"{to.name}.{os.getpid()}")
    try:
        _tool("pg_dump", "--format=custom", "--no-owner", f"--file={draft}", f"--dbname={url}")
        draft.chmod(0o600)
        draft.replace(to)
    except OSError as error:
        raise InstallationError(f"不能备份到 {to}：{error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def put_back(url: str, source: Path, held: str) -> None:
    """The database as a dump has it, in place of an empty one: dump and mark in one transaction."""
    engine = engine_of(url, write=False)
    try:
        if not prepare(engine):
            raise InstallationError("数据库里已有内容；请换一个空的数据库，再恢复")
    finally:
        engine.dispose()
    with TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        _tool("pg_restore", "--no-owner", f"--file={script}", str(source))
        script.chmod(0o600)
        mark = f"INSERT INTO public.meta (name, value) VALUES ('held', '{held}') ON CONFLICT (name) DO NOTHING"  # noqa: S608  the program's own words
        once = ("--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1")
        _tool("psql", *once, f"--dbname={url}", f"--file={script}", f"--command={mark}")


def _tool(name: str, *arguments: str) -> None:
    found = shutil.which(name)
    if found is None:
        raise InstallationError(f"找不到 {name}；请安装 PostgreSQL 客户端工具（postgresql-client），并放入 PATH")
    done = subprocess.run([found, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"以 {done.returncode} 结束"]
        raise InstallationError(f"{name} 没有完成：{last[0]}")
