"""The kinds of database on which stories are played."""

from __future__ import annotations

import pytest

from tests.faults.ground import LANDS, Land


@pytest.fixture(params=LANDS, ids=lambda land: land.name)
def land(request: pytest.FixtureRequest) -> Land:
    """A kind of database."""
    chosen: Land = request.param
    return chosen
