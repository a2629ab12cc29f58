"""How revisions write down a table: a line of columns, as short as it can be read."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

_TYPES = {"int": sa.Integer, "bytes": sa.LargeBinary, "": sa.Text}


def make(name: str, columns: str, *, key: str = "id", unique: str = "", check: tuple[str, str] | None = None) -> None:
    """Make a table: `seq:int` is a number, `sealed:bytes` are bytes, the rest texts; `?` may be missing, `=` a default.

    `key` and `unique` name the columns of the primary key and of one unique constraint, `check` is a name and words.
    """
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}")]
    if unique:
        constraints.append(sa.UniqueConstraint(*unique.split(), name=f"uq_{name}_{unique.replace(' ', '_')}"))
    if check is not None:
        constraints.append(sa.CheckConstraint(check[1], name=f"ck_{name}_{check[0]}"))
    op.create_table(name, *(_column(each) for each in columns.split()), *constraints, sqlite_strict=True)


def _column(words: str) -> sa.Column[object]:
    shape, _, default = words.removesuffix("?").partition("=")
    name, _, kind = shape.partition(":")
    # A key of one number is given by the database, and no other.
    given: Literal["auto"] | bool = "auto" if name == "id" and kind else False
    value = sa.text(default) if default else None
    return sa.Column(name, _TYPES[kind](), nullable=words.endswith("?"), autoincrement=given, server_default=value)


def index(name: str, table: str, columns: str, *, where: str = "") -> None:
    """Make an index, over some of the rows where a condition is given."""
    only = sa.text(where) if where else None
    op.create_index(name, table, columns.split(), sqlite_where=only, postgresql_where=only)


def put_aside(*tables: str) -> None:
    """Keep the rows of tables under the name `old_…`, and drop the tables with their indexes and triggers."""
    for each in tables:
        op.execute(f"CREATE TABLE old_{each} AS SELECT * FROM {each}")  # noqa: S608  names of this project
        op.drop_table(each)


def take_back(table: str, columns: str, values: str = "") -> None:
    """Fill a table from the rows put aside: these columns, from columns of the same names or from these expressions."""
    names = ", ".join(columns.split())
    op.execute(f"INSERT INTO {table} ({names}) SELECT {values or names} FROM old_{table}")  # noqa: S608  names of this project
    op.drop_table(f"old_{table}")


def count_on(*tables: str) -> None:
    """Let the database's own numbers of these tables go on behind the highest that was filled in."""
    if op.get_bind().dialect.name == "postgresql":
        for each in tables:
            sequence = f"pg_get_serial_sequence('{each}', 'id')"
            op.execute(f"SELECT setval({sequence}, coalesce(max(id), 1), max(id) IS NOT NULL) FROM {each}")  # noqa: S608  names of this project
