"""The journeys through the town are shared out as they can be: each town walked by one process, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.house.source import ROOT

WALK = """
import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session", params=["script", "plain"])
def town(request):
    return request.param


def walk(town):
    with (Path(__file__).parent / town).open("a") as walked:
        walked.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")


def test_first(town):
    walk(town)


def test_second(town):
    walk(town)


def test_third(town):
    walk(town)
"""


class TestTowns:
    """Two towns."""

    def test_one_process_each(self, tmp_path: Path) -> None:
        """All journeys of a town are walked by the same process, those of the other by another."""
        (tmp_path / "conftest.py").write_text("from tests.e2e.conftest import pytest_xdist_make_scheduler\n", "utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
        (tmp_path / "test_walk.py").write_text(WALK, "utf-8")
        words = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:randomly", str(tmp_path)]
        alone = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
        subprocess.run(
            words, env={**alone, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL
        )
        walked = [(tmp_path / town).read_text("utf-8").split() for town in ("script", "plain")]
        assert [3, 3] == [len(each) for each in walked]
        assert [1, 1] == [len(set(each)) for each in walked]
        assert walked[0] != walked[1]
