"""Keys apart from the data: the installation's key file, and one wrapped key for each subject and retention class."""

from __future__ import annotations

import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from engine.clock import Clock
from engine.errors import InstallationError
from engine.storage import keyfile
from engine.storage.keyfile import FILE, digest
from engine.storage.parts import parts
from engine.vault import VaultError, new_key, unwrap, wrap

DATABASE = "keys.db"
CASE, DOCUMENT, REGISTER, INDEX = "case", "document", "register", "index"
"""Retention classes: what was said and done, documents, register rows, and the key of references and search."""

REMEMBERED = 8192
"""How many keys are kept opened in memory."""

FOREIGN = "密钥文件与密钥库不是一套，打不开；请换回原来的密钥文件夹"

TABLES = (
    """CREATE TABLE IF NOT EXISTS subject_key (
    subject TEXT NOT NULL, class TEXT NOT NULL, wrapped BLOB NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (subject, class)) STRICT""",
    "CREATE TABLE IF NOT EXISTS keyring (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT",
)
FIND = "SELECT wrapped FROM subject_key WHERE subject = ? AND class = ?"
ADD = "INSERT OR IGNORE INTO subject_key (subject, class, wrapped, created_at) VALUES (?, ?, ?, ?)"
Name = tuple[str, str]
"""Subject and retention class."""


class Keys:
    """The keys of one installation, in a folder of their own; safe to use from several threads and processes.

    Key file and store are made at the first start only: `fresh` False means that there is a database already, and
    `fresh_store` False that something in it is sealed; then a missing one is an InstallationError, never a new key
    that opens nothing. A store that is not of this key file is refused before anything is sealed under it.
    """

    def __init__(
        self, folder: Path, *, fresh: bool = True, fresh_store: bool = True, clock: Clock | None = None
    ) -> None:
        self._folder, self._path = folder, folder / DATABASE
        self._clock = clock or Clock()
        self._lock = RLock()
        self._known: OrderedDict[Name, bytes] = OrderedDict()
        self._connection: sqlite3.Connection | None = None
        self._left: list[sqlite3.Connection] = []
        self._process = 0
        self._seen = -1
        self._may_make = fresh_store
        self._master = keyfile.read_or_make(folder, fresh=fresh and not (folder / DATABASE).exists())
        with self._database():
            self._may_make = False

    @property
    def fingerprint(self) -> str:
        """Which keys these are: the database keeps it, to notice others; the same after the key file was changed."""
        with self._database() as database:
            return _ring(database)["fingerprint"]

    def of(self, subject: str, retention: str = CASE) -> bytes:
        """The key of a subject for a class of data; made on first use, and committed before anything is sealed."""
        return self._get((subject, retention), make=True)

    def existing(self, subject: str, retention: str = CASE) -> bytes:
        """The key of a subject that has one; raises VaultError when it was destroyed or never made."""
        return self._get((subject, retention), make=False)

    def has(self, subject: str, retention: str = CASE) -> bool:
        """True when the subject has a key for this class of data."""
        with self._database() as database:
            return database.execute(FIND, (subject, retention)).fetchone() is not None

    def of_all(self, subjects: Iterable[str], retention: str) -> dict[str, bytes]:
        """The keys of several subjects for one class, made where they are missing, all in one transaction."""
        wanted = list(dict.fromkeys(subjects))
        found = self.existing_of(wanted, retention)
        missing = [each for each in wanted if each not in found]
        if not missing:
            return found
        with self._database() as database, _written(database):
            self._check_master(database)
            at = self._clock.now().isoformat()
            rows = ((each, retention, wrap(self._master, new_key(), _label(each, retention)), at) for each in missing)
            database.executemany(ADD, rows)
        return {**found, **self.existing_of(missing, retention)}

    def existing_of(self, subjects: Iterable[str], retention: str) -> dict[str, bytes]:
        """The keys of those of several subjects that have one; no more of them are kept in memory than are already."""
        with self._database() as database:
            every = dict.fromkeys(subjects)
            found = {each: self._known[each, retention] for each in every if (each, retention) in self._known}
            wanted = [each for each in every if each not in found]
            for some in parts(wanted):
                marks = ",".join("?" * len(some))
                asked = f"SELECT subject, wrapped FROM subject_key WHERE class = ? AND subject IN ({marks})"  # noqa: S608  marks only
                for subject, wrapped in database.execute(asked, (retention, *some)):
                    found[subject] = self._unwrapped(database, wrapped, (subject, retention))
        return found

    def remember(self, subjects: Iterable[str], retention: str = CASE) -> None:
        """Open the keys of several subjects at once, so that asking for each does not ask the store again."""
        with self._database():
            unknown = [each for each in subjects if (each, retention) not in self._known]
            for subject, key in (self.existing_of(unknown, retention) if unknown else {}).items():
                self._remembered((subject, retention), key)

    def subjects(self) -> set[Name]:
        """Every subject and class that has a key."""
        with self._database() as database:
            return set(database.execute("SELECT subject, class FROM subject_key"))

    def erase(self, subject: str, retention: str | None = None) -> int:
        """Destroy the keys of a subject, of one class or of all: what they sealed stays shut for ever. How many.

        The pages of the store are written over, so that nothing of a key stays in the file.
        """
        with self._database() as database:
            for name in [each for each in self._known if each[0] == subject and retention in (None, each[1])]:
                del self._known[name]
            at = (subject, retention, retention)
            gone = database.execute("DELETE FROM subject_key WHERE subject = ? AND (? IS NULL OR class = ?)", at)
            return gone.rowcount

    def rotate(self) -> int:
        """Wrap every key anew under a new key file, which takes the old one's place; how many keys.

        Whenever it is interrupted, the keys open: before the store's commit with the old file, after it with the new
        one, which the next start puts in its place.
        """
        with self._database() as database:
            with _written(database):
                self._check_master(database)
                first, master = self.fingerprint, new_key()
                keyfile.put_next(self._folder, master)
                rows = database.execute("SELECT subject, class, wrapped FROM subject_key").fetchall()
                again = (
                    (wrap(master, self._unwrapped(database, old, name), _label(*name)), *name) for *name, old in rows
                )
                database.executemany("UPDATE subject_key SET wrapped = ? WHERE subject = ? AND class = ?", again)
                ring = (("fingerprint", first), ("master", digest(master)))
                database.executemany("INSERT OR REPLACE INTO keyring (name, value) VALUES (?, ?)", ring)
            self._master = keyfile.take_next(self._folder, digest(master)) or master
            return len(rows)

    def close(self) -> None:
        """Let go of the store and forget the keys in memory."""
        with self._lock:
            self._known.clear()
            self._drop()

    def _get(self, name: Name, *, make: bool) -> bytes:
        with self._database() as database:
            key = self._known.get(name)
            if key is None:
                key = self._load(database, name, make=make)
                self._remembered(name, key)
            else:
                self._known.move_to_end(name)
            return key

    def _remembered(self, name: Name, key: bytes) -> None:
        self._known[name] = key
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _load(self, database: sqlite3.Connection, name: Name, *, make: bool) -> bytes:
        row = database.execute(FIND, name).fetchone()
        if row is None and make:
            with _written(database):
                self._check_master(database)
                wrapped = wrap(self._master, new_key(), _label(*name))
                database.execute(ADD, (*name, wrapped, self._clock.now().isoformat()))
            row = database.execute(FIND, name).fetchone()
        if row is None:
            raise VaultError("没有这份数据的密钥：已销毁，或密钥库不是这个数据库的")
        return self._unwrapped(database, row[0], name)

    def _unwrapped(self, database: sqlite3.Connection, wrapped: bytes, name: Sequence[str]) -> bytes:
        try:
            return unwrap(self._master, wrapped, _label(*name))
        except VaultError:
            self._check_master(database)
        try:
            return unwrap(self._master, wrapped, _label(*name))
        except VaultError:
            raise InstallationError(FOREIGN) from None

    def _check_master(self, database: sqlite3.Connection) -> None:
        """Take up the key file that the keys are wrapped under now: another process may have changed it.

        Raises InstallationError where the store is another key file's.
        """
        wanted = _ring(database).get("master", "")
        if not wanted or wanted == digest(self._master):
            return
        master = keyfile.take_next(self._folder, wanted) or keyfile.read(self._folder / FILE)
        if digest(master) != wanted:
            raise InstallationError(FOREIGN)
        self._master = master

    def _known_ring(self, database: sqlite3.Connection) -> None:
        """Write down whose store this is, where an earlier release did not; refuse one that is another key file's."""
        self._check_master(database)
        if _ring(database):
            return
        row = database.execute("SELECT wrapped, subject, class FROM subject_key LIMIT 1").fetchone()
        if row is not None:
            self._unwrapped(database, row[0], row[1:])
        mine = digest(self._master)
        with _written(database):
            rows = (("fingerprint", mine), ("master", mine))
            database.executemany("INSERT OR IGNORE INTO keyring (name, value) VALUES (?, ?)", rows)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """The store, for one thread at a time; what another process changed is noticed before anything is read."""
        path = self._path
        with self._lock:
            try:
                connection = self._connection
                if connection is None or self._process != os.getpid():
                    connection = self._open(path)
                seen = connection.execute("PRAGMA data_version").fetchone()[0]
                if seen != self._seen:
                    self._seen = seen
                    self._known.clear()
                yield connection
            except (sqlite3.Error, OSError) as error:
                self._drop()
                raise InstallationError(f"密钥库 {path} 无法使用：{error}") from None

    def _open(self, path: Path) -> sqlite3.Connection:
        if self._connection is not None:
            # A connection does not survive a fork: the child opens its own, and never closes the parent's.
            self._left.append(self._connection)
        if not self._may_make and not path.exists():
            raise InstallationError(f"密钥库 {path} 不见了，而数据还在；请从备份恢复密钥文件夹")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._process = os.getpid()
        self._connection = connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # No write-ahead log: a destroyed key must not live on in a file beside the store.
        for setting in ("journal_mode=DELETE", "synchronous=EXTRA", "secure_delete=ON"):
            connection.execute(f"PRAGMA {setting}")
        try:
            for table in TABLES:
                connection.execute(table)
            self._known_ring(connection)
        except InstallationError:
            self._drop()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()
        self._connection = None


class AtHand:
    """The keys of cases in one unit of work: each is asked for once, and what it opened is sealed with the same."""

    __slots__ = ("_keys", "_known")

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._known: dict[str, bytes] = {}

    def of(self, subject: str) -> bytes:
        """As Keys.of."""
        if subject not in self._known:
            self._known[subject] = self._keys.of(subject)
        return self._known[subject]

    def existing(self, subject: str) -> bytes:
        """As Keys.existing."""
        if subject not in self._known:
            self._known[subject] = self._keys.existing(subject)
        return self._known[subject]

    def remember(self, subjects: Iterable[str]) -> None:
        """As Keys.remember."""
        self._keys.remember(subjects)


def _label(subject: str, retention: str) -> str:
    return f"{subject}/{retention}"


def _ring(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT name, value FROM keyring"))


@contextmanager
def _written(database: sqlite3.Connection) -> Iterator[None]:
    """A transaction of the store that begins with its lock, and is kept whole or not at all."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")
