"""How far the cells of a workbook reach: a cell far away makes a small file ask for all memory there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers.expat import ParserCreate
from zipfile import ZipFile, ZipInfo

from engine.errors import InputError

LARGEST_CONTENT = 256 * 1024 * 1024
"""Bytes of all parts together once unpacked."""

MOST_CELLS = 10_000_000
"""Rows times columns of a sheet: a district's register has 60,000 rows of some sixty columns."""

_CHUNK = 1 << 20
_DIGITS = "0123456789"
_CONTENT = frozenset({"v", "is"})


def chunks(archive: ZipFile, part: ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes of one part, a little at a time."""
    with archive.open(part) as content:
        while chunk := content.read(_CHUNK):
            yield chunk


def too_far(path: Path, rows: int, columns: int) -> InputError:
    """The error for a sheet that reaches too far."""
    return InputError(
        f"{path.name} 的表太大：内容到第{rows}行、第{columns}列；请删去离数据很远的单元格，或者按学校拆成几个文件"
    )


def farthest(path: Path) -> tuple[int, int]:
    """How far the sheet with the most room reaches, in rows and columns."""
    found = [(0, 0)]
    with ZipFile(path) as archive:
        for part in archive.infolist():
            if part.filename.lower().endswith(".xml"):
                extent = Extent()
                for chunk in chunks(archive, part):
                    extent.feed(chunk)
                found.append((extent.rows, extent.columns))
    return max(found, key=lambda each: each[0] * each[1])


def column_number(letters: str) -> int:
    """A column's number by its letters: A is 1, AA is 27; int() refuses what is no letter."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + int(letter, 36) - 9
    return number


class Extent:
    """How far the filled cells of one part reach; cells that are only formatted do not count."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._row = self._column = 0
        self._letters: dict[str, int] = {}
        self._parser = ParserCreate()
        self._parser.StartElementHandler = self._start

    @property
    def too_far(self) -> bool:
        """Whether the room up to the last filled cell is more than may be opened."""
        return self.rows * self.columns > MOST_CELLS

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the part; raises ExpatError or ValueError for what is no sheet's XML."""
        self._parser.Parse(chunk, False)

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
            self._letters[letters] = column_number(letters)
        self._column = self._letters[letters]
