"""From the first release's tables to the present ones, and both ways to the present ones."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect

from engine.clock import at_local
from engine.errors import InstallationError
from engine.paths import config_dir
from engine.storage import dialects
from engine.storage.migrations import head, migrate
from engine.storage.tables import VERSION
from engine.storage.unit_of_work import Archive
from engine.storage.upkeep import Upgraded
from tests.cases.little import FIRST as DAY
from tests.databases import fresh_url
from tests.storage.conftest import opened
from tests.storage.keeping import kept, opening, spoil

FIRST = config_dir().parent / "tests" / "data" / "demo-part1.zip"
"""The demonstration of the first release: its database, keys and outbox."""

LANDED = {
    "0001": (FIRST, 4),
    "0002": (FIRST.with_name("demo-0002.zip"), 0),
    "0004": (FIRST.with_name("demo-0004.zip"), 0),
}
"""The demonstration of each revision that landed, and how many cases its upgrade rebuilds."""


def unpacked(folder: Path, file: Path = FIRST) -> Archive:
    """A demonstration as it was left, not yet upgraded; the first release's unless another is named."""
    shutil.unpack_archive(file, folder)
    return Archive(f"sqlite:///{folder / 'yingfan.db'}", folder / "keys", district="QH")


def shape(engine: Engine) -> Mapping[str, Any]:
    """Tables, columns, keys, constraints, indexes and defaults as the database tells them."""
    found: dict[str, Any] = {}
    with dialects.begin(engine, write=False) as connection:
        told = inspect(connection)
        for table in told.get_table_names():
            columns = {
                each["name"]: (str(each["type"]), each["nullable"], str(each["default"]).replace("::text", ""))
                for each in told.get_columns(table)
            }
            indexes = {
                each["name"]: (each["column_names"], {k: str(v) for k, v in each.get("dialect_options", {}).items()})
                for each in told.get_indexes(table)
            }
            unique = {each["name"]: each["column_names"] for each in told.get_unique_constraints(table)}
            checks = {each["name"]: each["sqltext"] for each in told.get_check_constraints(table)}
            found[table] = (columns, told.get_pk_constraint(table), indexes, unique, checks)
        found["triggers"] = dialects.missing_triggers(connection)
    return found


class TestSchemas:
    """A new database and an upgraded one."""

    def test_head(self) -> None:
        """The program's revision is the newest one."""
        assert head() == VERSION

    def test_both_ways(self, archive: Archive, database_url: str, tmp_path: Path) -> None:
        """Revision by revision or at once: the same tables, columns, constraints, indexes and triggers."""
        other = fresh_url(database_url.partition(":")[0].replace("postgresql", "postgres"), tmp_path / "other")
        writer, reader = dialects.engines(other)
        dialects.prepare(other, reader)
        with dialects.begin(writer, write=True) as connection:
            assert migrate(connection, "")
            dialects.in_step(connection)
            dialects.append_only(connection)
            dialects.commit(connection)
        upgraded = shape(reader)
        for engine in (writer, reader):
            engine.dispose()
        assert shape(archive._reader) == upgraded


class TestUpgrade:
    """`Upkeep.upgrade`."""

    @pytest.mark.parametrize("revision", sorted(LANDED))
    def test_landed(self, tmp_path: Path, revision: str) -> None:
        """The demonstration of each revision that landed opens, its chains are as they were, and every row holds."""
        file, cases = LANDED[revision]
        archive = unpacked(tmp_path, file)
        with pytest.raises(InstallationError, match=rf"第{revision}版，程序需要第0005版；.*yingfan db upgrade"):
            archive.create_schema()
        archive = Archive(f"sqlite:///{tmp_path / 'yingfan.db'}", tmp_path / "keys", district="QH")
        with dialects.begin(archive._reader, write=False) as connection:
            heads = connection.exec_driver_sql("SELECT number, seq, head FROM case_file ORDER BY number").all()
        told: list[tuple[int, int]] = []
        done = archive.upkeep.upgrade(tmp_path / "before.db", progress=lambda *each: told.append(each))
        assert Upgraded(revision, VERSION, tmp_path / "before.db", cases) == done
        assert [(n, cases) for n in range(1, cases + 1)] == told
        archive.create_schema()
        assert [] == archive.invariants()
        with archive.read() as uow:
            assert [] == uow.log.verify(None)
            after = uow._connection.exec_driver_sql("SELECT number, seq, head FROM case_file ORDER BY number").all()
            assert uow.outbox.waiting() == []
            pupils = uow.roster.pupils()
            assert len(pupils) > 10
            assert {each["reference"] for each in pupils} <= {subject for subject, _ in uow.index.indexed()}
            assert all(uow.documents.of(number) for number in ("QH-2026-0001", "QH-2026-0002"))
            assert all(each.name for each in uow.roster.findings())
        assert heads == after
        archive.close()

    def test_again(self, archive: Archive, tmp_path: Path) -> None:
        """A database that is up to date stays as it is, and no backup is made."""
        kept(archive, opening())
        assert Upgraded(VERSION, VERSION, None, 0) == archive.upkeep.upgrade(tmp_path / "before")
        assert not (tmp_path / "before").exists()

    def test_empty(self, tmp_path: Path) -> None:
        """An empty database has nothing to upgrade."""
        archive = Archive(fresh_url("sqlite", tmp_path), tmp_path / "keys", district="QH")
        with pytest.raises(InstallationError, match="没有可升级的内容"):
            archive.upkeep.upgrade(tmp_path / "before")
        archive.close()

    def test_newer(self, archive: Archive, tmp_path: Path) -> None:
        """A newer database is refused and left as it was."""
        spoil(archive, "UPDATE alembic_version SET version_num = '0099'")
        with pytest.raises(InstallationError, match="只认识到第0005版"):
            archive.upkeep.upgrade(tmp_path / "before")

    def test_spoiled(self, tmp_path: Path) -> None:
        """A history that does not hold is not carried over: nothing is kept, and the backup is there."""
        archive = unpacked(tmp_path)
        with dialects.begin(archive._writer, write=True) as connection:
            connection.exec_driver_sql("DROP TRIGGER entry_no_delete")
            connection.exec_driver_sql("DELETE FROM entry WHERE number = 'QH-2026-0001'")
            dialects.commit(connection)
        with pytest.raises(InstallationError, match="QH-2026-0001 没有历史"):
            archive.upkeep.upgrade(tmp_path / "before.db")
        assert ("0001", True) == (archive.upkeep.revision, (tmp_path / "before.db").exists())
        archive.close()

    def test_row_without_its_end(self, tmp_path: Path) -> None:
        """Entries that were cut at the end are found by the head that the case kept."""
        archive = unpacked(tmp_path)
        with dialects.begin(archive._writer, write=True) as connection:
            connection.exec_driver_sql("DROP TRIGGER entry_no_delete")
            connection.exec_driver_sql("DELETE FROM entry WHERE number = 'QH-2026-0001' AND seq = 12")
            dialects.commit(connection)
        with pytest.raises(InstallationError, match="没有保存"):
            archive.upkeep.upgrade(tmp_path / "before.db")
        archive.close()


class TestBackups:
    """Backup, restoring, hold and release."""

    def test_round(self, archive: Archive, database_url: str, tmp_path: Path) -> None:
        """What was backed up comes back, held until a person releases it."""
        kept(archive, opening())
        now = at_local(DAY, 12)
        assert archive.upkeep.backed_up_at is None
        archive.upkeep.back_up(tmp_path / "backup", now=now)
        assert now == archive.upkeep.backed_up_at
        with pytest.raises(InstallationError, match="旧备份不会被覆盖"):
            archive.upkeep.back_up(tmp_path / "backup", now=now)
        with pytest.raises(InstallationError, match=r"已经存在|已有内容"):
            dialects.put_back(database_url, tmp_path / "backup", "restored")
        kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
        other = fresh_url(kind, tmp_path / "elsewhere")
        dialects.put_back(other, tmp_path / "backup", "restored")
        back = opened(tmp_path, url=other)
        with back.read() as uow:
            assert ["QH-2026-0001"] == uow.cases.numbers()
        assert ([], True) == (back.invariants(), back.held)
        assert (True, False) == (back.upkeep.release(), back.upkeep.release())
        assert not back.held
        back.close()

    def test_no_backup(self, tmp_path: Path, database_url: str) -> None:
        """A file that is no backup, or none at all, leaves the place empty."""
        (tmp_path / "letter").write_bytes(b"Dear")
        for name in ("letter", "nothing"):
            with pytest.raises(InstallationError):
                dialects.put_back(database_url, tmp_path / name, "restored")
        opened(tmp_path, url=database_url).close()

    def test_foreign(self, tmp_path: Path) -> None:
        """A database of another program is no backup."""
        with sqlite3.connect(tmp_path / "other.db") as other:
            other.execute("CREATE TABLE theirs (x)")
        other.close()
        url = fresh_url("sqlite", tmp_path)
        with pytest.raises(InstallationError, match="不是应返尽返的数据库备份"):
            dialects.put_back(url, tmp_path / "other.db", "restored")
        assert [] == list((tmp_path / "data").iterdir())
