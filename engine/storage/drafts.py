"""What people have typed and not handed in yet: sealed under the key of whom it is about, gone with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from engine.storage.keys import Keys
from engine.storage.private_tables import DRAFT
from engine.storage.tables import CASE
from engine.vault import open_sealed, seal

_AT = (
    DRAFT.c.district == bindparam("at_district"),
    DRAFT.c.account == bindparam("at_account"),
    DRAFT.c.number == bindparam("at_number"),
    DRAFT.c.act == bindparam("at_act"),
)
_FIND = select(DRAFT).where(*_AT)
_DROP = delete(DRAFT).where(*_AT)
_SUBJECT = select(CASE.c.subject).where(
    CASE.c.district == bindparam("at_district"), CASE.c.number == bindparam("at_number")
)


class DraftPlace(NamedTuple):
    """Whose draft, about which case, of which act."""

    account: str
    number: str
    act: str


class StoredDraft(NamedTuple):
    """A draft with the moment at which it was kept."""

    content: Mapping[str, Any]
    saved_at: datetime


class DraftStore:
    """Drafts, through one connection; one for each person, case and act."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self._connection = connection
        self._district = district
        self._keys = keys

    def put(self, place: DraftPlace, content: Mapping[str, Any], *, at: datetime) -> None:
        """Keep a draft instead of the former one; the case must be there."""
        subject = str(self._connection.execute(_SUBJECT, self._at(place)).scalar_one())
        body = json.dumps(content, ensure_ascii=False).encode()
        row = {"district": self._district, **place._asdict(), "subject": subject, "saved_at": at}
        self.drop(place)
        self._connection.execute(insert(DRAFT), {**row, "sealed": seal(self._keys.of(subject), body, _label(place))})

    def find(self, place: DraftPlace) -> StoredDraft | None:
        """The draft, or None."""
        row = self._connection.execute(_FIND, self._at(place)).first()
        if row is None:
            return None
        body = open_sealed(self._keys.existing(row.subject), row.sealed, _label(place))
        return StoredDraft(json.loads(body), row.saved_at)

    def drop(self, place: DraftPlace) -> None:
        """Forget a draft; one that is not there is no fault."""
        self._connection.execute(_DROP, self._at(place))

    def forget(self, subject: str) -> None:
        """Forget every draft about a subject."""
        self._connection.execute(delete(DRAFT).where(DRAFT.c.district == self._district, DRAFT.c.subject == subject))

    def _at(self, place: DraftPlace) -> dict[str, str]:
        return {"at_district": self._district, **{f"at_{name}": text for name, text in place._asdict().items()}}


def _label(place: DraftPlace) -> bytes:
    return f"draft:{place.account}:{place.number}:{place.act}".encode()
