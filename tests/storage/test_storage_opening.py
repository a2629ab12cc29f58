"""Opening: what is ours opens, what is not is refused in one line, and keys are never made anew for old data."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from threading import Timer

import pytest

from engine.clock import SteppedClock
from engine.errors import InputError, InstallationError
from engine.storage import keys as keys_module
from engine.storage.keys import Keys
from engine.storage.tables import VERSION
from engine.storage.unit_of_work import Archive
from engine.vault import VaultError
from tests.cases.little import little
from tests.storage.conftest import opened
from tests.storage.keeping import NUMBER, Story, kept, opening, spoil

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)


def mode(path: Path) -> int:
    """The rights on a file."""
    return stat.S_IMODE(path.stat().st_mode)


class TestSchema:
    """`Archive.create_schema`."""

    def test_opening_again(self, tmp_path: Path) -> None:
        """An archive that is opened again has what it had."""
        first = opened(tmp_path)
        kept(first, opening())
        first.close()
        second = opened(tmp_path)
        with second.read() as uow:
            assert [NUMBER] == uow.cases.numbers()
        second.close()

    def test_somebody_cleans_up(self, tmp_path: Path) -> None:
        """Who opens a file while another process has it for itself, as after a kill, waits until that is done."""
        first = opened(tmp_path)
        kept(first, opening())
        first.close()
        alone = connect(tmp_path / "data" / "yingfan.db", isolation_level=None, check_same_thread=False)
        alone.execute("PRAGMA locking_mode=EXCLUSIVE")
        alone.execute("BEGIN IMMEDIATE")
        alone.execute("COMMIT")
        done = Timer(0.2, alone.close)
        done.start()
        second = opened(tmp_path)
        with second.read() as uow:
            assert [NUMBER] == uow.cases.numbers()
        second.close()
        done.join()

    @pytest.mark.parametrize(("found", "helps"), [("0099", "请换用新版程序"), ("0001", "yingfan db upgrade")])
    def test_other_version(self, archive: Archive, tmp_path: Path, database_url: str, found: str, helps: str) -> None:
        """A database of another version of the tables is refused, with both versions and what helps."""
        spoil(archive, f"UPDATE alembic_version SET version_num = '{found}'")
        with pytest.raises(InstallationError, match=f"数据库的表是第{found}版，.*第{VERSION}版.*{helps}"):
            opened(tmp_path, url=database_url)

    def test_other_district(self, tmp_path: Path) -> None:
        """A database of another district is refused: its numbers would be ours."""
        opened(tmp_path).close()
        with pytest.raises(InstallationError, match="数据库属于区划「QH」，设置里是「XH」"):
            opened(tmp_path, district="XH")

    def test_another_program_s_database(self, tmp_path: Path) -> None:
        """A database of another program is refused and left as it was."""
        path = tmp_path / "data" / "yingfan.db"
        path.parent.mkdir()
        with connect(path) as other:
            other.execute("CREATE TABLE theirs (x)")
        other.close()
        before = path.read_bytes()
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "master.key").write_bytes(bytes(32))
        with pytest.raises(InstallationError, match="不是应返尽返的数据库"):
            opened(tmp_path)
        assert before == path.read_bytes()

    def test_no_database_at_all(self, tmp_path: Path) -> None:
        """A file that is no database is refused and left as it was."""
        path = tmp_path / "data" / "yingfan.db"
        path.parent.mkdir()
        path.write_bytes("姓名,学校\n".encode())
        with pytest.raises(InstallationError, match="它不是数据库文件"):
            opened(tmp_path)
        assert "姓名,学校\n".encode() == path.read_bytes()

    def test_damaged_database(self, tmp_path: Path) -> None:
        """A database file that is damaged is told in one line."""
        path = tmp_path / "data" / "yingfan.db"
        path.parent.mkdir()
        path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "master.key").write_bytes(bytes(32))
        with pytest.raises(InstallationError, match="数据库不能读写"):
            opened(tmp_path)

    def test_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        """A data folder that is a file is told with its path."""
        (tmp_path / "data").write_bytes(b"")
        with pytest.raises(InstallationError, match=r"yingfan\.db 不能建立或打开"):
            opened(tmp_path)

    @pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "sqlite:///"])
    def test_other_databases(self, tmp_path: Path, url: str) -> None:
        """An address of a database that is not supported is refused with what would be accepted."""
        with pytest.raises(InputError, match="可用 sqlite:///绝对路径"):
            Archive(url, tmp_path / "keys", district="QH")

    def test_strict_tables(self, file_archive: Archive) -> None:
        """Every table is strict: a text in a number's place is refused."""
        with file_archive.read() as uow:
            rows = uow._connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
            loose = {row.name for row in rows if not row.strict and not row.name.startswith("sqlite_")}
        assert set() == loose

    def test_nobody_else_may_read(self, archive: Archive, tmp_path: Path) -> None:
        """Database, its companions, key file and key store are for the owner alone."""
        kept(archive, opening())
        assert {0o600} == {mode(path) for path in tmp_path.rglob("*") if path.is_file()}
        assert {0o700} == {mode(path) for path in tmp_path.iterdir()}


class TestDemonstration:
    """The offset of a demonstration's clock, and published versions."""

    def test_offset(self, archive: Archive) -> None:
        """A real archive lives today; a demonstration keeps its offset, also the second one."""
        before = archive.offset
        archive.set_offset(timedelta(days=-3))
        archive.set_offset(timedelta(days=-2, seconds=1))
        assert (timedelta(0), timedelta(days=-2, seconds=1)) == (before, archive.offset)

    def test_publishing_again(self, archive: Archive) -> None:
        """A version that is known is kept once."""
        archive.publish([little()], NOW)
        with archive.read() as uow:
            assert 1 == uow._connection.exec_driver_sql("SELECT count(*) FROM definition").scalar()

    def test_kinds_of_states(self, archive: Archive, tmp_path: Path) -> None:
        """A case's row knows the kind of its state; a version that is not loaded counts as open until it is closed."""
        story = Story(archive)
        with archive.begin() as uow:
            kinds = [
                uow.cases.kind_of(story.case._replace(state="watched"), "little"),
                uow.cases.kind_of(story.case._replace(state="closed"), "little"),
                uow.cases.kind_of(story.case._replace(state="closed"), "unknown"),
                uow.cases.kind_of(story.case._replace(state="closed", closed_as="error"), "unknown"),
            ]
            kind = uow._connection.exec_driver_sql("SELECT kind FROM case_file").scalar()
        assert (["observing", "final", "open", "final"], "open") == (kinds, kind)


class TestKeys:
    """`Keys`."""

    def test_one_key_a_subject_and_class(self, tmp_path: Path) -> None:
        """A subject keeps its key; another subject and another class have their own."""
        keys = Keys(tmp_path)
        made = {keys.of("G1"), keys.of("G2"), keys.of("G1", "register")}
        assert (3, True) == (len(made), keys.of("G1") == keys.of("G1") == Keys(tmp_path).of("G1"))

    def test_key_is_kept_before_anything_is_sealed(self, tmp_path: Path) -> None:
        """A key is on the disk when it is given out, with the moment at which it was made."""
        Keys(tmp_path, clock=SteppedClock(NOW)).of("G1")
        with connect(tmp_path / "keys.db") as database:
            rows = database.execute("SELECT subject, class, created_at FROM subject_key").fetchall()
        database.close()
        assert [("G1", "case", "2026-09-01T02:00:00+00:00")] == rows

    def test_reading_makes_no_key(self, tmp_path: Path) -> None:
        """Whoever only reads never makes a key: a destroyed one stays destroyed."""
        keys = Keys(tmp_path)
        with pytest.raises(VaultError, match="没有这份数据的密钥"):
            keys.existing("G1")
        before = keys.has("G1")
        keys.of("G1")
        assert (False, True, keys.of("G1")) == (before, keys.has("G1"), keys.existing("G1"))

    def test_destroyed_key(self, archive: Archive, tmp_path: Path, database_url: str) -> None:
        """Without its key a case stays closed for ever, its history still verifies, and the check says so."""
        kept(archive, opening())
        archive.close()
        with connect(tmp_path / "keys" / "keys.db") as database:
            database.execute("DELETE FROM subject_key")
        database.close()
        again = opened(tmp_path, url=database_url)
        with pytest.raises(VaultError), again.read() as uow:
            uow.cases.load(NUMBER)
        with again.read() as uow:
            assert [] == uow.log.verify(None)
        assert [f"{NUMBER}：没有密钥"] == again.invariants()
        again.close()

    def test_missing_key_file(self, tmp_path: Path) -> None:
        """A database without its key file is refused; no new key is made for it."""
        opened(tmp_path).close()
        (tmp_path / "keys" / "master.key").unlink()
        with pytest.raises(InstallationError, match="不见了，而数据还在；请从备份恢复"):
            opened(tmp_path)
        assert not (tmp_path / "keys" / "master.key").exists()

    def test_missing_key_file_beside_its_store(self, tmp_path: Path) -> None:
        """A key store without its key file is refused even where the database is new."""
        Keys(tmp_path).of("G1")
        (tmp_path / "master.key").unlink()
        with pytest.raises(InstallationError, match="不见了"):
            Keys(tmp_path)

    def test_other_key_file(self, tmp_path: Path) -> None:
        """Another installation's key file is refused when the archive opens."""
        opened(tmp_path).close()
        (tmp_path / "keys" / "master.key").write_bytes(bytes(32))
        with pytest.raises(InstallationError, match="密钥文件与密钥库不是一套"):
            opened(tmp_path)

    def test_other_key_folder(self, archive: Archive, tmp_path: Path, database_url: str) -> None:
        """Another installation's key file with its own store is refused by the database."""
        archive.close()
        shutil.rmtree(tmp_path / "keys")
        Keys(tmp_path / "keys")
        with pytest.raises(InstallationError, match="密钥文件与数据库不是一套"):
            opened(tmp_path, url=database_url)

    def test_missing_key_store(self, archive: Archive, tmp_path: Path, database_url: str) -> None:
        """A key store that is gone is made anew where nothing is sealed, and refused, not made, where something is."""
        archive.close()
        store = tmp_path / "keys" / "keys.db"
        store.unlink()
        again = opened(tmp_path, url=database_url)
        again.publish([little()], NOW)
        kept(again, opening())
        again.close()
        aside = store.rename(tmp_path / "aside")
        with pytest.raises(InstallationError, match=r"密钥库 .* 不见了，而数据还在"):
            opened(tmp_path, url=database_url)
        assert not store.exists()
        aside.rename(store)
        opened(tmp_path, url=database_url).close()

    def test_store_of_the_first_release(self, tmp_path: Path) -> None:
        """A store that does not say whose it is says so from then on; under another key file it is refused."""
        Keys(tmp_path).of("G1")
        with connect(tmp_path / "keys.db") as database:
            database.execute("DELETE FROM keyring")
        database.close()
        before, mine = (tmp_path / "master.key").read_bytes(), Keys(tmp_path).fingerprint
        (tmp_path / "master.key").write_bytes(bytes(32))
        with pytest.raises(InstallationError, match="不是一套"):
            Keys(tmp_path)
        (tmp_path / "master.key").write_bytes(before)
        assert mine == Keys(tmp_path).fingerprint
        with connect(tmp_path / "keys.db") as database:
            database.execute("DELETE FROM keyring")
        database.close()
        (tmp_path / "master.key").write_bytes(bytes(32))
        with pytest.raises(InstallationError, match="不是一套"):
            Keys(tmp_path)

    def test_store_that_changes_meanwhile(self, tmp_path: Path) -> None:
        """A running process refuses a store that was lost or put in another's place, and goes on with its own."""
        keys = Keys(tmp_path / "a")
        key, other = keys.of("G1"), Keys(tmp_path / "b")
        other.of("G1")
        mine = (tmp_path / "a" / "keys.db").rename(tmp_path / "mine")
        with pytest.raises(InstallationError, match="密钥库"):
            keys.of("G2")
        with pytest.raises(InstallationError, match="不见了"):
            keys.of("G2")
        shutil.copy(tmp_path / "b" / "keys.db", tmp_path / "a" / "keys.db")
        with pytest.raises(InstallationError, match="不是一套"):
            keys.of("G2")
        mine.replace(tmp_path / "a" / "keys.db")
        assert (key, 32) == (keys.of("G1"), len(keys.of("G2")))

    def test_other_key_store(self, tmp_path: Path) -> None:
        """A key store that belongs to another key file is refused."""
        Keys(tmp_path).of("G1")
        (tmp_path / "master.key").write_bytes(bytes(32))
        with pytest.raises(InstallationError, match="密钥文件与密钥库不是一套"):
            Keys(tmp_path).of("G1")

    def test_damaged_key_file(self, tmp_path: Path) -> None:
        """A key file of another length is refused with both lengths."""
        (tmp_path / "master.key").write_bytes(b"short")
        with pytest.raises(InstallationError, match="应为32字节，现有5字节"):
            Keys(tmp_path)

    def test_key_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        """A key file that is a folder is told with its path."""
        (tmp_path / "master.key").mkdir()
        with pytest.raises(InstallationError, match="无法读写"):
            Keys(tmp_path)

    def test_damaged_key_store(self, tmp_path: Path) -> None:
        """A key store that is no database is told in one line."""
        keys = Keys(tmp_path)
        keys.close()
        (tmp_path / "keys.db").write_bytes(b"no database" * 100)
        with pytest.raises(InstallationError, match=r"密钥库 .* 无法使用"):
            keys.of("G1")

    def test_two_processes_start_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of two processes that start at one moment the first one's key is the key of both."""
        link = os.link

        def late(source: Path, target: Path) -> None:
            if not target.exists():
                target.write_bytes(bytes(range(32)))
            link(source, target)

        monkeypatch.setattr(keys_module.os, "link", late)
        Keys(tmp_path)
        assert (bytes(range(32)), ["keys.db", "master.key"]) == (
            (tmp_path / "master.key").read_bytes(),
            sorted(path.name for path in tmp_path.iterdir()),
        )
