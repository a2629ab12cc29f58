"""An installation with units and people, its lists imported, and a case to act on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.app import App
from engine.cli.demo_play import moment
from engine.clock import SteppedClock
from engine.services.model import ActRequest, Advanced, HistoryRow
from tests.databases import KINDS
from tests.district import LITTLE
from tests.faults.ground import opened
from tests.settled import FIRST, settled


class House:
    """One open installation and its clock."""

    def __init__(self, app: App, clock: SteppedClock) -> None:
        self.app = app
        self.clock = clock
        self.count = 0
        self.spoiled = False
        """Set by a test that leaves the database in a state that does not hold."""

    def named_by(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the environment name this installation, as it does for commands."""
        monkeypatch.setenv("YINGFAN_DATA", str(self.app.settings.data))
        monkeypatch.setenv("YINGFAN_DATABASE", self.app.settings.database)

    def at(self, text: str) -> House:
        """Stand at a local time."""
        self.clock.set(moment(text))
        return self

    def act(self, account: str, case: str, trigger: str, **fields: object) -> Advanced:
        """One act, under a request id of its own."""
        self.count += 1
        return self.app.cases.advance(
            ActRequest(case=case, trigger=trigger, account=account, fields=fields, request_id=f"t{self.count}")
        )

    def lists(self) -> None:
        """Import register and roster."""
        self.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        self.app.roster.import_file(LITTLE / "roster.xlsx", "roster", "bureau")

    def case(self) -> str:
        """The number of a case that a person's confirmation opened."""
        return self.cases(1)[0]

    def cases(self, count: int) -> tuple[str, ...]:
        """The numbers of several cases."""
        self.lists()
        found = [each for each in self.app.roster.findings("school") if each.kind_zh == "应到未到"]
        return self.app.roster.confirm([each.id for each in found[:count]], "school")

    def history(self, number: str) -> tuple[HistoryRow, ...]:
        """A case's history as an auditor reads it."""
        return self.app.cases.show(number, "auditor").history


@pytest.fixture(params=KINDS)
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """An installation with units and people on the first school day, at two in the afternoon; on each database."""
    clock = SteppedClock(moment(FIRST))
    with settled(request.param, tmp_path) as ground, opened(ground, clock) as app:
        made = House(app, clock)
        yield made
        assert made.spoiled or app.archive.invariants() == []
