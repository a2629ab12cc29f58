"""An upgrade killed at any statement leaves the old database or the new one, and can be run again (RELIABILITY.md R13)."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from engine.storage.unit_of_work import Archive
from tests.faults.crashing import DIED, ended
from tests.faults.statements import counted, tapped
from tests.storage.test_storage_upgrading import FIRST

NEAR = 60
STRIDE = 11
"""Behind the first statements, which change the tables, many are alike: row after row is sealed anew."""


def archive_in(folder: Path) -> Archive:
    """The archive as it stands."""
    return Archive(f"sqlite:///{folder / 'yingfan.db'}", folder / "keys", district="QH")


def killed_at(folder: Path, at: int) -> int:
    """How a process ends that dies before this statement of an upgrade."""
    child = os.fork()
    if child == 0:
        seen = [0]

        def die(when: str, _: str, __: Connection) -> None:
            seen[0] += when == "before"
            if seen[0] == at:
                os._exit(DIED)

        code = 1
        try:
            archive = archive_in(folder)
            with tapped(die):
                archive.upkeep.upgrade(folder / f"backup-{at}")
            code = 0
        finally:
            os._exit(code)
    return ended(child)


class TestKilledUpgrade:
    """`Upkeep.upgrade`, killed."""

    def test_statements(self, tmp_path: Path, say: Callable[[str], None]) -> None:
        """After a death the old database is whole and nothing is lost; run again, the upgrade is as without it."""
        shutil.unpack_archive(FIRST, tmp_path / "whole")
        archive = archive_in(tmp_path / "whole")
        with counted() as statements:
            archive.upkeep.upgrade(tmp_path / "backup")
        heads = self._heads(tmp_path / "whole")
        archive.close()
        shutil.unpack_archive(FIRST, tmp_path / "tried")
        points = 0
        for at in (*range(1, NEAR), *range(NEAR, len(statements) + STRIDE, STRIDE)):
            code = killed_at(tmp_path / "tried", at)
            if code == 0:
                # Keys that were made before a death stay made: the last points of all are no longer reached.
                break
            points += 1
            archive = archive_in(tmp_path / "tried")
            assert (DIED, "0001") == (code, archive.upkeep.revision)
            archive.close()
        assert points > NEAR
        archive = archive_in(tmp_path / "tried")
        archive.upkeep.upgrade(tmp_path / "last")
        archive.create_schema()
        assert [] == archive.invariants()
        archive.close()
        assert heads == self._heads(tmp_path / "tried")
        say(f"killed upgrade: {points} points of {len(statements)} statements, 0 faults")

    @staticmethod
    def _heads(folder: Path) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / "yingfan.db")) as database:
            return database.execute("SELECT number, seq, head, clock FROM case_file ORDER BY number").fetchall()
