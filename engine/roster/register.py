"""The student register: every pupil with guardians, every wrong row with its reason, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.roster.days import read_day
from engine.roster.idnumber import EARLIEST, IdFacts, check_idnumber, facts_of, mask, normalise
from engine.roster.names import fold_class, fold_name, grade_of, unprintable
from engine.roster.sheets import (
    LONGEST,
    Lines,
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
_PRINTED = ("姓名", *(f"监护人{at}姓名" for at in GUARDIANS))
_DIGIT = re.compile(r"\d")
_BY_EXCEL = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d+")
"""How a long number looks in a text file after Excel has changed it."""

LONGEST_NAME = 100
"""Characters of a name of a person, school or class."""

OTHERS = 5
"""Rows with the same number that an error names. Of more it says how many: a column filled down would fill memory."""

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

_REGISTER_NO, _ID_NUMBER = WANTED.index("学籍号"), WANTED.index("身份证号")


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
        for lines in sheet.lines:
            self._lines(sheet, lines)

    def _lines(self, sheet: Sheet, lines: Lines) -> None:
        """Lines that are right as they stand are taken as they are, any other is looked at cell by cell."""
        columns = {name: _texts(column) for name, column in zip(sheet.read, lines.columns, strict=True)}
        texts = [columns.get(name) or [""] * len(lines.numbers) for name in _SCHEMA]
        wanted = texts[: len(WANTED)]
        if not any(map(all, wanted)) and not all(filled := list(map(any, zip(*wanted, strict=True)))):
            if any(filled):
                self._lines(sheet, lines.only(filled))
            return
        facts = facts_of(texts[_ID_NUMBER])
        odd = _odd(texts, facts, self.today or date.max)
        for name in ("学籍号", "身份证号"):
            column = lines.columns[sheet.read.index(name)]
            odd.update(at for at, cell in enumerate(column) if not isinstance(cell, str))
        errors = [error for at in sorted(odd) for error in _errors(sheet, sheet.row(lines, at), self.today)]
        self.errors.extend(errors)
        # Excel made different numbers equal when it cut their last digits: that error is told already.
        changed = {(each.column, each.row) for each in errors if each.code == "number_cell"}
        places = [(sheet.name, number) for number in lines.numbers]
        pupils = _pupils(texts, places, facts)
        self._note("学籍号", [each.register_no for each in pupils], places, changed)
        self._note("身份证号", [each.id_number for each in pupils], places, changed)
        self.rows.extend(pupils)

    def _note(self, column: str, values: list[str], places: list[_Place], changed: set[_Place]) -> None:
        """Note where each value stands, and those that stand somewhere else already."""
        first, last = self._first[column], dict(zip(values, places, strict=True))
        if len(last) == len(values) and "" not in last and not changed and first.keys().isdisjoint(last):
            first.update(last)
            return
        for value, place in zip(values, places, strict=True):
            if value and (column, place[1]) not in changed:
                before = first.setdefault(value, place)
                if before is not place:
                    self._again[column].setdefault(value, [before]).append(place)

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
    found += [_error(sheet, row, column, told) for column in _PRINTED if (told := _unprintable(row, column))]
    if row.changed_by_excel("学籍号") or _BY_EXCEL.fullmatch(row.text("学籍号")):
        told = ("number_cell", "学籍号被 Excel 改成了数字，末几位已丢失", "请把该列设为文本后重新导出")
        found.append(_error(sheet, row, "学籍号", told))
    elif row.text("学籍号") and not _DIGIT.search(row.text("学籍号")):
        told = ("register_no", f"「{row.text('学籍号')[:LONGEST_NAME]}」不像学籍号，里面没有数字", "补填学籍号")
        found.append(_error(sheet, row, "学籍号", told))
    number = row.text("身份证号")
    if _is_number(row, "身份证号") or _BY_EXCEL.fullmatch(number):
        told = ("number_cell", "身份证号被 Excel 改成了数字，末三位已丢失", "请把该列设为文本后重新导出")
        found.append(_error(sheet, row, "身份证号", told))
    elif number:
        checked = check_idnumber(number, today=today)
        if not checked.valid:
            why = "；".join(problem.message for problem in checked.problems)
            told = (
                "id_number",
                f"{mask(checked.normalised)[:LONGEST_NAME]}：{why}",
                "核对原件后改正；没有身份证号的，这一格留空",
            )
            found.append(_error(sheet, row, "身份证号", told))
    elif row.text("出生日期"):
        found += [_error(sheet, row, "出生日期", told) for told in _wrong_birth(row.text("出生日期"), today)]
    return found


def _wrong_birth(text: str, today: date | None) -> Iterator[tuple[str, str, str]]:
    birth, given = _birth(text), text[:LONGEST_NAME]
    if birth is None:
        yield "birth", f"看不懂出生日期「{given}」", "写成 2013-05-04 或 2013年5月4日"
    elif birth < EARLIEST or birth > (today or birth):
        yield "birth", f"出生日期「{given}」{'不可能' if birth < EARLIEST else '在今天以后'}", "核对原件后改正"


def _unprintable(row: Row, column: str) -> tuple[str, str, str] | None:
    """Told where the list is brought in: a document would refuse the name, when a case needs it."""
    name = fold_name(row.text(column))
    sign = unprintable(name)
    if not sign:
        return None
    message = f"{column}第{name.index(sign) + 1}个字是 U+{ord(sign):04X}，属于自造字或者控制符，文书里印不出来"
    return "character", message, "核对原件，改用正式编码的字（新版输入法里有）后重新导入"


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


def _texts(column: Sequence[object]) -> list[str]:
    """A column's cells as texts."""
    try:
        return [*map(_strip, column)]  # type: ignore[arg-type]  # else a TypeError
    except TypeError:
        return [*map(text_of, column)]


def _odd(texts: Sequence[Sequence[str]], facts: Sequence[IdFacts | None], latest: date) -> set[int]:
    """Which lines of a block may have an error: all that have one, and hardly any other."""
    odd = {at for at, each in enumerate(facts) if each is None or (each.birth or latest) > latest}
    for place, column in enumerate(texts):
        known = place < len(WANTED)
        most = LONGEST_NAME if known else LONGEST
        if max(map(len, column)) > most or (known and not all(column)):
            odd.update(at for at, text in enumerate(column) if len(text) > most or (known and not text))
    if not all(map(_DIGIT.search, texts[_REGISTER_NO])):
        odd.update(at for at, text in enumerate(texts[_REGISTER_NO]) if not _DIGIT.search(text))
    for column in (texts[_SCHEMA.index(name)] for name in _PRINTED):
        if not "".join(column).isprintable():
            odd.update(at for at, text in enumerate(column) if not text.isprintable())
    if "E" in "".join(texts[_REGISTER_NO]).upper():
        odd.update(at for at, text in enumerate(texts[_REGISTER_NO]) if _BY_EXCEL.fullmatch(text))
    return odd


def _pupils(texts: Sequence[Sequence[str]], places: Sequence[_Place], facts: Sequence[IdFacts | None]) -> list[Pupil]:
    """The rows of a block, by their columns."""
    register_no, name, id_number, school, class_name, sex, birth, grade, residence, township, priority = texts[:11]
    known = [each or _told(*cells) for each, *cells in zip(facts, id_number, birth, sex, strict=True)]
    classes = list(map(_class, class_name))
    columns = (
        map(normalise, register_no),
        map(fold_name, name),
        [each.sex for each in known],
        [each.birth for each in known],
        [each.number for each in known],
        school,
        [told or given for (_, told), given in zip(classes, grade, strict=True)],
        [folded for folded, _ in classes],
        _guardians(texts[11:]),
        residence,
        township,
        map(_priority, priority),
        *zip(*places, strict=True),
    )
    return list(map(Pupil._make, zip(*columns, strict=True)))


def _told(id_number: str, birth: str, sex: str) -> IdFacts:
    """What a row tells of birth and sex whose ID number is wrong, missing or written in another way."""
    if not id_number:
        return IdFacts("", _birth(birth), sex)
    checked = check_idnumber(id_number)
    return IdFacts(checked.normalised, checked.birth, checked.sex or sex)


def _guardians(texts: Sequence[Sequence[str]]) -> list[tuple[Guardian, ...]]:
    """The guardians of each row, from the columns of the first and those of the second."""
    ones, twos = (
        map(Guardian._make, zip(map(_guardian_name, some[0]), *some[1:], strict=True))
        for some in (texts[:3], texts[3:])
    )
    return [
        ((one, two) if second else (one,)) if first else ((two,) if second else ())
        for first, second, one, two in zip(texts[0], texts[3], ones, twos, strict=True)
    ]


def _double(place: _Place, same: list[_Place], column: str) -> RowError:
    sheet, row = place
    others = [each for each in same[: OTHERS + 1] if each != place][:OTHERS]
    told = "、".join(f"第{number}行" if name == sheet else f"表「{name}」第{number}行" for name, number in others)
    more = f"等{len(same) - 1}行" if len(same) - 1 > OTHERS else ""
    return RowError(
        sheet=sheet,
        row=row,
        column=column,
        code="double",
        message=f"{column}与{told}{more}重复",
        fix="核对后保留正确的一行",
    )
