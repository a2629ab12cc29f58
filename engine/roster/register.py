"""The student register: every pupil with guardians, every wrong row with its reason, all at once."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.roster.idnumber import IdNumber, check_idnumber, mask, normalise
from engine.roster.names import fold_class, fold_name, grade_of
from engine.roster.sheets import Row, RowError, Sheet, file_hash, no_header, read_sheets

WANTED = ("学籍号", "姓名", "身份证号", "学校", "班级")
MUSTS = ("学籍号", "姓名", "学校", "班级")
"""Columns that each row fills; a child without an ID number is still a child (SCREENS.md 4.3)."""

GUARDIANS = ("1", "2")
PRIORITY = "重点群体"
OPTIONAL = (
    "性别",
    "出生日期",
    "年级",
    "现居地",
    "乡镇街道",
    PRIORITY,
    *(f"监护人{at}{what}" for at in GUARDIANS for what in ("姓名", "关系", "电话")),
)
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))")


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
    sex: str  # 男 | 女 | empty
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


def read_register(path: Path, *, today: date | None = None) -> RegisterFile:
    """Read a register: good rows, and all errors of all rows at once; a row with an error is none of the good ones.

    Rows in which no wanted column is filled (a signature, a total) are passed over. With `today`, births in the future
    are wrong. Raises InputError for an unreadable file.
    """
    rows: list[tuple[Sheet, Row]] = []
    errors: list[RowError] = []
    for sheet in read_sheets(path, WANTED, OPTIONAL):
        if not sheet.columns:
            errors.append(no_header(sheet, WANTED))
        for row in sheet.rows:
            if any(row.text(column) for column in WANTED):
                rows.append((sheet, row))
                errors.extend(_errors(sheet, row, today))
    errors.extend(_doubles(rows))
    bad = {(error.sheet, error.row) for error in errors}
    good = tuple(_pupil(sheet, row) for sheet, row in rows if (sheet.name, row.number) not in bad)
    order = {sheet.name: at for at, (sheet, _) in enumerate(rows)}
    errors.sort(key=lambda error: (order.get(error.sheet, -1), error.row))
    return RegisterFile(rows=good, errors=tuple(errors), source_hash=file_hash(path))


def _error(sheet: Sheet, row: Row, column: str, told: tuple[str, str, str]) -> RowError:
    code, message, fix = told
    return RowError(sheet=sheet.name, row=row.number, column=column, code=code, message=message, fix=fix)


def _errors(sheet: Sheet, row: Row, today: date | None) -> list[RowError]:
    found = [
        _error(sheet, row, column, ("missing", f"没有填写{column}", f"补填{column}"))
        for column in MUSTS
        if not row.text(column)
    ]
    if row.changed_by_excel("学籍号"):
        told = ("number_cell", "学籍号被 Excel 改成了数字，末几位已丢失", "请把该列设为文本后重新导出")
        found.append(_error(sheet, row, "学籍号", told))
    if _is_number(row, "身份证号"):
        told = ("number_cell", "身份证号被 Excel 改成了数字，末三位已丢失", "请把该列设为文本后重新导出")
        found.append(_error(sheet, row, "身份证号", told))
    elif number := row.text("身份证号"):
        checked = check_idnumber(number, today=today)
        if not checked.valid:
            why = "；".join(problem.message for problem in checked.problems)
            told = ("id_number", f"{mask(checked.normalised)}：{why}", "核对原件后改正")
            found.append(_error(sheet, row, "身份证号", told))
    elif row.text("出生日期") and _birth(row) is None:
        told = ("birth", f"看不懂出生日期「{row.text('出生日期')}」", "写成 2013-05-04 或 2013年5月4日")
        found.append(_error(sheet, row, "出生日期", told))
    return found


def _is_number(row: Row, column: str) -> bool:
    value = row.cells.get(column)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _birth(row: Row) -> date | None:
    """The day in the column 出生日期, as a real date or in figures; None for none and for what is no day."""
    value = row.cells.get("出生日期")
    if isinstance(value, date):
        return value
    found = _DAY.fullmatch(re.sub(r"\s+", "", row.text("出生日期")))
    try:
        return date(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5])) if found else None
    except ValueError:
        return None


def _pupil(sheet: Sheet, row: Row) -> Pupil:
    number = row.text("身份证号")
    checked: IdNumber | None = check_idnumber(number) if number else None
    class_name = fold_class(row.text("班级"))
    return Pupil(
        register_no=normalise(row.text("学籍号")),
        name=fold_name(row.text("姓名")),
        sex=(checked and checked.sex) or row.text("性别"),
        birth=checked.birth if checked else _birth(row),
        id_number=checked.normalised if checked else "",
        school=row.text("学校"),
        grade=grade_of(class_name) or row.text("年级"),
        class_name=class_name,
        guardians=_guardians(row),
        residence=row.text("现居地"),
        township=row.text("乡镇街道"),
        priority=tuple(part for each in re.split("[、，,;；]", row.text(PRIORITY)) if (part := each.strip())),
        sheet=sheet.name,
        row=row.number,
    )


def _guardians(row: Row) -> tuple[Guardian, ...]:
    return tuple(
        Guardian(name=name, relation=row.text(f"监护人{at}关系"), phone=row.text(f"监护人{at}电话"))
        for at in GUARDIANS
        if (name := fold_name(row.text(f"监护人{at}姓名")))
    )


def _doubles(rows: list[tuple[Sheet, Row]]) -> list[RowError]:
    """An error on each row that shares an ID number or a register number with another, wrong in other ways or not."""
    found: list[RowError] = []
    for column in ("身份证号", "学籍号"):
        places: dict[str, list[tuple[Sheet, Row]]] = defaultdict(list)
        for sheet, row in rows:
            # Excel made different numbers equal when it cut their last digits: that error is told already.
            if (number := normalise(row.text(column))) and not row.changed_by_excel(column):
                places[number].append((sheet, row))
        for same in places.values():
            if len(same) > 1:
                found.extend(_double(place, same, column) for place in same)
    return found


def _double(place: tuple[Sheet, Row], same: list[tuple[Sheet, Row]], column: str) -> RowError:
    sheet, row = place
    others = "、".join(
        f"第{other.number}行" if at.name == sheet.name else f"表「{at.name}」第{other.number}行"
        for at, other in same
        if other is not row
    )
    return _error(sheet, row, column, ("double", f"{column}与{others}重复", "核对后保留正确的一行"))
