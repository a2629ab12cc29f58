"""The errors of a list as a workbook: each in one row, and the list's own lines, to be mended and brought in again."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import chain, count
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it publishes no types

from engine.roster.columns import TOLD_AS
from engine.roster.sheets import RowError, Sheet
from engine.roster.workbook import read_grids

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""

BESIDE = ("行号", "问题", "怎么改")
"""What stands to the left of a list's own columns; no column of ours is called so, thus they are no hindrance later."""

_NAME = "错误"
_WIDTHS = (18, 8, 14, 60, 60)
_NO_NAME = re.compile(r"[\[\]:*?/\\]|^'|'$")
_LONGEST_NAME = 31
_SAFE = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A list with errors: the file, its sheets as they were read, and whether also its right lines are wanted."""

    path: Path
    sheets: Sequence[Sheet]
    errors: Sequence[RowError]
    whole: bool
    """A roster is brought in again whole: a line that it lacks is a child who is missing."""


def error_sheet(faulty: Faulty) -> bytes:
    """A workbook with as many rows below its first sheet's heading as there are errors; every text is a text.

    The sheets after it hold the list's own lines with their faulty cells marked.
    """
    content = BytesIO()
    with Workbook(content, _SAFE) as book:
        _list(book, faulty.errors)
        taken = {_NAME}
        headers = {sheet.name: sheet for sheet in faulty.sheets if sheet.columns}
        by_sheet: dict[str, dict[int, list[RowError]]] = defaultdict(lambda: defaultdict(list))
        for error in faulty.errors:
            by_sheet[error.sheet][error.row].append(error)
        for grid in read_grids(faulty.path):
            of = headers.get(grid.name)
            if of is not None and not grid.hidden and (faulty.whole or by_sheet[grid.name]):
                rows = _wanted(enumerate(grid.rows, 1), of, by_sheet[grid.name], whole=faulty.whole)
                _lines(book, _name(grid.name, taken), rows, of)
    return content.getvalue()


_Line = tuple[int, Sequence[object], Sequence[RowError]]


def _list(book: Any, errors: Sequence[RowError]) -> None:
    sheet = book.add_worksheet(_NAME)
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for at, (heading, width) in enumerate(zip(TOLD_AS, _WIDTHS, strict=True)):
        sheet.set_column(at, at, width, wrapped)
        sheet.write_string(0, at, heading, bold)
    for at, each in enumerate(errors, 1):
        sheet.write_string(at, 0, each.sheet)
        sheet.write_number(at, 1, each.row)
        for column, text in enumerate((each.column, each.message, each.fix), 2):
            sheet.write_string(at, column, text)
    sheet.freeze_panes(1, 0)


def _wanted(
    rows: Iterator[tuple[int, Sequence[object]]], of: Sheet, errors: Mapping[int, list[RowError]], *, whole: bool
) -> Iterator[_Line]:
    for number, cells in rows:
        if number <= of.header:
            yield number, cells, ()
        elif whole or number in errors:
            yield number, cells, errors.get(number, ())


def _lines(book: Any, name: str, lines: Iterator[_Line], of: Sheet) -> None:
    """The title and header as they stand, then lines with their number and what is wrong to the left of them."""
    sheet = book.add_worksheet(name)
    text, wrong = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
    sheet.set_column(1, 2, 40)
    sheet.set_column(len(BESIDE), len(BESIDE) + len(of.columns) - 1, None, text)
    for at, (number, cells, errors) in enumerate(lines):
        if number == of.header:
            _row(sheet, at, BESIDE, lambda _: None)
            sheet.freeze_panes(at + 1, len(BESIDE))
        elif number > of.header:
            told = ("；".join(each.message for each in errors), "；".join(dict.fromkeys(each.fix for each in errors)))
            _row(sheet, at, (number, *told), lambda _: None)
        faulty = dict.fromkeys((of.columns.index(each.column) for each in errors if each.column in of.columns), wrong)
        _row(sheet, at, cells, partial(_form, faulty, text), first=len(BESIDE))


def _form(special: Mapping[int, object], usual: object, place: int) -> object:
    return special.get(place, usual)


def _row(sheet: Any, at: int, cells: Sequence[object], form: Callable[[int], object], *, first: int = 0) -> None:
    for place, cell in enumerate(cells):
        where, how = (at, first + place), form(place)
        if isinstance(cell, bool):
            sheet.write_boolean(*where, cell, how)
        elif isinstance(cell, (int, float)):
            # As the number that it was: written as a text, one that Excel has changed would look right.
            sheet.write_number(*where, cell, how)
        elif cell:
            sheet.write_string(*where, str(cell), how)
        elif how is not None:
            sheet.write_blank(*where, None, how)


def _name(given: str, taken: set[str]) -> str:
    """A name that a sheet may have and no other has yet."""
    plain = _NO_NAME.sub("_", given)[:_LONGEST_NAME] or _NAME
    names = chain([plain], (f"{plain[: _LONGEST_NAME - 8]}({at})" for at in count(2)))
    name = next(each for each in names if each.lower() not in taken)
    taken.add(name.lower())
    return name
