"""Rules about text that no linter reads: templates, layouts, SQL, locks, paths of one machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, ROOT, below, files, name_of

LOCKS = ("requirements.lock", "requirements-dev.lock")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".csv", ".json", ".jinja", ".html", ".css", ".typ", ".sql", ".lock", ""}
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:work|root|home|Users)/\w")
CLOCK_OF_THE_DATABASE = re.compile(r"CURRENT_(?:TIMESTAMP|DATE|TIME)\b|\bfunc\.now\(|datetime\('now'", re.IGNORECASE)


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where a pattern stands in files, as ``path:line``."""
    return [
        f"{name_of(path)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def required(group: list[str]) -> set[str]:
    """The normalised names of requirements."""
    return {re.split(r"[<>=!~;\[ ]", each)[0].lower().replace("_", "-") for each in group}


def pins(lock: str) -> dict[str, str]:
    """The versions that a lock holds, by name."""
    text = (ROOT / lock).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


class TestTemplates:
    """Templates and layouts."""

    def test_nothing_is_declared_safe(self) -> None:
        """No template passes text by the escaping of pages (ruff watches the code: S701, S704)."""
        pages = [*below(*PACKAGES, "workflows", suffix=".jinja"), *below(*PACKAGES, suffix=".html")]
        assert found(re.compile(r"\|\s*safe\b|autoescape\s+false"), pages) == []

    def test_layouts_reach_nothing(self) -> None:
        """No layout fetches a package, runs text as code or reads a file."""
        reaching = re.compile(r"@preview|\b(?:eval|read|plugin)\(")
        assert found(reaching, [path for path in files() if path.suffix == ".typ"]) == []


class TestTime:
    """Time (ruff watches Python's clocks)."""

    def test_database(self) -> None:
        """The database's clock is not asked for the time."""
        assert found(CLOCK_OF_THE_DATABASE, below("engine", suffix=".py") + below("engine", suffix=".sql")) == []


class TestLocks:
    """The locks."""

    @pytest.mark.parametrize("lock", LOCKS)
    def test_no_address(self, lock: str) -> None:
        """A lock names no registry and no address."""
        assert found(re.compile(r"://|^\s*--(?!hash=)|index-url|find-links"), [ROOT / lock]) == []

    def test_complete(self) -> None:
        """Everything that the project asks for is in the locks."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
        groups = project["dependency-groups"]
        asked = required(project["project"]["dependencies"]) | required(groups["build"])
        assert set() == asked - pins("requirements.lock").keys()
        assert set() == (asked | required(groups["dev"])) - pins("requirements-dev.lock").keys()

    def test_same(self) -> None:
        """The tests run on the very versions that are installed."""
        run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
        assert run == {name: dev.get(name) for name in run}


class TestFiles:
    """All files of the checkout."""

    def test_no_machine(self) -> None:
        """No file names a folder of one machine."""
        assert found(MACHINE_PATH, [path for path in files() if path.suffix in TEXT]) == []

    def test_line_ends(self) -> None:
        """Text ends its lines with a line feed, the last one too."""
        texts = {name_of(path): path.read_bytes() for path in files() if path.suffix in TEXT - {".csv"}}
        assert [name for name, text in texts.items() if b"\r\n" in text or (text and not text.endswith(b"\n"))] == []
