"""The student register: every pupil with guardians, every wrong row with its reason, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from engine.roster.days import read_day
from engine.roster.idnumber import IdFacts, check_idnumber, facts_of, mask, normalise
from engine.roster.names import fold_class, fold_name, grade_of
from engine.roster.sheets import (
    LONGEST,
    Line,
    Row,
    RowError,
    Sheet,
    Watch,
    file_hash,
    no_header,
    read_sheets,
    text_of,
    without_collection,
)

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
_SCHEMA = (*WANTED, *OPTIONAL)
_BY_EXCEL = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d+")
"""How a long number looks in a text file after Excel has changed it."""

LONGEST_NAME = 100
"""Characters of a name of a person, school or class."""

_REMEMBERED = 10_000


class Guardian(NamedTuple):
    """A guardian as the register has them."""

    name: str
    relation: str
    phone: str


class Pupil(NamedTuple):
    """One row of the register; a tuple, because a district has as many as a town has children."""

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


def read_register(
    path: Path,
    *,
    today: date | None = None,
    chosen: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> RegisterFile:
    """Read a register: good rows, and all errors of all rows at once; a row with an error is none of the good ones.

    Rows in which no wanted column is filled (a signature, a total) are passed over. With `today`, births in the future
    are wrong. `chosen` says which heading of the file stands for which column; `watch` is told of the progress. Raises
    InputError for an unreadable file.
    """
    reading = _Reading(today)
    with without_collection():
        for sheet in read_sheets(path, WANTED, OPTIONAL, chosen=chosen, watch=watch):
            reading.take(sheet)
    errors = [*reading.errors, *reading.doubles()]
    bad = {(error.sheet, error.row) for error in errors}
    good = [each for each in reading.rows if (each.sheet, each.row) not in bad] if bad else reading.rows
    order = {name: at for at, name in enumerate(reading.sheets)}
    errors.sort(key=lambda error: (order.get(error.sheet, -1), error.row))
    return RegisterFile(rows=tuple(good), errors=tuple(errors), source_hash=file_hash(path))


_Place = tuple[str, int]
_strip = str.strip
_guardian_name = lru_cache(_REMEMBERED)(fold_name)


class _Reading:
    """One reading of a register: what was found so far."""

    def __init__(self, today: date | None) -> None:
        self.today = today
        self.rows: list[Pupil] = []
        self.errors: list[RowError] = []
        self.sheets: list[str] = []
        self._first: dict[str, dict[str, _Place]] = {"身份证号": {}, "学籍号": {}}
        self._again: dict[str, dict[str, list[_Place]]] = {"身份证号": {}, "学籍号": {}}

    def take(self, sheet: Sheet) -> None:
        """Read a sheet; one without header is an error."""
        self.errors.extend(sheet.told)
        if not sheet.columns:
            self.errors.extend(() if sheet.told else (no_header(sheet, WANTED),))
            return
        self.sheets.append(sheet.name)
        pick = itemgetter(*(sheet.read.index(name) if name in sheet.read else -1 for name in _SCHEMA))
        for line in sheet.lines:
            try:
                texts, plain = pick([*map(_strip, line[1]), ""]), True  # type: ignore[arg-type]  # else a TypeError
            except TypeError:
                texts, plain = pick([*map(text_of, line[1]), ""]), False
            if any(texts[: len(WANTED)]):
                self._line(sheet, line, texts, plain=plain)

    def _line(self, sheet: Sheet, line: Line, texts: tuple[str, ...], *, plain: bool) -> None:
        """A line that is right as it stands is taken the short way, any other is looked at column by column.

        `plain` says that every cell is a text.
        """
        number = line[0]
        facts = facts_of(texts[2])
        changed: set[str] = set()
        if not plain or facts is None or not all(texts[:5]) or not self._sensible(texts, facts):
            errors = _errors(sheet, sheet.row(line), self.today)
            self.errors.extend(errors)
            # Excel made different numbers equal when it cut their last digits: that error is told already.
            changed = {each.column for each in errors if each.code == "number_cell"}
        place = (sheet.name, number)
        pupil = _pupil(texts, place, facts=facts)
        for column, value in (("学籍号", pupil.register_no), ("身份证号", pupil.id_number)):
            if value and column not in changed:
                first = self._first[column].setdefault(value, place)
                if first is not place:
                    self._again[column].setdefault(value, [first]).append(place)
        self.rows.append(pupil)

    def _sensible(self, texts: tuple[str, ...], facts: IdFacts) -> bool:
        """Whether the texts are of a sensible length, and the birth is not in the future."""
        return len("".join(texts)) <= LONGEST_NAME * 5 and (
            self.today is None or facts.birth is None or facts.birth <= self.today
        )

    def doubles(self) -> list[RowError]:
        """An error on each row that shares an ID number or register number with another, wrong in other ways or not."""
        return [
            _double(place, same, column)
            for column, found in self._again.items()
            for same in found.values()
            for place in same
        ]


def _error(sheet: Sheet, row: Row, column: str, told: tuple[str, str, str]) -> RowError:
    code, message, fix = told
    return RowError(sheet=sheet.name, row=row.number, column=column, code=code, message=message, fix=fix)


def _errors(sheet: Sheet, row: Row, today: date | None) -> list[RowError]:
    found = [
        _error(sheet, row, column, ("missing", f"没有填写{column}", f"补填{column}"))
        for column in MUSTS
        if not row.text(column)
    ]
    found += [
        _error(
            sheet, row, column, ("too_long", f"{column}长{len(row.text(column))}个字，不像是一格的内容", "改正这一格")
        )
        for column in sheet.read
        if len(row.text(column)) > (LONGEST_NAME if column in WANTED else LONGEST)
    ]
    if row.changed_by_excel("学籍号") or _BY_EXCEL.fullmatch(row.text("学籍号")):
        told = ("number_cell", "学籍号被 Excel 改成了数字，末几位已丢失", "请把该列设为文本后重新导出")
        found.append(_error(sheet, row, "学籍号", told))
    number = row.text("身份证号")
    if _is_number(row, "身份证号") or _BY_EXCEL.fullmatch(number):
        told = ("number_cell", "身份证号被 Excel 改成了数字，末三位已丢失", "请把该列设为文本后重新导出")
        found.append(_error(sheet, row, "身份证号", told))
    elif number:
        checked = check_idnumber(number, today=today)
        if not checked.valid:
            why = "；".join(problem.message for problem in checked.problems)
            told = ("id_number", f"{mask(checked.normalised)[:LONGEST_NAME]}：{why}", "核对原件后改正")
            found.append(_error(sheet, row, "身份证号", told))
    elif row.text("出生日期") and _birth(row.text("出生日期")) is None:
        given = row.text("出生日期")[:LONGEST_NAME]
        told = ("birth", f"看不懂出生日期「{given}」", "写成 2013-05-04 或 2013年5月4日")
        found.append(_error(sheet, row, "出生日期", told))
    return found


def _is_number(row: Row, column: str) -> bool:
    value = row.cells.get(column)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_birth = lru_cache(_REMEMBERED)(read_day)


@lru_cache(_REMEMBERED)
def _class(text: str) -> tuple[str, str]:
    """A class in its one spelling, and its grade."""
    class_name = fold_class(text)
    return class_name, grade_of(class_name)


@lru_cache(_REMEMBERED)
def _priority(text: str) -> tuple[str, ...]:
    return tuple(part for each in re.split("[、，,;；]", text) if (part := each.strip()))


def _pupil(texts: tuple[str, ...], place: _Place, *, facts: IdFacts | None) -> Pupil:
    register_no, name, id_number, school, class_name, sex, birth, grade, residence, township, priority = texts[:11]
    if facts is None:
        checked = check_idnumber(id_number) if id_number else None
        facts = IdFacts(
            checked.normalised if checked else "",
            checked.birth if checked else _birth(birth),
            (checked and checked.sex) or sex,
        )
    class_name, told_grade = _class(class_name)
    return Pupil(
        normalise(register_no),
        fold_name(name),
        facts.sex,
        facts.birth,
        facts.number,
        school,
        told_grade or grade,
        class_name,
        _guardians(texts),
        residence,
        township,
        _priority(priority) if priority else (),
        *place,
    )


def _guardians(texts: tuple[str, ...]) -> tuple[Guardian, ...]:
    one, two = texts[11], texts[14]
    first = (Guardian(_guardian_name(one), texts[12], texts[13]),) if one else ()
    return (*first, Guardian(_guardian_name(two), texts[15], texts[16])) if two else first


def _double(place: _Place, same: list[_Place], column: str) -> RowError:
    sheet, row = place
    others = "、".join(
        f"第{number}行" if name == sheet else f"表「{name}」第{number}行"
        for name, number in same
        if (name, number) != place
    )
    return RowError(
        sheet=sheet,
        row=row,
        column=column,
        code="double",
        message=f"{column}与{others}重复",
        fix="核对后保留正确的一行",
    )
