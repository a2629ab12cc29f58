"""What all tables share: how constraints are named, strict typing, columns that every table has."""

from __future__ import annotations

from sqlalchemy import Column
from sqlmodel import SQLModel

from engine.storage.types import Integer, Text

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
STRICT = {"sqlite_strict": True}


def text_column(*, key: bool = False, index: bool = False) -> Column[str]:
    """A column of text that is always there."""
    return Column(Text, primary_key=key, nullable=False, index=index)


def id_column() -> Column[int]:
    """An integer key that the database gives."""
    return Column(Integer, primary_key=True)
