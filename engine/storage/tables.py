"""The tables. SQLModel declares them; rows are never inputs, so nothing here validates."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.storage.columns import STRICT
from engine.storage.columns import id_column as _id
from engine.storage.columns import text_column as _text
from engine.storage.types import Day, Instant, Integer, LargeBinary, Text

VERSION = "0005"
"""The revision of these tables, the newest in `migrations`; a database says which it has."""


class Meta(SQLModel, table=True):
    """Facts about the database itself: its district and key file, clock offset of a demonstration, last sweep."""

    __tablename__ = "meta"
    __table_args__ = (STRICT,)
    name: str = Field(sa_column=_text(key=True))
    value: str = Field(sa_column=_text())


class RevisionRow(SQLModel, table=True):
    """The revision that the tables are at; alembic writes it."""

    __tablename__ = "alembic_version"
    __table_args__ = (STRICT,)
    version_num: str = Field(sa_column=_text(key=True))


class UnitRow(SQLModel, table=True):
    """A unit with its name, kind and place in the tree between two days; what changes stands in a row of its own."""

    __tablename__ = "unit"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    code: str = Field(sa_column=_text(key=True))
    first: date = Field(sa_column=Column(Day, primary_key=True))
    name: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    parent: str = Field(sa_column=_text())
    last: date = Field(sa_column=Column(Day, nullable=False))


class PersonRow(SQLModel, table=True):
    """Somebody who may sign in."""

    __tablename__ = "person"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    account: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    password: str = Field(sa_column=_text())


class RoleRow(SQLModel, table=True):
    """A role of a person in a unit, dated and approved.

    `covers` is the account of whom the person stands in for while that one is on leave, `basis` what an acting head is
    appointed by, or why somebody is on leave; `recorded_by` is the account of the machine behind the command line.
    """

    __tablename__ = "held_role"
    __table_args__ = (STRICT,)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text(index=True))
    role: str = Field(sa_column=_text())
    unit: str = Field(sa_column=_text())
    first: date = Field(sa_column=Column(Day, nullable=False))
    last: date = Field(sa_column=Column(Day, nullable=False))
    approved_by: str = Field(sa_column=_text())
    covers: str = Field(sa_column=Column(Text, nullable=False, index=True, server_default=text("''")))
    basis: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    recorded_by: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))


class DelegationRow(SQLModel, table=True):
    """A document that lends a unit the power to do some acts between two days (赋权文件); `acts` is ",a,b,"."""

    __tablename__ = "delegation"
    __table_args__ = (UniqueConstraint("district", "unit", "document"), STRICT)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    unit: str = Field(sa_column=_text())
    document: str = Field(sa_column=_text())
    issued_on: date = Field(sa_column=Column(Day, nullable=False))
    words: str = Field(sa_column=_text())
    acts: str = Field(sa_column=_text())
    first: date = Field(sa_column=Column(Day, nullable=False))
    last: date = Field(sa_column=Column(Day, nullable=False))
    approved_by: str = Field(sa_column=_text())
    recorded_by: str = Field(sa_column=_text())


class SessionRow(SQLModel, table=True):
    """A session, known by the hash of its token."""

    __tablename__ = "session"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    token: str = Field(sa_column=_text(key=True))
    account: str = Field(sa_column=_text())
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    seen_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(sa_column=Column(Instant))


class AttemptRow(SQLModel, table=True):
    """Wrong passwords in a row, by account and address."""

    __tablename__ = "login_attempt"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    account: str = Field(sa_column=_text(key=True))
    address: str = Field(sa_column=_text(key=True))
    count: int = Field(sa_column=Column(Integer, nullable=False))
    last_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class SubjectRow(SQLModel, table=True):
    """A subject's sealed profile."""

    __tablename__ = "subject"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    reference: str = Field(sa_column=_text(key=True))
    kind: str = Field(sa_column=_text())
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DefinitionRow(SQLModel, table=True):
    """A published version of a workflow, with the canonical text that its hash covers."""

    __tablename__ = "definition"
    __table_args__ = (STRICT,)
    hash: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    canonical: str = Field(sa_column=_text())
    loaded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


_LISTED = text("listed_on IS NOT NULL AND last IS NULL")
_DUE = text("next_at IS NOT NULL")
_AWAITING = text("awaits <> ''")
_NUMBERED = text("document_number <> ''")


class CaseRow(SQLModel, table=True):
    """A case: what lists and timers need stands open, whom it is about and what was said is sealed.

    `kind` is that of the state: open, observing or final. `next_at` is the moment at which the first of its timers
    acts, `clock` its deadlines and watchers, `awaits` the roles that decide on its open proposals (",a,b,").
    """

    __tablename__ = "case_file"
    __table_args__ = (
        UniqueConstraint("district", "number"),
        Index("ix_case_file_next", "district", "next_at", "id", sqlite_where=_DUE, postgresql_where=_DUE),
        Index("ix_case_file_awaits", "district", "id", sqlite_where=_AWAITING, postgresql_where=_AWAITING),
        STRICT,
    )
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    number: str = Field(sa_column=_text())
    workflow: str = Field(sa_column=_text())
    definition: str = Field(sa_column=_text())
    subject: str = Field(sa_column=_text(index=True))
    unit: str = Field(sa_column=_text())
    owner: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    former: str = Field(sa_column=_text())
    epoch: int = Field(sa_column=Column(Integer, nullable=False))
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    undoable: int = Field(sa_column=Column(Integer, nullable=False))
    head: str = Field(sa_column=_text())
    opened_on: date = Field(sa_column=Column(Day, nullable=False))
    entered_on: date = Field(sa_column=Column(Day, nullable=False))
    due_on: date | None = Field(sa_column=Column(Day))
    late_after: datetime | None = Field(sa_column=Column(Instant))
    next_at: datetime | None = Field(sa_column=Column(Instant))
    awaits: str = Field(sa_column=_text())
    closed_as: str = Field(sa_column=_text())
    parent: str = Field(sa_column=_text(index=True))
    channel: str = Field(sa_column=_text())
    clock: str = Field(sa_column=_text())
    identity: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CaseUnitRow(SQLModel, table=True):
    """A unit that has standing in a case, and in which relation.

    `listed_on` is the case's place in the unit's list of open cases: its due day, the last of all days where it has
    none, nothing once it is final. The database itself keeps it in step with the case (`triggers`).
    """

    __tablename__ = "case_unit"
    __table_args__ = (
        Index("ix_case_unit_number", "district", "number", "unit"),
        Index(
            "ix_case_unit_listed",
            "district",
            "unit",
            "listed_on",
            "number",
            sqlite_where=_LISTED,
            postgresql_where=_LISTED,
        ),
        STRICT,
    )
    district: str = Field(sa_column=_text(key=True))
    unit: str = Field(sa_column=_text(key=True))
    number: str = Field(sa_column=_text(key=True))
    relation: str = Field(sa_column=_text(key=True))
    first: date = Field(sa_column=Column(Day, nullable=False))
    last: date | None = Field(sa_column=Column(Day))
    listed_on: date | None = Field(sa_column=Column(Day))


class EntryRow(SQLModel, table=True):
    """One line of history, append-only: public and sealed part as written, chained by hash."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("district", "number", "seq"), STRICT)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    number: str = Field(sa_column=_text())
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    public: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous: str = Field(sa_column=_text())
    hash: str = Field(sa_column=_text())


class DocumentRow(SQLModel, table=True):
    """A document: its blocks sealed, its number and commitment open."""

    __tablename__ = "document"
    __table_args__ = (
        Index("ix_document_number", "district", "document_number", sqlite_where=_NUMBERED, postgresql_where=_NUMBERED),
        STRICT,
    )
    district: str = Field(sa_column=_text(key=True))
    number: str = Field(sa_column=_text(key=True))
    id: str = Field(sa_column=_text(key=True))
    kind: str = Field(sa_column=_text())
    status: str = Field(sa_column=_text())
    document_number: str = Field(sa_column=_text())
    issuer: str = Field(sa_column=_text())
    issued_on: date | None = Field(sa_column=Column(Day))
    commitment: str = Field(sa_column=_text())
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SeriesRow(SQLModel, table=True):
    """The last number of a series, by issuer and year."""

    __tablename__ = "number_series"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    issuer: str = Field(sa_column=_text(key=True))
    series: str = Field(sa_column=_text(key=True))
    year: int = Field(sa_column=Column(Integer, primary_key=True))
    last: int = Field(sa_column=Column(Integer, nullable=False))


class OutboxRow(SQLModel, table=True):
    """A message to a role of the case's units; no personal data, the case number is enough.

    `due_at` is when it should leave, `try_at` when it is tried next; `held` says why it waits for a person.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "district",
            "try_at",
            sqlite_where=text("sent_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_outbox_case", "district", "number", "seq"),
        STRICT,
    )
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    number: str = Field(sa_column=_text())
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    kind: str = Field(sa_column=_text())
    role: str = Field(sa_column=_text())
    body: str = Field(sa_column=_text())
    due_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    try_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    sent_at: datetime | None = Field(sa_column=Column(Instant))
    cancelled_at: datetime | None = Field(sa_column=Column(Instant))
    claimed_until: datetime | None = Field(sa_column=Column(Instant))
    tries: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    fault: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    held: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    released_by: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    released_at: datetime | None = Field(sa_column=Column(Instant))


class RequestRow(SQLModel, table=True):
    """An accepted request: its content's digest and the answer it got."""

    __tablename__ = "request"
    __table_args__ = (CheckConstraint("request <> ''", name="named"), STRICT)
    district: str = Field(sa_column=_text(key=True))
    request: str = Field(sa_column=_text(key=True))
    number: str = Field(sa_column=_text())
    seq: int = Field(sa_column=Column(Integer, nullable=False))
    content: str = Field(sa_column=_text())
    answer: str = Field(sa_column=_text())


class PupilRow(SQLModel, table=True):
    """A row of the register, sealed; known by the keyed reference of its number."""

    __tablename__ = "pupil"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    register_no: str = Field(sa_column=_text(key=True))
    digest: str = Field(sa_column=_text())
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class FindingTable(SQLModel, table=True):
    """A difference that a person must settle; name and detail are sealed, the pupil is known by reference."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("district", "key"), STRICT)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    key: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    register_no: str = Field(sa_column=_text())
    school: str = Field(sa_column=_text(index=True))
    found_on: date = Field(sa_column=Column(Day, nullable=False))
    status: str = Field(sa_column=_text())
    number: str = Field(sa_column=_text())
    settled_by: str = Field(sa_column=_text())
    settled_at: datetime | None = Field(sa_column=Column(Instant))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AccessRow(SQLModel, table=True):
    """A reading of a case, or a refused attempt; append-only, with a chain of its own."""

    __tablename__ = "access_log"
    __table_args__ = (STRICT,)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text())
    what: str = Field(sa_column=_text())
    number: str = Field(sa_column=_text(index=True))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    previous: str = Field(sa_column=_text())
    hash: str = Field(sa_column=_text())


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


META = _table("meta")
REVISION = _table("alembic_version")
UNIT = _table("unit")
PERSON = _table("person")
ROLE = _table("held_role")
DELEGATION = _table("delegation")
SESSION = _table("session")
ATTEMPT = _table("login_attempt")
SUBJECT = _table("subject")
DEFINITION = _table("definition")
CASE = _table("case_file")
STANDING = _table("case_unit")
ENTRY = _table("entry")
DOCUMENT = _table("document")
SERIES = _table("number_series")
OUTBOX = _table("outbox")
REQUEST = _table("request")
PUPIL = _table("pupil")
FINDING = _table("finding")
ACCESS = _table("access_log")
