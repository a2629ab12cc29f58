"""What every database keeps by itself: rows that stay as they were written, and lists in step with their cases."""

from __future__ import annotations

APPEND_ONLY = {
    "entry": "id = NEW.id OR (district = NEW.district AND number = NEW.number AND seq = NEW.seq)",
    "access_log": "id = NEW.id",
    "outbox": "id = NEW.id",
    "calendar_file": "id = NEW.id",
}
"""Tables whose rows stay as written, with what makes a new row take an old one's place."""

COLUMNS = {"outbox": ("id", "district", "number", "seq", "kind", "role", "body", "due_at")}
"""Where only some columns stay: a message's marks of sending change."""

LISTED = "case_file_listed"
"""The trigger that moves a case in the lists of its units when its due day or the kind of its state changes."""

LAST_PLACE = "9999-12-31"
"""Where a case without a due day stands in a list: behind all others."""

MOVE = (
    f"UPDATE case_unit SET listed_on = CASE WHEN NEW.kind = 'final' THEN NULL "  # noqa: S608  constants of this module
    f"ELSE coalesce(NEW.due_on, '{LAST_PLACE}') END WHERE district = NEW.district AND number = NEW.number"
)
"""What it does, in every database's words."""
