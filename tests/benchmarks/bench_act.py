"""An officer's act in one transaction beside bare drivers that write the same rows: G4."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from engine.services.model import ActRequest
from engine.storage.cases import CHANGING
from tests.benchmarks.bench_sweep import LINE, SETTINGS
from tests.benchmarks.figure import told
from tests.benchmarks.server import created, name_of, server
from tests.benchmarks.town import copied, first_case, office

RUNS = 3
REQUEST = "district, request, number, seq, content, answer"
WHEN = "2026-09-03 11:00"
READ = (
    "SELECT c.*, r.content, r.answer FROM case_file c LEFT JOIN request r ON r.district = c.district AND r.request = {0} "
    "WHERE c.district = {0} AND c.number = {0}"
)
SAVE = (
    f"UPDATE case_file SET {', '.join(f'{name} = {{0}}' for name in CHANGING)} "
    "WHERE district = {0} AND number = {0} AND seq = {0}"
)
ADD = f"INSERT INTO entry ({LINE}) VALUES ({', '.join(['{0}'] * 7)})"
KEEP = f"INSERT INTO request ({REQUEST}) VALUES ({', '.join(['{0}'] * 6)})"

Row = tuple[Any, ...]


def acted(folder: Path, url: str, n: int) -> float:
    """Seconds of n notes of an officer, one after the other; raises AssertionError when not each left its entry."""
    with office(folder, WHEN, url=url) as app:
        with app.archive.read() as uow:
            number = uow.cases.numbers()[0]
        requests = [
            ActRequest(
                case=number,
                trigger="case.note",
                account="township",
                fields={"text": "电话联系，家长说明天送来"},
                request_id=f"act-{at:06}",
            )
            for at in range(n + 20)
        ]
        for request in requests[n:]:  # what is compiled and prepared at first is not what an act costs
            app.cases.advance(request)
        start = perf_counter()
        for request in requests[:n]:
            app.cases.advance(request)
        seconds = perf_counter() - start
        assert app.archive.invariants() == []
    assert n + 20 == len(Rows(url).lines)
    return seconds


class Rows:
    """The rows that so many acts left, in their order."""

    def __init__(self, url: str) -> None:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
        with engine.connect() as database:
            found = _all(database, f"SELECT {REQUEST} FROM request WHERE request LIKE 'act-%' ORDER BY seq")
            self.requests = found
            self.number = found[0][2]
            least = found[0][3]
            self.lines = _all(database, f"SELECT {LINE} FROM entry WHERE number = '{self.number}' AND seq >= {least}")
            self.lines.sort(key=lambda row: int(row[2]))
            self.case = _all(database, f"SELECT {', '.join(CHANGING)} FROM case_file WHERE number = '{self.number}'")[0]

    def saved(self, at: int) -> Row:
        """The case's row after one act: the last one, with that act's place and head."""
        line = dict(zip(CHANGING, self.case, strict=True)) | {"seq": self.lines[at][2], "head": self.lines[at][6]}
        return tuple(line.values())


def _all(database: Connection, statement: str) -> list[Row]:
    return [tuple(row) for row in database.execute(text(statement))]


def _hashed(line: Row) -> Row:
    return (*line[:6], "sha256:" + hashlib.sha256(bytes(line[3]) + bytes(line[4])).hexdigest())


def _first(rows: Rows) -> int:
    """The place of a case that none of these acts has touched yet."""
    return int(rows.lines[0][2]) - 1


def on_file(rows: Rows, url: str, n: int) -> float:
    """Seconds of the same with bare sqlite3."""
    read, save, add, keep = (each.format("?") for each in (READ, SAVE, ADD, KEEP))
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as database:
        for setting in SETTINGS:
            database.execute(f"PRAGMA {setting}")
        start = perf_counter()
        for at in range(n):
            database.execute("BEGIN IMMEDIATE")
            database.execute(read, (rows.requests[at][1], "QH", rows.number)).fetchone()
            changed = database.execute(save, (*rows.saved(at), "QH", rows.number, _first(rows) + at))
            assert changed.rowcount == 1
            database.execute(add, _hashed(rows.lines[at]))
            database.execute(keep, rows.requests[at])
            database.execute("COMMIT")
        return perf_counter() - start


def on_server(rows: Rows, url: str, n: int) -> float:
    """Seconds of the same with bare psycopg, what needs no answer sent together."""
    read, save, add, keep = (each.format("%s") for each in (READ + " FOR UPDATE OF c", SAVE, ADD, KEEP))
    with psycopg.connect(url, autocommit=True) as database, database.cursor() as cursor:
        start = perf_counter()
        for at in range(n):
            with database.pipeline():
                cursor.execute("BEGIN")
                cursor.execute(read, (rows.requests[at][1], "QH", rows.number))  # type: ignore[arg-type]
                cursor.fetchone()
                cursor.execute(save, (*rows.saved(at), "QH", rows.number, _first(rows) + at))  # type: ignore[arg-type]
                cursor.execute(add, _hashed(rows.lines[at]))  # type: ignore[arg-type]
                cursor.execute(keep, rows.requests[at])  # type: ignore[arg-type]
                cursor.execute("COMMIT")
        return perf_counter() - start


Fresh = Callable[[], tuple[Path, str]]
"""One more copy of an installation with one case: its folder, its database's URL."""


def _in_turns(what: str, n: int, fresh: Fresh, floor: Callable[[Rows, str, int], float], *, goal: float) -> None:
    folder, url = fresh()
    ours = [acted(folder, url, n)]
    rows = Rows(url)
    floors = []
    for _ in range(RUNS):
        floors.append(floor(rows, fresh()[1], n))
        ours.append(acted(*fresh(), n))
    floor_us, ours_us = min(floors) / n * 1e6, min(ours) / n * 1e6
    told("G4", what, n, floor_us=floor_us, ours_us=ours_us, ratio=ours_us / floor_us, goal_ratio=goal)


def file_act(n: int = 1000) -> None:
    """G4 on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        town, names = Path(folder) / "town", count()
        first_case(town)

        def fresh() -> tuple[Path, str]:
            place = copied(town, Path(folder) / str(next(names)))
            return place, f"sqlite:///{place / 'yingfan.db'}"

        _in_turns("an officer's act, SQLite FULL, beside bare sqlite3", n, fresh, on_file, goal=3.0)


def server_act(n: int = 1000) -> None:
    """G4 on PostgreSQL."""
    with server() as uri, tempfile.TemporaryDirectory() as folder:
        town = created(uri)
        first_case(Path(folder), url=town)

        def fresh() -> tuple[Path, str]:
            return Path(folder), created(uri, name_of(town))

        _in_turns("an officer's act, PostgreSQL, beside pipelined psycopg", n, fresh, on_server, goal=2.5)


FIGURES = ((("G4",), file_act), (("G4",), server_act))
