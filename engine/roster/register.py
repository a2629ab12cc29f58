"""The student register: every pupil with guardians, every wrong row with its reason, all at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.roster.idnumber import check_idnumber, mask
from engine.roster.names import fold_class, fold_name
from engine.roster.sheets import Row, RowError, Sheet, file_hash, read_sheets

WANTED = ("学籍号", "姓名", "身份证号", "学校", "班级")
PRIORITY = "重点群体"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardian:
    """A guardian as the register has them."""

    name: str
    relation: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """One row of the register."""

    register_no: str
    name: str
    sex: str
    birth: date | None
    id_number: str
    school: str
    grade: str
    class_name: str
    guardians: tuple[Guardian, ...]
    residence: str
    township: str
    priority: tuple[str, ...]
    sheet: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFile:
    """What a register file holds: good rows, and every error of the others."""

    rows: tuple[Pupil, ...]
    errors: tuple[RowError, ...]
    source_hash: str


def read_register(path: Path) -> RegisterFile:
    """Read a register; a row with an error is left out of the good ones. Raises InputError for an unreadable file."""
    pupils: list[Pupil] = []
    errors: list[RowError] = []
    for sheet in read_sheets(path, WANTED):
        for row in sheet.rows:
            wrong = _errors(sheet, row)
            errors.extend(wrong)
            if not wrong:
                pupils.append(_pupil(sheet, row))
    doubles = _doubles(pupils)
    errors.extend(doubles)
    bad = {(error.sheet, error.row) for error in doubles}
    good = tuple(pupil for pupil in pupils if (pupil.sheet, pupil.row) not in bad)
    errors.sort(key=lambda error: (error.sheet, error.row))
    return RegisterFile(rows=good, errors=tuple(errors), source_hash=file_hash(path))


def _error(sheet: Sheet, row: Row, column: str, told: tuple[str, str, str]) -> RowError:
    code, message, fix = told
    return RowError(sheet=sheet.name, row=row.number, column=column, code=code, message=message, fix=fix)


def _errors(sheet: Sheet, row: Row) -> list[RowError]:
    found = [
        _error(sheet, row, column, ("missing", f"没有填写{column}", f"补填{column}"))
        for column in ("学籍号", "姓名", "学校", "班级")
        if not row.text(column)
    ]
    number = row.cells.get("身份证号")
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        message = "身份证号被 Excel 改成了数字，末三位已丢失"
        found.append(_error(sheet, row, "身份证号", ("number_cell", message, "请把该列设为文本后重新导出")))
    elif number:
        checked = check_idnumber(str(number))
        if not checked.valid:
            told = "；".join(problem.message for problem in checked.problems)
            found.append(
                _error(sheet, row, "身份证号", ("id_number", f"{mask(checked.normalised)}：{told}", "核对原件后改正"))
            )
    return found


def _pupil(sheet: Sheet, row: Row) -> Pupil:
    checked = check_idnumber(row.text("身份证号"))
    guardians = []
    for at in ("1", "2"):
        name = fold_name(row.text(f"监护人{at}姓名"))
        if name:
            guardians.append(
                Guardian(name=name, relation=row.text(f"监护人{at}关系"), phone=row.text(f"监护人{at}电话"))
            )
    class_name = fold_class(row.text("班级"))
    return Pupil(
        register_no=row.text("学籍号"),
        name=fold_name(row.text("姓名")),
        sex=checked.sex or row.text("性别"),
        birth=checked.birth,
        id_number=checked.normalised,
        school=row.text("学校"),
        grade=class_name.partition("(")[0],
        class_name=class_name,
        guardians=tuple(guardians),
        residence=row.text("现居地"),
        township=row.text("乡镇街道"),
        priority=tuple(part for part in row.text(PRIORITY).split("、") if part),
        sheet=sheet.name,
        row=row.number,
    )


def _doubles(pupils: list[Pupil]) -> list[RowError]:
    """An error on both rows that share an ID number or a register number."""
    found: list[RowError] = []
    for column, key in (("身份证号", "id_number"), ("学籍号", "register_no")):
        places: dict[str, list[Pupil]] = defaultdict(list)
        for pupil in pupils:
            if getattr(pupil, key):
                places[getattr(pupil, key)].append(pupil)
        for same in places.values():
            if len(same) > 1:
                rows = "、".join(str(pupil.row) for pupil in same)
                found.extend(
                    RowError(
                        sheet=pupil.sheet,
                        row=pupil.row,
                        column=column,
                        code="double",
                        message=f"{column}与第{rows}行重复",
                        fix="核对后保留正确的一行",
                    )
                    for pupil in same
                )
    return found
