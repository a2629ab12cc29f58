"""The kinds of database on which stories are played."""

from __future__ import annotations

import pytest

from tests.faults.ground import Files, Land


@pytest.fixture(params=["SQLite"])
def land(request: pytest.FixtureRequest) -> Land:
    """A kind of database."""
    return Files()
