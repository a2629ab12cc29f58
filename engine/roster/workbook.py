"""Workbooks as they are uploaded: looked through before they are opened, so that a bad one harms nothing."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, ZipFile, ZipInfo

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from engine.errors import InputError

LARGEST_FILE = 30 * 1024 * 1024
LARGEST_CONTENT = 256 * 1024 * 1024
"""Bytes of all parts together once unpacked."""

MOST_CELLS = 10_000_000
"""Rows times columns of all sheets together: a district's register has 60,000 rows of some sixty columns."""

_CHUNK = 1 << 20
_MACROS = "vbaProject.bin"
_DIGITS = "0123456789"
_CONTENT = frozenset({"v", "is"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One sheet as rows of raw cells, the first being Excel's row 1; `hidden` when Excel does not show it."""

    name: str
    hidden: bool
    rows: Sequence[Sequence[object]]


def read_grids(path: Path) -> tuple[Grid, ...]:
    """Every sheet of an XLSX workbook.

    Raises InputError for what is no such workbook, is damaged, encrypted, too large or has macros; each with a remedy.
    """
    try:
        _look_through(path)
        book = CalamineWorkbook.from_path(str(path))
        return tuple(
            Grid(
                name=each.name,
                hidden=each.visible is not SheetVisibleEnum.Visible,
                rows=book.get_sheet_by_name(each.name).to_python(skip_empty_area=False),
            )
            for each in book.sheets_metadata
        )
    except (CalamineError, BadZipFile, ExpatError, OSError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise InputError(
            f"{path.name} 无法读取：不是 .xlsx 工作簿，或者已损坏、加了密码；"
            f"请在 Excel 或 WPS 中去掉密码，另存为 .xlsx 再导入（{type(error).__name__}）"
        ) from None


def _look_through(path: Path) -> None:
    """Refuse what would exhaust memory: calamine ends the whole process when a far cell makes a sheet too wide."""
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path.name} 超过{LARGEST_FILE >> 20} MB；请按学校或班级拆成几个文件")
    size = cells = 0
    with ZipFile(path) as archive:
        for part in archive.infolist():
            if part.filename.endswith(_MACROS):
                raise InputError(f"{path.name} 含有宏；请另存为不带宏的 .xlsx 再导入")
            extent = _Extent()
            for chunk in _chunks(archive, part):
                size += len(chunk)
                if size > LARGEST_CONTENT:
                    raise InputError(f"{path.name} 展开后超过{LARGEST_CONTENT >> 20} MB；请按学校或班级拆成几个文件")
                if part.filename.lower().endswith(".xml"):
                    extent.feed(chunk)
            cells += extent.rows * extent.columns
            if cells > MOST_CELLS:
                raise InputError(
                    f"{path.name} 的表太大：内容到第{extent.rows}行、第{extent.columns}列；"
                    "请删去离数据很远的单元格，或者按学校拆成几个文件"
                )


def _chunks(archive: ZipFile, part: ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as content:
        while chunk := content.read(_CHUNK):
            yield chunk


class _Extent:
    """How far the filled cells of one part reach; cells that are only formatted do not count."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._row = self._column = 0
        self._letters: dict[str, int] = {}
        self._parser = ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the part; raises ExpatError or ValueError for what is no sheet's XML."""
        self._parser.Parse(chunk, False)

    def _doctype(self, *_: object) -> None:
        raise ValueError("a workbook's part declares no document type")

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._cell(attributes.get("r"))
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
        elif name in _CONTENT:
            self.rows = max(self.rows, self._row)
            self.columns = max(self.columns, self._column)

    def _cell(self, place: str | None) -> None:
        if place is None:
            self._column += 1
            return
        letters = place.rstrip(_DIGITS)
        self._row = int(place[len(letters) :])
        if letters not in self._letters:
            self._letters[letters] = _number(letters)
        self._column = self._letters[letters]


def _number(letters: str) -> int:
    """A column's number by its letters: A is 1, AA is 27; int() refuses what is no letter."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + int(letter, 36) - 9
    return number
