"""What the fault tests share: the kinds of database, and room for the figures that every harness prints."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.ground import LANDS, Land


@pytest.fixture(params=LANDS, ids=lambda land: land.name)
def land(request: pytest.FixtureRequest) -> Land:
    """A kind of database."""
    chosen: Land = request.param
    return chosen


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure where everybody sees it, also when the test passes."""

    def told(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")

    return told
