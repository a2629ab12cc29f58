"""What holds in any database at rest: one function for every check, fault test and fixture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from engine.storage.dialects import APPEND_ONLY, triggers
from engine.storage.log import verify_access
from engine.storage.tables import CaseRow

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

CASE = CaseRow.__table__  # type: ignore[attr-defined]  # SQLModel's own


def invariants(connection: Connection, uow: UnitOfWork) -> list[str]:
    """Everything that does not hold, each as a sentence; empty when all is well."""
    found = [f"{p.case} 第{p.seq}条：{p.message}" for p in uow.log.verify(None)]
    found += [f"查阅记录第{p.seq}条：{p.message}" for p in verify_access(connection)]
    for number in uow.cases.numbers():
        found += _case(connection, uow, number)
    found += _numbers(uow)
    wanted = {f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete", "replace")}
    found += [f"缺少触发器 {name}" for name in sorted(wanted - triggers(connection))]
    return found


def _case(connection: Connection, uow: UnitOfWork, number: str) -> Iterator[str]:
    case = uow.cases.load(number)
    row = connection.execute(select(CASE).where(CASE.c.number == number)).one()
    if case is None:
        yield f"{number}：打不开"
        return
    if (case.seq, case.version, case.state, case.owner) != (row.seq, row.version, row.state, row.owner):
        yield f"{number}：个案行与密封内容不符"
    timers = {
        (each.name, each.next_at, each.epoch, each.generation, each.step)
        for each in case.deadlines.values()
        if each.next_at is not None
    }
    if timers != uow.timers.of(number):
        yield f"{number}：定时与期限不符"
    stored = {(each.id, each.kind) for each in uow.documents.of(number)}
    if stored != {(each.id, each.kind) for each in case.documents}:
        yield f"{number}：文书与个案所记不符"


def _numbers(uow: UnitOfWork) -> Iterator[str]:
    """Each series' numbers are 1..n, each once."""
    issued: dict[tuple[str, str, int], list[int]] = {}
    for (issuer, year), numbers in uow.documents.numbers().items():
        for number in numbers:
            mark, _, serial = number.rpartition("〕")
            issued.setdefault((issuer, mark, year), []).append(int(serial.removesuffix("号")))
    for (issuer, mark, _), serials in issued.items():
        if sorted(serials) != list(range(1, len(serials) + 1)):
            yield f"{issuer} {mark}〕：文号不连续 {sorted(serials)}"
