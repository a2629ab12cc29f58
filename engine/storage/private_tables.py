"""The tables of the blind index, whose values are keyed hashes alone, and of drafts, which are sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from engine.storage.columns import STRICT
from engine.storage.columns import text_column as _text
from engine.storage.types import Instant, LargeBinary


class BlindRow(SQLModel, table=True):
    """A value that a subject is found by, as a keyed hash: without the key nobody can try values against it.

    `source` says whose it is: that of the subject of a case, or of a row of the register.
    """

    __tablename__ = "blind_index"
    __table_args__ = (Index("ix_blind_index_subject", "district", "subject", "source"), STRICT)
    district: str = Field(sa_column=_text(key=True))
    kind: str = Field(sa_column=_text(key=True))
    token: str = Field(sa_column=_text(key=True))
    subject: str = Field(sa_column=_text(key=True))
    source: str = Field(sa_column=_text(key=True))


class DraftRow(SQLModel, table=True):
    """What a person typed for an act of a case and did not hand in yet, sealed."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_subject", "district", "subject"), STRICT)
    district: str = Field(sa_column=_text(key=True))
    account: str = Field(sa_column=_text(key=True))
    number: str = Field(sa_column=_text(key=True))
    act: str = Field(sa_column=_text(key=True))
    subject: str = Field(sa_column=_text())
    saved_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


DRAFT = SQLModel.metadata.tables["draft"]
BLIND = SQLModel.metadata.tables["blind_index"]
