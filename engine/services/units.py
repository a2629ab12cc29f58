"""The tree of units out of a file: read whole, checked whole, every error told by its row, taken in whole or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.access import UNIT_KINDS
from engine.errors import InputError, InstallationError
from engine.roster.workbook import read_grids
from engine.services.office import Office
from engine.storage.rows import StoredUnit

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

UnitTime = StoredUnit
"""A unit in one of its times."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("代码", "单位代码"),
    "name": ("名称", "单位名称"),
    "kind": ("类别", "单位类别"),
    "parent": ("上级", "上级代码"),
    "from": ("first", "起", "自"),
    "to": ("last", "止", "至"),
}
"""The columns of the file, and what else a header may call them; `to` may be empty."""

FOREVER = date(9999, 12, 31)
ROOT = "district_government"
"""The one kind that has nothing above it (DESIGN.md §12)."""


class UnitError(NamedTuple):
    """Something wrong in one row of the file: its number, column, code for programs, what is wrong and accepted."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsImported:
    """What an import of units did, or with errors why it did nothing."""

    rows: int
    new: int
    changed: int
    unchanged: int
    errors: tuple[UnitError, ...]


Numbered = tuple[int, UnitTime]
"""A unit with the number of its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of one office."""

    office: Office

    def import_file(self, path: Path, *, os_user: str, dry_run: bool = False) -> UnitsImported:
        """Take in a tree of units with dated kinds from CSV or XLSX; the same file again changes nothing.

        With any error nothing is taken in. InputError for what is no such file or lacks a column.
        """
        numbered, errors = _read(path)
        with self.office.archive.begin() as uow:
            known = {(unit.code, unit.first): unit for unit in uow.units.all()}
            errors = sorted([*errors, *_wrong(numbered, known)])
            fresh = [unit for _, unit in numbered if (unit.code, unit.first) not in known]
            moved = [unit for _, unit in numbered if known.get((unit.code, unit.first), unit).last != unit.last]
            if not errors and not dry_run:
                _keep(uow, fresh, moved)
                uow.commit()
        if not errors and not dry_run and (fresh or moved):
            self.office.archive.access(f"os:{os_user}", "unit.import", path.name, at=self.office.now())
        count = len(numbered)
        return UnitsImported(
            rows=count,
            new=len(fresh),
            changed=len(moved),
            unchanged=count - len(fresh) - len(moved),
            errors=tuple(errors),
        )

    def listed(self) -> tuple[UnitTime, ...]:
        """Every unit in each of its times."""
        with self.office.archive.read() as uow:
            return tuple(uow.units.all())

    def names(self) -> Mapping[str, str]:
        """The name of every unit by code: today's, of one that is gone its last."""
        with self.office.archive.read() as uow:
            return uow.units.names(self.office.today())

    def ready(self) -> None:
        """Refuse the start while a unit has no kind: authority hangs on it (DOMAIN.md 4). InstallationError then."""
        unkind = [unit.code for unit in self.listed() if unit.kind not in UNIT_KINDS]
        if unkind:
            raise InstallationError(
                f"单位 {'、'.join(unkind[:5])} 没有类别，不能启动；请用 yingfan unit import 补上，类别可为：{_kinds()}"
            )


def _keep(uow: UnitOfWork, fresh: Iterable[UnitTime], moved: Iterable[UnitTime]) -> None:
    for unit in moved:
        uow.units.end(unit.code, unit.first, unit.last)
    uow.units.add((unit.code, unit.name, unit.kind, unit.parent, unit.first, unit.last) for unit in fresh)


def _kinds() -> str:
    return "、".join(f"{kind}（{zh}）" for kind, zh in UNIT_KINDS.items())


def _read(path: Path) -> tuple[list[Numbered], list[UnitError]]:
    """The units of the file with what cannot be read, by row."""
    rows = _rows(path)
    numbered: list[Numbered] = []
    errors: list[UnitError] = []
    for number, cells in rows:
        unit, wrong = _unit(number, cells)
        errors += wrong
        if unit is not None:
            numbered.append((number, unit))
    return numbered, errors


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not blank as text by column, with its number in the file."""
    table = _table(path)
    header = [str(cell).strip() for cell in table[0]] if table else []
    known = {other: name for name, others in COLUMNS.items() for other in (name, *others)}
    places = {known[each]: at for at, each in enumerate(header) if each in known}
    missing = [name for name in COLUMNS if name not in places]
    if missing:
        wanted = "、".join(f"{name}（{COLUMNS[name][0]}）" for name in COLUMNS)
        raise InputError(f"{path.name} 缺少列：{'、'.join(missing)}；第一行应写列名：{wanted}")
    for number, row in enumerate(table[1:], 2):
        cells = {name: _text(row[at]) if at < len(row) else "" for name, at in places.items()}
        if any(cells.values()):
            yield number, cells


def _table(path: Path) -> list[list[object]]:
    if not path.is_file():
        raise InputError(f"没有文件 {path}；应为单位表，.csv 或 .xlsx")
    grid = next(read_grids(path), None)
    return [list(row) for row in grid.rows] if grid is not None else []


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() if cell is not None else ""


def _unit(number: int, cells: Mapping[str, str]) -> tuple[UnitTime | None, list[UnitError]]:
    zh_kinds = {zh: kind for kind, zh in UNIT_KINDS.items()}
    kind = zh_kinds.get(cells["kind"], cells["kind"])
    wrong = [
        UnitError(number, name, "missing", f"没有写{COLUMNS[name][0]}") for name in ("code", "name") if not cells[name]
    ]
    if kind not in UNIT_KINDS:
        said = f"没有类别「{kind}」" if kind else "没有写类别"
        wrong.append(UnitError(number, "kind", "unknown_kind" if kind else "missing", f"{said}；可写：{_kinds()}"))
    days = {"from": _day(cells["from"]), "to": _day(cells["to"]) if cells["to"] else FOREVER}
    for name, day in days.items():
        if day is None:
            message = f"「{cells[name]}」不是日期；应写作 2026-09-01"
            wrong.append(UnitError(number, name, "not_a_day", message))
    first, last = days["from"], days["to"]
    if first is not None and last is not None and last < first:
        wrong.append(UnitError(number, "to", "ends_before", f"止日{last}早于起日{first}"))
    if wrong or first is None or last is None:
        return None, wrong
    return UnitTime(cells["code"], cells["name"], kind, cells["parent"], first, last), []


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _wrong(numbered: list[Numbered], known: Mapping[tuple[str, date], UnitTime]) -> Iterator[UnitError]:
    """What does not hold of the tree that the file and the stored units make together."""
    given = {(unit.code, unit.first): unit for _, unit in numbered}
    times: dict[str, list[UnitTime]] = {}
    for unit in {**known, **given}.values():
        times.setdefault(unit.code, []).append(unit)
    seen: set[tuple[str, date]] = set()
    for number, unit in numbered:
        if (unit.code, unit.first) in seen:
            yield UnitError(number, "code", "twice", f"{unit.code} 自{unit.first}起写了两行；只应写一行")
        seen.add((unit.code, unit.first))
        yield from _row_wrong(number, unit, times, stood=known.get((unit.code, unit.first)))


def _row_wrong(
    number: int, unit: UnitTime, times: Mapping[str, list[UnitTime]], *, stood: UnitTime | None
) -> Iterator[UnitError]:
    if stood is not None and stood[1:4] != unit[1:4]:
        message = f"{unit.code} 自{unit.first}起已登记为{stood.name}（{stood.kind}）；有变化请另起一行，起日写变化之日"
        yield UnitError(number, "code", "was_otherwise", message)
    for other in times[unit.code]:
        if other.first != unit.first and other.first <= unit.last and unit.first <= other.last:
            message = f"{unit.code} 的时间与{other.first}至{other.last}重叠；前一段的止日应早于后一段的起日"
            yield UnitError(number, "from", "overlap", message)
            break
    if not unit.parent:
        if unit.kind != ROOT:
            yield UnitError(number, "parent", "no_parent", f"没有写上级；只有{UNIT_KINDS[ROOT]}没有上级")
        return
    on = {each.code: each for several in times.values() for each in several if each.first <= unit.first <= each.last}
    if unit.parent not in on:
        message = f"上级「{unit.parent}」在{unit.first}不存在；应为表中当日已有的单位代码"
        yield UnitError(number, "parent", "unknown_parent", message)
    elif _circles(unit.code, on):
        yield UnitError(number, "parent", "circle", f"{unit.code} 的上级最后又回到它自己；请改正上级")


def _circles(code: str, on: Mapping[str, UnitTime]) -> bool:
    seen: set[str] = set()
    at = code
    while at in on and at not in seen:
        seen.add(at)
        at = on[at].parent
    return at == code
