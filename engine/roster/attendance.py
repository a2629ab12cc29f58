"""The roster: who actually came, one sheet a class, each pupil with a mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.roster.idnumber import normalise
from engine.roster.names import CLASS, fold_class, fold_name
from engine.roster.sheets import Row, RowError, Sheet, file_hash, no_header, read_sheets

WANTED = ("姓名", "到校情况")
OPTIONAL = ("学籍号", "事由")
MARKS = {
    **dict.fromkeys(("√", "✓", "✔", "到"), "present"),
    **dict.fromkeys(("×", "✕", "✖", "✗", "✘", "x", "X", "未到"), "absent"),
    **dict.fromkeys(("△", "∆", "Δ", "请假"), "excused"),
}
"""Marks as schools write them; a blank is unknown, never absent."""

_TITLES = (
    re.compile(rf"(?P<school>.+?)(?P<class>{CLASS})(?P<year>\d{{4}})年"),
    re.compile(r"(?P<school>.+(?:学校|中学|小学|教学点))(?P<class>.+?)(?P<year>\d{4})年"),
)
"""A class as grade and number ends the school's name, whatever it is; else that name must say that it is a school's."""

_DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A class that a roster covers: only its pupils can be missing."""

    school: str
    class_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One pupil's line on a roster."""

    school: str
    class_name: str
    name: str
    register_no: str
    mark: str  # present | absent | excused | unknown
    reason: str
    sheet: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFile:
    """What a roster holds: what it covers, its day, its marks, its errors."""

    covers: tuple[Coverage, ...]
    day: date | None
    marks: tuple[Mark, ...]
    errors: tuple[RowError, ...]
    source_hash: str


def read_roster(path: Path) -> RosterFile:
    """Read a roster; the texts above each sheet's header name school, class and day.

    A sheet that cannot be placed is an error and covers nothing: nobody is missing from it. Raises InputError for an
    unreadable file.
    """
    covers: dict[Coverage, None] = {}
    marks: list[Mark] = []
    errors: list[RowError] = []
    day: date | None = None
    for sheet in read_sheets(path, WANTED, OPTIONAL):
        told = no_header(sheet, WANTED) if not sheet.columns else _unplaced(sheet, day)
        cover = _coverage(sheet)
        if told is not None or cover is None:
            errors.append(told or _title_error(sheet))
            continue
        covers[cover] = None
        day = _day(sheet) or day
        marks.extend(_marks(sheet, cover, errors))
    return RosterFile(
        covers=tuple(covers), day=day, marks=tuple(marks), errors=tuple(errors), source_hash=file_hash(path)
    )


def _coverage(sheet: Sheet) -> Coverage | None:
    texts = [re.sub(r"\s+", "", text) for text in sheet.above]
    found = next((found for title in _TITLES for text in texts if (found := title.match(text))), None)
    return Coverage(school=found["school"], class_name=fold_class(found["class"])) if found else None


def _title_error(sheet: Sheet) -> RowError:
    return RowError(
        sheet=sheet.name,
        row=1,
        column="标题",
        code="title",
        message=f"标题「{sheet.title}」里认不出学校和班级",
        fix="标题写成「青禾中学 七(2)班 2026年9月1日秋季开学到校名册」",
    )


def _unplaced(sheet: Sheet, day: date | None) -> RowError | None:
    """What is wrong with the sheet's day: no day of the calendar, or another one than the sheets before."""
    try:
        own = _day(sheet)
    except ValueError:
        message, fix = f"标题「{sheet.title}」里的日期不存在", "改正日期"
    else:
        if day is None or own is None or own == day:
            return None
        message, fix = f"这张表是{own}的，前面的表是{day}的", "一个文件只放同一天的名册"
    return RowError(sheet=sheet.name, row=1, column="标题", code="day", message=message, fix=fix)


def _day(sheet: Sheet) -> date | None:
    found = next((found for text in sheet.above if (found := _DAY.search(re.sub(r"\s+", "", text)))), None)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def _marks(sheet: Sheet, cover: Coverage, errors: list[RowError]) -> list[Mark]:
    """The lines with a pupil; a line without name, number and mark (a signature, a total) is none."""
    marks = []
    for row in sheet.rows:
        if not any(row.text(column) for column in (*WANTED, "学籍号")):
            continue
        errors.extend(_errors(sheet, row))
        if row.text("姓名"):
            marks.append(
                Mark(
                    school=cover.school,
                    class_name=cover.class_name,
                    name=fold_name(row.text("姓名")),
                    register_no="" if row.changed_by_excel("学籍号") else normalise(row.text("学籍号")),
                    mark=MARKS.get(row.text("到校情况"), "unknown"),
                    reason=row.text("事由"),
                    sheet=sheet.name,
                    row=row.number,
                )
            )
    return marks


def _errors(sheet: Sheet, row: Row) -> list[RowError]:
    given = row.text("到校情况")
    told = []
    if not row.text("姓名"):
        told.append(("姓名", "missing", "没有填写姓名", "补填姓名"))
    if row.changed_by_excel("学籍号"):
        told.append(("学籍号", "number_cell", "学籍号被 Excel 改成了数字，末几位已丢失", "请把该列设为文本后重新导出"))
    if given and given not in MARKS:
        told.append(("到校情况", "mark", f"不认识标记「{given}」", f"可用：{'、'.join(MARKS)}；空白为不明"))
    return [
        RowError(sheet=sheet.name, row=row.number, column=column, code=code, message=message, fix=fix)
        for column, code, message, fix in told
    ]
