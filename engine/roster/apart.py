"""Opening a workbook: in a process apart, which may use so much memory and time and can write nothing."""

from __future__ import annotations

import gc
import marshal
import resource
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from engine.roster.extent import MOST_CELLS, farthest

MEMORY = 1536 << 20
"""Bytes of address space of the process apart."""

SECONDS = 120
"""Of computing; a workbook of the largest allowed size takes some twenty."""

AT_ONCE = 500
"""Rows in one frame."""

_PIPE = 1 << 20
"""Bytes that may be on their way: with few, the two processes wait for each other at every frame."""

_SIZE = 8
"""Bytes of a frame's length."""

_BETWEEN = "\x1f"
"""Stands between the cells of a column on its way: one text is written and read many times faster than its cells."""


class Block(NamedTuple):
    """Some rows of a sheet, at least one, column by column; a column may still be one text, as it came."""

    height: int
    columns: Sequence[str | Sequence[object]]

    def column(self, at: int) -> Sequence[object]:
        """The cells of a column."""
        column = self.columns[at]
        return column.split(_BETWEEN) if isinstance(column, str) else column

    def rows(self) -> Iterator[Sequence[object]]:
        """The cells row by row."""
        return zip(*map(self.column, range(len(self.columns))), strict=True)


Frame = tuple[Any, ...]
"""sheet, name, hidden, part · rows, height, columns · last · far, rows, columns · unreadable, why · end."""


def frames(path: Path) -> Iterator[Frame]:
    """The sheets of a workbook with their rows, each sheet ended by a frame of its own; never raises for a bad file."""
    try:
        # By its content: of a path the reader would look at the ending.
        book = CalamineWorkbook.from_filelike(BytesIO(path.read_bytes()))
        parts = _parts(path)
        for each in book.sheets_metadata:
            if each.typ is SheetTypeEnum.WorkSheet:
                hidden = each.visible is not SheetVisibleEnum.Visible
                yield from _sheet(book, each.name, hidden, part=parts.get(each.name, ""))
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001  a panic of the reader is no Exception
        yield "unreadable", type(error).__name__


def _sheet(book: CalamineWorkbook, name: str, hidden: bool, *, part: str) -> Iterator[Frame]:
    sheet = book.get_sheet_by_name(name)
    last_row, last_column = sheet.end or (0, 0)
    if (last_row + 1) * (last_column + 1) > MOST_CELLS:
        yield "far", last_row + 1, last_column + 1
        return
    yield "sheet", name, hidden, part
    before = (sheet.start or (0, 0))[1]
    for block in blocks(sheet.iter_rows()):
        yield "rows", block.height, [*[("",) * block.height] * before, *block.columns]
    yield ("last",)


def blocks(rows: Iterator[Sequence[object]]) -> Iterator[Block]:
    """Rows of one width, which is not nothing, a few at a time and column by column."""
    while some := list(islice(rows, AT_ONCE)):
        yield Block(len(some), list(zip(*some, strict=True)))


def _parts(path: Path) -> dict[str, str]:
    """Which part of the archive holds which sheet, as the workbook's own list says."""
    from xml.etree.ElementTree import fromstring  # noqa: PLC0415  declared document types are refused before

    with ZipFile(path) as archive:
        names = {each.lower().lstrip("/"): each for each in archive.namelist()}
        where = {part: names.get(part) for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")}
        book, relations = (fromstring(archive.read(name)) if name else () for name in where.values())  # noqa: S314
        targets = {each.get("Id"): str(each.get("Target")) for each in relations}
        found = {}
        for each in book.iter() if not isinstance(book, tuple) else ():
            if each.tag.endswith("}sheet"):
                at = next((value for key, value in each.attrib.items() if key.endswith("}id")), "")
                target = targets.get(at, "")
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                found[str(each.get("name"))] = names.get(part.lower(), part)
        return found


def frames_apart(path: Path) -> Iterator[Frame]:
    """The same frames out of a process apart; when its limits end it, one that says how far the cells reach."""
    done = yield from _listen(path, "rows")
    if not done:
        yield from _listen(path, "far")
        yield "unreadable", "超过内存或时间限度"


def _listen(path: Path, wanted: str) -> Generator[Frame, None, bool]:
    """What the process apart says; gives whether it came to its end."""
    command = [sys.executable, "-P", "-m", "engine.roster.apart", wanted, str(path)]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing, pipesize=_PIPE) as child:
        try:
            while child.stdout is not None and (size := child.stdout.read(_SIZE)):
                content = child.stdout.read(int.from_bytes(size, "big"))
                frame: Frame = marshal.loads(content)  # noqa: S302  from our own process, which only reads cells
                if frame[0] == "end":
                    child.wait()
                    return True
                yield frame
        except (EOFError, ValueError, TypeError):
            return False
        finally:
            child.kill()
    return False


def plain(frame: Frame) -> bytes:
    """A frame as bytes, after its length; days become texts in the form year-month-day."""
    content = marshal.dumps((*frame[:2], [*map(_packed, frame[2])]) if frame[0] == "rows" else frame)
    return len(content).to_bytes(_SIZE, "big") + content


def _packed(column: Sequence[Any]) -> str | list[object]:
    try:
        text = _BETWEEN.join(column)
    except TypeError:
        return [*map(_plain, column)]
    return text if text.count(_BETWEEN) == len(column) - 1 else list(column)


def _plain(cell: object) -> object:
    if isinstance(cell, (str, int, float)):
        return cell
    return f"{cell:%Y-%m-%d}" if isinstance(cell, (date, datetime)) else str(cell)


def limit() -> None:
    """Bound memory and time of this process, and let it write no file."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main(wanted: str, path: Path) -> None:
    """Say on standard output what is in the workbook."""
    limit()
    gc.disable()
    out = sys.stdout.buffer
    if wanted == "far":
        rows, columns = farthest(path)
        if rows * columns > MOST_CELLS:
            out.write(plain(("far", rows, columns)))
    else:
        for frame in frames(path):
            out.write(plain(frame))
    out.write(plain(("end",)))
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
