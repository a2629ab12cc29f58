"""The sweep on PostgreSQL beside bare psycopg that writes the same rows: G3."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg

from engine.cli.demo_play import moment
from engine.services.timers import BATCH, Timers
from engine.storage.types import instant_text
from tests.benchmarks.bench_sweep import CASE, CLAIMED, LINE, MESSAGE
from tests.benchmarks.figure import told
from tests.benchmarks.server import created, dropped, name_of, server
from tests.benchmarks.town import DUE, build_on, office

RUNS = 3
ACTED = "number IN (SELECT number FROM entry WHERE sealed = '')"
TYPES = {"seq": "int", "version": "int", "undoable": "int"}
BYTES = frozenset({"public", "sealed"})

Row = tuple[Any, ...]


def swept(url: str, folder: Path, n: int) -> float:
    """Seconds that one act of each of n due cases takes; raises AssertionError when not each acted once."""
    with office(folder, url=url) as app:
        timers = Timers(office=app.timers.office)
        start = perf_counter()
        done = timers.sweep(n)
        seconds = perf_counter() - start
    with psycopg.connect(url) as database:
        row = database.execute("SELECT count(*), count(DISTINCT number) FROM entry WHERE sealed = ''").fetchone()
    assert (n, (n, n), 0) == (done.timers, row, done.failed), (n, row, done)
    return seconds


class Floor:
    """What bare psycopg needs to write what a swept town holds into one that is still due."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as database:
            ids: dict[str, int] = dict(database.execute("SELECT number, id FROM case_file").fetchall())
            found = database.execute(f"SELECT id, {', '.join(CASE)} FROM case_file WHERE {ACTED}")
            self.cases: dict[int, Row] = {row[0]: row[1:] for row in found}
            found = database.execute(f"SELECT {LINE} FROM entry WHERE sealed = ''")
            self.lines: dict[int, Row] = {ids[row[1]]: row for row in found}
            self.told: dict[int, list[Row]] = {}
            for row in database.execute(f"SELECT {MESSAGE} FROM outbox"):
                self.told.setdefault(ids[row[1]], []).append(row)

    def run(self, url: str, n: int, *, arrays: bool) -> float:
        """Seconds for n cases in batches of the same size; one statement a table with arrays, or one a row, sent together."""
        with psycopg.connect(url, autocommit=True) as database, database.cursor() as cursor:
            now = instant_text(moment(DUE))
            start, left = perf_counter(), n
            while left:
                left -= self._batch(cursor, now, arrays=arrays)
            return perf_counter() - start

    def _batch(self, cursor: psycopg.Cursor[Row], now: str, *, arrays: bool) -> int:
        cursor.execute("BEGIN")
        claimed = cursor.execute(
            f"SELECT {CLAIMED} FROM case_file WHERE district = %s AND next_at <= %s "  # type: ignore[arg-type]
            "ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED",
            ("QH", now, BATCH),
        ).fetchall()
        claimed.sort()
        cases = [(*self.cases[row[0]], row[0], row[10]) for row in claimed]
        lines = [_hashed(self.lines[row[0]]) for row in claimed]
        told = [message for row in claimed for message in self.told.get(row[0], ())]
        write = _by_arrays if arrays else _by_rows
        write(cursor, cases, lines, told=told)
        cursor.execute("COMMIT")
        return len(claimed)


def _by_rows(cursor: psycopg.Cursor[Row], cases: list[Row], lines: list[Row], *, told: list[Row]) -> None:
    cursor.executemany(
        f"UPDATE case_file SET {', '.join(f'{name} = %s' for name in CASE)} WHERE id = %s AND seq = %s",  # type: ignore[arg-type]
        cases,
    )
    cursor.executemany(f"INSERT INTO entry ({LINE}) VALUES (%s, %s, %s, %s, %s, %s, %s)", lines)  # type: ignore[arg-type]
    if told:
        cursor.executemany(f"INSERT INTO outbox ({MESSAGE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", told)  # type: ignore[arg-type]


def _by_arrays(cursor: psycopg.Cursor[Row], cases: list[Row], lines: list[Row], *, told: list[Row]) -> None:
    names = [*CASE, "at_id", "at_seq"]
    types = [TYPES.get(name, "text") for name in CASE] + ["bigint", "int"]
    cursor.execute(
        f"UPDATE case_file SET {', '.join(f'{name} = v.{name}' for name in CASE)} "  # type: ignore[arg-type]
        f"FROM unnest({_places(types)}) AS v({', '.join(names)}) WHERE id = v.at_id AND case_file.seq = v.at_seq",
        [list(column) for column in zip(*cases, strict=True)],
    )
    _put(cursor, "entry", LINE, lines)
    if told:
        _put(cursor, "outbox", MESSAGE, told)


def _put(cursor: psycopg.Cursor[Row], table: str, columns: str, rows: list[Row]) -> None:
    types = ["bytea" if name in BYTES else TYPES.get(name, "text") for name in columns.split(", ")]
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({_places(types)})",  # type: ignore[arg-type]
        [list(column) for column in zip(*rows, strict=True)],
    )


def _places(types: list[str]) -> str:
    return ", ".join(f"%s::{each}[]" for each in types)


def _hashed(line: Row) -> Row:
    return (*line[:6], hashlib.sha256(bytes(line[3])).hexdigest())


def one_worker(n: int = 20_000) -> None:
    """G3: in the order of the table, one worker."""
    with server() as uri, tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "town"
        town = created(uri)
        build_on(town, place, n)
        first = created(uri, name_of(town))
        ours, arrays, rows = [swept(first, place, n)], [], []
        floor = Floor(first)
        dropped(uri, first)
        for _ in range(RUNS):
            for runs, run in (
                (arrays, lambda url: floor.run(url, n, arrays=True)),
                (rows, lambda url: floor.run(url, n, arrays=False)),
                (ours, lambda url: swept(url, place, n)),
            ):
                copy = created(uri, name_of(town))
                runs.append(run(copy))
                dropped(uri, copy)
    floor_us, ours_us = min(arrays) / n * 1e6, min(ours) / n * 1e6
    told(
        "G3", "sweep, PostgreSQL, batch 500, one worker", n, floor_us=floor_us, ours_us=ours_us,
        ratio=ours_us / floor_us, goal_ratio=2.0, executemany_us=min(rows) / n * 1e6,
    )  # fmt: skip


FIGURES = ((("G3",), one_worker),)
