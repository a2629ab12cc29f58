"""Which tables keep their rows as they were written, in every database."""

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
