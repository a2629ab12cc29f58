"""An archive in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import at_local
from engine.storage.unit_of_work import Archive
from tests.cases.little import FIRST, little
from tests.databases import fresh_url


def opened(folder: Path, district: str = "QH", *, url: str = "") -> Archive:
    """The archive with its keys below a folder, its tables made; an SQLite file there, unless it is named."""
    archive = Archive(url or fresh_url("sqlite", folder), folder / "keys", district=district)
    archive.create_schema()
    return archive


@pytest.fixture
def file_archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive in an SQLite file, for what only a file can suffer."""
    made = opened(tmp_path)
    made.publish([little()], at_local(FIRST, 8))
    yield made
    made.close()


@pytest.fixture
def archive(tmp_path: Path, database_url: str) -> Iterator[Archive]:
    """An empty archive with the little ladder published, on each database."""
    made = opened(tmp_path, url=database_url)
    made.publish([little()], at_local(FIRST, 8))
    yield made
    made.close()
