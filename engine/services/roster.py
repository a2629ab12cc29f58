"""Register and roster in, findings out; a person's confirmation opens the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.definitions.facts import Actor
from engine.services.importing import WORKFLOW, Imported, Importing, Manner
from engine.services.lists import area_of, finding_row, may
from engine.services.model import FindingRow
from engine.services.office import Office, actor_of
from engine.services.opening import CONFIRMERS, Opened, open_for
from engine.services.refusals import named, refused
from engine.storage.roster import DOUBT

if TYPE_CHECKING:
    from engine.storage.unit_of_work import StoredFinding, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Lists and findings, for one office."""

    office: Office

    def import_file(
        self,
        path: Path,
        kind: str,
        account: str,
        *,
        unit: str = "",
        manner: Manner | None = None,
        dry_run: bool = False,
    ) -> Imported:
        """Read a register or a roster and keep it; a roster is compared with the register at once.

        The same file again changes nothing. `unit` is the code of the unit whose list it is: rows of schools elsewhere
        are errors. With `dry_run` everything is told and nothing kept. Rows that may be of another child than the
        register says wait as findings. Raises InputError for a file that cannot be read, RightRefused for a person who
        may not import, or not for this unit, RuleRefused for a roster on which more pupils are missing than is likely.
        """
        importing = Importing(office=self.office, unit=unit, manner=manner or Manner(), dry_run=dry_run)
        return importing.run(path, kind, account)

    def findings(self, account: str) -> tuple[FindingRow, ...]:
        """The findings of this person's units, oldest first; names masked."""
        today = self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            mine = area_of(uow, actor, today)
            return tuple(finding_row(each) for each in uow.roster.findings(mine))

    def confirm(
        self, finding_ids: Sequence[int], account: str, request_id: str = "", *, os_user: str = ""
    ) -> tuple[str, ...]:
        """Open a case for each finding that this person confirms; the case numbers, in order.

        A doubt about a register's row opens none, its number is empty: confirmed, the row is taken into the register.
        Confirming again gives the same numbers, and a pupil whose case has not ended keeps that one. Raises
        RightRefused for findings of other units. `os_user` is the account of the machine behind a command line.
        """
        now, today = self.office.now(), self.office.today()
        request = (named(request_id), os_user)
        numbers = []
        with self.office.archive.begin() as uow:
            actor = actor_of(uow, account)
            may(actor, CONFIRMERS, today)
            mine = area_of(uow, actor, today)
            for id_ in finding_ids:
                finding = uow.roster.finding(id_)
                if finding is None or finding.school not in mine:
                    raise refused("right", "finding", f"没有疑点{id_}，或者它不在你的职责范围内")
                if finding.status == "confirmed":
                    numbers.append(finding.case)
                    continue
                if finding.status != "open" or not finding.register_no:
                    raise refused("rule", "finding", f"疑点{id_}已处理，或者在学籍册上没有对应的学生，不能直接立案")
                if finding.kind == DOUBT:
                    uow.roster.put_pupils([uow.roster.doubted(id_)])
                    number = ""
                else:
                    number = self._open(uow, finding, actor, request)
                uow.roster.settle(id_, "confirmed", number, account=account, at=now)
                numbers.append(number)
            uow.commit()
        return tuple(numbers)

    def _open(self, uow: UnitOfWork, finding: StoredFinding, actor: Actor, request: tuple[str, str]) -> str:
        """The case for a finding: the one about this pupil that has not ended, else a new one."""
        standing = uow.cases.open_about(finding.register_no, WORKFLOW)
        if standing:
            return standing
        request_id, os_user = request
        opened = Opened(
            profile={**uow.roster.pupil(finding.register_no), "absent_since": finding.found_on},
            actor=actor,
            found_on=finding.found_on,
            values={"kind": finding.kind, "detail": finding.detail},
            request_id=f"{request_id}:{finding.id}",
            os_user=os_user,
            confirmed=True,
        )
        return open_for(self.office, uow, self.office.workflows[WORKFLOW], opened=opened).identity.number

    def dismiss(self, finding_id: int, reason: str, account: str) -> None:
        """Settle a finding without a case, with the reason."""
        if not reason.strip():
            raise refused("field", "reason", "排除疑点应写明理由")
        today = self.office.today()
        with self.office.archive.begin() as uow:
            actor = actor_of(uow, account)
            may(actor, CONFIRMERS, today)
            finding = uow.roster.finding(finding_id)
            if finding is None or finding.school not in area_of(uow, actor, today):
                raise refused("right", "finding", f"没有疑点{finding_id}，或者它不在你的职责范围内")
            uow.roster.settle(finding_id, "dismissed", "", account=account, at=self.office.now(), reason=reason)
            uow.commit()
