"""What was typed and not handed in; documents found by number, open cases by due day, units by their case."""

from __future__ import annotations

from alembic import op

from engine.storage.migrations.making import index, make

revision = "0004"
down_revision = "0003"
REBUILDS = False


def upgrade() -> None:
    """A table of drafts, empty; indexes over numbers of documents, due days for every list, the units of a case."""
    make(
        "draft",
        "district account number act subject saved_at sealed:bytes",
        key="district account number act",
    )
    index("ix_draft_subject", "draft", "district subject")
    index("ix_document_number", "document", "district document_number", where="document_number <> ''")
    op.drop_index("ix_case_file_due", "case_file")
    index("ix_case_file_open", "case_file", "district due_on id", where="kind <> 'final'")
    index("ix_case_unit_number", "case_unit", "district number unit")
