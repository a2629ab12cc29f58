"""A list's errors as a workbook, whatever the list's sheets are called and whatever stands in them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook

from engine.roster.register import OPTIONAL, WANTED, read_register
from engine.roster.sheets import read_sheets
from engine.services.errors_sheet import Faulty, error_sheet
from tests.roster.test_hard_lists import sheets_of
from tests.roster.test_lists import HEADER, book, row


def told(path: Path, *, whole: bool = False) -> BytesIO:
    """The workbook of a register's errors."""
    sheets = tuple(read_sheets(path, WANTED, OPTIONAL))
    return BytesIO(error_sheet(Faulty(path=path, sheets=sheets, errors=read_register(path).errors, whole=whole)))


class TestErrorSheet:
    """The workbook."""

    def test_names(self, tmp_path: Path) -> None:
        """A text file's name that no sheet may have is made one; sheets without errors are left out."""
        path = tmp_path / f"学籍[1]{'册' * 40}.csv"
        path.write_text("\n".join(",".join(str(cell or "") for cell in line) for line in (HEADER, row("G1", "", None))))
        assert load_workbook(told(path)).sheetnames == ["错误", f"学籍_1_{'册' * 26}"]
        lines = [HEADER, row("G1", "", None)]
        path = sheets_of(tmp_path / "r.xlsx", ("错误", lines), ("好", [HEADER, row("G2")]), ("错误(2)", lines))
        assert load_workbook(told(path)).sheetnames == ["错误", "错误(2)", "错误(2)(2)"]

    def test_cells(self, tmp_path: Path) -> None:
        """Cells come back as they were: texts, numbers and truths; none is a formula, and a sheet of errors alone is passed over."""
        lines = [[*HEADER, "备用"], [*row("G1", "", None), True], [*row("G2", "", None), 2.5], row("@G3", "", None)]
        made = load_workbook(told(book(tmp_path / "r.xlsx", lines)))
        cells = list(made["册"].iter_rows(min_row=4, min_col=4, values_only=True))
        assert [line[-1] for line in cells] == [True, 2.5, None]
        assert cells[2][0] == "@G3"
        assert "f" not in {cell.data_type for sheet in made for line in sheet.iter_rows() for cell in line}
        made.save(tmp_path / "again.xlsx")
        again = read_register(tmp_path / "again.xlsx")
        assert {each.code for each in again.errors} == {"missing"}
        assert {each.sheet for each in again.errors} == {"册"}

    def test_totals(self, tmp_path: Path) -> None:
        """A total under the list is none of its lines also where three columns stand beside it."""
        lines = [HEADER, row("G1", "", None), [None, "合计：1人"], ["注：表中为七年级"]]
        path = tmp_path / "again.xlsx"
        path.write_bytes(told(book(tmp_path / "r.xlsx", lines), whole=True).getvalue())
        assert [(each.row, each.code) for each in read_register(path).errors] == [(4, "missing")]
