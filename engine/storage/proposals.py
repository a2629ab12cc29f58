"""Open proposals, for lists of those who must decide; the proposal itself is sealed with its case."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from engine.definitions.facts import CaseView, Proposal
from engine.storage.tables import PROPOSAL

_CLEAR = delete(PROPOSAL).where(
    PROPOSAL.c.district == bindparam("at_district"), PROPOSAL.c.number == bindparam("at_number")
)
_ADD = insert(PROPOSAL)


class ProposalStore:
    """Open proposals, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def replace(self, case: CaseView, open_ones: Sequence[tuple[Proposal, tuple[str, ...]]]) -> None:
        """Put the proposals of a case, each with the roles that decide next, in step with it."""
        number = case.identity.number
        self._connection.execute(_CLEAR, {"at_district": self._district, "at_number": number})
        rows = [
            {
                "district": self._district,
                "number": number,
                "id": proposal.id,
                "trigger": proposal.trigger,
                "next_roles": ",".join(roles),
                "made_on": proposal.made_on,
            }
            for proposal, roles in open_ones
        ]
        if rows:
            self._connection.execute(_ADD, rows)

    def open(self) -> list[tuple[str, str]]:
        """(case, id) of every open proposal, oldest first."""
        found = select(PROPOSAL.c.number, PROPOSAL.c.id).where(PROPOSAL.c.district == self._district)
        found = found.order_by(PROPOSAL.c.made_on, PROPOSAL.c.number, PROPOSAL.c.id)
        return [(str(row[0]), str(row[1])) for row in self._connection.execute(found)]
