"""Spreadsheets: every sheet's header found under its title rows, cells by column name, with Excel's own row numbers."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, compress
from pathlib import Path
from typing import NamedTuple

from engine.errors import InputError
from engine.roster.apart import Block
from engine.roster.columns import TOLD_AS, Proposal, by_content, plain, renamed
from engine.roster.feet import data_of
from engine.roster.workbook import Flaw, Grid, read_grids

HEADER_WITHIN = 12
"""A header stands within the first rows; below lies data."""

LEAST_COLUMNS = 2
EXACT = 10**15
"""Excel keeps fifteen digits of a number; beyond them it has changed the last ones."""

LONGEST = 32_767
"""Characters that a cell can hold."""

_SAMPLE = 40
_SHOWN = 20
"""Characters of a heading that a message repeats."""

Watch = Callable[[int], object]
"""Told after every few hundred rows, and after every sheet, how many rows of the whole file were read."""

Cell = str | int | float | bool | None

FLAWS = {
    "formula": ("是公式，文件里没有存它的结果", "在 Excel 中打开、保存后再导入，或者把这一列粘贴为数值"),
    "error_value": ("是公式出错后的错误值", "改正公式，或者把正确的值填进去"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """Something wrong in one row: Excel's row number, column, a code, what is wrong, how to mend it."""

    sheet: str
    row: int
    column: str
    code: str
    message: str
    fix: str


class Row(NamedTuple):
    """One row of data by column name, with Excel's own number."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        """The cell as text: whole numbers without a point, blanks as nothing."""
        return text_of(self.cells.get(column))

    def changed_by_excel(self, column: str) -> bool:
        """Whether the cell is a number too long for Excel to have kept its last digits."""
        value = self.cells.get(column)
        return isinstance(value, (int, float)) and abs(value) >= EXACT


class Lines(NamedTuple):
    """Some rows of data: Excel's numbers, and the cells of the columns that are read, as the file has them."""

    numbers: Sequence[int]
    columns: Sequence[Sequence[object]]

    def only(self, kept: Sequence[bool]) -> Lines:
        """Those rows that are kept."""
        return Lines(list(compress(self.numbers, kept)), [list(compress(column, kept)) for column in self.columns])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: its name, the texts above its header, its columns and its lines of data; blank rows are left out.

    `columns` are all columns in our words, `read` those whose cells are kept, in the order in which `lines` has them. A
    sheet in which no header was found has neither; `header` is Excel's number of the header's row. `told` is what is
    wrong with the sheet as a whole. The lines are read once, and before the next sheet.
    """

    name: str
    above: tuple[str, ...] = ()
    header: int = 0
    columns: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    lines: Iterator[Lines] = field(default_factory=lambda: iter(()))
    told: tuple[RowError, ...] = field(default=())

    @property
    def title(self) -> str:
        """The first text above the header; empty for none."""
        return self.above[0] if self.above else ""

    @property
    def rows(self) -> Iterator[Row]:
        """The lines with their cells by name."""
        return (self.row(lines, at) for lines in self.lines for at in range(len(lines.numbers)))

    def row(self, lines: Lines, at: int) -> Row:
        """One of some lines with its cells by name."""
        cells = (cell_of(column[at]) for column in lines.columns)
        return Row(lines.numbers[at], dict(zip(self.read, cells, strict=True)))


@contextmanager
def without_collection() -> Iterator[None]:
    """Rows are tuples of texts, in which nothing is circular: looking for that takes a quarter of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_sheets(
    path: Path,
    wanted: Sequence[str] = (),
    optional: Sequence[str] = (),
    *,
    chosen: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> Iterator[Sheet]:
    """The sheets of a workbook; the header is the first row, or pair of rows, in which all wanted columns stand.

    Headings are taken by our names, by their synonyms or as `chosen` (ours → as written). A sheet without them has no
    columns; empty and hidden ones of that kind are left out, a hidden one with a table is told and not read. Raises
    InputError for a file that cannot be read, when no sheet has the columns (it says which are missing), and when a
    column that will be read stands twice.
    """
    seen, any_read, read = [], False, 0

    def watched(lines: Iterator[Lines]) -> Iterator[Lines]:
        nonlocal read
        for each in lines:
            yield each
            read += len(each.numbers)
            if watch is not None:
                watch(read)

    asked = _Asked(tuple(wanted), tuple(optional), dict(chosen or {}))
    for grid in read_grids(path):
        begin = _begin(grid, HEADER_WITHIN + 1)
        first = begin.rows
        if _tells(first):
            seen.append(_no_list(grid.name))
            continue
        head = _header(first, asked)
        if head is not None and not grid.hidden:
            any_read = True
            sheet = _sheet(path, grid, begin, head=head, asked=asked)
            yield replace(sheet, lines=watched(sheet.lines))
        elif head is not None:
            yield Sheet(name=grid.name, told=(_hidden(grid),))
        elif any(_texts(row) for row in first) and not grid.hidden:
            yield Sheet(name=grid.name)
            seen.append(_lacking(grid.name, first, asked))
    if not any_read:
        told = "；".join(seen) or "各表都是空的"
        raise InputError(f"{path.name} 里没有同时含有「{'、'.join(wanted)}」的表头；{told}")


def propose(path: Path, wanted: Sequence[str], optional: Sequence[str]) -> tuple[Proposal, ...]:
    """For every sheet with a table: its headings, and which of them seem to be meant by our columns.

    The header is the row among the first in which most headings are known. Raises InputError for a file that cannot be
    read or has no table.
    """
    ours = (*wanted, *optional)
    found, seen = [], []
    for grid in read_grids(path):
        first = _begin(grid, HEADER_WITHIN + _SAMPLE).rows
        if _tells(first):
            seen.append(_no_list(grid.name))
            continue
        if grid.hidden or not any(len(_texts(row)) >= LEAST_COLUMNS for row in first):
            continue
        head = _header(first, _Asked(tuple(wanted), tuple(optional), {})) or _likeliest(first, ours)
        names = renamed(head.headings, ours, {})
        meant = {name: head.headings[names.index(name)] if name in names else "" for name in ours}
        free = [at for at, name in enumerate(names) if name and name not in ours]
        for name in [name for name, written in meant.items() if not written]:
            at = by_content(name, first[head.last + 1 :], free)
            meant[name] = head.headings[at] if at is not None else ""
        shown = tuple(each for each in dict.fromkeys(head.headings) if each)
        found.append(Proposal(sheet=grid.name, header=head.last + 1, headings=shown, meant=meant))
    if not found:
        raise InputError(f"{path.name} 里没有表格；{'；'.join(seen) or '各表都是空的'}")
    return tuple(found)


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


def _no_list(name: str) -> str:
    return f"表「{name}」只列出名单的问题，不是名单"


def _hidden(grid: Grid) -> RowError:
    message = f"表「{grid.name}」是隐藏的，没有读入"
    fix = "要导入的，先取消隐藏；不要的，删去这张表"
    return RowError(sheet=grid.name, row=1, column="", code="hidden", message=message, fix=fix)


class _Head(NamedTuple):
    """A header: places of its first and last row, and its headings as written."""

    first: int
    last: int
    headings: tuple[str, ...]


class _Begin(NamedTuple):
    """The first rows of a grid, and the blocks that were taken from it to see them."""

    rows: Sequence[Sequence[object]]
    blocks: Sequence[Block]


def _begin(grid: Grid, most: int) -> _Begin:
    rows: list[Sequence[object]] = []
    taken: list[Block] = []
    for block in grid.blocks:
        taken.append(block)
        rows.extend(block.rows())
        if len(rows) >= most:
            break
    return _Begin(rows[:most], taken)


class _Asked(NamedTuple):
    """What is looked for in a file."""

    wanted: tuple[str, ...]
    optional: tuple[str, ...]
    chosen: Mapping[str, str]

    @property
    def ours(self) -> tuple[str, ...]:
        return (*self.wanted, *self.optional)


def _lacking(name: str, first: Sequence[Sequence[object]], asked: _Asked) -> str:
    """What the row most like a header lacks. Where none is like one its texts are not told: they may name children."""
    wanted = asked.wanted
    rows = [renamed(_headings(row), asked.ours, asked.chosen) for row in first[:HEADER_WITHIN]]
    best = max(rows, key=lambda row: (len(set(row) & set(wanted)), sum(map(bool, row)) >= LEAST_COLUMNS))
    lacking = [each for each in wanted if each not in best]
    if not set(best) & set(asked.ours):
        return f"表「{name}」前{len(rows)}行里一列也没有认出"
    found = [each[:_SHOWN] for each in best if each][:_SAMPLE]
    return f"表「{name}」第{rows.index(best) + 1}行缺少「{'、'.join(lacking)}」，现有「{'、'.join(found)}」"


def _likeliest(first: Sequence[Sequence[object]], ours: Sequence[str]) -> _Head:
    """The row with the most known headings; among equals the first with the most texts."""
    rows = [_headings(row) for row in first[:HEADER_WITHIN]]
    at = max(
        range(len(rows)),
        key=lambda at: (len(set(renamed(rows[at], ours, {})) & set(ours)), len(set(filter(None, rows[at]))), -at),
    )
    return _Head(at, at, rows[at])


def _tells(first: Sequence[Sequence[object]]) -> bool:
    """Whether a sheet tells the errors of a list."""
    return bool(first) and _headings(first[0])[: len(TOLD_AS)] == TOLD_AS


def _texts(row: Sequence[object]) -> list[str]:
    return [text for cell in row if (text := str(cell).strip())]


def _headings(row: Sequence[object]) -> tuple[str, ...]:
    return tuple(map(plain, row))


def _header(first: Sequence[Sequence[object]], asked: _Asked) -> _Head | None:
    wanted, ours, chosen = asked.wanted, asked.ours, asked.chosen
    rows = [_headings(row) for row in first]
    for at, headings in enumerate(rows[:HEADER_WITHIN]):
        if sum(map(bool, headings)) < LEAST_COLUMNS:
            continue
        names = renamed(headings, ours, chosen)
        both = _joined(headings, rows[at + 1]) if at + 1 < len(rows) else headings
        pair = renamed(both, ours, chosen)
        if set(wanted) <= set(pair) and len(set(pair) & set(ours)) > len(set(names) & set(ours)):
            return _Head(at, at + 1, both)
        if set(wanted) <= set(names):
            return _Head(at, at, headings)
    return None


def _joined(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Two rows as one header: 监护人1 over 姓名, 关系 is 监护人1姓名 …; a merged heading stands in its first cell."""
    found, group = [], ""
    for above, below in zip(upper, lower, strict=True):
        group = above or (group if below else "")
        found.append(group + below if below else above)
    return tuple(found)


def _sheet(path: Path, grid: Grid, begin: _Begin, *, head: _Head, asked: _Asked) -> Sheet:
    columns = renamed(head.headings, asked.ours, asked.chosen)
    double = [name for name in asked.ours if columns.count(name) > 1]
    if double:
        raise InputError(
            f"{path.name} 表「{grid.name}」第{head.last + 1}行有两列都叫「{'、'.join(double)}」，"
            "分不清用哪一列；请改名（如「监护人1姓名」）后重新导入"
        )
    read = tuple(name for name in asked.ours if name in columns) or tuple(filter(None, columns))
    places = [columns.index(name) for name in read]
    above = tuple(text for row in begin.rows[: head.first] for text in _texts(row))
    told = tuple(_flaw(grid.name, flaw, columns) for flaw in grid.flaws if _matters(flaw, head, columns, read))
    return Sheet(
        name=grid.name,
        above=above,
        header=head.last + 1,
        columns=columns,
        read=read,
        lines=_lines(chain(begin.blocks, grid.blocks), places, head.last, [begin.rows[head.last][at] for at in places]),
        told=told,
    )


def _lines(blocks: Iterable[Block], places: Sequence[int], last: int, header: Sequence[object]) -> Iterator[Lines]:
    """The rows below the header with the cells of the columns that are read; without blank ones, totals and notes."""
    number = 0
    for block in blocks:
        before, number = number, number + block.height
        above = max(last + 1 - before, 0)
        lines = Lines(range(before + above + 1, number + 1), [block.column(at)[above:] for at in places])
        if lines.numbers and not all(data := data_of(block, lines.columns, header)):
            lines = lines.only(data)
        # Where one column is filled in every row, no row is blank.
        if not any(map(all, lines.columns)):
            lines = lines.only(list(map(any, zip(*lines.columns, strict=True))))
        if lines.numbers:
            yield lines


def _matters(flaw: Flaw, head: _Head, columns: Sequence[str], read: Sequence[str]) -> bool:
    return flaw.row > head.last + 1 and flaw.column <= len(columns) and columns[flaw.column - 1] in read


def _flaw(sheet: str, flaw: Flaw, columns: Sequence[str]) -> RowError:
    column = columns[flaw.column - 1]
    message, fix = FLAWS[flaw.code]
    return RowError(sheet=sheet, row=flaw.row, column=column, code=flaw.code, message=f"{column}{message}", fix=fix)


def text_of(value: object) -> str:
    """A cell as text: whole numbers without a point, blanks as nothing."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def cell_of(value: object) -> Cell:
    """A cell's value: text without outer blanks (days come as such), a number as it is, nothing for a blank."""
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, (bool, int, float)) else None
