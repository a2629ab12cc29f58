"""The tables of time: calendars taken in, and what each of them did to running deadlines."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from engine.storage.columns import STRICT
from engine.storage.columns import id_column as _id
from engine.storage.columns import text_column as _text
from engine.storage.types import Day, Flag, Instant, Integer


class CalendarRow(SQLModel, table=True):
    """A calendar file that this installation took in, as it was written: the source of a version; append-only."""

    __tablename__ = "calendar_file"
    __table_args__ = (STRICT,)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    source: str = Field(sa_column=_text())
    version: str = Field(sa_column=_text())
    applied_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    applied_by: str = Field(sa_column=_text())


class RecalculationRow(SQLModel, table=True):
    """What a new calendar does to running deadlines: how far the cases are gone through, who accepted the rest."""

    __tablename__ = "recalculation"
    __table_args__ = (STRICT,)
    id: int = Field(sa_column=_id())
    district: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    calendar_before: str = Field(sa_column=_text())
    calendar_after: str = Field(sa_column=_text())
    made_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    passes: int = Field(sa_column=Column(Integer, nullable=False))
    scanned: str = Field(sa_column=_text())
    accepted_by: str = Field(sa_column=_text())
    accepted_at: datetime | None = Field(sa_column=Column(Instant))


class RecalculationLineRow(SQLModel, table=True):
    """One deadline of one case in a recalculation: due before, due after, and what became of it."""

    __tablename__ = "recalculation_line"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    report: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: str = Field(sa_column=_text(key=True))
    deadline: str = Field(sa_column=_text(key=True))
    protects: str = Field(sa_column=_text())
    due_before: date = Field(sa_column=Column(Day, nullable=False))
    due_after: date = Field(sa_column=Column(Day, nullable=False))
    applies: str = Field(sa_column=_text())
    status: str = Field(sa_column=_text())


class StuckRow(SQLModel, table=True):
    """A case of which a timer failed: how often, when it is tried again, and whether a person must look at it."""

    __tablename__ = "stuck"
    __table_args__ = (STRICT,)
    district: str = Field(sa_column=_text(key=True))
    number: str = Field(sa_column=_text(key=True))
    tries: int = Field(sa_column=Column(Integer, nullable=False))
    since: datetime = Field(sa_column=Column(Instant, nullable=False))
    retry_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    fault: str = Field(sa_column=_text())
    quarantined: bool = Field(sa_column=Column(Flag, nullable=False))


CALENDAR = SQLModel.metadata.tables["calendar_file"]
RECALCULATION = SQLModel.metadata.tables["recalculation"]
LINE = SQLModel.metadata.tables["recalculation_line"]
STUCK = SQLModel.metadata.tables["stuck"]
