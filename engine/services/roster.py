"""Register and roster in, findings out; a person's confirmation opens the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.access import BLIND
from engine.definitions.facts import Actor
from engine.errors import InputError
from engine.roster.attendance import read_roster
from engine.roster.findings import compare
from engine.roster.register import Pupil, read_register
from engine.roster.sheets import RowError
from engine.services.model import FindingRow
from engine.services.office import Office, actor_of
from engine.services.opening import CONFIRMERS, Opened, open_for
from engine.services.refusals import refused
from engine.services.words import FINDING_ZH, masked

if TYPE_CHECKING:
    from engine.storage.unit_of_work import StoredFinding, UnitOfWork

WORKFLOW = "dropout-case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: rows by what became of them, the errors by row, the findings it gave."""

    rows: int
    new: int
    changed: int
    unchanged: int
    findings: int
    errors: tuple[RowError, ...]
    doubtful: int = 0
    """Lines that may mean several pupils, or none for certain."""
    blank: int = 0
    """Lines without a mark: unknown, never absent."""
    found: tuple[FindingRow, ...] = ()
    """The open findings of the list's day, as stored."""

    @property
    def wrong(self) -> int:
        """How many rows have an error."""
        return len({(each.sheet, each.row) for each in self.errors})


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Lists and findings, for one office."""

    office: Office

    def import_file(
        self, path: Path, kind: str, account: str, *, unit: str = "", day: date | None = None, dry_run: bool = False
    ) -> Imported:
        """Read a register or a roster and keep it; a roster is compared with the register at once.

        The same file again changes nothing. `unit` is the code of the unit whose list it is, `day` that of a roster
        whose title names none; with `dry_run` everything is told and nothing kept. Raises InputError for a file that
        cannot be read, RightRefused for a person who may not import, or not for this unit.
        """
        if kind not in ("register", "roster"):
            raise InputError(f"不认识「{kind}」这种名单；可导入：register(学籍册)、roster(到校名册)")
        with self.office.archive.begin() as uow:
            actor = actor_of(uow, account)
            today = self.office.today()
            _may(actor, CONFIRMERS | {"register_clerk"}, today)
            if unit and unit not in _units(uow, actor, today):
                raise refused("right", "unit", f"没有单位「{unit}」，或者它不在你的职责范围内")
            done = self._register(uow, path) if kind == "register" else self._roster(uow, path, day)
            if not dry_run:
                uow.commit()
            return done

    def _register(self, uow: UnitOfWork, path: Path) -> Imported:
        file = read_register(path)
        rows = [(uow.roster.reference(pupil.register_no), pupil) for pupil in file.rows]
        counts = uow.roster.put_pupils([(reference, profile_of(pupil, reference)) for reference, pupil in rows])
        return Imported(
            rows=len(file.rows) + len(file.errors),
            new=counts.new,
            changed=counts.changed,
            unchanged=counts.unchanged,
            findings=0,
            errors=file.errors,
        )

    def _roster(self, uow: UnitOfWork, path: Path, given: date | None) -> Imported:
        file = read_roster(path)
        if given and file.day and given != file.day:
            raise InputError(f"--day 为{given}，名册标题写的是{file.day}；请核对")
        day = file.day or given or self.office.today()
        pupils = [pupil_of(profile) for profile in uow.roster.pupils()]
        found = [replace(each, register_no=uow.roster.reference(each.register_no)) for each in compare(pupils, file)]
        known = {unit.name: unit.code for unit in uow.units.on(self.office.today())}
        new = uow.roster.put_findings([(each, known.get(each.school, "")) for each in found], day=day)
        return Imported(
            rows=len(file.marks),
            new=new,
            changed=0,
            unchanged=len(found) - new,
            findings=len(found),
            errors=file.errors,
            doubtful=sum(each.kind == "ambiguous" for each in found),
            blank=sum(each.mark == "unknown" for each in file.marks) - sum(each.code == "mark" for each in file.errors),
            found=tuple(_row(each) for each in uow.roster.findings() if each.found_on == day and each.status == "open"),
        )

    def findings(self, account: str) -> tuple[FindingRow, ...]:
        """The findings of this person's units, open ones first; names masked."""
        today = self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            mine = _units(uow, actor, today)
            return tuple(_row(each) for each in uow.roster.findings() if each.school in mine)

    def confirm(
        self, finding_ids: Sequence[int], account: str, request_id: str = "", *, os_user: str = ""
    ) -> tuple[str, ...]:
        """Open a case for each finding that this person confirms; the case numbers, in order.

        Confirming again gives the same numbers, and a pupil whose case has not ended keeps that one. Raises
        RightRefused for findings of other units. `os_user` is the account of the machine behind a command line.
        """
        now, today = self.office.now(), self.office.today()
        request = (request_id or str(uuid4()), os_user)
        numbers = []
        with self.office.archive.begin() as uow:
            actor = actor_of(uow, account)
            _may(actor, CONFIRMERS, today)
            mine = _units(uow, actor, today)
            for id_ in finding_ids:
                finding = uow.roster.finding(id_)
                if finding is None or finding.school not in mine:
                    raise refused("right", "finding", f"没有疑点{id_}，或者它不在你的职责范围内")
                if finding.status == "confirmed":
                    numbers.append(finding.case)
                    continue
                if finding.status != "open" or not finding.register_no:
                    raise refused("rule", "finding", f"疑点{id_}已处理，或者在学籍册上没有对应的学生，不能直接立案")
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
            _may(actor, CONFIRMERS, today)
            finding = uow.roster.finding(finding_id)
            if finding is None or finding.school not in _units(uow, actor, today):
                raise refused("right", "finding", f"没有疑点{finding_id}，或者它不在你的职责范围内")
            uow.roster.settle(finding_id, "dismissed", "", account=account, at=self.office.now(), reason=reason)
            uow.commit()


def _may(actor: Actor, roles: frozenset[str], today: date) -> None:
    if not any(held.role in roles and held.first <= today <= held.last for held in actor.roles):
        raise refused("right", "right", "这一步由学校专干、校长、学籍管理员、乡镇专干或教体局专干办理")


def _units(uow: UnitOfWork, actor: Actor, today: date) -> frozenset[str]:
    """The units of the actor's roles today, with everything inside them."""
    mine: set[str] = set()
    for held in actor.roles:
        if held.first <= today <= held.last and held.role not in BLIND:
            mine |= uow.units.area(held.unit, today)
    return frozenset(mine)


def _row(finding: StoredFinding) -> FindingRow:
    return FindingRow(
        id=finding.id,
        kind=finding.kind,
        kind_zh=FINDING_ZH.get(finding.kind, finding.kind),
        name=masked(finding.name),
        school=finding.school_name,
        class_name=finding.class_name,
        detail=finding.detail,
        found_on=finding.found_on,
        status=finding.status,
        case=finding.case,
    )


RELATIONS = {"父亲": "father", "母亲": "mother", "祖父": "grandfather", "祖母": "grandmother"}


def profile_of(pupil: Pupil, reference: str) -> dict[str, object]:
    """A register row as the sealed profile of its pupil, who is known outside it by the reference alone."""
    return {
        "reference": reference,
        "register_no": pupil.register_no,
        "name": pupil.name,
        "sex": pupil.sex,
        "birth": pupil.birth,
        "id_number": pupil.id_number,
        "school": pupil.school,
        "grade": pupil.grade,
        "class_name": pupil.class_name,
        "residence": pupil.residence,
        "township": pupil.township,
        "priority": list(pupil.priority),
        "guardians": [
            {
                "key": RELATIONS.get(each.relation, f"guardian{at}" if at else "guardian"),
                "name": each.name,
                "relation": each.relation,
                "phone": each.phone,
            }
            for at, each in enumerate(pupil.guardians)
        ],
    }


def pupil_of(profile: dict[str, object]) -> Pupil:
    """The part of a profile that comparing needs, as a register row."""
    birth = profile.get("birth")
    return Pupil(
        register_no=str(profile["register_no"]),
        name=str(profile["name"]),
        sex=str(profile.get("sex", "")),
        birth=birth if isinstance(birth, date) else None,
        id_number=str(profile.get("id_number", "")),
        school=str(profile["school"]),
        grade=str(profile.get("grade", "")),
        class_name=str(profile["class_name"]),
        guardians=(),
        residence="",
        township=str(profile.get("township", "")),
        priority=(),
        sheet="",
        row=0,
    )
