"""Tables in text files (CSV): in UTF-8, UTF-16 or GB18030, separated by commas, tabs or semicolons."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.errors import InputError
from engine.roster.extent import MOST_CELLS, too_far

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATORS = ",\t;，"
_LOOKED_AT = 12
MOST_COLUMNS = 16_384
"""A spreadsheet has no more."""

_AS_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_GUARDED = re.compile(r"'(?=[=+\-@\t\r＝])")
"""The apostrophe by which an export keeps a text from being taken for a formula."""


def read_separated(path: Path) -> Iterator[Sequence[str]]:
    """The rows of a text file, the first being row 1 as a spreadsheet counts them; all of one width.

    Empty cells beside and below the table are left out. Raises InputError for a file in another encoding, with
    characters that no text has, that reaches too far, or that is no table.
    """
    text = _text(path)
    try:
        rows, width = _table(path, csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True))
    except csv.Error as error:
        raise InputError(
            f"{path.name} 不是完整的表格：引号没有成对，或者一格太长；请另存为 .xlsx 再导入（{error}）"
        ) from None
    for row in rows:
        yield [_meant(cell) for cell in row] + [""] * (width - len(row))


def _table(path: Path, lines: Iterable[list[str]]) -> tuple[list[list[str]], int]:
    """The lines up to the last that has something, each up to its last filled cell, and the width of the widest."""
    rows: list[list[str]] = []
    width = last = 0
    for number, row in enumerate(lines, 1):
        while row and not row[-1]:
            row.pop()
        rows.append(row)
        if row:
            last, width = number, max(width, len(row))
            # Every row is filled up to this width: one long line would ask for as much again at each.
            if width > MOST_COLUMNS or width * number > MOST_CELLS:
                raise too_far(path, number, width)
    return rows[:last], width


def _text(path: Path) -> str:
    content = path.read_bytes()
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise InputError(f"{path.name} 的文字编码认不出来；请在 Excel 或 WPS 中另存为 .xlsx，或者「CSV UTF-8」再导入")


def _separator(text: str) -> str:
    """What stands most often in the first lines."""
    begin = "\n".join(text.splitlines()[:_LOOKED_AT])
    return max(_SEPARATORS, key=begin.count)


def _meant(cell: str) -> str:
    """The cell without what programs put around a text to keep it one."""
    found = _AS_FORMULA.fullmatch(cell.strip())
    return found[1] if found else _GUARDED.sub("", cell, count=1) if cell.startswith("'") else cell
