"""An archive in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import at_local
from engine.storage.unit_of_work import Archive
from tests.cases.little import FIRST, little


def opened(folder: Path, district: str = "QH") -> Archive:
    """The archive below a folder, its tables made."""
    archive = Archive(f"sqlite:///{folder / 'data' / 'yingfan.db'}", folder / "keys", district=district)
    archive.create_schema()
    return archive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive with the little ladder published."""
    made = opened(tmp_path)
    made.publish([little()], at_local(FIRST, 8))
    yield made
    made.close()
