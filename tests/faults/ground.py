"""Installations at rest, to be copied and opened at a moment: every fault test starts from one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from engine import app as root
from engine.app import App, open_app
from engine.clock import Clock, SteppedClock
from engine.definitions.load import load_all
from engine.services import almanac
from engine.settings import Settings
from engine.workdays import Calendar, load_calendar
from engine.workdays.orders import CalendarFile
from tests.databases import copied_url, fresh_url, server


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An installation: its data folder and the URL of its database."""

    folder: Path
    url: str

    def settings(self) -> Settings:
        """The settings that open it."""
        return Settings.read(data=self.folder, database=self.url, contact="电话000")

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """The database, past the program."""
        engine = create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


class Land(Protocol):
    """A kind of database on which installations stand."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def workers(self) -> Sequence[int]:
        """How many workers it is tried with."""
        ...

    def fresh(self, folder: Path) -> Ground:
        """An installation that does not exist yet."""
        ...

    def copied(self, ground: Ground, folder: Path) -> Ground:
        """A copy of an installation at rest; the folder must not exist yet."""
        ...

    def removed(self, ground: Ground) -> None:
        """Throw an installation away."""
        ...


class Files:
    """SQLite: the database is a file of its folder."""

    name = "SQLite"
    workers: Sequence[int] = (2,)

    def fresh(self, folder: Path) -> Ground:
        """An installation that does not exist yet."""
        return Ground(folder=folder, url=f"sqlite:///{folder / 'yingfan.db'}")

    def copied(self, ground: Ground, folder: Path) -> Ground:
        """A copy of the folder."""
        shutil.copytree(ground.folder, folder)
        return self.fresh(folder)

    def removed(self, ground: Ground) -> None:
        """Remove the folder."""
        shutil.rmtree(ground.folder)


class Server:
    """PostgreSQL: the database is one of a server's; the folder holds keys and documents."""

    name = "PostgreSQL"
    workers: Sequence[int] = (2, 4)

    def fresh(self, folder: Path) -> Ground:
        """An installation that does not exist yet."""
        return Ground(folder=folder, url=fresh_url("postgres", folder))

    def copied(self, ground: Ground, folder: Path) -> Ground:
        """A copy of the folder, and of the database by the server itself."""
        shutil.copytree(ground.folder, folder)
        return Ground(folder=folder, url=copied_url(ground.url))

    def removed(self, ground: Ground) -> None:
        """Drop the database, and remove the folder."""
        with psycopg.connect(server(), autocommit=True) as connection:
            words = f"DROP DATABASE {make_url(ground.url).database} WITH (FORCE)"
            connection.execute(words)  # type: ignore[arg-type]  # a name of the tests' own
        shutil.rmtree(ground.folder)


LANDS: tuple[Land, ...] = (Files(), Server())


@cache
def _law(workflows: Path, config: Path) -> Mapping[str, Any]:
    return load_all(workflows, config)


@cache
def _reckoned(directory: Path, files: tuple[CalendarFile, ...]) -> Calendar:
    return load_calendar(directory, files)


@contextmanager
def opened(ground: Ground, clock: Clock | datetime) -> Iterator[App]:
    """The installation, opened at this moment or by this clock; the law and calendar are read once a process."""
    clock = clock if isinstance(clock, Clock) else SteppedClock(clock)
    with (
        patch.object(root, "load_all", _law),
        patch.object(almanac, "load_calendar", lambda directory, files: _reckoned(directory, tuple(files))),
        open_app(ground.settings(), clock=clock) as app,
    ):
        yield app


def rows(ground: Ground, statement: str) -> Sequence[Mapping[str, Any]]:
    """Rows of the database as they stand, past the program."""
    with ground.connected() as connection:
        return [dict(row) for row in connection.execute(text(statement)).mappings()]
