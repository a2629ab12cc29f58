"""Reading at a million open cases: a page of the work list at any depth and the page of a case, as a browser gets them.

G9 and G10 are flat bounds (PERFORMANCE.md §4). The pages go through the whole counter, from request to HTML.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.app import App
from engine.storage.keys import Keys
from engine.storage.listing import Place
from engine.vault import open_sealed, seal
from engine.web.application import create_web
from engine.web.tidying import settle
from tests.benchmarks.figure import told
from tests.benchmarks.town import first_case, office

N = int(os.environ.get("CASES", "1000000"))
ROUNDS = 300
TOWNSHIPS = 24
"""The cases of the town are spread over so many of each unit, besides the bureau, which sees them all."""

DAYS = 730
FIRST_DAY = date(2026, 9, 1)
PASSWORD = "correct-horse-battery"


def build_open(folder: Path, n: int) -> str:
    """A town of n open cases, each with its units and sealed parts, due within two years; the number of one."""
    number = first_case(folder)
    keys = Keys(folder / "keys", fresh=False)
    with closing(sqlite3.connect(folder / "yingfan.db", isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM case_file").fetchone())
        standing = [dict(each) for each in database.execute("SELECT * FROM case_unit")]
        key = keys.existing(row["subject"])
        parts = {name: open_sealed(key, row[name], f"{place}:{number}".encode()) for name, place in PARTS.items()}
        assert number.encode() in parts["identity"]
        del row["id"]
        database.execute("BEGIN")
        _fill(database, "case_file", (_case(row, at, key=key, parts=parts) for at in range(n)))
        _fill(database, "case_unit", (each for at in range(n) for each in _units(standing, at)))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keys.close()
    return number


PARTS = {"identity": "identity", "body": "case"}
"""The sealed parts of a case, and what their places begin with."""


def _number(at: int) -> str:
    return f"QH-2026-{1_000_000 + at:07}"


def _case(row: dict[str, Any], at: int, *, key: bytes, parts: dict[str, bytes]) -> dict[str, Any]:
    number = _number(at)
    own = {**parts, "identity": parts["identity"].replace(row["number"].encode(), number.encode())}
    sealed = {name: seal(key, own[name], f"{place}:{number}".encode()) for name, place in PARTS.items()}
    return {**row, **sealed, "number": number, "due_on": _due(at)}


def _due(at: int) -> str:
    return (FIRST_DAY + timedelta(days=random.Random(at).randrange(DAYS))).isoformat()


def _units(standing: list[dict[str, Any]], at: int) -> Iterator[dict[str, Any]]:
    share = at % TOWNSHIPS
    for each in standing:
        everywhere = each["relation"] in ("bureau", "district") or share == 0
        unit = each["unit"] if everywhere else f"{each['unit']}-{share}"
        yield {**each, "unit": unit, "number": _number(at), "listed_on": _due(at)}


def _fill(database: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    words = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join(f':{name}' for name in first)})"
    database.execute(words, first)
    database.executemany(words, rows)


def spread(run: Callable[[int], object], times: int = ROUNDS) -> tuple[float, float]:
    """Median and 99th percentile of some runs, in milliseconds, after a few that are not counted."""
    for at in range(5):
        run(at)
    took = []
    for at in range(times):
        start = perf_counter()
        run(at)
        took.append((perf_counter() - start) * 1000)
    return _middle_and_end(took)


def _middle_and_end(took: list[float]) -> tuple[float, float]:
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.99)]


class Visitor:
    """Somebody signed in, whose requests go straight to the counter: what is measured is the server's part alone.

    As with a server one loop and its threads answer all of them, and between two the loop does what is left to do.
    """

    def __init__(self, app: App, account: str) -> None:
        self._web = create_web(app)
        settle()
        token = app.people.sign_in(account, PASSWORD, "127.0.0.1")
        self._cookie = f"yingfan={token}".encode()
        self._loop = asyncio.new_event_loop()

    def get(self, where: str, *, words: str) -> None:
        """One page, which must be good and hold these words."""
        self._loop.run_until_complete(self._good(where, words))

    def spread(self, where: Callable[[int], str], *, words: str, times: int = ROUNDS) -> tuple[float, float]:
        """As `spread`, of pages that hold these words, from a request's arrival to the last byte of its answer."""
        return _middle_and_end(self._loop.run_until_complete(self._visited(where, words, times)))

    async def _visited(self, where: Callable[[int], str], words: str, times: int) -> list[float]:
        for at in range(5):
            await self._good(where(at), words)
        took = []
        for at in range(times):
            await asyncio.sleep(0.001)
            page = where(at)
            start = perf_counter()
            await self._good(page, words)
            took.append((perf_counter() - start) * 1000)
        return took

    async def _good(self, where: str, words: str) -> None:
        status, body = await self._asked(where)
        assert (status, words.encode() in body) == (200, True), (where, status)

    async def _asked(self, where: str) -> tuple[int, bytes]:
        path, _, query = where.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(b"host", b"127.0.0.1"), (b"cookie", self._cookie), (b"accept-language", b"zh")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self._web(scope, receive, send)
        return told[0]["status"], b"".join(each.get("body", b"") for each in told[1:])


def main() -> None:
    """Every figure of reading."""
    with tempfile.TemporaryDirectory() as name:
        number = build_open(Path(name), N)
        with office(Path(name)) as app:
            for account, unit in (("bureau", "QH-JT"), ("township", "QH-01")):
                _database(app, account, unit)
                _work(app, account)
            _case_page(app, number)


def _place(at: int) -> Place:
    chance = random.Random(at)
    return Place(FIRST_DAY + timedelta(days=chance.randrange(DAYS - 30)), _number(chance.randrange(N)))


def _database(app: App, account: str, unit: str) -> None:
    """What the question for a page costs without opening the cases."""

    def ask(at: int) -> None:
        with app.archive.read() as uow:
            assert uow.lists.page([unit], after=_place(at)).numbers

    p50, p99 = spread(ask)
    told("G9", f"work list at random depth, the database's part, {account}", N, p50_ms=p50, p99_ms=p99, goal_ms=1.0)


def _work(app: App, account: str) -> None:
    def page(at: int) -> str:
        place = _place(at)
        return f"/?after={place.due_on}.{place.number}" if at % 10 else "/"

    p50, p99 = Visitor(app, account).spread(page, words="QH-2026-")
    told("G9", f"work list at random depth, the whole page, {account}", N, p50_ms=p50, p99_ms=p99, goal_ms=20.0)


def _case_page(app: App, number: str) -> None:
    p50, p99 = Visitor(app, "township").spread(lambda _: f"/cases/{number}", words=number)
    told("G9", "the page of a case, its reading logged", N, p50_ms=p50, p99_ms=p99, goal_ms=20.0)

    def history(_: int) -> None:
        with app.archive.read() as uow:
            assert uow.log.links(number)

    p50, p99 = spread(history)
    told("G10", "the history of one case, the database's part", N, p50_ms=p50, p99_ms=p99, goal_ms=1.0)


FIGURES = ((("G9", "G10"), main),)
