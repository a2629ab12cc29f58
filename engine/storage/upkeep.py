"""What is done to a database as a whole: backups, upgrades of its tables, restoring, the hold after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from engine.errors import InstallationError
from engine.storage import dialects, schema
from engine.storage.cases import CaseStore
from engine.storage.invariants import invariants
from engine.storage.keys import Keys
from engine.storage.log import Log
from engine.storage.resealing import resealed
from engine.storage.tables import VERSION
from engine.storage.types import instant_from, instant_text

Progress = Callable[[int, int], None]
"""Told how many cases are rebuilt, and of how many."""


class Upgraded(NamedTuple):
    """What an upgrade did: the revisions before and after, the backup made before it, how many cases were rebuilt."""

    before: str
    after: str
    backup: Path | None
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """One database, as a whole."""

    url: str
    district: str
    engine: Engine
    keys: Keys

    @property
    def revision(self) -> str:
        """The revision of its tables; empty for an empty database."""
        with dialects.begin(self.engine, write=False) as connection:
            return schema.revision_of(connection)

    def upgrade(self, backup: Path, *, progress: Progress | None = None) -> Upgraded:
        """Bring the tables to the program's revision in one transaction, after a backup to this file.

        Rows are rebuilt from entries where a revision asks for it, and nothing is kept unless everything holds.
        Raises InstallationError for an empty database, a newer one, or one that does not hold afterwards.
        """
        with dialects.begin(self.engine, write=True) as connection:
            dialects.lock(connection, "schema")
            found = schema.revision_of(connection)
            if not found:
                raise InstallationError("数据库是空的，没有可升级的内容；直接运行程序即可建库")
            if found > VERSION:
                schema.fits(found)
            schema.known(connection, self.district, self.keys.fingerprint)
            if found == VERSION:
                return Upgraded(found, found, None, 0)
            backup.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            dialects.back_up(self.url, backup)
            cases = self._migrated(connection, found, progress or (lambda _, __: None))
            dialects.commit(connection)
        return Upgraded(found, VERSION, backup, cases)

    def _migrated(self, connection: Connection, found: str, progress: Progress) -> int:
        # Loaded for an upgrade only: a start must not wait for it.
        from engine.storage.migrations import migrate  # noqa: PLC0415

        rebuild = migrate(connection, found)
        dialects.in_step(connection)
        rebuilt = self._rebuilt(connection, progress) if rebuild else 0
        dialects.append_only(connection)
        wrong = invariants(connection, self.district, self.keys)
        if wrong:
            raise InstallationError(f"升级后有{len(wrong)}处不符，没有保存：{wrong[0]}")
        return rebuilt

    def _rebuilt(self, connection: Connection, progress: Progress) -> int:
        """Write every case's row anew from its entries; how many."""
        cases, log = CaseStore(connection, self.district, self.keys), Log(connection, self.district, self.keys)
        resealed(connection, self.district, self.keys)
        numbers = cases.numbers()
        for done, number in enumerate(numbers, 1):
            told = log.replayed(number)
            if told is None:
                raise InstallationError(f"个案 {number} 没有历史，不能升级")
            cases.rebuild(told)
            progress(done, len(numbers))
        return len(numbers)

    def back_up(self, to: Path, *, now: datetime) -> None:
        """A backup of the database at one moment to a file that is not there yet, noted in the database."""
        if to.exists():
            raise InstallationError(f"{to} 已经存在；请换一个文件名，旧备份不会被覆盖")
        if not to.parent.is_dir():
            raise InstallationError(f"没有文件夹 {to.parent}；请先建立，再备份")
        dialects.back_up(self.url, to)
        with dialects.begin(self.engine, write=True) as connection:
            schema.put_fact(connection, schema.BACKED_UP, instant_text(now))
            dialects.commit(connection)

    @property
    def backed_up_at(self) -> datetime | None:
        """When the last backup was made, or None."""
        with dialects.begin(self.engine, write=False) as connection:
            found = schema.fact(connection, schema.BACKED_UP)
            return instant_from(found) if found else None

    def release(self) -> bool:
        """Let a restored database send again; False when it was not held."""
        with dialects.begin(self.engine, write=True) as connection:
            held = bool(schema.fact(connection, schema.HELD))
            schema.put_fact(connection, schema.HELD, "")
            dialects.commit(connection)
        return held


def restore(url: str, source: Path, *, at: datetime) -> None:
    """Fill an empty database from a backup, held from its first moment: nothing leaves it until a person releases it.

    Raises InstallationError where there is a database already, and for a file that is no backup; the place is empty
    again then.
    """
    dialects.put_back(url, source, f"restored {instant_text(at)}")
