"""What people have typed and not handed in; documents found by their number, open cases by their due day."""

from __future__ import annotations

from alembic import op

from engine.storage.migrations.making import index, make

revision = "0004"
down_revision = "0003"
REBUILDS = False


def upgrade() -> None:
    """A table of drafts, empty; an index over the numbers of documents, and one of due days that serves every list."""
    make(
        "draft",
        "district account number act subject saved_at sealed:bytes",
        key="district account number act",
    )
    index("ix_draft_subject", "draft", "district subject")
    index("ix_document_number", "document", "district document_number", where="document_number <> ''")
    op.drop_index("ix_case_file_due", "case_file")
    index("ix_case_file_open", "case_file", "district due_on id", where="kind <> 'final'")
