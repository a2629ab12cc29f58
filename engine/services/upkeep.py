"""An installation as a whole: upgrades, backups, restoring, release, and what is unsafe in it."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from engine.access import RELEASERS
from engine.clock import Clock
from engine.errors import InstallationError
from engine.services.office import Office, actor_of
from engine.services.refusals import refused
from engine.settings import Settings
from engine.storage.unit_of_work import Archive
from engine.storage.upkeep import Upgraded, restore

STALE = timedelta(days=7)
"""A backup older than this is told by the doctor."""

AHEAD = timedelta(days=60)
"""How long before the year ends its successor's calendar is asked for: it is published in autumn."""

KEY_FILES = ("master.key", "keys.db")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Unsafe(NamedTuple):
    """Something unsafe or missing in an installation: its code, what is wrong, what helps."""

    code: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """An installation as a whole, for one office."""

    office: Office

    def look(self) -> None:
        """Learn whether another program upgraded the tables meanwhile: then nothing is touched, in one line each time.

        Raises InstallationError while they are not this program's.
        """
        self.office.archive.look()

    def check(self) -> tuple[str, ...]:
        """Everything that does not hold in the database, its chains and triggers; empty when all is well."""
        archive = self.office.archive
        with archive.read() as uow:
            chains = [f"{each.case} 第{each.seq}条：{each.message}" for each in uow.log.verify(None)]
        held = archive.invariants()
        return (*held, *(each for each in chains if each not in held))

    def release(self, account: str) -> bool:
        """Let a restored installation send again, as a named person who may release messages; False if it was not held.

        Raises RightRefused for anybody else.
        """
        now, today = self.office.now(), self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
        if not any(each.role in RELEASERS and each.first <= today <= each.last for each in actor.roles):
            raise refused("right", "right", "恢复后的数据库由教体局专干或教体局领导放行")
        self.office.archive.access(account, "release", "", at=now)
        return self.office.archive.upkeep.release()

    def unsafe(self) -> tuple[Unsafe, ...]:
        """What is unsafe or missing, the gravest first; empty when nothing is."""
        return (*self._keys(), *self._records(), *self._backups(), *self._waiting(), *self._surroundings())

    def _keys(self) -> Iterator[Unsafe]:
        data, keys = self.office.settings.data.resolve(), self.office.settings.keys_folder.resolve()
        if keys.is_relative_to(data):
            yield Unsafe(
                "key_beside_database",
                f"密钥 {keys} 与数据库同在 {data}：得到一处即得到全部，备份时也会一起带走",
                "把密钥文件夹移到别处，用设置 keys 指明",
            )
        for path in [keys, *(keys / name for name in KEY_FILES)]:
            if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
                yield Unsafe("readable_keys", f"{path} 别的账号也能读写", f"chmod go= {path}")

    def _records(self) -> Iterator[Unsafe]:
        database = self.office.settings.database_file
        if database is not None and stat.S_IMODE(database.stat().st_mode) & 0o077:
            yield Unsafe("readable_database", f"{database} 别的账号也能读写", f"chmod go= {database}")
        wrong = self.check()
        if wrong:
            yield Unsafe("broken", f"数据库有{len(wrong)}处不符：{wrong[0]}", "yingfan db check 列出全部")

    def _backups(self) -> Iterator[Unsafe]:
        last, now = self.office.archive.upkeep.backed_up_at, self.office.now()
        if last is None:
            yield Unsafe("no_backup", "还没有备份", "yingfan db backup 文件；密钥文件夹另行备份，存放在别处")
        elif now - last > STALE:
            yield Unsafe("old_backup", f"最近一次备份在{(now - last).days}天前", "yingfan db backup 文件")

    def _waiting(self) -> Iterator[Unsafe]:
        with self.office.archive.read() as uow:
            held, stuck = len(uow.outbox.waiting(held=True)), uow.stuck.all()
        if self.office.archive.held:
            yield Unsafe("held", "数据库由备份恢复，处于暂停状态，什么都不发出", "yingfan db release --as 账号")
        if held:
            yield Unsafe("held_messages", f"{held}条消息暂缓，待人放行", "yingfan outbox list --held")
        if stuck:
            numbers = "、".join(each.case for each in stuck[:3])
            yield Unsafe("stuck", f"{len(stuck)}件个案的定时出错：{numbers}", "yingfan sweep --json 查看，改正后再扫描")

    def _surroundings(self) -> Iterator[Unsafe]:
        settings, today = self.office.settings, self.office.today()
        coming = (today + AHEAD).year
        if self.office.calendar.is_provisional(date(coming, 1, 1)):
            yield Unsafe("next_calendar", f"没有{coming}年的放假安排，期限只是暂定", "yingfan calendar apply 文件")
        if settings.host not in LOOPBACK:
            yield Unsafe(
                "open_host", f"网页在 {settings.host} 上直接开放，没有加密", "只听 127.0.0.1，前面放 HTTPS 代理"
            )
        if not settings.contact:
            yield Unsafe("no_contact", "没有写明联系人和电话，写它的文书都出不了", "在设置里写 contact")


def upgraded(archive: Archive, backup: Path, *, progress: Callable[[int, int], None] | None = None) -> Upgraded:
    """Bring a database's tables to the program's, after a backup to this file; what was done."""
    return archive.upkeep.upgrade(backup, progress=progress)


def restored(settings: Settings, source: Path) -> str:
    """Fill an installation's empty database from a backup, held; the revision of its tables.

    The keys must lie in their place before: raises InstallationError otherwise, where there is a database already, and
    for a file that is no backup.
    """
    for key in (settings.keys_folder / name for name in KEY_FILES):
        if not key.exists():
            raise InstallationError(f"没有 {key}；请先把备份的密钥文件夹放回原处，再恢复")
    restore(settings.database_url, source, at=Clock().now())
    archive = Archive(settings.database_url, settings.keys_folder, district=settings.district)
    try:
        return archive.upkeep.revision
    finally:
        archive.close()
