"""The table of the blind index: how subjects are found by values that are stored as keyed hashes alone."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from engine.storage.columns import STRICT
from engine.storage.columns import text_column as _text


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


BLIND = SQLModel.metadata.tables["blind_index"]
