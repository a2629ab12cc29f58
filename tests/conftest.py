"""What holds for every test: the machine's own settings stay outside, and properties have no clock."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import database_url, stop

__all__ = ["database_url"]

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


def pytest_sessionfinish() -> None:
    """Stop the database server before the process ends: whoever waits for that end does not wait long."""
    stop()


@pytest.fixture(autouse=True)
def _settings_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests reaches them."""
    for name in [name for name in os.environ if name.upper().startswith("YINGFAN_")]:
        monkeypatch.delenv(name)
