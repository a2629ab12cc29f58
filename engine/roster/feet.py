"""Lines of a sheet that are no data: totals and notes under the table, and the header that is printed again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.roster.apart import Block
from engine.roster.columns import plain

LEADING = 4
"""Such a line begins in one of the first columns."""

_TOTAL = r"[合总小共]\s*计(?:[\s\d:：(（].*)?|共\s*\d+\s*[名人].*"
_BY = "注|备注|说明|填表说明|(?:填表|填报|制表|审核|复核)人?|负责人|经办人|校长|班主任|签[名字]|盖章|(?:填表)?日期"
_ALONE = "(?:填表|填报|制表|审核|复核)[人日]期?|负责人|经办人|班主任"
_FOOT = re.compile(rf"\s*(?:{_TOTAL}|(?:{_BY})\s*[:：].*|(?:{_ALONE})\s*)", re.DOTALL)
_SIGN = re.compile("[计共:：表报核责办班]")
"""One of these stands in each."""


def data_of(block: Block, columns: Sequence[Sequence[object]], headings: Sequence[str]) -> list[bool]:
    """For each of a block's last rows whether it is data; `columns` are the cells of the columns that are read."""
    height = len(columns[0])
    feet = {at for column in range(min(LEADING, len(block.columns))) for at in _feet(block, column, height)}
    if headings[0] in columns[0]:
        rows = enumerate(zip(*columns, strict=True))
        feet.update(at for at, row in rows if row[0] == headings[0] and [*map(plain, row)] == headings)
    return [at not in feet for at in range(height)]


def _feet(block: Block, column: int, height: int) -> Iterator[int]:
    whole = block.columns[column]
    if isinstance(whole, str) and not _SIGN.search(whole):
        return
    for at, cell in enumerate(block.column(column)[block.height - height :]):
        if isinstance(cell, str) and _FOOT.fullmatch(cell):
            yield at
