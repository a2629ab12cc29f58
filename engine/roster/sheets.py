"""Spreadsheets: every sheet's header found under its title rows, cells by column name, with Excel's own row numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from engine.errors import InputError

HEADER_WITHIN = 12
"""A header stands within the first rows; below lies data."""

LEAST_COLUMNS = 2
LARGEST_FILE = 30 * 1024 * 1024

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: its name, its title, its columns and its rows of data; blank rows are left out."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    blank: int


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_sheets(path: Path, wanted: Sequence[str]) -> tuple[Sheet, ...]:
    """The sheets of a workbook in which the wanted columns stand in one row.

    Raises InputError for a file that cannot be read, and when no sheet has the columns: it says which were found.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path.name} 超过30 MB；请按学校或班级拆成几个文件")
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise InputError(
            f"{path.name} 无法读取：不是 Excel 工作簿，或者已损坏、加了密码；请另存为 .xlsx 再导入（{error}）"
        ) from None
    sheets, seen = [], []
    for name in book.sheet_names:
        grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        at = _header(grid, wanted)
        if at is None:
            seen.append(f"{name}：{'、'.join(_texts(grid[0])) if grid else '空表'}")
            continue
        sheets.append(_sheet(name, grid, at))
    if not sheets:
        raise InputError(f"{path.name} 里没有同时含有「{'、'.join(wanted)}」的表头；各表首行：{'；'.join(seen)}")
    return tuple(sheets)


def _texts(row: Sequence[object]) -> list[str]:
    return [str(cell).strip() for cell in row if str(cell).strip()]


def _header(grid: Sequence[Sequence[object]], wanted: Sequence[str]) -> int | None:
    for at, row in enumerate(grid[:HEADER_WITHIN]):
        texts = _texts(row)
        if len(texts) >= LEAST_COLUMNS and all(name in texts for name in wanted):
            return at
    return None


def _sheet(name: str, grid: Sequence[Sequence[object]], at: int) -> Sheet:
    columns = tuple(str(cell).strip() for cell in grid[at])
    rows, blank = [], 0
    for number, line in enumerate(grid[at + 1 :], start=at + 2):
        cells = {column: _cell(cell) for column, cell in zip(columns, line, strict=False) if column}
        if all(value is None for value in cells.values()):
            blank += 1
            continue
        rows.append(Row(number=number, cells=cells))
    title = next((text for row in grid[:at] for text in _texts(row)), "")
    return Sheet(name=name, title=title, columns=columns, rows=tuple(rows), blank=blank)


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, (bool, int, float, date)):
        return value
    return None if value is None else str(value)
