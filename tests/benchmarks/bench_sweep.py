"""The sweep on the product's own tables beside bare sqlite3 that writes the same rows: G1, G2, G5, G6, G8."""

from __future__ import annotations

import hashlib
import math
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from engine.cli.demo_play import moment
from engine.services.model import ActRequest
from engine.services.timers import BATCH, Swept, Timers
from engine.storage.types import instant_text
from tests.benchmarks.figure import peak_mib, told
from tests.benchmarks.town import DUE, build, copied, office

RUNS = 3
SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
SETTINGS += ("wal_autocheckpoint=10000", "secure_delete=ON")
CLAIMED = (
    "id, number, workflow, definition, subject, unit, owner, state, former, epoch, seq, version, undoable, head, "
    "opened_on, entered_on, closed_as, clock"
)
LINE = "district, number, seq, public, sealed, previous, hash"
MESSAGE = "district, number, seq, kind, role, body, due_at, try_at"
CASE = ("owner", "seq", "version", "undoable", "head", "due_on", "late_after", "next_at", "clock")

ACTED = "WHERE number IN (SELECT number FROM entry WHERE sealed = x'')"

Row = tuple[object, ...]


def swept(folder: Path, n: int) -> float:
    """Seconds that one act of each of n due cases takes; raises AssertionError when not each acted once."""
    seconds, done = _swept(folder, n)
    _checked(folder, n, done)
    return seconds


def _swept(folder: Path, n: int) -> tuple[float, Swept]:
    with office(folder) as app:
        timers = Timers(office=app.timers.office)
        start = perf_counter()
        done = timers.sweep(n)
        return perf_counter() - start, done


def _checked(folder: Path, n: int, done: Swept) -> None:
    with closing(sqlite3.connect(folder / "yingfan.db")) as database:
        acted, cases = database.execute(
            "SELECT count(*), count(DISTINCT number) FROM entry WHERE sealed = x''"
        ).fetchone()
    assert (n, n, n, 0) == (done.timers, acted, cases, done.failed), (n, acted, cases, done)


class Floor:
    """What bare sqlite3 needs to write what a swept town holds into one that is still due."""

    def __init__(self, town: Path) -> None:
        with closing(sqlite3.connect(town / "yingfan.db")) as database:
            ids: dict[str, int] = dict(database.execute("SELECT number, id FROM case_file"))
            self.cases: dict[int, Row] = {
                row[0]: row[1:] for row in database.execute(f"SELECT id, {', '.join(CASE)} FROM case_file {ACTED}")
            }
            self.lines: dict[int, Row] = {
                ids[row[1]]: row for row in database.execute(f"SELECT {LINE} FROM entry WHERE sealed = x''")
            }
            self.told: dict[int, list[Row]] = {}
            for row in database.execute(f"SELECT {MESSAGE} FROM outbox"):
                self.told.setdefault(ids[row[1]], []).append(row)

    def run(self, folder: Path, n: int) -> float:
        """Seconds for n cases in batches of the same size."""
        with closing(sqlite3.connect(folder / "yingfan.db", isolation_level=None)) as database:
            for setting in SETTINGS:
                database.execute(f"PRAGMA {setting}")
            now = instant_text(moment(DUE))
            start, left = perf_counter(), n
            while left:
                left -= self._batch(database, now)
            return perf_counter() - start

    def _batch(self, database: sqlite3.Connection, now: str) -> int:
        database.execute("BEGIN IMMEDIATE")
        claimed = database.execute(
            f"SELECT {CLAIMED} FROM case_file WHERE district = ? AND next_at <= ? ORDER BY next_at, id LIMIT ?",
            ("QH", now, BATCH),
        ).fetchall()
        claimed.sort()
        database.executemany(
            f"UPDATE case_file SET {', '.join(f'{name} = ?' for name in CASE)} WHERE id = ? AND seq = ?",
            [(*self.cases[row[0]], row[0], row[10]) for row in claimed],
        )
        database.executemany(
            f"INSERT INTO entry ({LINE}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_hashed(self.lines[row[0]]) for row in claimed],
        )
        database.executemany(
            f"INSERT INTO outbox ({MESSAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [message for row in claimed for message in self.told.get(row[0], ())],
        )
        database.execute("COMMIT")
        return len(claimed)


def _hashed(line: Row) -> Row:
    return (*line[:6], hashlib.sha256(bytes(line[3])).hexdigest())  # type: ignore[arg-type]  # the public part


def beside(folder: Path, n: int, *, scattered: bool) -> tuple[float, float]:
    """Microseconds a case of the floor and of the subject, the least of some runs taken in turns."""
    town = folder / "town"
    build(town, n, scattered=scattered)
    return measured(folder, town, n)


def measured(folder: Path, town: Path, n: int) -> tuple[float, float]:
    """The same for a town of which n cases are due."""
    first = copied(town, folder / "first")
    ours, floors = [swept(first, n)], []
    floor = Floor(first)
    for _ in range(RUNS):
        for runs, run in ((floors, floor.run), (ours, swept)):
            copy = copied(town, folder / "copy")
            runs.append(run(copy, n))
            shutil.rmtree(copy)
    return min(floors) / n * 1e6, min(ours) / n * 1e6


def in_order(n: int = 20_000) -> None:
    """G1: in the order of the table."""
    with tempfile.TemporaryDirectory() as folder:
        floor, ours = beside(Path(folder), n, scattered=False)
    what = "sweep, SQLite FULL, batch 500, case order"
    told("G1", what, n, floor_us=floor, ours_us=ours, ratio=ours / floor, goal_ratio=2.5)


def in_any_order(n: int = 100_000) -> None:
    """G2: in random order."""
    with tempfile.TemporaryDirectory() as folder:
        floor, ours = beside(Path(folder), n, scattered=True)
    what = "sweep, SQLite FULL, batch 500, random order"
    told("G2", what, n, floor_us=floor, ours_us=ours, ratio=ours / floor, goal_ratio=1.7)


def growth() -> None:
    """G5: all due, ten thousand to a million; each size in a process of its own, whose memory is measured."""
    sizes = (10_000, 100_000, 1_000_000)
    seconds, memory = [], []
    for n in sizes:
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder) / "town", n)
            command = [sys.executable, "-m", "tests.benchmarks.bench_sweep", folder + "/town", str(n)]
            took, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        seconds.append(float(took))
        memory.append(float(peak))
    exponent = math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])
    told(
        "G5", "growth of the sweep, all due, 10k to 1M: exponent", sizes[-1], exponent=exponent, goal_exponent=1.1,
        us_a_case=[round(each / n * 1e6, 1) for each, n in zip(seconds, sizes, strict=True)],
    )  # fmt: skip
    told(
        "G5",
        "memory of the sweep, 1M beside 10k",
        sizes[-1],
        peak_mib=memory,
        ratio=memory[-1] / memory[0],
        goal_ratio=1.2,
    )


def officer_beside_a_sweep() -> None:
    """G8: an officer's acts while another process sweeps 60,000 cases, back to back."""
    n = 60_000
    with tempfile.TemporaryDirectory() as folder:
        town = Path(folder) / "town"
        build(town, n, scattered=True)
        number = first_number(town)
        alone = swept(copied(town, Path(folder) / "alone"), n)
        command = [sys.executable, "-m", "tests.benchmarks.bench_sweep", str(town), str(n)]
        with (
            office(town, "2026-09-30 08:00") as app,
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sweep,
        ):
            waits = []
            while sweep.poll() is None:
                start = perf_counter()
                app.cases.advance(
                    ActRequest(case=number, trigger="case.note", account="township", fields={"text": "电话联系"})
                )
                waits.append((perf_counter() - start) * 1000)
            took = float((sweep.stdout.read() if sweep.stdout else "").split()[0])
    waits.sort()
    told(
        "G8", "an officer's act beside a sweep in batches of 500: p99 in ms", len(waits),
        p50_ms=statistics.median(waits), p99_ms=waits[int(len(waits) * 0.99)], goal_ms=60,
        sweep_slower=took / alone,
    )  # fmt: skip


def first_number(town: Path) -> str:
    """The number of the one real case of a town."""
    with closing(sqlite3.connect(town / "yingfan.db")) as database:
        return str(database.execute("SELECT number FROM case_file ORDER BY id LIMIT 1").fetchone()[0])


def few_of_many(sizes: Sequence[int] = (10_000, 100_000, 1_000_000), due: int = 10_000) -> None:
    """G6: ten thousand due out of ten thousand to a million; what growth there is must be the floor's own."""
    floors, ours = [], []
    for n in sizes:
        with tempfile.TemporaryDirectory() as folder:
            town = Path(folder) / "town"
            build(town, n, every=n // due)
            floor, subject = measured(Path(folder), town, due)
        floors.append(floor)
        ours.append(subject)
    decades = math.log(sizes[-1] / sizes[0])
    bare, reached = math.log(floors[-1] / floors[0]) / decades, math.log(ours[-1] / ours[0]) / decades
    told(
        "G6", "growth of the sweep, 10k due out of 10k to 1M: exponent", due, exponent=reached,
        floor_exponent=bare, goal_exponent=bare + 0.1, floor_us=floors, ours_us=ours,
    )  # fmt: skip


FIGURES = (
    (("G1",), in_order),
    (("G2",), in_any_order),
    (("G8",), officer_beside_a_sweep),
    (("G5",), growth),
    (("G6",), few_of_many),
)


def alone(arguments: Sequence[str]) -> None:
    """One sweep in this process: seconds, and the peak of its memory in MiB; what then checks it needs its own."""
    folder, n = Path(arguments[0]), int(arguments[1])
    seconds, done = _swept(folder, n)
    peak = peak_mib()
    _checked(folder, n, done)
    print(seconds, peak)


if __name__ == "__main__":
    alone(sys.argv[1:])
