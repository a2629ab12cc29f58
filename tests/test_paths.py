"""Data folders are found in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InstallationError
from engine.paths import config_dir, workflows_dir


class TestDataFolders:
    """The two data folders and where they may be."""

    def test_checkout(self) -> None:
        """In a checkout they stand beside the packages."""
        root = Path(__file__).parents[1]
        assert (root / "config", root / "workflows") == (config_dir(), workflows_dir())

    def test_wheel(self, tmp_path: Path) -> None:
        """In a wheel they stand inside the package."""
        inside = tmp_path / "engine" / "_data" / "config"
        inside.mkdir(parents=True)
        assert inside == config_dir(tmp_path / "engine")

    def test_missing(self, tmp_path: Path) -> None:
        """An installation without them says so."""
        with pytest.raises(InstallationError, match="workflows"):
            workflows_dir(tmp_path / "engine")
