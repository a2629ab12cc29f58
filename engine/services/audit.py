"""Verification: every chain of the archive, and one case's history as an auditor reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from engine.access import READERS
from engine.audit.chain import Problem
from engine.clock import local_day
from engine.definitions.facts import Person
from engine.services.model import CasePage, ReadingRow
from engine.services.office import Office
from engine.services.reading import Reading
from engine.services.words import READING_ZH, roles_zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Reading and verifying histories, for one office."""

    office: Office

    def history(self, number: str, account: str) -> CasePage:
        """One case's whole history with its chain verified; the reading is logged first.

        Who audits sees beside it who looked at the case, this reading included.
        """
        page = Reading(office=self.office).show(number, account)
        return replace(page, readings=self._readings(number, account))

    def _readings(self, number: str, account: str) -> tuple[ReadingRow, ...]:
        with self.office.archive.read() as uow:
            people = {each.account: each for each in uow.people.all()}
            if not READERS.intersection(_roles(people.get(account), self.office.today())):
                return ()
            return tuple(
                ReadingRow(
                    at=at,
                    who=people[who].name if who in people else who,
                    role_zh=roles_zh(_roles(people.get(who), local_day(at))),
                    zh=READING_ZH.get(what, what),
                )
                for who, what, at in uow.log.accesses(number)
            )

    def counted(self) -> tuple[int, int]:
        """How many entries and cases the archive holds."""
        with self.office.archive.read() as uow:
            return uow.log.size()

    def verify(self) -> tuple[Problem, ...]:
        """Everything that does not hold in the chains of all cases; empty when all is well."""
        with self.office.archive.read() as uow:
            return tuple(uow.log.verify(None))


def _roles(person: Person | None, day: date) -> tuple[str, ...]:
    """The roles that somebody held on a day."""
    held = person.roles if person else ()
    return tuple(dict.fromkeys(each.role for each in held if each.first <= day <= each.last))
