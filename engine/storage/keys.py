"""Keys apart from the data: the installation's key file, and one wrapped key for each subject and retention class."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from threading import Lock

from engine.errors import InstallationError
from engine.vault import KEY, VaultError, new_key, unwrap, wrap

FILE, DATABASE = "master.key", "keys.db"
CREATE = """CREATE TABLE IF NOT EXISTS subject_key (
    subject TEXT NOT NULL, class TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (subject, class)) STRICT"""


class Keys:
    """The keys of one installation, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._known: dict[tuple[str, str], bytes] = {}
        self._master = self._master_key()

    def _master_key(self) -> bytes:
        path = self._folder / FILE
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                if (self._folder / DATABASE).exists():
                    raise InstallationError(f"密钥文件 {path} 不见了，而密钥库还在；请从备份恢复密钥文件")
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(new_key())
            master = path.read_bytes()
        except OSError as error:
            raise InstallationError(f"密钥文件 {path} 无法读写：{error.strerror}") from None
        if len(master) != KEY:
            raise InstallationError(f"密钥文件 {path} 已损坏：应为{KEY}字节，现有{len(master)}字节")
        return master

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._folder / DATABASE, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(CREATE)
        return connection

    def of(self, subject: str, retention: str = "case") -> bytes:
        """The key of a subject for a class of data, made on first use and committed before anything is sealed with it."""
        name = (subject, retention)
        with self._lock:
            if name not in self._known:
                self._known[name] = self._load(subject, retention)
            return self._known[name]

    def _load(self, subject: str, retention: str) -> bytes:
        label = f"{subject}/{retention}"
        try:
            connection = self._connect()
            try:
                wrapped = wrap(self._master, new_key(), label)
                connection.execute("INSERT OR IGNORE INTO subject_key VALUES (?, ?, ?)", (subject, retention, wrapped))
                row = connection.execute(
                    "SELECT wrapped FROM subject_key WHERE subject = ? AND class = ?", (subject, retention)
                ).fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise InstallationError(f"密钥库 {self._folder / DATABASE} 无法使用：{error}") from None
        try:
            return unwrap(self._master, row[0], label)
        except VaultError:
            raise InstallationError("密钥文件与密钥库不是一套，打不开；请换回原来的密钥文件") from None
