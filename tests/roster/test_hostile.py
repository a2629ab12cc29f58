"""Files made to take the reader down: each is refused in one sentence, and whoever reads it goes on."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from engine.errors import InputError
from engine.roster import separated, workbook
from engine.roster.attendance import read_roster
from engine.roster.register import read_register
from engine.roster.sheets import propose
from tests.roster.test_hard_lists import SHEET, altered
from tests.roster.test_lists import HEADER, row

FAR = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'


def packed(path: Path, change: Callable[[str, bytes], tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED) -> Path:
    """The workbook with its parts changed, named and packed in another way."""
    out = path.with_name(f"packed-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", how) as new:
        for info in old.infolist():
            new.writestr(*change(info.filename, old.read(info)))
    return out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small register of one pupil."""
    path = tmp_path / "r.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        for at, line in enumerate((HEADER, row())):
            sheet.write_row(at, 0, line)
    return path


class TestWorkbooks:
    """Small workbooks that ask for all memory there is."""

    def test_false_count(self, path: Path) -> None:
        """A count of texts that the file does not have ends the process that opens it, not the one that asks."""

        def change(name: str, content: bytes) -> tuple[str, bytes]:
            return name, content.replace(b'ount="', b'ount="99999999')

        with pytest.raises(InputError, match="超过内存或时间限度"):
            read_register(packed(path, change))

    def test_hidden_part(self, path: Path) -> None:
        """A sheet under a name that no sheet has is opened there too, far cell and all."""

        def change(name: str, content: bytes) -> tuple[str, bytes]:
            if name == SHEET:
                return name.replace("sheet1.xml", "sheet1.dat"), content.replace(b"</sheetData>", FAR)
            return name, content.replace(b"sheet1.xml", b"sheet1.dat")

        with pytest.raises(InputError, match="超过内存或时间限度"):
            read_register(packed(path, change))

    @pytest.mark.parametrize("how", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    def test_packing(self, path: Path, how: int) -> None:
        """Parts that are packed as no office program packs them are refused unopened."""
        with pytest.raises(InputError, match="无法读取"):
            read_register(packed(path, lambda name, content: (name, content), how))

    @pytest.mark.parametrize(("part", "kind"), [("content.xml", "ods"), ("Xl\\Workbook.bin", "xlsb")])
    def test_other_kinds(self, tmp_path: Path, part: str, kind: str) -> None:
        """A workbook of another kind is refused by its content, whatever it is called, with how to save it again."""
        for ending in (kind, "xlsx"):
            file = tmp_path / f"r.{ending}"
            with zipfile.ZipFile(file, "w") as made:
                made.writestr(part, "<x/>")
            with pytest.raises(InputError, match=rf"是 \.{kind} 格式；请.*另存为 \.xlsx"):
                read_register(file)

    @pytest.mark.parametrize("ending", ["xls", "et", "ods", "pdf"])
    def test_ending(self, path: Path, ending: str) -> None:
        """A workbook is read whatever its name ends with."""
        renamed = path.with_suffix(f".{ending}")
        shutil.copy(path, renamed)
        assert len(read_register(renamed).rows) == 1

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize(
        "junk",
        [
            b"<f>x</f>" + b"<c " * 100_000,
            b"<f>x</f><c " + b'r="A1" ' * 50_000,
            b"<f>x</f>" + b'<c r="A1" ' * 50_000,
            b'<c r="A1"><f ' * 50_000,
            b't="e"' + b'<c r="A1" ' * 50_000,
            (b'<c r="A1">' + b" " * 5_000) * 100 + b"<f>",
        ],
    )
    def test_endless_tags(self, path: Path, junk: bytes) -> None:
        """Tags that never end are passed over in time that grows with their length, not with its square."""
        with pytest.raises(InputError, match="无法读取"):
            read_register(altered(path, lambda content: content.replace(b"</sheetData>", junk)))

    def test_many_formulas(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each formula without result is told once, wherever the reading paused; more of them than a list can have are refused."""
        lines = b"".join(
            b'<row r="%d"><c r="B%d"><f>A%d</f></c><c r="A%d" t="inlineStr"><is><t>G%d</t></is></c></row>' % ((at,) * 5)
            for at in range(3, 20_000)
        )
        file = altered(path, lambda content: content.replace(b"</sheetData>", lines + b"</sheetData>"))
        found = [error.row for error in read_register(file).errors if error.code == "formula"]
        assert found == [*range(3, 20_000)]
        monkeypatch.setattr(workbook, "MOST_FLAWS", 1000)
        with pytest.raises(InputError, match="公式太多"):
            read_register(file)


class TestTexts:
    """Text files that ask for more than their bytes."""

    def test_width(self, tmp_path: Path) -> None:
        """A line wider than any sheet is refused, also one that would be filled up to in every other line."""
        path = tmp_path / "r.csv"
        for wide in ([*HEADER, *["x"] * 20_000], [*[""] * 20_000, "x"]):
            path.write_text("\n".join([",".join(HEADER), *["G1"] * 900, ",".join(wide)]))
            with pytest.raises(InputError, match="内容到第902行、第20"):
                propose(path, HEADER, ())

    @pytest.mark.timeout(20)
    def test_long_title(self, tmp_path: Path) -> None:
        """A title as long as a cell can be is looked through in time that grows with its length."""
        path = tmp_path / "r.csv"
        path.write_text("学校" * 60_000 + "\n姓名,到校情况\n张三,√\n")
        assert [each.code for each in read_roster(path).errors] == ["title"]

    @pytest.mark.timeout(20)
    def test_blank_name(self, tmp_path: Path) -> None:
        """Names of many wide blanks are folded in time that grows with their length."""
        path = tmp_path / "r.csv"
        path.write_text(f"{','.join(HEADER)}\n" + f"G1,张{chr(0x1680) * 32_000}三\n" * 20, encoding="utf-8")
        assert "too_long" in {error.code for error in read_register(path).errors}

    def test_room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a sheet may not hold, a text file may not either."""
        monkeypatch.setattr(separated, "MOST_CELLS", 20)
        path = tmp_path / "r.csv"
        path.write_text("a,b\n" * 10)
        assert len(list(separated.read_separated(path))) == 10
        path.write_text("a,b,c\n" * 10)
        with pytest.raises(InputError, match="内容到第7行、第3列"):
            list(separated.read_separated(path))

    def test_blank_cells(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Empty cells beside and below the table do not count, however many an export writes."""
        monkeypatch.setattr(separated, "MOST_CELLS", 100)
        cells = [["" if cell is None else str(cell) for cell in line] for line in (HEADER, row(), [], row("G2"))]
        path = tmp_path / "r.csv"
        path.write_text("\n".join(",".join(line) + "," * 500 for line in cells) + "\n,,,,,\n" * 1000)
        rows = list(separated.read_separated(path))
        assert (len(rows), {len(each) for each in rows}) == (4, {len(HEADER)})
        assert [error.row for error in read_register(path).errors] == [2, 4]
