"""A town of many cases, all due: one real case, played through the services, copied row by row."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from engine.app import App, open_app
from engine.cli.demo_play import moment, settle
from engine.clock import SteppedClock
from engine.services.model import ActRequest
from engine.settings import Settings
from engine.storage.types import instant_text
from tests.district import LITTLE
from tests.services.acts import CONTACT, VISIT

OPENED, DUE = "2026-09-01 14:00", "2026-09-30 08:00"


@contextmanager
def office(folder: Path, at: str = DUE, *, url: str = "") -> Iterator[App]:
    """The installation in a folder, its clock standing at a local time; its database there, unless it is named."""
    settings = Settings.read(data=folder, database=url, contact="电话000")
    with open_app(settings, clock=SteppedClock(moment(at))) as app:
        yield app


def first_case(folder: Path, *, url: str = "") -> str:
    """A new installation with one case that was visited; its number."""
    clock = SteppedClock(moment(OPENED))
    with open_app(Settings.read(data=folder, database=url, contact="电话000"), clock=clock) as app:
        settle(app, LITTLE, "correct-horse-battery")
        app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        app.roster.import_file(LITTLE / "roster.xlsx", "roster", "bureau")
        found = [each for each in app.roster.findings("school") if each.kind_zh == "应到未到"]
        number = app.roster.confirm([found[0].id], "school")[0]
        clock.set(moment("2026-09-02 10:00"))
        app.cases.advance(ActRequest(case=number, trigger="contact_family", account="school", fields=CONTACT))
        clock.set(moment("2026-09-03 10:00"))
        app.cases.advance(ActRequest(case=number, trigger="record_visit", account="township", fields=VISIT))
    return number


def build(folder: Path, n: int, *, scattered: bool = False, every: int = 1) -> Path:
    """A town of n cases below a folder, due in the order of its table or in any order; its database.

    Where `every` is more than one, only every so manyth is due, and the others wait for years.
    """
    first_case(folder)
    path = folder / "yingfan.db"
    order = list(range(n))
    if scattered:
        random.Random(7).shuffle(order)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM case_file").fetchone())
        del row["id"]
        names = ", ".join(row)
        due = moment("2026-09-10 00:30")
        database.execute("BEGIN")
        database.execute("UPDATE case_file SET next_at = NULL")
        database.executemany(
            f"INSERT INTO case_file ({names}) VALUES ({', '.join(':' + name for name in row)})",
            (
                {
                    **row,
                    "number": f"QH-2026-{1_000_000 + at:07}",
                    "next_at": instant_text(due + timedelta(milliseconds=place, days=3650 if at % every else 0)),
                }
                for at, place in enumerate(order)
            ),
        )
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def build_on(url: str, folder: Path, n: int) -> None:
    """The same on a server, in the order of the table: the first case's row repeated by the server itself."""
    first_case(folder, url=url)
    with psycopg.connect(url) as database:
        found = database.execute("SELECT * FROM case_file").description or ()
        names = [each.name for each in found if each.name not in ("id", "number", "next_at")]
        database.execute("UPDATE case_file SET next_at = NULL")
        listed = ", ".join(names)
        words = (
            f"INSERT INTO case_file (number, next_at, {listed}) "
            "SELECT 'QH-2026-' || (1000000 + at), "
            "to_char(timestamp '2026-09-09 16:30' + at * interval '1 ms', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
            f"{listed} FROM case_file, generate_series(0, %s - 1) AS at"
        )
        database.execute(words, (n,))  # type: ignore[arg-type]  # names of the table's own columns
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")


def copied(folder: Path, to: Path) -> Path:
    """A copy of a town that is at rest."""
    shutil.copytree(folder, to)
    return to
