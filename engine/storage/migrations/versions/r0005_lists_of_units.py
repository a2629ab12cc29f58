"""The open cases of each unit in the order of their due days: a page is found at once, whoever asks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.storage.migrations.making import index

revision = "0005"
down_revision = "0004"
REBUILDS = False

_PLACE = (
    "SELECT CASE WHEN kind = 'final' THEN NULL ELSE coalesce(due_on, '9999-12-31') END FROM case_file "
    "WHERE case_file.district = case_unit.district AND case_file.number = case_unit.number"
)


def upgrade() -> None:
    """A case's place in the lists of its units, beside the unit; the index of due days of all units is not needed."""
    op.add_column("case_unit", sa.Column("listed_on", sa.Text(), nullable=True))
    op.execute(f"UPDATE case_unit SET listed_on = ({_PLACE})")  # noqa: S608  words of this module
    index("ix_case_unit_listed", "case_unit", "district unit listed_on number", where=_OPEN)
    op.drop_index("ix_case_file_open", "case_file")


_OPEN = "listed_on IS NOT NULL AND last IS NULL"
