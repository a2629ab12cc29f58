"""Real outages, each a context in which the ground is not what it should be."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tests.databases import restarted, server

NOBODY = 65534
HOLDING = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""
FULL_TABLES = ("request", "entry", "access_log", "meta")


@contextmanager
def no_room(limit: int) -> Iterator[None]:
    """No file of this process, or of those it starts, grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing below a folder can be written by this process, which for that time is not the machine's master."""
    paths = [folder, *folder.rglob("*")]
    modes = [(path, path.stat().st_mode & 0o777) for path in paths]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(me)
        for path, mode in modes:
            if path.exists():
                path.chmod(mode)


@contextmanager
def held_file(path: Path, lock: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Another process holds an SQLite file's lock."""
    command = [sys.executable, "-c", HOLDING, str(path), lock]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.stdin.close()


@contextmanager
def held_tables(url: str) -> Iterator[None]:
    """Another connection holds the tables that every act writes."""
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE case_file, access_log, meta, session IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


@contextmanager
def kept_aside(path: Path, instead: bytes | None = None) -> Iterator[None]:
    """A file is gone, or other bytes stand in its place."""
    aside = path.rename(path.with_name(f"{path.name}.aside"))
    if instead is not None:
        path.write_bytes(instead)
        path.chmod(0o600)
    try:
        yield
    finally:
        aside.replace(path)


@contextmanager
def full_server(url: str) -> Iterator[None]:
    """The server answers every writing with what it answers when its disk is full."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION "
            "'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END$$"
        )
        for table in FULL_TABLES:
            words = f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_room()"
            database.execute(words)  # type: ignore[arg-type]  # constants
        try:
            yield
        finally:
            database.execute("DROP FUNCTION no_room CASCADE")


@contextmanager
def read_only_server(url: str) -> Iterator[None]:
    """The server takes no writing, as one that became a standby: whoever was connected is let go of."""
    name = make_url(url).database
    with psycopg.connect(server(), autocommit=True) as master:
        master.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")  # type: ignore[arg-type]
        ended(url)
        try:
            yield
        finally:
            master.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")  # type: ignore[arg-type]
            ended(url)


def ended(url: str) -> int:
    """End the server's process behind every connection to a database; how many."""
    with psycopg.connect(server(), autocommit=True) as master:
        words = "SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity WHERE datname = %s"
        row = master.execute(words, (make_url(url).database,)).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def stopped_server() -> Iterator[None]:
    """The server is stopped while people work, and started again."""
    with restarted():
        yield
