"""An installation on disk that the program itself opens, on a day that the test sets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.app import App, open_app
from engine.cli.demo_play import moment
from engine.clock import SteppedClock
from engine.definitions.load import load_all
from engine.settings import Settings
from tests.databases import KINDS
from tests.district import LITTLE
from tests.settled import FIRST, settled


class Desk:
    """Somebody at a terminal of one installation: types commands, reads what comes back."""

    def __init__(self, clock: SteppedClock, capsys: pytest.CaptureFixture[str]) -> None:
        self.clock = clock
        self.capsys = capsys
        self.err = ""

    def at(self, text: str) -> None:
        """Stand at a local time."""
        self.clock.set(moment(text))

    def says(self, *arguments: str, code: int = 0) -> str:
        """What a command prints, when it ends as expected."""
        self.capsys.readouterr()
        ended = cli.run(arguments)
        told = self.capsys.readouterr()
        self.err = told.err
        assert (code, told.err.count("\n") if code else 0) == (ended, 1 if code and told.err else 0), told
        return told.out

    def tells(self, *arguments: str, code: int = 0) -> Any:
        """The one JSON document that a command prints with --json."""
        return json.loads(self.says(*arguments, "--json", code=code))

    def refused(self, *arguments: str) -> Any:
        """The refusal that a command tells, which ends with 1 and one line on stderr."""
        told = self.tells(*arguments, code=1)
        assert self.err.count("\n") == 1
        return told["refused"]

    def inside(self, look: Callable[[App], Any]) -> Any:
        """What somebody with the installation in hand sees."""
        with cli_open() as app:
            return look(app)

    def lists(self) -> None:
        """Import register and roster."""
        for kind, account in (("register", "bureau"), ("roster", "bureau")):
            file = str(LITTLE / f"{kind}.xlsx")
            self.says("roster", "import", file, "--kind", kind, "--unit", "QH-JT", "--as", account)

    def case(self) -> str:
        """The number of a case that a confirmed finding opened."""
        self.lists()
        found = [each for each in self.tells("finding", "list", "--as", "school") if each["kind_zh"] == "应到未到"]
        return str(self.tells("finding", "confirm", str(found[0]["finding"]), "--as", "school")["cases"][0])


def cli_open() -> Any:
    """The installation as a command opens it now."""
    from engine.cli import installation

    return installation.open_app(Settings.read())


def typed(fields: dict[str, object]) -> list[str]:
    """A form as options of a command line."""
    found: list[str] = []
    for name, value in fields.items():
        if isinstance(value, dict):
            found += [f"--field={name}.{row}={answer}" for row, answer in value.items()]
        elif isinstance(value, list):
            found += [f"--field={name}={each}" for each in value]
        else:
            found.append(f"--field={name}={value}")
    return found


@cache
def law(workflows: Path, config: Path) -> Any:
    """The workflows, read once a process: every command opens the installation anew."""
    return load_all(workflows, config)


@pytest.fixture(params=KINDS)
def desk(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """On each database, an installation with units and people on the first school day, at two in the afternoon; no demonstration."""
    clock = SteppedClock(moment(FIRST))
    monkeypatch.setattr("engine.app.load_all", law)
    monkeypatch.setattr("engine.cli.installation.open_app", partial(open_app, clock=clock))
    with settled(request.param, tmp_path) as ground:
        monkeypatch.setenv("YINGFAN_DATA", str(ground.folder))
        monkeypatch.setenv("YINGFAN_DATABASE", ground.url)
        monkeypatch.setenv("YINGFAN_CONTACT", "教体局，电话000")
        yield Desk(clock, capsys)


@pytest.fixture
def demo_desk(desk: Desk) -> Desk:
    """The same, in a demonstration database."""
    from datetime import timedelta

    desk.inside(lambda app: app.archive.set_offset(timedelta(days=1)))
    return desk
