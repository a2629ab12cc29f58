"""The roster: who actually came, one sheet a class, each pupil with a mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.roster.names import fold_class, fold_name
from engine.roster.sheets import RowError, Sheet, file_hash, read_sheets

WANTED = ("姓名", "到校情况")
MARKS = {
    "√": "present",
    "✓": "present",
    "到": "present",
    "×": "absent",
    "✗": "absent",
    "x": "absent",
    "X": "absent",
    "未到": "absent",
    "△": "excused",
    "请假": "excused",
}
"""Marks as schools write them; a blank is unknown, never absent."""

_TITLE = re.compile(r"(?P<school>.+?(?:学校|中学|小学))\s*(?P<class>\S+?班?)\s*(?P<year>\d{4})年")
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
    """Read a roster; each sheet's title names school and class. Raises InputError for an unreadable file."""
    covers: list[Coverage] = []
    marks: list[Mark] = []
    errors: list[RowError] = []
    day: date | None = None
    for sheet in read_sheets(path, WANTED):
        found = _TITLE.search(sheet.title)
        if not found:
            message = f"标题「{sheet.title}」里认不出学校和班级"
            fix = "标题写成「青禾中学 七(2)班 2026年秋季开学到校名册」"
            errors.append(RowError(sheet=sheet.name, row=1, column="标题", code="title", message=message, fix=fix))
            continue
        cover = Coverage(school=found["school"], class_name=fold_class(found["class"]))
        covers.append(cover)
        day = _day(sheet.title) or day
        marks.extend(_marks(sheet, cover, errors))
    return RosterFile(
        covers=tuple(covers), day=day, marks=tuple(marks), errors=tuple(errors), source_hash=file_hash(path)
    )


def _day(title: str) -> date | None:
    found = _DAY.search(title)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def _marks(sheet: Sheet, cover: Coverage, errors: list[RowError]) -> list[Mark]:
    marks = []
    for row in sheet.rows:
        name, given = fold_name(row.text("姓名")), row.text("到校情况")
        if not name:
            errors.append(
                RowError(
                    sheet=sheet.name,
                    row=row.number,
                    column="姓名",
                    code="missing",
                    message="没有填写姓名",
                    fix="补填姓名",
                )
            )
            continue
        if given and given not in MARKS:
            options = "、".join(MARKS)
            errors.append(
                RowError(
                    sheet=sheet.name,
                    row=row.number,
                    column="到校情况",
                    code="mark",
                    message=f"不认识标记「{given}」",
                    fix=f"可用：{options}；空白为不明",
                )
            )
        marks.append(
            Mark(
                school=cover.school,
                class_name=cover.class_name,
                name=name,
                register_no=row.text("学籍号"),
                mark=MARKS.get(given, "unknown"),
                reason=row.text("事由"),
                sheet=sheet.name,
                row=row.number,
            )
        )
    return marks
