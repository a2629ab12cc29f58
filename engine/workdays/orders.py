"""Calendar files: holiday orders, school years, lunar days; each bad row is refused with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.errors import InputError, InstallationError

KINDS = ("holidays", "school", "statutory")
"""What a calendar file may be, as its name begins."""

FIELDS = ("order", "dated", "status", "revision")
_NAME = re.compile(r"holidays-([0-9]{4})(?:-.+)?")
DECEMBER = 12
SATURDAY = 5


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


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """One calendar file as its publisher wrote it: its name says what it is, its text is kept whole as the source."""

    name: str
    text: str

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name.removesuffix(".csv")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of every row that is no remark; InputError for what is no CSV."""
        reader = csv.reader(self.text.splitlines())
        try:
            for row in reader:
                if row and row[0].strip() and not row[0].startswith("#"):
                    yield reader.line_num, [cell.strip() for cell in row]
        except csv.Error as error:
            raise InputError(f"{self.name}:{reader.line_num}: 不是 CSV：{error}") from None


def read_file(path: Path) -> CalendarFile:
    """The file at a path; InstallationError when it cannot be read."""
    try:
        return CalendarFile(path.name, path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InstallationError(f"日历文件 {path} 无法读取：{error}") from None


def read_all(directory: Path, pattern: str = "*.csv") -> list[CalendarFile]:
    """The calendar files of a folder that fit a pattern, by name."""
    return [read_file(path) for path in sorted(directory.glob(pattern))]


def key_of(file: CalendarFile) -> tuple[str, int, int]:
    """What a file settles, its kind first: one revision of a year's order, one school year, the lunar days.

    InputError for a name that is none of these.
    """
    kind = next((kind for kind in KINDS if file.stem == kind or file.stem.startswith(f"{kind}-")), "")
    if kind == "holidays":
        order = read_order(file)
        return kind, order.year, order.revision
    if kind == "school":
        return kind, school_year(file).first.year, 0
    if kind == "statutory":
        return kind, 0, 0
    names = "holidays-2026.csv、holidays-2026-r2.csv、school-2026-2027.csv 或 statutory.csv"
    raise InputError(f"{file.name}:1: 文件名应为 {names} 的写法")


def _day(file: CalendarFile, number: int, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # 20261001 and 2026-W40-4 are ISO too, but not how anybody here writes
        raise InputError(f"{file.name}:{number}: 「{text}」不是日期；应为 2026-10-01 的写法")
    return day


def read_orders(directory: Path) -> Mapping[int, HolidayOrder]:
    """The orders in ``holidays-YYYY*.csv``, the highest revision of each year.

    Raises InstallationError when there is none, InputError for a bad file and for two files of one revision.
    """
    found = latest_orders(read_all(directory, "holidays-*.csv"))
    if not found:
        raise InstallationError(f"{directory} 里没有节假日文件；应有 holidays-2026.csv 这样的文件")
    return found


def latest_orders(files: Iterable[CalendarFile]) -> Mapping[int, HolidayOrder]:
    """The orders that these files hold, the highest revision of each year; InputError for two of one revision."""
    found: dict[tuple[int, int], HolidayOrder] = {}
    for file in files:
        order = read_order(file)
        if (order.year, order.revision) in found:
            raise InputError(
                f"{file.name}:1: {order.year}年第{order.revision}版已在另一个文件里；修订应写更大的 revision"
            )
        found[order.year, order.revision] = order
    return {year: found[year, revision] for year, revision in sorted(found)}


def read_order(file: CalendarFile) -> HolidayOrder:
    """One order: four heading lines (order, dated, status, revision), then rows of day, kind, name."""
    named = _NAME.fullmatch(file.stem)
    if named is None:
        raise InputError(f"{file.name}:1: 文件名应为 holidays-2026.csv 或 holidays-2026-r2.csv 的写法")
    year = int(named[1])
    heads: dict[str, str] = {}
    rows: dict[date, OrderRow] = {}
    for number, cells in file.rows():
        if cells[0] in FIELDS:
            heads[cells[0]] = cells[1] if len(cells) > 1 else ""
            continue
        row = _order_row(file, number, cells)
        if row.day in rows:
            raise InputError(f"{file.name}:{number}: {row.day}写了两次")
        if row.day.year != year and (row.day.year, row.day.month) != (year - 1, DECEMBER):
            raise InputError(f"{file.name}:{number}: {row.day}不在{year}年，也不是上一年12月的调整")
        rows[row.day] = row
    _check_heads(file, heads)
    ordered = tuple(rows[day] for day in sorted(rows))
    return HolidayOrder(year, heads["order"], heads["dated"], heads["status"], int(heads["revision"]), ordered)


def _order_row(file: CalendarFile, number: int, cells: list[str]) -> OrderRow:
    if len(cells) != len(("day", "kind", "name")) or cells[1] not in ("off", "work") or not cells[2]:
        raise InputError(f"{file.name}:{number}: 应为「日期,off 或 work,名称」")
    return OrderRow(_day(file, number, cells[0]), cells[1], cells[2])


def _check_heads(file: CalendarFile, heads: Mapping[str, str]) -> None:
    missing = [field for field in FIELDS if not heads.get(field)]
    if missing:
        raise InputError(f"{file.name}:1: 缺少 {'、'.join(missing)} 行")
    if heads["status"] not in ("published", "provisional") or not heads["revision"].isdecimal():
        raise InputError(f"{file.name}:1: status 应为 published 或 provisional，revision 应为整数")
    if heads["status"] == "published":
        _day(file, 1, heads["dated"])


def read_school_years(directory: Path) -> tuple[SchoolYear, ...]:
    """The school years in ``school-*.csv``: rows ``year,first,last`` and ``term,first,last``.

    Raises InputError for a bad row, a term outside its year, and school years that overlap.
    """
    return school_years_in(read_all(directory, "school-*.csv"))


def school_years_in(files: Iterable[CalendarFile]) -> tuple[SchoolYear, ...]:
    """The school years that these files hold; InputError as `read_school_years`."""
    years: list[SchoolYear] = []
    for file in files:
        year = school_year(file)
        if any(year.first <= other.last and other.first <= year.last for other in years):
            raise InputError(f"{file.name}:1: 学年与另一个文件的学年重叠")
        years.append(year)
    return tuple(years)


def school_year(file: CalendarFile) -> SchoolYear:
    """One school year: a ``year`` row and its ``term`` rows; InputError with the line for anything else."""
    span: tuple[date, date] | None = None
    terms: list[tuple[int, date, date]] = []
    for number, cells in file.rows():
        if cells[0] not in ("year", "term") or len(cells) < len(("kind", "first", "last")):
            raise InputError(f"{file.name}:{number}: 应为「year 或 term,起,止」")
        first, last = _day(file, number, cells[1]), _day(file, number, cells[2])
        if last < first:
            raise InputError(f"{file.name}:{number}: 止{last}早于起{first}")
        if cells[0] == "term":
            terms.append((number, first, last))
        elif span is not None:
            raise InputError(f"{file.name}:{number}: year 行写了两次；一个文件写一个学年")
        else:
            span = (first, last)
    if span is None:
        raise InputError(f"{file.name}:1: 缺少 year 行")
    for number, first, last in terms:
        if not span[0] <= first <= last <= span[1]:
            raise InputError(f"{file.name}:{number}: 学期{first}至{last}不在学年{span[0]}至{span[1]}之内")
    return SchoolYear(span[0], span[1], tuple((first, last) for _, first, last in terms))


def read_statutory(directory: Path) -> Mapping[date, str]:
    """The lunar days of years without an order, from ``statutory.csv``: rows ``day,name``; empty without the file."""
    return statutory_days(read_all(directory, "statutory.csv"))


def statutory_days(files: Iterable[CalendarFile]) -> Mapping[date, str]:
    """The lunar days that these files name; InputError for a bad row."""
    found: dict[date, str] = {}
    for file in files:
        for number, cells in file.rows():
            if len(cells) != len(("day", "name")) or not cells[1]:
                raise InputError(f"{file.name}:{number}: 应为「日期,名称」")
            found[_day(file, number, cells[0])] = cells[1]
    return found


def check_order(order: HolidayOrder) -> list[str]:
    """What cannot be right about an order: make-up days that are no weekend, a year without its new year's day."""
    found = [
        f"{order.year}: {row.day}（{row.name}）本来就是工作日，不会是调休上班"
        for row in order.rows
        if row.kind == "work" and row.day.weekday() < SATURDAY
    ]
    if not any(row.day == date(order.year, 1, 1) and row.kind == "off" for row in order.rows):
        found.append(f"{order.year}: 缺少元旦（{order.year}-01-01）")
    return found
