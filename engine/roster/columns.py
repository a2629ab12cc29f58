"""Columns: which of a sheet's own headings stands for which of ours, proposed by name and by content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "学籍号": ("全国学籍号", "学籍号码", "学籍编号", "国家学籍号", "全国统一学籍号"),
    "姓名": ("学生姓名", "学生", "名字"),
    "身份证号": ("身份证件号", "身份证号码", "身份证件号码", "公民身份号码", "身份证", "证件号码"),
    "学校": ("学校名称", "就读学校", "所在学校"),
    "班级": ("所在班级", "班级名称", "班"),
    "乡镇街道": ("乡镇", "所属乡镇", "乡镇（街道）", "乡镇(街道)", "街道", "所在乡镇"),
    "现居地": ("现住址", "家庭住址", "居住地址", "现居住地", "家庭地址", "住址"),
    "出生日期": ("出生年月日", "生日", "出生年月"),
    "重点群体": ("重点群体标记", "学生类别", "特殊群体"),
    "到校情况": ("报到情况", "是否到校", "到校", "到校标记", "到校与否"),
    "事由": ("备注", "原因", "未到原因", "未到校原因", "请假事由"),
    "监护人1姓名": ("监护人姓名", "家长姓名", "监护人一姓名", "监护人"),
    "监护人1关系": ("监护人关系", "与学生关系", "监护人一关系", "关系"),
    "监护人1电话": ("监护人电话", "家长电话", "联系电话", "监护人一电话", "监护人联系电话"),
    "监护人2姓名": ("监护人二姓名",),
    "监护人2关系": ("监护人二关系",),
    "监护人2电话": ("监护人二电话",),
}
"""How bureaus' lists head our columns; what is here is proposed, and a person may choose otherwise."""

TOLD_AS = ("表", "行号", "列", "问题", "怎么改")
"""How a sheet is headed that tells the errors of a list: when the list comes back with it, it is none of the list."""

_ID = re.compile(r"\d{17}[\dXx]")
_MOST = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a sheet offers: its headings as written, and for each of our columns the heading that seems to be meant."""

    sheet: str
    header: int
    headings: tuple[str, ...]
    meant: Mapping[str, str]
    """Ours → as written; empty for none."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """Our columns for which nothing was found."""
        return tuple(ours for ours, written in self.meant.items() if not written)


def plain(cell: object) -> str:
    """A heading as it is meant: without blanks, line ends and the asterisk of a must."""
    return re.sub(r"[\s*＊]", "", str(cell))


def renamed(headings: Sequence[str], ours: Sequence[str], chosen: Mapping[str, str]) -> tuple[str, ...]:
    """The headings in our words: as chosen by a person, else by our own name, else by one of its synonyms."""
    found = {plain(written): name for name, written in chosen.items() if written}
    for name in ours:
        if name in found.values() or name in headings:
            continue
        written = next((each for each in SYNONYMS.get(name, ()) if each in headings and each not in found), "")
        if written:
            found[written] = name
    taken = set(found.values())
    # A column of our name that a person did not choose must not stand beside the chosen one.
    return tuple(found.get(each) or ("" if each in taken else each) for each in headings)


def by_content(name: str, rows: Sequence[Sequence[object]], free: Sequence[int]) -> int | None:
    """The one free column in which most cells look like what this column holds; only ID numbers can be told so."""
    if name != "身份证号":
        return None
    fitting = []
    for at in free:
        cells = [text for row in rows if at < len(row) and (text := str(row[at]).strip())]
        if cells and sum(bool(_ID.fullmatch(text)) for text in cells) >= _MOST * len(cells):
            fitting.append(at)
    return fitting[0] if len(fitting) == 1 else None
