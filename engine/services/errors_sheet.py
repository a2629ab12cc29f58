"""The errors of a list as a workbook: one row an error, to mend the list by."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it publishes no types

from engine.roster.sheets import RowError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""

_HEADINGS = (("表", 18), ("行号", 8), ("列", 14), ("问题", 60), ("怎么改", 60))


def error_sheet(errors: Iterable[RowError]) -> bytes:
    """A workbook with as many rows below its heading as there are errors; every text is a text, never a formula."""
    content = BytesIO()
    with Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("错误")
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for at, (heading, width) in enumerate(_HEADINGS):
            sheet.set_column(at, at, width, wrapped)
            sheet.write_string(0, at, heading, bold)
        for at, each in enumerate(errors, 1):
            sheet.write_string(at, 0, each.sheet)
            sheet.write_number(at, 1, each.row)
            for column, text in enumerate((each.column, each.message, each.fix), 2):
                sheet.write_string(at, column, text)
        sheet.freeze_panes(1, 0)
    return content.getvalue()
