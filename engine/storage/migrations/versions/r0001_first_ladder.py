"""The tables of the first release."""

from __future__ import annotations

from engine.storage.migrations.making import index, make

revision = "0001"
down_revision = None
REBUILDS = False

_TABLES = (
    ("meta", "name value", "name"),
    ("unit", "district code name kind parent first last", "district code"),
    ("person", "district account name password", "district account"),
    ("held_role", "id:int district account role unit first last approved_by", "id"),
    ("session", "district token account created_at seen_at ended_at?", "district token"),
    ("login_attempt", "district account address count:int last_at", "district account address"),
    ("subject", "district reference kind sealed:bytes", "district reference"),
    ("definition", "hash name canonical loaded_at", "hash"),
    ("case_unit", "district unit number relation first last?", "district unit number relation"),
    ("timer", "district number deadline due_at epoch:int generation:int step:int", "district number deadline"),
    ("proposal", "district number id trigger next_roles made_on", "district number id"),
    (
        "document",
        "district number id kind status document_number issuer issued_on? commitment sealed:bytes",
        "district number id",
    ),
    ("number_series", "district issuer series year:int last:int", "district issuer series year"),
    ("outbox", "id:int district number seq:int kind role body due_at sent_at? tries:int fault", "id"),
    ("work", "id:int district number trigger since done:int", "id"),
    ("pupil", "district register_no digest sealed:bytes", "district register_no"),
    ("access_log", "id:int district account what number at previous hash", "id"),
)
_INDEXES = (
    ("held_role", "account"),
    ("case_file", "subject"),
    ("case_file", "parent"),
    ("timer", "due_at"),
    ("work", "number"),
    ("finding", "school"),
    ("access_log", "number"),
)


def upgrade() -> None:
    """From nothing."""
    for name, columns, key in _TABLES:
        make(name, columns, key=key)
    make(
        "case_file",
        "id:int district number workflow definition subject unit owner state kind seq:int version:int head "
        "opened_on due_on? late_after? closed_as parent channel sealed:bytes",
        unique="district number",
    )
    make(
        "entry", "id:int district number seq:int public:bytes sealed:bytes previous hash", unique="district number seq"
    )
    make(
        "finding",
        "id:int district key kind register_no school found_on status number settled_by settled_at? sealed:bytes",
        unique="district key",
    )
    make(
        "request",
        "district request number seq:int content answer",
        key="district request",
        check=("named", "request <> ''"),
    )
    for table, column in _INDEXES:
        index(f"ix_{table}_{column}", table, column)
    index("ix_case_file_due", "case_file", "district unit due_on id", where="kind <> 'final'")
    index("ix_outbox_waiting", "outbox", "district due_at", where="sent_at IS NULL")
