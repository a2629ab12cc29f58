"""Files as they are uploaded: looked through before they are opened, so that a bad one harms nothing."""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.parsers.expat import ExpatError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from engine.errors import InputError
from engine.roster import apart
from engine.roster.extent import LARGEST_CONTENT, Extent, chunks, column_number, too_far
from engine.roster.separated import read_separated

LARGEST_FILE = 30 * 1024 * 1024

SMALL = 1024 * 1024
"""Bytes that are looked through element by element before they are opened."""

_MACROS = ("vbaproject.bin", "xl/macrosheets/")
_TEXT = (".csv", ".txt", ".tsv")
_OTHERS = {"content.xml": ".ods", "xl/workbook.bin": ".xlsb"}
"""Parts of other kinds of workbook, which the reader would open as well, and take in whole whatever they say."""

_PACKED = frozenset({ZIP_STORED, ZIP_DEFLATED})
"""How a workbook's parts are packed; other ways ask for as much memory as the archive says."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OVERLAP = 4096
_DTD = b"<!DOCTYPE"
_SHORT = rb"[^<>]{0,300}"
"""What stands in a tag: without bound, one that never ends would be looked through from each of its places."""

_UNTOLD = re.compile(
    rb"<c " + _SHORT + rb'?\br="([A-Z]{1,3})(\d{1,7})"' + _SHORT + rb">\s{0,99}"
    rb"<f\b" + _SHORT + rb"?(?:/>|>[^<]*</f>)\s{0,99}(?:<v\s{0,9}/>|<v></v>)?\s{0,99}</c>"
)
_FAULT = re.compile(rb"<c (?=" + _SHORT + rb'\bt="e")' + _SHORT + rb'?\br="([A-Z]{1,3})(\d{1,7})"' + _SHORT + rb">")
MOST_FLAWS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A cell whose value the file does not tell: a formula never worked out, or an error; counted from 1."""

    row: int
    column: int
    code: str  # formula | error_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One sheet; `blocks` gives its raw cells, the first being Excel's row 1, and is read before the next sheet.

    `hidden` when Excel does not show it.
    """

    name: str
    hidden: bool
    blocks: Iterator[apart.Block]
    flaws: tuple[Flaw, ...] = ()

    @property
    def rows(self) -> Iterator[Sequence[object]]:
        """The blocks' cells row by row."""
        return (row for block in self.blocks for row in block.rows())


def read_grids(path: Path) -> Iterator[Grid]:
    """Every sheet of a workbook (XLSX), or the one table of a text file (CSV), whatever its name ends with.

    Raises InputError for what is neither, is damaged, encrypted, too large or has macros; each with a remedy. What a
    workbook needs is bounded: it is unpacked under a budget and opened in a process with limits of its own.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(_OLE))
            size = file.seek(0, 2)
        if size > LARGEST_FILE:
            raise InputError(f"{path.name} 超过{LARGEST_FILE >> 20} MB；请按学校或班级拆成几个文件")
        if begin.startswith(b"PK"):
            yield from _workbook(path)
        elif begin == _OLE:
            raise InputError(_ole(path))
        elif path.suffix.lower() in _TEXT:
            yield Grid(name=path.stem, hidden=False, blocks=apart.blocks(read_separated(path)))
        else:
            raise InputError(unreadable(path, "内容不是工作簿"))
    except (BadZipFile, ExpatError, OSError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise InputError(unreadable(path, type(error).__name__)) from None


def unreadable(path: Path, why: str) -> str:
    """The sentence for a file that nobody can open."""
    return (
        f"{path.name} 无法读取：不是 .xlsx 工作簿，或者已损坏、加了密码；"
        f"请在 Excel 或 WPS 中去掉密码，另存为 .xlsx 或 .csv 再导入（{why}）"
    )


def _ole(path: Path) -> str:
    if _ENCRYPTED in path.read_bytes():
        return f"{path.name} 加了密码，无法读取；请在 Excel 或 WPS 中去掉密码，另存为 .xlsx 再导入"
    return f"{path.name} 是旧格式（.xls、.et）；请在 Excel 或 WPS 中另存为 .xlsx 再导入"


def _workbook(path: Path) -> Iterator[Grid]:
    flaws = _look_through(path)
    # Also a small one: a number in it can make the reader ask for all memory there is, which ends its process.
    source = apart.frames_apart(path)
    for frame in source:
        if frame[0] != "sheet":
            raise _refusal(path, frame)
        _, name, hidden, part = frame
        blocks = _blocks(path, source)
        yield Grid(name=name, hidden=hidden, blocks=blocks, flaws=tuple(dict.fromkeys(flaws.get(part, ()))))
        # Rows that nobody asked for are passed over, so that the next frame begins a sheet.
        deque(blocks, maxlen=0)


def _blocks(path: Path, source: Iterator[apart.Frame]) -> Iterator[apart.Block]:
    for frame in iter(partial(next, source), ("last",)):
        if frame[0] != "rows":
            raise _refusal(path, frame)
        yield apart.Block(*frame[1:])


def _refusal(path: Path, frame: apart.Frame) -> InputError:
    """The error for a frame that tells why there are no more rows."""
    if frame[0] == "far":
        return too_far(path, int(frame[1]), int(frame[2]))
    return InputError(unreadable(path, str(frame[1])))


def _look_through(path: Path) -> dict[str, list[Flaw]]:
    """Count what the parts unpack to and refuse what must not be opened; flaws by part."""
    size, flaws = 0, dict[str, list[Flaw]]()
    with ZipFile(path) as archive:
        parts = archive.infolist()
        for part in parts:
            name = part.filename.lower().replace("\\", "/")
            if any(mark in name for mark in _MACROS):
                raise InputError(f"{path.name} 含有宏；请另存为不带宏的 .xlsx 再导入")
            if name in _OTHERS:
                raise InputError(f"{path.name} 是 {_OTHERS[name]} 格式；请在 Excel 或 WPS 中另存为 .xlsx 再导入")
            if part.compress_type not in _PACKED:
                raise ValueError("a workbook's parts are stored or deflated")
        for part in parts:
            size = _scan(path, archive, part, size=size, flaws=flaws.setdefault(part.filename, []))
        if size <= SMALL:
            _measure(path, archive)
    return flaws


def _scan(path: Path, archive: ZipFile, part: ZipInfo, *, size: int, flaws: list[Flaw]) -> int:
    """Unpack one part under the budget; document types and foreign encodings are refused, flaws noted."""
    tail = b""
    xml = part.filename.lower().endswith((".xml", ".rels"))
    for chunk in chunks(archive, part):
        size += len(chunk)
        if size > LARGEST_CONTENT:
            raise InputError(f"{path.name} 展开后超过{LARGEST_CONTENT >> 20} MB；请按学校或班级拆成几个文件")
        if xml:
            if not tail and (chunk[:1] in {b"\xff", b"\xfe"} or chunk[1:2] == b"\x00"):
                raise ValueError("a workbook's parts are in UTF-8")
            text = tail + chunk
            # A single byte is found many times faster than several, and mostly none of these is there.
            if b"!" in text and _DTD in text:
                raise ValueError("a workbook's part declares no document type")
            if (b"f" in text and b"<f" in text) or (b"e" in text and b't="e"' in text):
                flaws.extend(_flaws(text))
                if len(flaws) > MOST_FLAWS:
                    raise InputError(f"{path.name} 里没有结果的公式太多；请在 Excel 中打开、保存后再导入")
            tail = text[-_OVERLAP:]
    return size


def _flaws(text: bytes) -> Iterator[Flaw]:
    for code, pattern in (("formula", _UNTOLD), ("error_value", _FAULT)):
        for found in pattern.finditer(text):
            yield Flaw(row=int(found[2]), column=column_number(found[1].decode()), code=code)


def _measure(path: Path, archive: ZipFile) -> None:
    """Refuse a far cell before it is opened, and XML that is not well formed."""
    for part in archive.infolist():
        if part.filename.lower().endswith(".xml"):
            extent = Extent()
            for chunk in chunks(archive, part):
                extent.feed(chunk)
            if extent.too_far:
                raise too_far(path, extent.rows, extent.columns)
