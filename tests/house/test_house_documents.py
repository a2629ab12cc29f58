"""Everything that somebody may use is documented, and the one entrance keeps what was promised."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import typer

from engine.cases.stories import play
from engine.cli import app
from engine.definitions.stories import load_story
from engine.definitions.workflow import Predicate
from engine.settings import Settings
from tests.cases.little import calendar
from tests.cases.said_no import workflows
from tests.house.source import ROOT, below, name_of

TARGETS = {"run", "test", "lint", "bench", "wheel", "help"}
"""What `make` is promised to do."""
UPPER_FLOORS = {"cli", "web", "worker", "app", "services", "reports", "storage"}
"""The floors above deciding, where 95 of 100 branches are tested rather than all."""
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def commands() -> set[str]:
    """The commands of the program."""
    program = typer.main.get_command(app)
    return set(program.list_commands(typer.Context(program)))  # type: ignore[attr-defined]  # a group


def targets() -> set[str]:
    """The targets that `make help` lists."""
    return set(re.findall(r"^([a-z0-9]+):.*##", MAKEFILE, re.MULTILINE))


def readme() -> str:
    """The text of the README."""
    return (ROOT / "README.md").read_text("utf-8")


def examples() -> list[str]:
    """The lines of the README's shell examples."""
    blocks = re.findall(r"^```sh\n(.*?)^```", readme(), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()]


def predicates() -> list[Predicate]:
    """Every predicate that a workflow can name."""
    modules = [
        import_module(name_of(path)[:-3].replace("/", "."))
        for path in below("engine", suffix=".py")
        if path.parent.name == "definitions" and path.name != "__init__.py"
    ]
    return [each for module in modules for each in vars(module).values() if isinstance(each, Predicate)]


class TestReadme:
    """README.md."""

    def test_commands(self) -> None:
        """The README shows every command."""
        assert set() == {name for name in commands() if not re.search(rf"\byingfan {name}\b", readme())}

    def test_targets(self) -> None:
        """The README names every target of the contract that is built."""
        assert set() == {name for name in (TARGETS & targets()) - {"help"} if f"make {name}" not in readme()}

    def test_examples(self) -> None:
        """What the examples of the README call exists."""
        made = {name for line in examples() for name in re.findall(r"^make ([a-z0-9]+)", line)}
        called = {name for line in examples() for name in re.findall(r"^(?:\S*/)?yingfan ([a-z]+)", line)}
        assert (set(), set()) == (made - targets(), called - commands())
        assert made, "no example was read"


class TestContributing:
    """CONTRIBUTING.md."""

    def test_story(self, tmp_path: Path) -> None:
        """The story that it shows comes out as it is written there."""
        shown = re.search(
            r"^```yaml\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
        assert shown is not None
        file = tmp_path / "shown.yaml"
        file.write_text(shown[1], "utf-8")
        law = workflows()
        assert play(load_story(file), law["dropout-case"], law, calendar=calendar()).differences == []


class TestWorkflows:
    """The procedures."""

    def test_told(self) -> None:
        """Every workflow tells in a README of its own what it is for."""
        folders = {path.relative_to(ROOT).parts[1] for path in below("workflows", suffix=".yaml")}
        assert folders, "no workflow was read"
        assert set() == {name for name in folders if not (ROOT / "workflows" / name / "README.md").is_file()}


class TestSettings:
    """The settings."""

    def test_described(self) -> None:
        """Every setting says what it is."""
        assert [name for name, field in Settings.model_fields.items() if not field.description] == []


class TestPredicates:
    """The words that a workflow may use in its guards."""

    def test_described(self) -> None:
        """Every predicate has a Chinese label and says what it promises."""
        found = predicates()
        assert found, "no predicate was read"
        assert [each.name for each in found if not (re.search(r"[\u4e00-\u9fff]", each.zh) and each.test.__doc__)] == []


class TestEntrance:
    """The Makefile."""

    def test_targets(self) -> None:
        """`make help` lists everything that was promised."""
        assert set() == TARGETS - targets()

    def test_every_branch(self) -> None:
        """Coverage of all branches is asked for exactly the floors up to deciding, and notifications."""
        listed = re.search(r"^PURE := (.*)$", MAKEFILE, re.MULTILINE)
        assert listed is not None
        asked = {entry.removesuffix("/*").removesuffix(".py") for entry in listed[1].split(",")}
        contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
        floors = next(each["layers"] for each in contracts if each["type"] == "layers")
        rooms = {room.strip("() ") for floor in floors for room in floor.split("|")}
        assert {"notifications"} | {f"engine/{room}" for room in rooms - UPPER_FLOORS} == asked
