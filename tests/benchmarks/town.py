"""A town of many cases, all due: one real case, played through the services, copied row by row."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from engine.app import App, open_app
from engine.cli.demo_play import moment, settle
from engine.clock import SteppedClock
from engine.paths import config_dir
from engine.services.model import ActRequest
from engine.settings import Settings
from engine.storage.types import instant_text
from tests.services.acts import CONTACT, VISIT

SAMPLE = config_dir() / "sample"
OPENED, DUE = "2026-09-01 14:00", "2026-09-30 08:00"


@contextmanager
def office(folder: Path, at: str = DUE) -> Iterator[App]:
    """The installation in a folder, its clock standing at a local time."""
    with open_app(Settings.read(data=folder, contact="电话000"), clock=SteppedClock(moment(at))) as app:
        yield app


def first_case(folder: Path) -> str:
    """A new installation with one case that was visited; its number."""
    clock = SteppedClock(moment(OPENED))
    with open_app(Settings.read(data=folder, contact="电话000"), clock=clock) as app:
        settle(app, SAMPLE, "correct-horse-battery")
        app.roster.import_file(SAMPLE / "register.xlsx", "register", "clerk")
        app.roster.import_file(SAMPLE / "roster.xlsx", "roster", "school")
        found = [each for each in app.roster.findings("school") if each.kind_zh == "应到未到"]
        number = app.roster.confirm([found[0].id], "school")[0]
        clock.set(moment("2026-09-02 10:00"))
        app.cases.advance(ActRequest(case=number, trigger="contact_family", account="school", fields=CONTACT))
        clock.set(moment("2026-09-03 10:00"))
        app.cases.advance(ActRequest(case=number, trigger="record_visit", account="township", fields=VISIT))
    return number


def build(folder: Path, n: int, *, scattered: bool = False) -> Path:
    """A town of n due cases below a folder, due in the order of its table or in any order; its database."""
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
                    "next_at": instant_text(due + timedelta(milliseconds=place)),
                }
                for at, place in enumerate(order)
            ),
        )
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def copied(folder: Path, to: Path) -> Path:
    """A copy of a town that is at rest."""
    shutil.copytree(folder, to)
    return to
