"""From an older database's tables to the present ones: numbered revisions, applied in order in one transaction.

A new database is made from the tables themselves; both ways end with the same schema, which a test compares. A
revision is written once and never changed: it names tables and columns as they were at its time.
"""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engine.storage import dialects
from engine.storage.migrations.making import make


def head() -> str:
    """The newest revision."""
    return str(ScriptDirectory(str(Path(__file__).parent)).get_current_head())


def migrate(connection: Connection, found: str) -> bool:
    """Bring tables of this revision up to the newest, in the connection's transaction; "" begins with no tables.

    True when the rows of cases must be rebuilt from their entries afterwards. Triggers are lost where a table was made
    anew: make them again. Raises alembic's CommandError for a revision that nobody knows.
    """
    scripts = ScriptDirectory(str(Path(__file__).parent))
    context = MigrationContext.configure(connection)
    rebuild = False
    with Operations.context(context):
        if "alembic_version" not in dialects.tables(connection):
            make("alembic_version", "version_num", key="version_num")
        for revision in reversed(list(scripts.iterate_revisions("head", found or "base"))):
            revision.module.upgrade()
            rebuild = rebuild or revision.module.REBUILDS
            context.stamp(scripts, revision.revision)
    return rebuild
