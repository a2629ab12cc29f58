"""Verifying a long history: every hash, and the columns against the bytes, beside the hashes alone as sqlite3 reads them.

G11 is a flat bound (PERFORMANCE.md §4). The entries are those of one real case, written again for many cases.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

from engine.app import App
from engine.audit.chain import DOMAIN, START, canonical, entry_hash
from tests.benchmarks.figure import peak_mib, told
from tests.benchmarks.town import first_case, office

N = int(os.environ.get("ENTRIES", "1000000"))
A_CASE = 20
"""Entries of one case."""

Row = tuple[str, str, int, bytes, bytes, str, str]


def entries(rows: list[tuple[bytes, bytes]], n: int) -> Iterator[Row]:
    """n entries, twenty a case, round by round as life writes them: the cases of a round lie side by side."""
    cases = [f"QH-2027-{at:07}" for at in range(n // A_CASE)]
    heads = dict.fromkeys(cases, START)
    templates = [(json.loads(public), sealed) for public, sealed in rows]
    for seq in range(1, A_CASE + 1):
        public, sealed = templates[seq % len(templates)]
        for case in cases:
            written = canonical({**public, "case": case, "seq": seq})
            head = entry_hash(heads[case], written, sealed)
            yield "QH", case, seq, written, sealed, heads[case], head
            heads[case] = head


def build(folder: Path, n: int) -> None:
    """An installation with n entries of cases, and the cases with their heads."""
    number = first_case(folder)
    with closing(sqlite3.connect(folder / "yingfan.db", isolation_level=None)) as database:
        rows = database.execute("SELECT public, sealed FROM entry WHERE number = ? ORDER BY seq", (number,)).fetchall()
        database.execute("BEGIN")
        database.execute("DROP TRIGGER entry_no_replace")
        words = "INSERT INTO entry (district, number, seq, public, sealed, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
        database.executemany(words, entries(rows, n))
        names = [row[1] for row in database.execute("PRAGMA table_info(case_file)")]
        own = {"id": "NULL", "number": "e.number", "seq": "e.seq", "head": "e.hash", "next_at": "NULL"}
        listed = ", ".join(own.get(name, f"c.{name}") for name in names)
        database.execute(
            f"INSERT INTO case_file SELECT {listed} FROM entry e, case_file c "
            "WHERE c.number = ? AND e.seq = ? AND e.number <> c.number",
            (number, A_CASE),
        )
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def bare(path: Path) -> float:
    """Seconds in which sqlite3 reads every entry in the order of its table and its bytes are hashed, no more."""
    start = perf_counter()
    with closing(sqlite3.connect(path)) as database:
        for previous, public, sealed in database.execute("SELECT previous, public, sealed FROM entry ORDER BY id"):
            digest = hashlib.sha256(DOMAIN)
            digest.update(previous.encode())
            digest.update(public)
            digest.update(sealed)
            digest.hexdigest()
    return perf_counter() - start


def verified(app: App) -> float:
    """Seconds in which the product verifies the same; no figure if something does not hold."""
    start = perf_counter()
    with app.archive.read() as uow:
        problems = uow.log.verify(None)
    took = perf_counter() - start
    assert not problems, problems[:3]
    return took


def main() -> None:
    """G11."""
    with tempfile.TemporaryDirectory() as name:
        build(Path(name), N)
        with office(Path(name)) as app:
            floor = min(bare(Path(name) / "yingfan.db") for _ in range(2))
            before = peak_mib()
            took = min(verified(app) for _ in range(2))
            grown = peak_mib() - before
        told("G11", "every entry verified, hash and columns", N, s=took, hashes_s=floor, grown_mib=grown, goal_s=5.0)


FIGURES = ((("G11",), main),)
