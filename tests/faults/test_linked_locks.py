"""Linked cases are locked in one order, from the child up: acts on both sides at once never lock each other out."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from engine.app import App
from engine.cli.demo_play import moment
from engine.services.model import ActRequest
from tests.databases import server
from tests.faults.ground import Land, opened, rows
from tests.faults.town import READY, numbers, town

CHILDREN = 6
DANGER = {"kinds": ["harm"], "facts": "身上有新伤", "child_safe": "unknown"}
REPORTED = {
    "receiver": "QH-JT",
    "told_to": ["education"],
    "told_at": "10:30",
    "way": "phone",
    "reporter": ["周强"],
    "kinds": ["harm"],
    "facts": "身上有新伤",
    "request": "请查明并保护孩子",
}


def act(app: App, number: str, trigger: str, **fields: object) -> None:
    """One act of a township's officer."""
    app.cases.advance(ActRequest(case=number, trigger=trigger, account="township", fields=fields))


def deadlocks(url: str) -> int:
    """How often the server had to end one of two transactions that waited for each other."""
    with psycopg.connect(server(), autocommit=True) as master:
        words = "SELECT deadlocks FROM pg_stat_database WHERE datname = %s"
        row = master.execute(words, (make_url(url).database,)).fetchone()
    return int(row[0]) if row else -1


class TestLinkedCases:
    """A child's act that changes its state tells its parent in the same transaction."""

    def test_both_sides_at_once(self, land: Land, tmp_path: Path, say: Callable[[str], None]) -> None:
        """Children are acted on while their parent is and the sweep runs: each act is done, and nobody waits in a ring."""
        started = time.monotonic()
        ground = town(land, land.fresh(tmp_path / "data"), 1)
        with opened(ground, moment(READY)) as app:
            parent = numbers(app)[0]
            for _ in range(CHILDREN):
                act(app, parent, "report_danger", **DANGER)
            children = [each for each in numbers(app) if each != parent]
            before = len(rows(ground, "SELECT id FROM entry"))

            def below() -> None:
                for child in children:
                    act(app, child, "report", **REPORTED)

            def above() -> None:
                for _ in children:
                    act(app, parent, "case.note", text="电话联系")

            def beside() -> None:
                for _ in children:
                    app.timers.sweep()

            with ThreadPoolExecutor(3) as pool:
                for done in [pool.submit(each) for each in (below, above, beside)]:
                    done.result(60)
            assert [] == app.archive.invariants()
            states = {each["state"] for each in rows(ground, "SELECT state FROM case_file WHERE parent <> ''")}
        # A child's entry, its parent's, and the note beside.
        assert ({"reported"}, before + 3 * CHILDREN) == (states, len(rows(ground, "SELECT id FROM entry")))
        if land.name == "PostgreSQL":
            assert 0 == deadlocks(ground.url)
        say(f"linked cases, {land.name}: {3 * CHILDREN} acts and sweeps at once, {time.monotonic() - started:.1f} s")
        land.removed(ground)
