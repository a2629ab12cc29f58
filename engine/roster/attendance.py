"""The roster: who actually came, one sheet a class, each pupil with a mark."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.errors import InputError
from engine.roster.idnumber import normalise
from engine.roster.names import CLASS, fold_class, fold_name, fold_school
from engine.roster.sheets import Row, RowError, Sheet, Watch, file_hash, no_header, read_sheets

WANTED = ("姓名", "到校情况")
OPTIONAL = ("学籍号", "身份证号", "学校", "班级", "事由")
MARKS = {
    **dict.fromkeys(("√", "✓", "✔", "到", "到校", "已到", "已到校", "是"), "present"),
    **dict.fromkeys(("×", "✕", "✖", "✗", "✘", "x", "X", "未到", "未到校", "否"), "absent"),
    **dict.fromkeys(("△", "∆", "Δ", "请假", "病假", "事假"), "excused"),
}
"""Marks as schools write them, of either width; a blank is unknown, never absent."""

_MARKED = "到校的写「√」或者「到」，没有到校的写「×」或者「未到」，请假的写「△」或者「请假」；空白为不明"

_TITLES = (
    re.compile(rf"(?P<school>.+?)(?P<class>{CLASS})(?P<year>\d{{4}})年"),
    re.compile(r"(?P<school>.+(?:学校|中学|小学|教学点))(?P<class>.+?)(?P<year>\d{4})年"),
    re.compile(
        r"(?P<school>(?:(?!\d{4})[^:：])+(?:学校|中学|小学|教学点))"
        rf"(?P<class>{CLASS}|\d{{3}}班?)(?:\d{{4}}[-./]|$)"
    ),
)
"""A class as grade and number ends the school's name, whatever it is; else that name must say that it is a school's."""

_DAY = re.compile(r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日")
_IN_FIGURES = re.compile(
    r"(?P<year>\d{4})\s*(?:年|([-./]))\s*(?P<month>\d{1,2})\s*(?(2)\2|月)\s*(?P<day>\d{1,2})(?!\d)"
)
"""With its blanks: without them a number that follows, as in 2026.9.1 30人, would join the day."""

_TURNED = re.compile("[^到勤在来]*[缺未没不旷辍]")
"""How a column is headed that asks who did not come."""

_LONGEST_TITLE = 200
"""Characters in which school and class are looked for: with more of them it would take their square."""

_SHOWN = 60
"""Characters of a file's text that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A class that a roster covers, or a whole school where no class is named: only its pupils can be missing."""

    school: str
    class_name: str

    def holds(self, other: Coverage) -> bool:
        """Whether another coverage lies inside this one."""
        same = fold_school(self.school) == fold_school(other.school)
        return same and self.class_name in {"", other.class_name}


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
    id_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFile:
    """What a roster holds: what it covers, its day, its marks, its errors."""

    covers: tuple[Coverage, ...]
    day: date | None
    marks: tuple[Mark, ...]
    errors: tuple[RowError, ...]
    source_hash: str


def declared(text: str) -> Coverage:
    """A coverage as it is typed: SCHOOL or SCHOOL/CLASS; raises InputError for anything else."""
    school, slash, class_name = (part.strip() for part in text.replace("／", "/").partition("/"))
    if not school or (slash and not class_name):
        raise InputError(f"名册范围「{text}」写得不对；写成「青禾中学」或「青禾中学/七(2)」")
    return Coverage(school=school, class_name=fold_class(class_name))


def read_roster(
    path: Path,
    *,
    covers: Sequence[Coverage] = (),
    chosen: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> RosterFile:
    """Read a roster; the texts above each sheet's header name school, class and day.

    `covers` declares what the roster covers, where titles do not say it or not all of it: then lines may name their
    class in columns of their own, and a sheet of another class is an error. A sheet that cannot be placed is an error
    and covers nothing: nobody is missing from it. Raises InputError for an unreadable file.
    """
    heading = (chosen or {}).get("到校情况", "")
    if _TURNED.match(heading):
        raise InputError(
            f"「{heading[:_SHOWN]}」问的是谁没有到校，同「到校情况」意思相反；请另选一列，或者加一列「到校情况」，到校的写√"
        )
    reading = _Reading(tuple(covers))
    for sheet in read_sheets(path, WANTED, OPTIONAL, chosen=chosen, watch=watch):
        reading.take(sheet)
    return RosterFile(
        covers=tuple(reading.covers),
        day=reading.day,
        marks=tuple(reading.marks),
        errors=tuple(reading.errors),
        source_hash=file_hash(path),
    )


class _Reading:
    """One reading of a roster: what was found so far."""

    def __init__(self, asked: tuple[Coverage, ...]) -> None:
        self.asked = asked
        self.covers: dict[Coverage, None] = dict.fromkeys(asked)
        self.day: date | None = None
        self.marks: list[Mark] = []
        self.errors: list[RowError] = []

    def take(self, sheet: Sheet) -> None:
        """Read a sheet, if it can be placed."""
        self.errors.extend(sheet.told)
        if not sheet.columns:
            self.errors.extend(() if sheet.told else (no_header(sheet, WANTED),))
            return
        cover = _coverage(sheet)
        if cover is None and len(self.asked) == 1 and self.asked[0].class_name:
            cover = self.asked[0]
        told = _unplaced(sheet, self.day) or self._misplaced(sheet, cover)
        if told is not None:
            self.errors.append(told)
            return
        if cover is not None and not self.asked:
            self.covers[cover] = None
        self.day = _day(sheet) or self.day
        for row in sheet.rows:
            # A line without name, number and mark (a signature, a total) is none.
            if any(row.text(column) for column in (*WANTED, "学籍号")):
                self._line(sheet, row, cover)

    def _misplaced(self, sheet: Sheet, cover: Coverage | None) -> RowError | None:
        if cover is None:
            own = {"学校", "班级"} <= set(sheet.columns) or (
                "班级" in sheet.columns and len({fold_school(each.school) for each in self.asked}) == 1
            )
            return None if self.asked and own else _title_error(sheet)
        if self.asked and not any(each.holds(cover) for each in self.asked):
            message = f"这张表是{cover.school}{cover.class_name}的，不在所说的名册范围内"
            return _sheet_error(sheet, "outside", message, "核对范围，或者去掉这张表")
        return None

    def _line(self, sheet: Sheet, row: Row, cover: Coverage | None) -> None:
        self.errors.extend(_errors(sheet, row))
        place = cover or Coverage(
            school=row.text("学校") or self.asked[0].school, class_name=fold_class(row.text("班级"))
        )
        if cover is None and not any(each.holds(place) for each in self.asked):
            message = f"「{place.school}{place.class_name}」不在所说的名册范围内"
            self.errors.append(_error(sheet, row, ("班级", "outside", message, "改正学校和班级，或者核对范围")))
            return
        if row.text("姓名"):
            self.marks.append(
                Mark(
                    school=place.school,
                    class_name=place.class_name,
                    name=fold_name(row.text("姓名")),
                    register_no="" if row.changed_by_excel("学籍号") else normalise(row.text("学籍号")),
                    mark=_mark(row) or "unknown",
                    reason=row.text("事由"),
                    sheet=sheet.name,
                    row=row.number,
                    id_number="" if row.changed_by_excel("身份证号") else normalise(row.text("身份证号")),
                )
            )


def _coverage(sheet: Sheet) -> Coverage | None:
    texts = [re.sub(r"\s+", "", text)[:_LONGEST_TITLE] for text in sheet.above]
    found = next((found for title in _TITLES for text in texts if (found := title.match(text))), None)
    return Coverage(school=found["school"], class_name=fold_class(found["class"])) if found else None


def _sheet_error(sheet: Sheet, code: str, message: str, fix: str) -> RowError:
    return RowError(sheet=sheet.name, row=1, column="标题", code=code, message=message, fix=fix)


def _title_error(sheet: Sheet) -> RowError:
    message = f"标题「{sheet.title[:_SHOWN]}」里认不出学校和班级"
    return _sheet_error(
        sheet, "title", message, "标题写成「青禾中学 七(2)班 2026年9月1日秋季开学到校名册」，或者说明名册范围"
    )


def _unplaced(sheet: Sheet, day: date | None) -> RowError | None:
    """What is wrong with the sheet's day: no day of the calendar, or another one than the sheets before."""
    try:
        own = _day(sheet)
    except ValueError:
        return _sheet_error(sheet, "day", f"标题「{sheet.title[:_SHOWN]}」里的日期不存在", "改正日期")
    if day is None or own is None or own == day:
        return None
    return _sheet_error(sheet, "day", f"这张表是{own}的，前面的表是{day}的", "一个文件只放同一天的名册")


def _day(sheet: Sheet) -> date | None:
    days = (_DAY.search(re.sub(r"\s+", "", text)) or _IN_FIGURES.search(text) for text in sheet.above)
    found = next(filter(None, days), None)
    return date(*map(int, found.group("year", "month", "day"))) if found else None


def _mark(row: Row) -> str:
    return MARKS.get(unicodedata.normalize("NFKC", row.text("到校情况")), "")


def _errors(sheet: Sheet, row: Row) -> list[RowError]:
    given = row.text("到校情况")
    told = []
    if not row.text("姓名"):
        told.append(("姓名", "missing", "没有填写姓名", "补填姓名"))
    told += [
        (column, "number_cell", f"{column}被 Excel 改成了数字，末几位已丢失", "请把该列设为文本后重新导出")
        for column in ("学籍号", "身份证号")
        if row.changed_by_excel(column)
    ]
    if given and not _mark(row):
        told.append(("到校情况", "mark", f"不认识标记「{given[:_SHOWN]}」", _MARKED))
    return [_error(sheet, row, each) for each in told]


def _error(sheet: Sheet, row: Row, told: tuple[str, str, str, str]) -> RowError:
    column, code, message, fix = told
    return RowError(sheet=sheet.name, row=row.number, column=column, code=code, message=message, fix=fix)
