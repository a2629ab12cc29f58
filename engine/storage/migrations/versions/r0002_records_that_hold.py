"""Cases whose row alone drives their timers and lists, messages that are tried again, calendars taken in."""

from __future__ import annotations

from alembic import op

from engine.storage.migrations.making import count_on, index, make, put_aside, take_back

revision = "0002"
down_revision = "0001"
REBUILDS = True

_CASE = (
    "id district number workflow definition subject unit owner state kind seq version head opened_on due_on "
    "late_after closed_as parent channel"
)
_MESSAGE = "id district number seq kind role body due_at sent_at tries fault"


def upgrade() -> None:
    """Rows of cases get what stands open and empty sealed parts, which replay of their entries fills."""
    put_aside("case_file", "outbox")
    _cases()
    _messages()
    _calendars()
    for gone in ("timer", "proposal", "work"):
        op.drop_table(gone)
    count_on("case_file", "outbox")
    op.execute("DELETE FROM meta WHERE name = 'schema'")


def _cases() -> None:
    make(
        "case_file",
        "id:int district number workflow definition subject unit owner state kind former epoch:int seq:int "
        "version:int undoable:int head opened_on entered_on due_on? late_after? next_at? awaits closed_as parent "
        "channel clock identity:bytes body:bytes",
        unique="district number",
    )
    index("ix_case_file_subject", "case_file", "subject")
    index("ix_case_file_parent", "case_file", "parent")
    index("ix_case_file_due", "case_file", "district unit due_on id", where="kind <> 'final'")
    index("ix_case_file_next", "case_file", "district next_at id", where="next_at IS NOT NULL")
    index("ix_case_file_awaits", "case_file", "district id", where="awaits <> ''")
    sqlite = op.get_bind().dialect.name == "sqlite"
    every = "group_concat(next_roles)" if sqlite else "string_agg(next_roles, ',')"
    roles = (
        f"coalesce((SELECT ',' || {every} || ',' FROM proposal "  # noqa: S608  names of this project
        "WHERE proposal.district = old_case_file.district AND proposal.number = old_case_file.number), '')"
    )
    nothing = "CAST('' AS BLOB)" if sqlite else "''::bytea"
    values = f"{', '.join(_CASE.split())}, '', 0, 0, opened_on, {roles}, '', {nothing}, {nothing}"
    take_back("case_file", f"{_CASE} former epoch undoable entered_on awaits clock identity body", values)


def _messages() -> None:
    make(
        "outbox",
        "id:int district number seq:int kind role body due_at try_at sent_at? cancelled_at? claimed_until? "
        "tries:int=0 fault='' held='' released_by='' released_at?",
    )
    index("ix_outbox_waiting", "outbox", "district try_at", where="sent_at IS NULL AND cancelled_at IS NULL")
    index("ix_outbox_case", "outbox", "district number seq")
    take_back("outbox", f"{_MESSAGE} try_at", f"{', '.join(_MESSAGE.split())}, due_at")


def _calendars() -> None:
    make("calendar_file", "id:int district name source version applied_at applied_by")
    make(
        "recalculation",
        "id:int district name calendar_before calendar_after made_at passes:int scanned accepted_by accepted_at?",
    )
    make(
        "recalculation_line",
        "district report:int number deadline protects due_before due_after applies status",
        key="district report number deadline",
    )
    make(
        "blind_index",
        "district kind token subject source",
        key="district kind token subject source",
    )
    index("ix_blind_index_subject", "blind_index", "district subject source")
    make("stuck", "district number tries:int since retry_at fault quarantined:int", key="district number")
