"""Files that would harm or mislead: each is read right or refused in one sentence, in bounded memory and time."""

from __future__ import annotations

import gc
import shutil
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook

from engine.errors import InputError
from engine.roster import apart, sheets, workbook
from engine.roster.register import read_register
from engine.roster.sheets import read_sheets
from tests.district import LITTLE
from tests.roster.test_hard_lists import SHEET, altered
from tests.roster.test_lists import HEADER, book, row


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every workbook is large: it is not looked through before it is opened in its process apart."""
    monkeypatch.setattr(workbook, "SMALL", 0)


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process apart does is done here."""

    def here(path: Path) -> Iterator[apart.Frame]:
        yield from apart.frames(path)

    monkeypatch.setattr(apart, "frames_apart", here)


def zipped(path: Path, part: str, pieces: Iterator[bytes]) -> Path:
    """A workbook of which one part is replaced by pieces that need not fit in memory."""
    out = path.with_name(f"zipped-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for info in old.infolist():
            with new.open(info.filename, "w", force_zip64=True) as written:
                for piece in pieces if info.filename == part else (old.read(info),):
                    written.write(piece)
    return out


@pytest.mark.usefixtures("large")
class TestApart:
    """A workbook is opened in a process of its own."""

    def test_same(self, tmp_path: Path) -> None:
        """What is read apart is what would be read here, days and times included."""
        assert len(read_register(LITTLE / "register.xlsx").rows) == 62
        path = book(tmp_path / "d.xlsx", [["a", "b"], [datetime(2026, 9, 1), time(9, 5)], [True, 2.5]])
        cells = [each.cells for each in next(read_sheets(path, ("a", "b"))).rows]
        assert cells == [{"a": "2026-09-01", "b": "09:05:00"}, {"a": True, "b": 2.5}]

    def test_far_cell(self, tmp_path: Path) -> None:
        """A cell so far away that opening the sheet takes all memory there is ends that process alone; its place is told."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        made = load_workbook(path)
        made.worksheets[0].cell(row=1_048_576, column=16_384, value="x")
        made.save(path)
        with pytest.raises(InputError, match="第1048576行、第16384列"):
            read_register(path)

    def test_blank_rows(self, tmp_path: Path) -> None:
        """A million blank rows below the data are passed over."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        with zipfile.ZipFile(path) as archive:
            begin, end = archive.read(SHEET).split(b"</sheetData>")
        blank = (
            b"".join(b'<row r="%d"/>' % at for at in range(first, first + 1000)) for first in range(5, 10**6, 1000)
        )
        path = zipped(path, SHEET, iter([begin, *blank, b"</sheetData>" + end]))
        assert [each.name for each in read_register(path).rows] == ["张小明"]

    def test_damaged(self, tmp_path: Path) -> None:
        """A sheet that breaks off is refused, not read as far as it goes."""
        path = altered(book(tmp_path / "r.xlsx", [HEADER, row()]), lambda content: content[: len(content) // 2])
        with pytest.raises(InputError, match="另存为"):
            read_register(path)

    @pytest.mark.parametrize("says", ["exit 1", "printf '\\0\\0\\0\\0\\0\\0\\0\\5abc'"])
    def test_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
        """When that process is ended by its limits, before a word or in the middle of one, the file is refused."""
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(program))
        with pytest.raises(InputError, match="超过内存或时间限度"):
            read_register(LITTLE / "register.xlsx")


@pytest.mark.usefixtures("inside")
class TestInsideApart:
    """What the process apart does."""

    def test_plain(self) -> None:
        """A frame with days is told as texts, any other as it is."""
        told = apart.plain(("rows", 2, [["a", 1.5, datetime(2026, 9, 1), time(9, 5)], ["a", "b"], ["a\x1fb", "c"]]))
        assert apart.marshal.loads(told[8:]) == (
            "rows",
            2,
            [["a", 1.5, "2026-09-01", "09:05:00"], "a\x1fb", ["a\x1fb", "c"]],
        )

    def test_broken_off(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What breaks off among the rows of a sheet is refused: no row of it is kept."""
        begun = iter([("sheet", "册", False, ""), ("rows", 2, [*zip(HEADER, row(), strict=True)]), ("unreadable", "x")])
        monkeypatch.setattr(apart, "frames", lambda _: begun)
        with pytest.raises(InputError, match="无法读取"):
            read_register(LITTLE / "register.xlsx")

    def test_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It bounds its memory and its time, and leaves no core."""
        set_: dict[int, Any] = {}
        monkeypatch.setattr(apart.resource, "setrlimit", set_.__setitem__)
        apart.limit()
        names = (apart.resource.RLIMIT_AS, apart.resource.RLIMIT_CPU, apart.resource.RLIMIT_CORE)
        assert [set_[name][1] for name in names] == [apart.MEMORY, apart.SECONDS, 0]

    def test_says(self, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
        """It says the sheets with their rows, or how far the cells reach where that is too far, and that it came to its end."""
        monkeypatch.setattr(apart, "limit", lambda: None)
        end = apart.plain(("end",))
        try:
            apart.main("rows", LITTLE / "register.xlsx")
            assert capsysbinary.readouterr().out.endswith(end)
            apart.main("far", LITTLE / "register.xlsx")
            assert capsysbinary.readouterr().out == end
            monkeypatch.setattr(apart, "MOST_CELLS", 10)
            apart.main("far", LITTLE / "register.xlsx")
            assert capsysbinary.readouterr().out == apart.plain(("far", 65, 16)) + end
        finally:
            gc.enable()
        assert list(apart.frames(LITTLE / "register.xlsx")) == [("far", 65, 16)]

    def test_panic(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Even a panic of the reading library is a file that cannot be read; an interruption is none."""

        class Panic(BaseException):
            """What is no Exception."""

        def fail(error: type[BaseException]) -> Any:
            def from_filelike(_: BytesIO) -> None:
                raise error

            return type("Reader", (), {"from_filelike": staticmethod(from_filelike)})

        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        monkeypatch.setattr(apart, "CalamineWorkbook", fail(Panic))
        with pytest.raises(InputError, match="Panic"):
            read_register(path)
        monkeypatch.setattr(apart, "CalamineWorkbook", fail(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            read_register(path)

    def test_many_rows(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rows come a few at a time, and whoever waits is told how far the reading is."""
        monkeypatch.setattr(apart, "AT_ONCE", 2)
        told: list[int] = []
        path = book(tmp_path / "r.xlsx", [HEADER, *(row(f"G{at}", id_number=None) for at in range(5))])
        assert len(read_register(path, watch=told.append).rows) == 5
        assert told == [1, 3, 5]

    def test_collection(self) -> None:
        """What was not looking for circles before does not do so afterwards."""
        gc.disable()
        try:
            with sheets.without_collection():
                assert not gc.isenabled()
            assert not gc.isenabled()
        finally:
            gc.enable()

    def test_huge_text(self, tmp_path: Path) -> None:
        """A small file whose one text is 256 MiB long is refused while it is unpacked."""
        path = tmp_path / "r.xlsx"
        with xlsxwriter.Workbook(path) as made:
            made.add_worksheet("册").write_row(0, 0, HEADER)
        pieces = (b"A" * (1 << 20) for _ in range(257))
        path = zipped(path, "xl/sharedStrings.xml", pieces)
        assert path.stat().st_size < 3 << 20
        with pytest.raises(InputError, match="展开后超过256 MB"):
            read_register(path)


class TestOtherFiles:
    """What is no workbook, or another one than it seems."""

    def test_password(self, tmp_path: Path) -> None:
        """A workbook with a password and one of the old format are told apart, each with its remedy."""
        path = tmp_path / "r.xlsx"
        path.write_bytes(workbook._OLE + b"\0" * 600 + workbook._ENCRYPTED)
        with pytest.raises(InputError, match="加了密码"):
            read_register(path)
        path.write_bytes(workbook._OLE + b"\0" * 600)
        with pytest.raises(InputError, match="旧格式"):
            read_register(path)

    def test_truncated(self, tmp_path: Path) -> None:
        """A file that was not copied to its end is refused."""
        path = tmp_path / "r.xlsx"
        path.write_bytes((LITTLE / "register.xlsx").read_bytes()[:5000])
        with pytest.raises(InputError, match="无法读取"):
            read_register(path)

    def test_wrong_ending(self, tmp_path: Path) -> None:
        """A workbook that is called .csv is read as the workbook it is."""
        path = tmp_path / "r.csv"
        shutil.copy(LITTLE / "register.xlsx", path)
        assert len(read_register(path).rows) == 62

    @pytest.mark.parametrize("mark", ["utf-16", "utf-16-le"])
    def test_foreign_encoding(self, tmp_path: Path, mark: str) -> None:
        """Parts in another encoding, in which a document type could hide, are refused."""
        path = altered(book(tmp_path / "r.xlsx", [HEADER, row()]), lambda content: content.decode().encode(mark))
        with pytest.raises(InputError, match="另存为"):
            read_register(path)

    def test_external_type(self, tmp_path: Path) -> None:
        """A document type that names another file is refused, in whichever part it stands."""
        external = b'<!DOCTYPE x SYSTEM "file:///etc/passwd">'
        path = altered(book(tmp_path / "r.xlsx", [HEADER, row()]), lambda content: external + content, "xl/styles.xml")
        with pytest.raises(InputError, match="另存为"):
            read_register(path)

    def test_chart(self, tmp_path: Path) -> None:
        """A sheet that is a chart has no rows."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        made = load_workbook(path)
        made.create_chartsheet("图")
        made.save(path)
        assert len(read_register(path).rows) == 1


class TestUntold:
    """Cells whose value the file does not tell."""

    def test_formula(self, tmp_path: Path) -> None:
        """A formula that was never worked out and an error value are errors where the column is read; others do not matter."""
        made = Workbook()
        sheet = made.worksheets[0]
        sheet.title = "册"
        for line in ([*HEADER, "备用"], row(), row("G2", id_number=None)):
            sheet.append([*line, "=1+1"] if line[0] != "学籍号" else line)
        sheet["B3"] = '="李"&"四"'
        sheet["F2"] = "#N/A"
        made.save(tmp_path / "f.xlsx")
        found = read_register(tmp_path / "f.xlsx")
        assert [(each.row, each.column, each.code) for each in found.errors if each.code != "missing"] == [
            (2, "班级", "error_value"),
            (3, "姓名", "formula"),
        ]
        assert found.rows == ()

    def test_hidden(self, tmp_path: Path) -> None:
        """A hidden sheet with a table is not read in silence: it is told, and its pupils are left out."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        made = load_workbook(path)
        other = made.copy_worksheet(made.worksheets[0])
        other.cell(row=40, column=1, value="G2")
        other.title, other.sheet_state = "旧册", "hidden"
        made.save(path)
        found = read_register(path)
        assert [(each.sheet, each.code) for each in found.errors] == [("旧册", "hidden")]
        assert len(found.rows) == 1

    def test_long(self, tmp_path: Path) -> None:
        """A text that is too long for its cell is an error, whatever else stands in the row, and is not repeated."""
        path = book(tmp_path / "r.xlsx", [HEADER, row(name="长" * 101), row("G2", name="长" * 30_000, id_number=None)])
        errors = read_register(path).errors
        assert [(each.row, each.code, len(each.message) < 60) for each in errors] == [
            (4, "too_long", True),
            (5, "too_long", True),
        ]
