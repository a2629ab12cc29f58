"""Units with a row for each time in which they stay the same, cover of people on leave, powers lent by a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.storage.migrations.making import index, make, put_aside, take_back

revision = "0003"
down_revision = "0002"
REBUILDS = False

_UNIT = "district code first name kind parent last"


def upgrade() -> None:
    """Every unit keeps its one row, every role is held by the person it was given to."""
    put_aside("unit")
    make("unit", _UNIT, key="district code first")
    take_back("unit", _UNIT)
    for each in ("covers", "basis", "recorded_by"):
        op.add_column("held_role", sa.Column(each, sa.Text(), nullable=False, server_default=sa.text("''")))
    index("ix_held_role_covers", "held_role", "covers")
    make(
        "delegation",
        "id:int district unit document issued_on words acts first last approved_by recorded_by",
        unique="district unit document",
    )
