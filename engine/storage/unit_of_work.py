"""The archive and its units of work: everything in one transaction, rolled back unless it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.clock import Clock
from engine.definitions.workflow import Workflow
from engine.errors import InstallationError
from engine.storage import cases, dialects, driver, people, schema, units
from engine.storage.calendars import CalendarStore
from engine.storage.cases import CaseStore, Kinds, Opener, opened
from engine.storage.documents import DocumentStore
from engine.storage.drafts import DraftStore
from engine.storage.index import IndexStore
from engine.storage.invariants import invariants
from engine.storage.keys import AtHand, Keys
from engine.storage.listing import Lists
from engine.storage.log import Log, log_access
from engine.storage.outbox import OutboxStore, RequestStore
from engine.storage.pending import PendingFiles
from engine.storage.people import PeopleStore
from engine.storage.roster import RosterStore, SubjectStore
from engine.storage.rows import Conflict, DueCase, StoredDocument, StoredEntry, StoredFinding
from engine.storage.stuck import StuckStore
from engine.storage.tables import DEFINITION, META
from engine.storage.timers import TimerStore
from engine.storage.types import instant_from, instant_text
from engine.storage.units import UnitStore
from engine.storage.upkeep import Upkeep
from engine.workdays.orders import CalendarFile

SWEPT = "swept_at"
LOGGED = 200
"""How much of a case's number the access log keeps: what was tried may be of any length, no number is."""
REMEMBERED = 4096
"""How many sealed parts of cases are kept opened in memory."""


class Ahead(NamedTuple):
    """What an act always asks: its case, its request, who does it, and the units of the day."""

    number: str
    request: str
    account: str
    day: date


def questions(name: str, district: str, ahead: Ahead) -> list[driver.Statement]:
    """What an act asks, in the words of a database; the case first: who waited sees what was committed meanwhile."""
    return [
        cases.question(name, district, ahead.number, request=ahead.request),
        people.question(name, district, ahead.account),
        units.question(name, district, ahead.number, day=ahead.day),
    ]


class UnitOfWork:
    """One transaction's view of the archive; nothing stays unless `commit` was called."""

    def __init__(
        self,
        connection: Connection,
        district: str,
        keys: Keys,
        *,
        kinds: Kinds | None = None,
        opener: Opener = opened,
    ) -> None:
        self.district = district
        self._connection = connection
        self._keys = keys
        self._at_hand = AtHand(keys)
        self._kinds = kinds
        self._opener = opener

    @cached_property
    def cases(self) -> CaseStore:
        """Cases and who has standing in them."""
        return CaseStore(self._connection, self.district, self._at_hand, kinds=self._kinds, opener=self._opener)

    @cached_property
    def lists(self) -> Lists:
        """Cases as lists show them."""
        return Lists(self._connection, self.district)

    @cached_property
    def log(self) -> Log:
        """The history."""
        return Log(self._connection, self.district, self._at_hand)

    @cached_property
    def timers(self) -> TimerStore:
        """Timers."""
        return TimerStore(self._connection, self.district)

    @cached_property
    def documents(self) -> DocumentStore:
        """Documents and their numbers."""
        return DocumentStore(self._connection, self.district, self._keys)

    @cached_property
    def drafts(self) -> DraftStore:
        """What people have not sent yet."""
        return DraftStore(self._connection, self.district, self._keys)

    @cached_property
    def requests(self) -> RequestStore:
        """Accepted requests."""
        return RequestStore(self._connection, self.district)

    @cached_property
    def outbox(self) -> OutboxStore:
        """Messages that must go out."""
        return OutboxStore(self._connection, self.district)

    @cached_property
    def people(self) -> PeopleStore:
        """People, their roles and sessions."""
        return PeopleStore(self._connection, self.district)

    @cached_property
    def units(self) -> UnitStore:
        """Units with dated kinds."""
        return UnitStore(self._connection, self.district)

    @cached_property
    def roster(self) -> RosterStore:
        """Register and lists."""
        return RosterStore(self._connection, self.district, self._keys)

    @cached_property
    def stuck(self) -> StuckStore:
        """Cases of which a timer failed."""
        return StuckStore(self._connection, self.district)

    @cached_property
    def calendars(self) -> CalendarStore:
        """Calendar files and recalculations."""
        return CalendarStore(self._connection, self.district)

    @cached_property
    def subjects(self) -> SubjectStore:
        """Whom cases are about."""
        return SubjectStore(self._connection, self.district, self._keys)

    @cached_property
    def index(self) -> IndexStore:
        """The blind index."""
        return IndexStore(self._connection, self.district, self._keys)

    def asked(self, ahead: Ahead, cursors: Sequence[Any]) -> None:
        """Take the answers to what was asked ahead."""
        case, person, standing = cursors
        self.cases.asked(ahead.number, ahead.request, case)
        self.people.asked(ahead.account, person)
        self.units.asked(ahead.number, ahead.day, standing)

    def commit(self) -> None:
        """Keep everything that was written so far."""
        dialects.commit(self._connection)


class Archive:
    """One database with its keys.

    `url` names an SQLite file, made when it is not there, or a database of a PostgreSQL server; the keys lie in a
    folder of their own. Raises
    InstallationError when either cannot be used, InputError for a database that is not supported.
    """

    def __init__(self, url: str, keys_folder: Path, *, district: str, clock: Clock | None = None) -> None:
        self.district = district
        self._url, self._place = url, dialects.place_of(url)
        self._writer, self._reader = dialects.engines(url)
        self._ends: list[Callable[[], None]] = [self._reader.dispose, self._writer.dispose]
        with self._closed_when_refused():
            fresh = dialects.prepare(url, self._reader)
            store = fresh or not self._holds_sealed()
            self._keys = Keys(keys_folder, fresh=fresh, fresh_store=store, clock=clock)
            self._ends.append(self._keys.close)
        self._unfit = ""
        self._kinds: dict[str, dict[str, str]] = {}
        # A list opens the same cases again and again; the key is asked for before each, so what is erased stays shut.
        self._opener = lru_cache(REMEMBERED)(opened)

    def create_schema(self) -> None:
        """Make the tables of an empty database.

        A database of another version or program is refused in one line, and let go of.
        """
        with self._closed_when_refused():
            with dialects.begin(self._writer, write=True) as connection:
                self._create(connection)
                dialects.commit(connection)
            dialects.settle(self._writer)

    def _holds_sealed(self) -> bool:
        with dialects.begin(self._reader, write=False) as connection:
            return schema.holds_sealed(connection)

    def look(self) -> None:
        """Learn whether the tables still are the program's; until they are, nothing is read or written.

        Another node may have upgraded them meanwhile. Raises InstallationError when they are not.
        """
        with dialects.begin(self._reader, write=False) as connection:
            found = schema.revision_of(connection)
        self._unfit = ""
        try:
            schema.fits(found)
        except InstallationError as error:
            self._unfit = str(error)
            raise

    def _fits(self) -> None:
        if self._unfit:
            raise InstallationError(self._unfit)

    @contextmanager
    def _closed_when_refused(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _create(self, connection: Connection) -> None:
        dialects.lock(connection, "schema")
        try:
            found = schema.revision_of(connection)
        except InstallationError as error:
            raise InstallationError(f"{self._place}：{error}") from None
        if not found:
            schema.create(connection, self.district, self._keys.fingerprint)
            return
        schema.fits(found)
        schema.known(connection, self.district, self._keys.fingerprint)

    @property
    def upkeep(self) -> Upkeep:
        """Backups, upgrades and the hold of this database."""
        return Upkeep(url=self._url, district=self.district, engine=self._writer, keys=self._keys)

    def pending(self, folder: Path) -> PendingFiles:
        """The uploaded files that wait in this folder, sealed."""
        return PendingFiles(folder, self._keys)

    def calendar_files(self) -> tuple[int, list[CalendarFile]]:
        """The id of the last calendar file that was taken in, and all of them, oldest first."""
        with self.read() as uow:
            return uow.calendars.last(), uow.calendars.files()

    @property
    def held(self) -> bool:
        """True while nothing may leave the house: the database was restored and nobody has released it yet."""
        with dialects.begin(self._reader, write=False) as connection:
            return schema.fact(connection, schema.HELD) != ""

    def database_now(self) -> datetime | None:
        """The clock of the database's machine; None where that is this machine's own."""
        with dialects.begin(self._reader, write=False) as connection:
            return dialects.now_of(connection)

    @property
    def swept_at(self) -> datetime | None:
        """When the last sweep of any node was, or None before the first."""
        with dialects.begin(self._reader, write=False) as connection:
            found = schema.fact(connection, SWEPT)
            return instant_from(found) if found else None

    @property
    def begun_at(self) -> datetime | None:
        """When the first workflow was loaded: the installation's beginning; None before."""
        with dialects.begin(self._reader, write=False) as connection:
            found: datetime | None = connection.execute(select(func.min(DEFINITION.c.loaded_at))).scalar()
            return found

    def note_sweep(self, at: datetime, *, back: bool = False) -> None:
        """Note a sweep of any node; never an earlier one than is noted, unless `back` says that the clock was wrong."""
        self._fits()
        row = {"name": SWEPT, "value": instant_text(at)}
        # Where two workers note the very first sweep at once, one of them is enough.
        with suppress(IntegrityError), dialects.begin(self._writer, write=True) as connection:
            known = schema.fact(connection, SWEPT)
            if not known:
                connection.execute(insert(META), row)
            elif back or known < row["value"]:
                connection.execute(update(META).where(META.c.name == SWEPT).values(value=row["value"]))
            dialects.commit(connection)

    @property
    def offset(self) -> timedelta:
        """How far a demonstration's days lie from today; zero for a real installation."""
        with dialects.begin(self._reader, write=False) as connection:
            return timedelta(seconds=int(schema.fact(connection, "offset_seconds", "0")))

    def set_offset(self, offset: timedelta) -> None:
        """Make this a demonstration database that lives on other days."""
        with dialects.begin(self._writer, write=True) as connection:
            schema.put_fact(connection, "offset_seconds", str(int(offset.total_seconds())))
            dialects.commit(connection)

    def publish(self, workflows: Iterable[Workflow], now: datetime) -> None:
        """Keep the canonical text of every loaded version, and learn the kinds of its states."""
        with dialects.begin(self._writer, write=True) as connection:
            known = {row[0] for row in connection.execute(select(DEFINITION.c.hash))}
            for each in workflows:
                self.learn([each])
                if each.hash not in known:
                    row = {"hash": each.hash, "name": each.name, "canonical": each.canonical, "loaded_at": now}
                    connection.execute(insert(DEFINITION), row)
            dialects.commit(connection)

    def learn(self, workflows: Iterable[Workflow]) -> None:
        """Learn the kinds of the states of some versions, by which their cases stand on the ledger or off it."""
        for each in workflows:
            self._kinds[each.hash] = {name: state.kind for name, state in each.states.items()}

    def definition(self, hash_: str) -> str | None:
        """The canonical text of a version that was published here, or None."""
        with dialects.begin(self._reader, write=False) as connection:
            found = connection.execute(select(DEFINITION.c.canonical).where(DEFINITION.c.hash == hash_)).scalar()
            return None if found is None else str(found)

    @property
    def one_writer(self) -> bool:
        """Whether only one may write at a time, so that whatever is worked out before writing keeps nobody waiting."""
        return dialects.one_writer(self._url)

    @contextmanager
    def begin(self, ahead: Ahead | None = None) -> Iterator[UnitOfWork]:
        """A writing unit of work; raises Conflict when another writer took the same place.

        What is known `ahead` to be asked is asked as it begins, in one round trip.
        """
        self._fits()
        first = None if ahead is None else driver.First(questions(self._writer.dialect.name, self.district, ahead))
        try:
            with dialects.begin(self._writer, write=True, first=first) as connection:
                uow = self._unit(connection)
                if ahead is not None and first is not None:
                    uow.asked(ahead, first.cursors)
                yield uow
        except IntegrityError as error:
            if not dialects.is_taken(error):
                raise
            raise Conflict(str(error.orig)) from None

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A reading unit of work: one moment of the archive, and it cannot write."""
        self._fits()
        with dialects.begin(self._reader, write=False) as connection:
            yield self._unit(connection)

    def _unit(self, connection: Connection) -> UnitOfWork:
        return UnitOfWork(connection, self.district, self._keys, kinds=self._kinds, opener=self._opener)

    def access(self, account: str, what: str, number: str, *, at: datetime) -> None:
        """Log one reading before it is shown; when it cannot be logged, nothing is shown."""
        self._fits()
        with dialects.begin(self._writer, write=True) as connection:
            log_access(connection, self.district, (account, what, number[:LOGGED], at))
            dialects.commit(connection)

    def erase(self, subject: str) -> int:
        """Destroy what finds and what opens a subject's data, and drafts; how many keys. What is sealed stays shut.

        The index rows go first: a subject that is found but cannot be opened would tell that somebody was erased.
        """
        with dialects.begin(self._writer, write=True) as connection:
            IndexStore(connection, self.district, self._keys).drop(subject)
            DraftStore(connection, self.district, self._keys).forget(subject)
            dialects.commit(connection)
        return self._keys.erase(subject)

    def invariants(self) -> list[str]:
        """Everything that does not hold in the database at rest; empty when all is well."""
        with dialects.begin(self._reader, write=False) as connection:
            return invariants(connection, self.district, self._keys)

    def close(self) -> None:
        """Let go of the database and of the keys; whoever works on takes hold of them again."""
        with ExitStack() as ends:
            for end in self._ends:
                ends.callback(end)


__all__ = ["Ahead", "Archive", "Conflict", "DueCase", "StoredDocument", "StoredEntry", "StoredFinding", "UnitOfWork"]
