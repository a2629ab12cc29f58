"""Spreadsheets: every sheet's header found under its title rows, cells by column name, with Excel's own row numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from engine.errors import InputError
from engine.roster.workbook import Grid, read_grids

HEADER_WITHIN = 12
"""A header stands within the first rows; below lies data."""

LEAST_COLUMNS = 2
EXACT = 10**15
"""Excel keeps fifteen digits of a number; beyond them it has changed the last ones."""

Cell = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """Something wrong in one row: Excel's row number, column, a code, what is wrong, how to mend it."""

    sheet: str
    row: int
    column: str
    code: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of data by column name, with Excel's own number."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        """The cell as text: whole numbers without a point, blanks as nothing."""
        value = self.cells.get(column)
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value).strip()

    def changed_by_excel(self, column: str) -> bool:
        """Whether the cell is a number too long for Excel to have kept its last digits."""
        value = self.cells.get(column)
        return isinstance(value, (int, float)) and abs(value) >= EXACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: its name, the texts above its header, its columns and its rows of data; blank rows are left out.

    A sheet in which no header was found has neither columns nor rows; `header` is Excel's number of the header's row.
    """

    name: str
    above: tuple[str, ...]
    header: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    blank: int

    @property
    def title(self) -> str:
        """The first text above the header; empty for none."""
        return self.above[0] if self.above else ""


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_sheets(path: Path, wanted: Sequence[str] = (), optional: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """The sheets of a workbook; the header is the first row in which all wanted columns stand.

    A sheet without them has no columns; empty and hidden ones of that kind are left out. Raises InputError for a file
    that cannot be read, when no sheet has the columns (it says which are missing), and when a column that will be read
    stands twice.
    """
    sheets, seen = [], []
    for grid in read_grids(path):
        at = _header(grid.rows, wanted)
        if at is not None:
            sheets.append(_sheet(grid, at))
            _once(path, sheets[-1], (*wanted, *optional))
        elif any(_texts(row) for row in grid.rows) and not grid.hidden:
            sheets.append(Sheet(name=grid.name, above=(), header=0, columns=(), rows=(), blank=0))
            seen.append(_lacking(grid, wanted))
    if not any(sheet.columns for sheet in sheets):
        told = "；".join(seen) or "各表都是空的"
        raise InputError(f"{path.name} 里没有同时含有「{'、'.join(wanted)}」的表头；{told}")
    return tuple(sheets)


def no_header(sheet: Sheet, wanted: Sequence[str]) -> RowError:
    """The error of a sheet without header: said aloud, or a whole class would be passed over in silence."""
    return RowError(
        sheet=sheet.name,
        row=1,
        column="",
        code="header",
        message=f"表「{sheet.name}」里没有同时含有「{'、'.join(wanted)}」的表头，整张表没有读入",
        fix="改正表头后重新导入；如果是说明页，可以不管",
    )


def _lacking(grid: Grid, wanted: Sequence[str]) -> str:
    """What the row most like a header lacks: never a row of data, whose cells name children."""
    rows = [_columns(row) for row in grid.rows[:HEADER_WITHIN]]
    best = max(rows, key=lambda row: (len(set(row) & set(wanted)), sum(map(bool, row)) >= LEAST_COLUMNS))
    lacking = [name for name in wanted if name not in best]
    found = [name for name in best if name]
    return f"表「{grid.name}」第{rows.index(best) + 1}行缺少「{'、'.join(lacking)}」，现有「{'、'.join(found)}」"


def _once(path: Path, sheet: Sheet, read: Sequence[str]) -> None:
    double = [name for name in read if sheet.columns.count(name) > 1]
    if double:
        raise InputError(
            f"{path.name} 表「{sheet.name}」第{sheet.header}行有两列都叫「{'、'.join(double)}」，"
            "分不清用哪一列；请改名（如「监护人1姓名」）后重新导入"
        )


def _texts(row: Sequence[object]) -> list[str]:
    return [text for cell in row if (text := str(cell).strip())]


def _columns(row: Sequence[object]) -> tuple[str, ...]:
    """Column names as they are meant: without blanks, line ends and the asterisk of a must."""
    return tuple(re.sub(r"[\s*＊]", "", str(cell)) for cell in row)


def _header(grid: Sequence[Sequence[object]], wanted: Sequence[str]) -> int | None:
    for at, row in enumerate(grid[:HEADER_WITHIN]):
        names = _columns(row)
        if sum(map(bool, names)) >= LEAST_COLUMNS and set(wanted) <= set(names):
            return at
    return None


def _sheet(grid: Grid, at: int) -> Sheet:
    columns = _columns(grid.rows[at])
    rows, blank = [], 0
    for number, line in enumerate(grid.rows[at + 1 :], start=at + 2):
        cells = {column: _cell(cell) for column, cell in zip(columns, line, strict=False) if column}
        if all(value is None for value in cells.values()):
            blank += 1
            continue
        rows.append(Row(number=number, cells=cells))
    above = tuple(text for row in grid.rows[:at] for text in _texts(row))
    return Sheet(name=grid.name, above=above, header=at + 1, columns=columns, rows=tuple(rows), blank=blank)


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, (bool, int, float, date)):
        return value
    return None if value is None else str(value)
