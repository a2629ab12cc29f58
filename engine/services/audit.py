"""Verification: every chain of the archive, and one case's history as an auditor reads it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.audit.chain import Problem
from engine.services.model import CasePage
from engine.services.office import Office
from engine.services.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Reading and verifying histories, for one office."""

    office: Office

    def history(self, number: str, account: str) -> CasePage:
        """One case's whole history with its chain verified; the reading is logged first."""
        return Reading(office=self.office).show(number, account)

    def counted(self) -> tuple[int, int]:
        """How many entries and cases the archive holds."""
        with self.office.archive.read() as uow:
            return uow.log.size()

    def verify(self) -> tuple[Problem, ...]:
        """Everything that does not hold in the chains of all cases; empty when all is well."""
        with self.office.archive.read() as uow:
            return tuple(uow.log.verify(None))
