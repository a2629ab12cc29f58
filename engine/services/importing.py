"""Lists into the installation: weighed, told with every error, and kept once a person wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.clock import local_day
from engine.errors import InputError
from engine.roster import attendance, register
from engine.roster.attendance import Coverage, RosterFile, read_roster
from engine.roster.columns import Proposal
from engine.roster.findings import ABSENCES, Comparison, comparison
from engine.roster.idnumber import mask
from engine.roster.names import fold_school
from engine.roster.near import is_near, told_wrong
from engine.roster.register import Pupil, RegisterFile, read_register
from engine.roster.sheets import RowError, Sheet, file_hash, propose, read_sheets, without_collection
from engine.roster.terms import ID_NUMBER
from engine.services.lists import area_of, finding_row, may
from engine.services.model import FindingRow
from engine.services.office import Office, actor_of
from engine.services.opening import CONFIRMERS
from engine.services.pupils import profile_of, pupil_of
from engine.services.refusals import refused
from engine.storage.roster import DOUBT
from engine.storage.rows import Doubt, KeptFindings

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

KINDS = {"register": "学籍册", "roster": "到校名册"}
"""The kinds of list that may be imported."""

WORKFLOW = "dropout-case"
"""The workflow whose cases findings open."""

BROUGHT_IN = "roster.import"
"""What the access log calls an import; the file stands there by its hash, the rows by what became of them."""

IMPORTERS = CONFIRMERS | {"register_clerk"}

MISSING_SHARE, MISSING_LEAST = 0.05, 5
"""Of the pupils that a roster covers: when more are not on it, the list is more likely short than the classes empty."""

OLDEST = timedelta(days=366)
"""A roster of an earlier day tells nothing of today's register: its pupils are in other classes now."""

TAKEN = "；确认属实的，学籍册按这份名单改正，不立案"
"""What confirming a doubt does, said where it is confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a list is imported: its day, what it covers, which heading is which column; who is told of the progress."""

    day: date | None = None
    covers: tuple[Coverage, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)
    accept_missing: bool = False
    """A person says that so many pupils are really missing."""
    watch: Callable[[int], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: rows by what became of them, the errors by row, the findings that wait for a person.

    Of a roster `new` counts its findings that are kept for the first time, `unchanged` those that were known, or that
    a case of the pupil has answered since; of a register they count rows, one that was decided on before among the
    unchanged.
    """

    rows: int
    new: int
    changed: int
    unchanged: int
    errors: tuple[RowError, ...]
    blank: int = 0
    """Lines without a mark: unknown, never absent."""
    found: tuple[FindingRow, ...] = ()
    """The open findings of this list, as stored."""
    outside: int = 0
    """Lines of other units' schools, beside those that have an error."""
    stopped: str = ""
    """Why the list was not kept, or would not be, until a person says that it is so."""

    @property
    def findings(self) -> int:
        """How many findings of this list wait for a person."""
        return len(self.found)

    @property
    def doubtful(self) -> int:
        """How many of them ask who is meant: a line that may mean several pupils, or none for certain; a row."""
        return sum(each.kind in {"ambiguous", DOUBT} for each in self.found)

    @property
    def wrong(self) -> int:
        """How many rows have an error, and so are not taken in."""
        return len({(each.sheet, each.row) for each in self.errors}) + self.outside


def counts_of(done: Imported) -> dict[str, int]:
    """What became of the rows, by the names that pages tell."""
    names = ("rows", "new", "changed", "unchanged", "wrong", "findings", "doubtful")
    return {name: getattr(done, name) for name in names}


def names_of(kind: str) -> tuple[str, ...]:
    """Our names for the columns of a kind of list."""
    room = attendance if kind == "roster" else register
    return (*room.WANTED, *room.OPTIONAL)


def columns_of(path: Path, kind: str) -> tuple[Proposal, ...]:
    """What the sheets of a list offer for our columns; raises InputError for a file that cannot be read."""
    room = attendance if kind == "roster" else register
    return propose(path, room.WANTED, room.OPTIONAL)


def sheets_of(path: Path, kind: str, manner: Manner) -> tuple[Sheet, ...]:
    """The sheets of a list as an import finds them, their lines not read."""
    room = attendance if kind == "roster" else register
    return tuple(read_sheets(path, room.WANTED, room.OPTIONAL, chosen=manner.chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """One import, for one office."""

    office: Office
    unit: str
    manner: Manner
    dry_run: bool

    def run(self, path: Path, kind: str, account: str) -> Imported:
        """Read the list, then weigh it and, unless only tried, keep it: in one transaction, whole or not at all."""
        self.allowed(kind, account)
        with without_collection():
            return self._run(path, kind, account)

    def _run(self, path: Path, kind: str, account: str) -> Imported:
        today, manner = self.office.today(), self.manner
        # Read before the transaction begins: a long file must not keep others from writing.
        file: RegisterFile | RosterFile
        if kind == "register":
            file = read_register(path, today=today, chosen=manner.chosen, watch=manner.watch)
        else:
            file = read_roster(path, covers=manner.covers, chosen=manner.chosen, watch=manner.watch)
        with self.office.archive.begin() as uow:
            area = self._area(uow, account)
            done = self._register(uow, file, area) if isinstance(file, RegisterFile) else self._roster(uow, file, area)
            if not self.dry_run:
                # The same file is known again by this, whoever brings it.
                told = " ".join(f"{name}={count}" for name, count in counts_of(done).items())
                uow.log.note(account, f"{BROUGHT_IN} {told}", file_hash(path), at=self.office.now())
                uow.commit()
            return done

    def allowed(self, kind: str, account: str) -> None:
        """Raise InputError for another kind of list, RightRefused for who may not import for this unit."""
        if kind not in KINDS:
            known = "、".join(f"{name}({zh})" for name, zh in KINDS.items())
            raise InputError(f"不认识「{kind}」这种名单；可导入：{known}")
        with self.office.archive.read() as uow:
            self._area(uow, account)

    def _area(self, uow: UnitOfWork, account: str) -> frozenset[str]:
        """The units whose lists these may be: the unit named, or all of this person's."""
        actor, today = actor_of(uow, account), self.office.today()
        may(actor, IMPORTERS, today)
        mine = area_of(uow, actor, today)
        if self.unit and self.unit not in mine:
            raise refused("right", "unit", f"没有单位「{self.unit}」，或者它不在你的职责范围内")
        return frozenset(uow.units.area(self.unit, today)) if self.unit else mine

    def _register(self, uow: UnitOfWork, file: RegisterFile, area: frozenset[str]) -> Imported:
        today = self.office.today()
        outside = _outside(uow, area, today)
        foreign = [pupil for pupil in file.rows if outside(pupil.school)]
        rows = [pupil for pupil in file.rows if not outside(pupil.school)] if foreign else file.rows
        errors = (*file.errors, *(_foreign(pupil.sheet, pupil.row, pupil.school) for pupil in foreign))
        references = uow.roster.references([pupil.register_no for pupil in rows])
        codes = {unit.name: unit.code for unit in uow.units.on(today)}
        weighed = uow.roster.weigh(dict(zip(references, rows, strict=True)), profile_of)
        doubts, new = _doubts_of_new(uow, weighed.new, codes) if weighed.known else ([], weighed.new)
        changed = []
        for reference, profile, old in weighed.changed:
            told = _other_child(profile, old)
            if told:
                doubts.append(_doubt(codes, (reference, reference), profile, told=told))
            else:
                changed.append((reference, profile))
        if not self.dry_run:
            uow.roster.put_pupils([*((reference, profile_of(pupil, reference)) for reference, pupil in new), *changed])
        found = _waiting(uow, uow.roster.put_doubts(doubts, day=today))
        return Imported(
            rows=len(file.rows) + len({(each.sheet, each.row) for each in file.errors}),
            new=len(new),
            changed=len(changed),
            unchanged=weighed.unchanged + len(doubts) - len(found),
            errors=errors,
            found=found,
        )

    def _roster(self, uow: UnitOfWork, file: RosterFile, area: frozenset[str]) -> Imported:
        today = self.office.today()
        outside = _outside(uow, area, today)
        day = self._day(uow, file, today)
        foreign: dict[tuple[str, str], set[int]] = {}
        for mark in file.marks:
            if outside(mark.school):
                foreign.setdefault((mark.sheet, mark.school), set()).add(mark.row)
        told = (_foreign(sheet, min(rows), school, lines=len(rows)) for (sheet, school), rows in foreign.items())
        errors = (*file.errors, *told)
        elsewhere = {(sheet, row) for (sheet, _), rows in foreign.items() for row in rows}
        mine = replace(
            file,
            covers=tuple(each for each in file.covers if not outside(each.school)),
            marks=tuple(mark for mark in file.marks if not outside(mark.school)),
        )
        compared = comparison([pupil_of(profile) for profile in uow.roster.pupils()], mine)
        stopped = _stopped(compared)
        if stopped and not self.manner.accept_missing and not self.dry_run:
            raise refused("rule", "missing", stopped)
        references = uow.roster.references([each.register_no for each in compared.found])
        asked = [
            replace(each, register_no=reference) for each, reference in zip(compared.found, references, strict=True)
        ]
        absent = {each.register_no for each in asked if each.kind in ABSENCES}
        answered = uow.cases.answered(absent, WORKFLOW, day=day)
        left = [each for each in asked if each.kind not in ABSENCES or each.register_no not in answered]
        known = {unit.name: unit.code for unit in uow.units.on(today)}
        kept = uow.roster.put_findings([(each, known.get(each.school, "")) for each in left], day=day)
        return Imported(
            rows=len(file.marks),
            new=kept.new,
            changed=0,
            unchanged=len(asked) - kept.new,
            errors=errors,
            blank=sum(each.mark == "unknown" for each in file.marks) - sum(each.code == "mark" for each in file.errors),
            found=_waiting(uow, kept),
            outside=len(elsewhere - {(each.sheet, each.row) for each in errors}),
            stopped="" if self.manner.accept_missing else stopped,
        )

    def _day(self, uow: UnitOfWork, file: RosterFile, today: date) -> date:
        """The day of a roster; raises InputError for one that cannot be: a case counts from it."""
        given = self.manner.day
        if given and file.day and given != file.day:
            raise InputError(f"填写的日期是{given}，名册标题写的是{file.day}；请核对")
        day = file.day or given or self._first_brought(uow, file)
        if day > today:
            raise InputError(f"名册日期{day}还没有到（今天是{today}），谁到校还不知道；请核对日期")
        if day < today - OLDEST:
            raise InputError(f"名册日期{day}是一年多以前，不能同现在的学籍册对照；请核对日期")
        return day

    def _first_brought(self, uow: UnitOfWork, file: RosterFile) -> date:
        """The day of a roster that names none: that of its first import, so that it never asks again what it asked."""
        before = uow.log.accesses(file.source_hash)
        return local_day(before[-1][-1]) if before else self.office.today()


def _waiting(uow: UnitOfWork, kept: KeptFindings) -> tuple[FindingRow, ...]:
    return tuple(map(finding_row, uow.roster.waiting(kept.keys)))


def _stopped(compared: Comparison) -> str:
    missing, covered = compared.missing, compared.covered
    if missing < MISSING_LEAST or missing <= MISSING_SHARE * covered:
        return ""
    return (
        f"名册所含范围有{covered}名学生，名册上没有列入的有{missing}名，超过{MISSING_SHARE:.0%}；"
        "请核对名册是否完整，确实如此的，说明「确实没有列入」后再导入"
    )


def _outside(uow: UnitOfWork, area: frozenset[str], today: date) -> Callable[[str], bool]:
    """Whether a school is not in the area; one that no unit is named after is the bureau's to take in."""
    units = uow.units.on(today)
    codes = {fold_school(unit.name): unit.code for unit in units}
    bureau = any(unit.code in area for unit in units if unit.kind == "county_education_department")
    answers: dict[str, bool] = {}

    def outside(school: str) -> bool:
        if school not in answers:
            code = codes.get(fold_school(school))
            answers[school] = not bureau if code is None else code not in area
        return answers[school]

    return outside


def _foreign(sheet: str, row: int, school: str, *, lines: int = 1) -> RowError:
    others = f"，这张表里它的{lines}行都不导入" if lines > 1 else ""
    message = f"学校「{school[:60]}」不在这次导入的单位里{others}"
    fix = "核对学校名称，或者由主管这所学校的单位导入"
    return RowError(sheet=sheet, row=row, column="学校", code="outside", message=message, fix=fix)


def _doubts_of_new(
    uow: UnitOfWork, new: list[tuple[str, Pupil]], codes: Mapping[str, str]
) -> tuple[list[Doubt], list[tuple[str, Pupil]]]:
    """Rows with a new register number whose ID number the register has under another one, and the rest."""
    owners = uow.index.owners(ID_NUMBER, {pupil.id_number for _, pupil in new if pupil.id_number})
    doubts, rest = [], []
    for reference, pupil in new:
        owner = owners.get(pupil.id_number, "")
        if not owner or owner == reference:
            rest.append((reference, pupil))
            continue
        told = f"身份证号{mask(pupil.id_number)}在学籍册上已有，学籍号不同"
        doubts.append(_doubt(codes, (owner, reference), profile_of(pupil, reference), told=told))
    return doubts, rest


def _other_child(new: Mapping[str, object], old: Mapping[str, object]) -> str:
    """Why a row may be of another child than the one the register has under its number; empty for no doubt."""
    one, other = str(new["id_number"]), str(old.get("id_number") or "")
    told = []
    if new["name"] != old.get("name"):
        told.append("学籍号相同，姓名与学籍册不同")
    if one and other and one != other:
        near = is_near(one, other)
        told.append(f"身份证号{mask(one)}与学籍册的{mask(other)}" + ("只差一位或两位互换" if near else "不同"))
        told.append(told_wrong(one, other) if near else "")
    return "；".join(each for each in told if each)


def _doubt(codes: Mapping[str, str], references: tuple[str, str], row: Mapping[str, object], *, told: str) -> Doubt:
    shown = {"name": row["name"], "school_name": row["school"], "class_name": row["class_name"], "detail": told + TAKEN}
    return Doubt(
        register_no=references[0],
        row_reference=references[1],
        row=row,
        school=codes.get(str(row["school"]), ""),
        shown={name: str(text) for name, text in shown.items()},
    )


def declared_all(texts: Sequence[str]) -> tuple[Coverage, ...]:
    """What was typed as coverage; raises InputError for a text that is none."""
    return tuple(map(partial(attendance.declared), texts))
