"""Settings: file, environment, options, in rising order; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.settings import Settings


class TestReading:
    """Where settings come from."""

    def test_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file is weaker than the environment, which is weaker than an option."""
        file = tmp_path / "s.yaml"
        file.write_text("port: 8001\nhost: 127.0.0.2\ncontact: 电话\n", "utf-8")
        monkeypatch.setenv("YINGFAN_PORT", "8002")
        monkeypatch.setenv("YINGFAN_HOST", "127.0.0.3")
        found = Settings.read(file, host="127.0.0.4", contact=None)
        assert (found.port, found.host, found.contact) == (8002, "127.0.0.4", "电话")

    def test_database(self, tmp_path: Path) -> None:
        """The database is one file below the data folder unless a URL is given."""
        assert Settings.read(data=tmp_path).database_url == f"sqlite:///{tmp_path / 'yingfan.db'}"
        assert Settings.read(database="sqlite:////x.db").database_url == "sqlite:////x.db"

    def test_has_database(self, tmp_path: Path) -> None:
        """A database is there once its file is, or on a server."""
        assert not Settings.read(data=tmp_path).has_database
        (tmp_path / "yingfan.db").touch()
        assert Settings.read(data=tmp_path).has_database
        assert Settings.read(database="postgresql://db/yingfan").has_database

    def test_empty_file(self, tmp_path: Path) -> None:
        """An empty file sets nothing."""
        (tmp_path / "s.yaml").write_text("", "utf-8")
        assert Settings.read(tmp_path / "s.yaml").port == 8000

    @pytest.mark.parametrize(
        ("text", "message"),
        [("port: many\n", "port"), ("colour: red\n", "colour"), ("- 1\n", "应为"), ("a: [\n", "无法读取")],
    )
    def test_wrong(self, tmp_path: Path, text: str, message: str) -> None:
        """A wrong value, name or file is named."""
        (tmp_path / "s.yaml").write_text(text, "utf-8")
        with pytest.raises(InputError, match=message):
            Settings.read(tmp_path / "s.yaml")

    def test_missing_file(self, tmp_path: Path) -> None:
        """A file that is not there is named."""
        with pytest.raises(InputError, match="无法读取"):
            Settings.read(tmp_path / "none.yaml")
