"""What people have typed and not handed in; documents found by their number."""

from __future__ import annotations

from engine.storage.migrations.making import index, make

revision = "0004"
down_revision = "0003"
REBUILDS = False


def upgrade() -> None:
    """A table of drafts, empty, and an index over the numbers of documents."""
    make(
        "draft",
        "district account number act subject saved_at sealed:bytes",
        key="district account number act",
    )
    index("ix_draft_subject", "draft", "district subject")
    index("ix_document_number", "document", "district document_number", where="document_number <> ''")
