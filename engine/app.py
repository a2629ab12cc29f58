"""The composition root: settings in, one App out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache

from engine.clock import Clock
from engine.definitions.load import load_all
from engine.definitions.workflow import Workflow
from engine.errors import InstallationError
from engine.paths import config_dir, workflows_dir
from engine.services.almanac import Almanac
from engine.services.audit import Audit
from engine.services.cases import Cases
from engine.services.drafts import Drafts
from engine.services.notices import Notices
from engine.services.office import Office
from engine.services.outbox import Outbox
from engine.services.people import People
from engine.services.recalculation import Calendars
from engine.services.roster import Roster
from engine.services.search import Search
from engine.services.staff import Staff
from engine.services.timers import Timers
from engine.services.units import Units
from engine.services.upkeep import Upkeep
from engine.services.uploads import Uploads
from engine.settings import Settings
from engine.storage.unit_of_work import Archive
from engine.workdays import Calendar
from notifications.channels.file import FileChannel
from notifications.pdf import PdfPrinter


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One running installation: its services by name."""

    settings: Settings
    clock: Clock
    workflows: Mapping[str, Workflow]
    archive: Archive
    cases: Cases
    timers: Timers
    outbox: Outbox
    notices: Notices
    roster: Roster
    uploads: Uploads
    people: People
    staff: Staff
    units: Units
    audit: Audit
    upkeep: Upkeep
    calendars: Calendars
    search: Search
    drafts: Drafts
    demo: bool

    @property
    def calendar(self) -> Calendar:
        """The calendar in force."""
        return self.cases.office.calendar

    def today(self) -> date:
        """The installation's present day."""
        return self.cases.office.today()


def calendar_in_force(settings: Settings) -> Calendar:
    """The calendar of an installation that exists, without its law and services."""
    archive = Archive(settings.database_url, settings.keys_folder, district=settings.district)
    try:
        archive.create_schema()
        return Almanac(config_dir() / "calendar", archive.calendar_files).calendar
    finally:
        archive.close()


@contextmanager
def open_archive(settings: Settings) -> Iterator[Archive]:
    """The archive of an installation as it stands, of whatever revision: for upgrades and backups; closed at the end.

    Raises InstallationError where there is none.
    """
    if not settings.has_database:
        raise InstallationError(f"没有数据库 {settings.database_file}；请核对设置 data 或 database")
    archive = Archive(settings.database_url, settings.keys_folder, district=settings.district)
    try:
        yield archive
    finally:
        archive.close()


@contextmanager
def open_app(settings: Settings, *, clock: Clock | None = None) -> Iterator[App]:
    """Open an installation: load calendar and law, open the database, put the services together; close it at the end.

    A database that does not exist yet is made. Raises DefinitionError for a bad workflow, InstallationError for a
    database or key that cannot be used.
    """
    workflows = load_all(workflows_dir(), config_dir())
    archive = Archive(settings.database_url, settings.keys_folder, district=settings.district)
    try:
        archive.create_schema()
        almanac = Almanac(config_dir() / "calendar", archive.calendar_files)
        clock = clock or Clock(offset=archive.offset)
        office = Office(settings=settings, archive=archive, workflows=workflows, almanac=almanac, clock=clock)
        archive.publish(workflows.values(), clock.now())
        channels = (FileChannel(settings.data / "outbox"),)
        yield App(
            settings=settings,
            clock=clock,
            workflows=workflows,
            archive=archive,
            cases=Cases(office=office),
            timers=Timers(office=office, channels=channels),
            outbox=Outbox(office=office, channels=channels),
            notices=Notices(office=office, printer=cache(PdfPrinter), channels=channels),
            roster=Roster(office=office),
            uploads=Uploads(office=office),
            people=People(office=office),
            staff=Staff(office=office),
            units=Units(office=office),
            audit=Audit(office=office),
            upkeep=Upkeep(office=office),
            calendars=Calendars(office=office),
            search=Search(office=office),
            drafts=Drafts(office=office),
            demo=bool(archive.offset),
        )
    finally:
        archive.close()
