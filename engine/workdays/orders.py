"""Calendar files: holiday orders, school years, lunar days; each bad row is refused with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.errors import InputError, InstallationError

FIELDS = ("order", "dated", "status", "revision")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One day that an order names: off, or a make-up workday."""

    day: date
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class HolidayOrder:
    """The State Council's holiday order of one year, in one revision."""

    year: int
    order: str
    dated: str
    status: str
    revision: int
    rows: tuple[OrderRow, ...]

    @property
    def published(self) -> bool:
        """True when the order is out; a provisional file stays provisional."""
        return self.status == "published"


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """A school year: its days, and the terms inside it; the rest is vacation."""

    first: date
    last: date
    terms: tuple[tuple[date, date], ...]

    def in_term(self, day: date) -> bool:
        """True when the day lies in a term."""
        return any(first <= day <= last for first, last in self.terms)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InstallationError(f"日历文件 {path} 无法读取：{error}") from None
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if row and row[0].strip() and not row[0].startswith("#"):
            yield number, [cell.strip() for cell in row]


def _day(path: Path, number: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{path.name}:{number}: 「{text}」不是日期；应为 2026-10-01 的写法") from None


def read_orders(directory: Path) -> Mapping[int, HolidayOrder]:
    """The orders in ``holidays-YYYY*.csv``, the highest revision of each year."""
    found: dict[int, HolidayOrder] = {}
    for path in sorted(directory.glob("holidays-*.csv")):
        order = read_order(path)
        if order.year not in found or order.revision > found[order.year].revision:
            found[order.year] = order
    if not found:
        raise InstallationError(f"{directory} 里没有节假日文件；应有 holidays-2026.csv 这样的文件")
    return found


def read_order(path: Path) -> HolidayOrder:
    """One order: four heading lines (order, dated, status, revision), then rows of day, kind, name."""
    heads: dict[str, str] = {}
    rows: dict[date, OrderRow] = {}
    year = int(path.stem.split("-")[1][:4])
    for number, cells in _rows(path):
        if cells[0] in FIELDS:
            heads[cells[0]] = cells[1]
            continue
        if len(cells) != len(("day", "kind", "name")) or cells[1] not in ("off", "work"):
            raise InputError(f"{path.name}:{number}: 应为「日期,off 或 work,名称」")
        day = _day(path, number, cells[0])
        if day in rows:
            raise InputError(f"{path.name}:{number}: {day}写了两次")
        if day.year not in (year, year - 1):
            raise InputError(f"{path.name}:{number}: {day}不在{year}年，也不是上一年的调整")
        rows[day] = OrderRow(day, cells[1], cells[2])
    missing = [field for field in FIELDS if field not in heads]
    if missing:
        raise InputError(f"{path.name}:1: 缺少 {'、'.join(missing)} 行")
    if heads["status"] not in ("published", "provisional") or not heads["revision"].isdecimal():
        raise InputError(f"{path.name}:1: status 应为 published 或 provisional，revision 应为整数")
    ordered = tuple(rows[day] for day in sorted(rows))
    return HolidayOrder(year, heads["order"], heads["dated"], heads["status"], int(heads["revision"]), ordered)


def read_school_years(directory: Path) -> tuple[SchoolYear, ...]:
    """The school years in ``school-*.csv``: rows ``year,first,last`` and ``term,first,last``."""
    years = []
    for path in sorted(directory.glob("school-*.csv")):
        span: tuple[date, date] | None = None
        terms = []
        for number, cells in _rows(path):
            if cells[0] not in ("year", "term") or len(cells) < len(("kind", "first", "last")):
                raise InputError(f"{path.name}:{number}: 应为「year 或 term,起,止」")
            first, last = _day(path, number, cells[1]), _day(path, number, cells[2])
            if last < first:
                raise InputError(f"{path.name}:{number}: 止{last}早于起{first}")
            if cells[0] == "year":
                span = (first, last)
            else:
                terms.append((first, last))
        if span is None:
            raise InputError(f"{path.name}:1: 缺少 year 行")
        years.append(SchoolYear(span[0], span[1], tuple(terms)))
    return tuple(years)


def read_statutory(directory: Path) -> Mapping[date, str]:
    """The lunar days of years without an order, from ``statutory.csv``: rows ``day,name``; empty without the file."""
    path = directory / "statutory.csv"
    if not path.exists():
        return {}
    return {_day(path, number, cells[0]): cells[1] for number, cells in _rows(path)}
