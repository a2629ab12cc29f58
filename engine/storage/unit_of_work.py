"""The archive and its units of work: everything in one transaction, rolled back unless it is committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import SQLModel

from engine.definitions.workflow import Workflow
from engine.errors import InstallationError
from engine.storage import dialects
from engine.storage.cases import CaseStore, Conflict, ProposalStore, TimerStore
from engine.storage.documents import DocumentStore
from engine.storage.invariants import invariants
from engine.storage.keys import Keys
from engine.storage.log import Log, log_access
from engine.storage.outbox import OutboxStore, RequestStore, WorkStore
from engine.storage.people import PeopleStore, UnitStore
from engine.storage.roster import RosterStore, SubjectStore
from engine.storage.rows import DueTimer, StoredDocument, StoredEntry, StoredFinding
from engine.storage.tables import VERSION, DefinitionRow, Meta

META, DEFINITION = Meta.__table__, DefinitionRow.__table__  # type: ignore[attr-defined]  # SQLModel's own


class UnitOfWork:
    """One transaction's view of the archive; nothing stays unless `commit` was called."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self.district = district
        self._connection = connection
        self.cases = CaseStore(connection, district, keys)
        self.log = Log(connection, district, keys)
        self.timers = TimerStore(connection, district)
        self.proposals = ProposalStore(connection, district)
        self.documents = DocumentStore(connection, district, keys)
        self.requests = RequestStore(connection, district)
        self.outbox = OutboxStore(connection, district)
        self.work = WorkStore(connection, district)
        self.people = PeopleStore(connection, district)
        self.units = UnitStore(connection, district)
        self.roster = RosterStore(connection, district, keys)
        self.subjects = SubjectStore(connection, district, keys)

    def commit(self) -> None:
        """Keep everything that was written."""
        self._connection.exec_driver_sql("COMMIT")


class Archive:
    """One database with its keys."""

    def __init__(self, url: str, keys_folder: Path, *, district: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InstallationError(f"数据文件夹 {path.parent} 不能建立：{error.strerror}") from None
        self.district = district
        self._path = path
        self._keys = Keys(keys_folder)
        self._writer = dialects.writer(url)
        self._reader = dialects.reader(url)

    def create_schema(self) -> None:
        """Make the tables of an empty database; a database of another version or program is refused in one line."""
        try:
            with dialects.begin(self._writer, write=True) as connection:
                self._create(connection)
                connection.exec_driver_sql("COMMIT")
            self._path.chmod(0o600)
        except (DatabaseError, OSError) as error:
            reason = getattr(error, "orig", None) or error
            raise InstallationError(f"数据库 {self._path} 无法打开：{reason}") from None

    def _create(self, connection: Connection) -> None:
        tables = {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))}
        if tables and "meta" not in tables:
            raise InstallationError(f"{self._path} 不是应返尽返的数据库")
        if tables:
            found = self._meta(connection, "schema", "0")
            if found != str(VERSION):
                raise InstallationError(f"数据库的表是第{found}版，程序认识第{VERSION}版；请换用相应版本的程序")
            return
        SQLModel.metadata.create_all(connection)
        dialects.append_only(connection)
        self._set(connection, "schema", str(VERSION))

    def _meta(self, connection: Connection, name: str, default: str) -> str:
        return str(connection.execute(select(META.c.value).where(META.c.name == name)).scalar() or default)

    def _set(self, connection: Connection, name: str, value: str) -> None:
        connection.execute(META.delete().where(META.c.name == name))
        connection.execute(insert(META), {"name": name, "value": value})

    @property
    def offset(self) -> timedelta:
        """How far a demonstration's days lie from today; zero for a real installation."""
        with dialects.begin(self._reader, write=False) as connection:
            return timedelta(seconds=int(self._meta(connection, "offset_seconds", "0")))

    def set_offset(self, offset: timedelta) -> None:
        """Make this a demonstration database that lives on other days."""
        with dialects.begin(self._writer, write=True) as connection:
            self._set(connection, "offset_seconds", str(int(offset.total_seconds())))
            connection.exec_driver_sql("COMMIT")

    def publish(self, workflows: Iterable[Workflow], now: datetime) -> None:
        """Keep the canonical text of every loaded version."""
        with dialects.begin(self._writer, write=True) as connection:
            known = {row[0] for row in connection.execute(select(DEFINITION.c.hash))}
            for workflow in workflows:
                if workflow.hash not in known:
                    row = {"hash": workflow.hash, "name": workflow.name, "canonical": workflow.canonical, "loaded_at": now}
                    connection.execute(insert(DEFINITION), row)
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A writing unit of work; raises Conflict when another writer took the same place."""
        with dialects.begin(self._writer, write=True) as connection:
            try:
                yield UnitOfWork(connection, self.district, self._keys)
            except IntegrityError as error:
                raise Conflict(str(error.orig)) from None

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A reading unit of work: one moment of the archive, and it cannot write."""
        with dialects.begin(self._reader, write=False) as connection:
            yield UnitOfWork(connection, self.district, self._keys)

    def access(self, account: str, what: str, number: str, at: datetime) -> None:
        """Log one reading before it is shown; when it cannot be logged, nothing is shown."""
        with dialects.begin(self._writer, write=True) as connection:
            log_access(connection, account, what, number, at)
            connection.exec_driver_sql("COMMIT")

    def invariants(self) -> list[str]:
        """Everything that does not hold in the database at rest; empty when all is well."""
        with dialects.begin(self._reader, write=False) as connection:
            return invariants(connection, UnitOfWork(connection, self.district, self._keys))

    def close(self) -> None:
        """Let go of the database."""
        self._writer.dispose()
        self._reader.dispose()


__all__ = ["Archive", "Conflict", "DueTimer", "StoredDocument", "StoredEntry", "StoredFinding", "UnitOfWork"]
