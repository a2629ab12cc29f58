"""What holds in any database at rest: one function for every check, fault test and fixture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from engine.storage.case_row import derived
from engine.storage.cases import CaseStore, place_in_lists, standing_of
from engine.storage.dialects import missing_triggers
from engine.storage.documents import DocumentStore
from engine.storage.keys import Keys
from engine.storage.log import Log, verify_access
from engine.vault import VaultError

_NUMBER = re.compile(r"(.*)〔([0-9]{4})〕([1-9][0-9]*)号")


def invariants(connection: Connection, district: str, keys: Keys) -> list[str]:
    """Everything that does not hold, each as a sentence; empty when all is well."""
    found = [f"{p.case} 第{p.seq}条：{p.message}" for p in Log(connection, district, keys).verify(None)]
    found += [f"查阅记录第{p.seq}条：{p.message}" for p in verify_access(connection, district)]
    checker = _Checker(connection, district, keys)
    for row in checker.cases.rows():
        found += checker.case(row)
    found += checker.numbers()
    found += [f"缺少触发器 {name}" for name in missing_triggers(connection)]
    return found


class _Checker:
    """The stores that a check compares with one another."""

    def __init__(self, connection: Connection, district: str, keys: Keys) -> None:
        self.cases = CaseStore(connection, district, keys)
        self._log = Log(connection, district, keys)
        self._documents = DocumentStore(connection, district, keys)
        self._keys = keys

    def case(self, row: Any) -> Iterator[str]:
        """One case: its row against its history, its open columns, units and documents against its view."""
        number = row.number
        if not self._keys.has(row.subject):
            yield f"{number}：没有密钥"
            return
        try:
            case = self.cases.load(number)
            told = self._log.replayed(number)
        except (VaultError, ValueError) as error:
            yield f"{number}：{error}"
            return
        if case is None or self._differs(row, case):
            yield f"{number}：个案行与密封内容不符"
            return
        if case != told:
            yield f"{number}：个案行与历史不符"
        place = place_in_lists(row.kind, row.due_on)
        if self.cases.standing(number) != {(*each, place) for each in standing_of(case)}:
            yield f"{number}：涉案单位与个案所记不符"
        if self._documents.statuses(number) != {(each.id, each.kind, each.status) for each in case.documents}:
            yield f"{number}：文书与个案所记不符"

    def _differs(self, row: Any, case: Any) -> bool:
        identity = case.identity
        fixed = {
            "workflow": identity.workflow,
            "subject": identity.subject.reference,
            "opened_on": identity.opened_on.isoformat(),
            "parent": identity.parent,
            "channel": identity.channel,
        }
        awaits = bool(row.awaits) == bool(case.proposals)
        return not awaits or any(getattr(row, name) != value for name, value in {**fixed, **derived(case)}.items())

    def numbers(self) -> Iterator[str]:
        """Each series' numbers are 1..n, each once, and n is the last that was taken."""
        taken = self._documents.series()
        issued: dict[tuple[str, str, int], list[int]] = {}
        for issuer, year, number in self._documents.numbers():
            place = _series_of(issuer, number, taken)
            if place is None:
                yield f"{issuer} {number}：文号不属于任何编号序列"
            elif place[0][2] != year:
                yield f"{issuer} {number}：文号的年份与签发日期不符"
            else:
                issued.setdefault(place[0], []).append(place[1])
        for (issuer, series, year), last in taken.items():
            # Cases are numbered from a series too, and have no document.
            wanted = range(1, last + 1) if not series.startswith("case:") else range(0)
            if sorted(issued.get((issuer, series, year), ())) != list(wanted):
                yield f"{issuer} {series}〔{year}〕：文号不连续，应为1至{last}"


def _series_of(
    issuer: str, number: str, taken: dict[tuple[str, str, int], int]
) -> tuple[tuple[str, str, int], int] | None:
    """The series that a printed number belongs to, and its place there; the longest name that fits."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        return None
    year, serial = int(found[2]), int(found[3])
    names = [name for who, name, of in taken if who == issuer and of == year and found[1].endswith(name)]
    return ((issuer, max(names, key=len), year), serial) if names else None
