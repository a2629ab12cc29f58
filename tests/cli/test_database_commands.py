"""db and doctor, typed at a terminal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine.storage.tables import VERSION
from tests.cli.conftest import Desk, typed
from tests.databases import fresh_url
from tests.storage import keeping
from tests.storage.test_storage_upgrading import FIRST


@pytest.fixture
def elsewhere(tmp_path: Path, desk: Desk) -> str:
    """An empty database of the same kind as the desk's."""
    kind = "sqlite" if os.environ["YINGFAN_DATABASE"].startswith("sqlite") else "postgres"
    return fresh_url(kind, tmp_path / "elsewhere")


class TestUpgrade:
    """db upgrade."""

    def test_first_release(self, tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first release's demonstration is refused with what helps, upgraded, and then opens and holds."""
        old = tmp_path / "old"
        shutil.unpack_archive(FIRST, old)
        monkeypatch.setenv("YINGFAN_DATA", str(old))
        monkeypatch.delenv("YINGFAN_DATABASE")
        desk.says("db", "check", code=3)
        assert "yingfan db upgrade" in desk.err
        assert f"从第0001版升到第{VERSION}版，重建4件个案" in desk.says("db", "upgrade")
        assert 1 == len(list((old / "backups").iterdir()))
        assert {"ok": True, "problems": []} == desk.tells("db", "check")
        assert 4 == desk.tells("audit", "verify")["cases"]
        assert "不用升级" in desk.says("db", "upgrade")
        assert {"before": VERSION, "after": VERSION, "backup": "", "cases": 0} == desk.tells("db", "upgrade")

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
        """Where there is no database, none is made."""
        monkeypatch.setenv("YINGFAN_DATA", str(tmp_path / "nothing"))
        monkeypatch.delenv("YINGFAN_DATABASE")
        desk.says("db", "upgrade", code=3)
        assert "没有数据库" in desk.err
        assert not (tmp_path / "nothing").exists()


class TestCheck:
    """db check."""

    def test_holds(self, desk: Desk) -> None:
        """A database that holds says so."""
        desk.case()
        assert "数据库完好" in desk.says("db", "check")

    def test_spoiled(self, desk: Desk) -> None:
        """What does not hold is listed, and ends with 1."""
        desk.case()
        desk.inside(lambda app: keeping.spoil(app.archive, "UPDATE case_file SET state = 'closed'"))
        assert not desk.tells("db", "check", code=1)["ok"]
        assert "有1处不符" in desk.says("db", "check", code=1)


class TestRestore:
    """db backup, restore, release."""

    def test_round(self, desk: Desk, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A backup comes back with its cases; nothing leaves it until a person of the bureau releases it."""
        number = desk.case()
        file = str(tmp_path / "backup")
        assert "请另行备份" in desk.says("db", "backup", file)
        desk.says("db", "backup", file, code=3)
        assert "旧备份不会被覆盖" in desk.err
        desk.says("db", "backup", str(tmp_path / "no" / "folder"), code=3)
        assert "没有文件夹" in desk.err
        assert desk.tells("db", "backup", f"{file}2")["bytes"] > 1000
        monkeypatch.setenv("YINGFAN_DATABASE", elsewhere)
        assert {"revision": VERSION, "held": True} == desk.tells("db", "restore", file)
        desk.says("db", "restore", file, code=3)
        assert "数据库" in desk.err
        assert [number] == [each["number"] for each in desk.tells("case", "list", "--as", "auditor")]
        assert desk.tells("outbox", "list")["database_held"]
        assert "held" in {each["code"] for each in desk.tells("doctor", code=1)}
        assert "right" == desk.refused("db", "release", "--as", "township")["kind"]
        assert "已放行" in desk.says("db", "release", "--as", "bureau_head")
        assert {"released": False} == desk.tells("db", "release", "--as", "bureau_head")
        assert "没有处于暂停状态" in desk.says("db", "release", "--as", "bureau_head")
        assert not desk.tells("outbox", "list")["database_held"]

    def test_without_keys(self, desk: Desk, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without its keys a backup is not restored, and no new ones are made."""
        desk.says("db", "backup", str(tmp_path / "backup"))
        monkeypatch.setenv("YINGFAN_DATABASE", elsewhere)
        monkeypatch.setenv("YINGFAN_DATA", str(tmp_path / "new"))
        desk.says("db", "restore", str(tmp_path / "backup"), code=3)
        assert "请先把备份的密钥文件夹放回原处" in desk.err
        assert not (tmp_path / "new").exists()

    def test_says(self, desk: Desk, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Restoring tells what comes next; a file that is not there is named."""
        desk.says("db", "backup", str(tmp_path / "backup"))
        monkeypatch.setenv("YINGFAN_DATABASE", elsewhere)
        desk.says("db", "restore", str(tmp_path / "nothing"), code=3)
        assert "没有备份文件" in desk.err
        assert "yingfan db release" in desk.says("db", "restore", str(tmp_path / "backup"))


class TestDoctor:
    """doctor."""

    def codes(self, desk: Desk) -> set[str]:
        """The codes of what it finds."""
        return {each["code"] for each in desk.tells("doctor", code=1)}

    def test_new(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """A new installation is told what is missing, each with what helps; no document leaves without its contact."""
        number = desk.case()
        monkeypatch.delenv("YINGFAN_CONTACT")
        letter = {"asked_back": "2026-09-03", "way": "in_person", "told_to": ["母亲"], "slip_back": "yes"}
        act = ("case", "act", number, "send_letter", "--as", "school", *typed(letter))
        told = desk.says(*act, code=3)
        assert (told, "必须写明联系人和电话" in desk.err, "设置" in desk.err) == ("", True, True)
        assert {"key_beside_database", "no_backup", "no_contact"} == self.codes(desk)
        assert "yingfan db backup" in desk.says("doctor", code=1)

    def test_nothing(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keys elsewhere, a backup, a contact: nothing is found."""
        shutil.move(tmp_path / "data" / "keys", tmp_path / "safe")
        monkeypatch.setenv("YINGFAN_KEYS", str(tmp_path / "safe"))
        desk.inside(lambda app: app.archive.upkeep.back_up(tmp_path / "backup", now=desk.clock.now()))
        assert [] == desk.tells("doctor")
        assert "没有发现问题" in desk.says("doctor")
        desk.at("2026-09-20 10:00")
        assert {"old_backup"} == self.codes(desk)

    def test_everything_else(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Open files, an open host, a year without its calendar, a history that does not hold."""
        number = desk.case()
        (tmp_path / "data" / "keys" / "master.key").chmod(0o644)
        monkeypatch.setenv("YINGFAN_HOST", "0.0.0.0")
        desk.inside(lambda app: keeping.spoil(app.archive, "UPDATE case_file SET clock = substr(clock, 2)"))
        desk.at("2026-11-20 10:00")
        desk.says("sweep")
        found = self.codes(desk)
        assert {"readable_keys", "open_host", "next_calendar", "broken", "stuck"} <= found
        assert number in desk.says("doctor", code=1)

    def test_readable_database(self, desk: Desk, tmp_path: Path) -> None:
        """A database file that others may read is told; a server's has no file."""
        file = tmp_path / "data" / "yingfan.db"
        for each in file.parent.glob("yingfan.db*"):
            each.chmod(0o644)
        # Opening puts the file's rights right by itself.
        assert "readable_database" not in self.codes(desk)
