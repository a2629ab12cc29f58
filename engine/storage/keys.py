"""Keys apart from the data: the installation's key file, and one wrapped key for each subject and retention class."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock

from engine.clock import Clock
from engine.errors import InstallationError
from engine.vault import KEY, VaultError, new_key, unwrap, wrap

FILE, DATABASE = "master.key", "keys.db"
CREATE = """CREATE TABLE IF NOT EXISTS subject_key (
    subject TEXT NOT NULL, class TEXT NOT NULL, wrapped BLOB NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (subject, class)) STRICT"""
FIND = "SELECT wrapped FROM subject_key WHERE subject = ? AND class = ?"
ADD = "INSERT OR IGNORE INTO subject_key (subject, class, wrapped, created_at) VALUES (?, ?, ?, ?)"


class Keys:
    """The keys of one installation, in a folder of their own.

    The key file is made at the first start only: `fresh` False means that there is data already, and then a missing
    file is an InstallationError, never a new key that opens nothing.
    """

    def __init__(self, folder: Path, *, fresh: bool = True, clock: Clock | None = None) -> None:
        self._folder = folder
        self._clock = clock or Clock()
        self._lock = Lock()
        self._known: dict[tuple[str, str], bytes] = {}
        self._master = self._master_key(fresh=fresh)

    @property
    def fingerprint(self) -> str:
        """Which key file this is: the database keeps it, to notice another one."""
        return "sha256:" + hashlib.sha256(b"yingfan key file 1\n" + self._master).hexdigest()

    def _master_key(self, *, fresh: bool) -> bytes:
        path = self._folder / FILE
        try:
            if not path.exists():
                if not fresh or (self._folder / DATABASE).exists():
                    raise InstallationError(f"密钥文件 {path} 不见了，而数据还在；请从备份恢复密钥文件")
                _make(path)
            master = path.read_bytes()
        except OSError as error:
            raise InstallationError(f"密钥文件 {path} 无法读写：{error.strerror}") from None
        if len(master) != KEY:
            raise InstallationError(f"密钥文件 {path} 已损坏：应为{KEY}字节，现有{len(master)}字节")
        return master

    def of(self, subject: str, retention: str = "case") -> bytes:
        """The key of a subject for a class of data; made on first use, and committed before anything is sealed."""
        return self._get(subject, retention, make=True)

    def existing(self, subject: str, retention: str = "case") -> bytes:
        """The key of a subject that has one; raises VaultError when it was destroyed or never made."""
        return self._get(subject, retention, make=False)

    def has(self, subject: str, retention: str = "case") -> bool:
        """True when the subject has a key for this class of data."""
        with self._database() as database:
            return database.execute(FIND, (subject, retention)).fetchone() is not None

    def _get(self, subject: str, retention: str, *, make: bool) -> bytes:
        name = (subject, retention)
        with self._lock:
            if name not in self._known:
                self._known[name] = self._load(subject, retention, make=make)
            return self._known[name]

    def _load(self, subject: str, retention: str, *, make: bool) -> bytes:
        label = f"{subject}/{retention}"
        with self._database() as database:
            row = database.execute(FIND, (subject, retention)).fetchone()
            if row is None and make:
                wrapped = wrap(self._master, new_key(), label)
                database.execute(ADD, (subject, retention, wrapped, self._clock.now().isoformat()))
                row = database.execute(FIND, (subject, retention)).fetchone()
        if row is None:
            raise VaultError("没有这份数据的密钥：已销毁，或密钥库不是这个数据库的")
        try:
            return unwrap(self._master, row[0], label)
        except VaultError:
            raise InstallationError("密钥文件与密钥库不是一套，打不开；请换回原来的密钥文件") from None

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        path = self._folder / DATABASE
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute("PRAGMA secure_delete=ON")
                connection.execute(CREATE)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise InstallationError(f"密钥库 {path} 无法使用：{error}") from None


def _make(path: Path) -> None:
    """A new key file, whole or not at all, and on the disk before it is used: data under a lost key is lost."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(new_key())
        file.flush()
        os.fsync(file.fileno())
    # Another process that starts at the same moment may have been first: then its key is the key.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    with suppress(PermissionError):  # Windows opens no folders
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
