"""Drafts: what a person typed for an act and did not hand in, kept for that person alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.services.acting import seen_case
from engine.services.model import HistoryRow
from engine.services.office import Office
from engine.services.reading import Reading
from engine.storage.drafts import DraftPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A draft as it is put back into its form, and what was recorded since it was kept."""

    content: Mapping[str, Any]
    saved_at: datetime
    since: tuple[HistoryRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Drafts, for one office; sealed like everything about the child."""

    office: Office

    def keep(self, place: tuple[str, str, str], content: Mapping[str, Any]) -> bool:
        """Keep what was typed as (account, case, act); False where that very form was handed in meanwhile.

        RightRefused for a case that is not this person's.
        """
        account, number, act = place
        with self.office.archive.read() as uow:
            seen_case(uow, self.office, account, number=number)
        with self.office.archive.begin() as uow:
            if uow.requests.find(str(content.get("request_id", ""))) is not None:
                return False
            uow.drafts.put(DraftPlace(account, number, act), content, at=self.office.now())
            uow.commit()
        return True

    def kept(self, place: tuple[str, str, str]) -> Kept | None:
        """What was kept as (account, case, act), or None; RightRefused for a case that is not this person's."""
        account, number, _ = place
        with self.office.archive.read() as uow:
            seen_case(uow, self.office, account, number=number)
            found = uow.drafts.find(DraftPlace(*place))
        if found is None:
            return None
        version = found.content.get("version")
        since: tuple[HistoryRow, ...] = ()
        if isinstance(version, int):
            since = Reading(office=self.office).history_since(number, version, account)
        return Kept(content=found.content, saved_at=found.saved_at, since=since)

    def drop(self, place: tuple[str, str, str]) -> None:
        """Forget a draft."""
        with self.office.archive.begin() as uow:
            uow.drafts.drop(DraftPlace(*place))
            uow.commit()
