"""Lines of a sheet that are no data: totals and notes under the table, and the header that is printed again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.roster.apart import Block
from engine.roster.columns import plain

LEADING = 7
"""Such a line begins in one of the first four columns, or as many after the three that stand beside a mended list."""

_TOTAL = r"[合总小共]\s*计(?:[\s\d:：(（].*)?|共\s*\d+\s*[名人].*"
_BY = "注|备注|说明|填表说明|(?:填表|填报|制表|审核|复核)人?|负责人|经办人|校长|班主任|签[名字]|盖章|(?:填表)?日期"
_ALONE = "(?:填表|填报|制表|审核|复核)[人日]期?|负责人|经办人|班主任"
_FOOT = re.compile(rf"\s*(?:{_TOTAL}|(?:{_BY})\s*[:：].*|(?:{_ALONE})\s*)", re.DOTALL)
_SIGN = re.compile("[计共:：表报核责办班]")
"""One of these stands in each."""

_WHEREVER = re.compile(r"\s*[合总小共]\s*计\s*")
"""What makes a line a total also after the name of a class."""

_SAID = re.compile(rf"\s*(?:{_BY})\s*[:：]\s*\S.*", re.DOTALL)
"""In a row with the first two columns that a list must have this is a remark on a child; a label alone never is."""

_NUMBER = re.compile(r"\s*[\d.]*\s*")


def data_of(block: Block, columns: Sequence[Sequence[object]], header: Sequence[object]) -> list[bool]:
    """For each of a block's last rows whether it is data; `columns` and `header` have the cells that are read."""
    height = len(columns[0])
    feet = {
        at
        for at, cell in _feet(block, height)
        if not (_SAID.fullmatch(cell) and all(_is_data(column[at]) for column in columns[:2]))
    }
    if header[0] in columns[0]:
        headings, rows = [*map(plain, header)], enumerate(zip(*columns, strict=True))
        feet.update(at for at, row in rows if row[0] == header[0] and [*map(plain, row)] == headings)
    return [at not in feet for at in range(height)]


def _is_data(cell: object) -> bool:
    text = str(cell).strip()
    return bool(text) and not _FOOT.fullmatch(text)


def _feet(block: Block, height: int) -> Iterator[tuple[int, str]]:
    most = min(LEADING, len(block.columns))
    signed = [at for at in range(most) if not isinstance(whole := block.columns[at], str) or _SIGN.search(whole)]
    if not signed:
        return
    leading = [block.column(at)[block.height - height :] for at in range(signed[-1] + 1)]
    for column in signed:
        for at, cell in enumerate(leading[column]):
            if isinstance(cell, str) and _FOOT.fullmatch(cell):
                # Behind the name of a child it is what somebody wrote about that child.
                before = (str(cells[at]) for cells in leading[:column])
                if _WHEREVER.fullmatch(cell) or all(map(_NUMBER.fullmatch, before)):
                    yield at, cell
