"""How many statements a unit of work costs: constant, whatever the batch or the history (PERFORMANCE.md G7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

from engine.storage.unit_of_work import Ahead, Archive, questions
from tests.faults.statements import counted
from tests.services.acts import CONTACT, VISIT
from tests.services.conftest import House, house

__all__ = ["house"]

MOST = 8
"""Statements of a plain act, and of a batch of the sweep, BEGIN and COMMIT included."""

A_DOCUMENT = 10
"""Statements more for a document: the facts that it is filled with are read, and it is put down with its number."""


def cost(act: Callable[[], object]) -> int:
    """How many statements something costs; the key store is counted too."""
    with counted() as statements:
        act()
    return len(statements)


def batches(statements: list[str]) -> list[int]:
    """The statements of each transaction that wrote cases, from its BEGIN to its end."""
    groups: list[list[str]] = []
    for each in statements:
        if each.startswith("BEGIN") or not groups:
            groups.append([])
        groups[-1].append(each)
    return [len(group) for group in groups if any(each.startswith("UPDATE case_file") for each in group)]


def swept(house: House, *, batch: int) -> tuple[int, list[int]]:
    """How many timers a sweep let act, and what each of its batches cost."""
    with counted() as statements:
        done = house.app.timers.sweep(batch=batch).timers
    return done, batches(statements)


class TestAct:
    """An officer's act."""

    def test_plain(self, house: House) -> None:
        """A plain act costs at most eight statements."""
        number = house.case()
        assert cost(lambda: house.act("school", number, "contact_family", **CONTACT)) <= MOST

    def test_history(self, house: House) -> None:
        """An act costs the same however long the history is."""
        number = house.case()
        first = cost(lambda: house.act("school", number, "case.note", text="一"))
        for _ in range(30):
            house.act("school", number, "case.note", text="又一")
        assert first == cost(lambda: house.act("school", number, "case.note", text="末"))

    def test_many_cases(self, tmp_path: Path) -> None:
        """What an act asks of a case is found by the case's number, however many cases there are."""
        ahead = Ahead("QH-2026-0001", "request", "school", date(2026, 9, 2))
        plans = []
        with closing(Archive(f"sqlite:///{tmp_path / 'yingfan.db'}", tmp_path / "keys", district="QH")) as archive:
            archive.create_schema()
            with archive.read() as uow:
                for asked in questions("sqlite", "QH", ahead):
                    rows = uow._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.words}", asked.values)
                    plans += [row.detail for row in rows if "case_file" in row.detail or "case_unit" in row.detail]
        assert 2 == len(plans)
        assert all("number=?" in plan for plan in plans)

    def test_document(self, house: House) -> None:
        """A document costs a stated number of statements more, however long the history is."""
        one, other = house.cases(2)
        plain = cost(lambda: house.act("school", one, "contact_family", **CONTACT))
        first = cost(lambda: house.act("township", one, "record_visit", **VISIT))
        for _ in range(30):
            house.act("school", other, "case.note", text="又一")
        assert first == cost(lambda: house.act("township", other, "record_visit", **VISIT))
        assert first - plain <= A_DOCUMENT

    def test_repeat(self, house: House) -> None:
        """A repeated request costs less than the first."""
        number = house.case()
        with counted() as first:
            house.act("school", number, "case.note", text="一")
        house.count -= 1
        with counted() as again:
            house.act("school", number, "case.note", text="一")
        assert len(again) < len(first)


class TestSweep:
    """A batch of the sweep."""

    def test_constant(self, house: House) -> None:
        """A batch costs at most eight statements, and six cases together cost no more than one by itself."""
        house.cases(6)
        done, together = swept(house.at("2026-09-03 00:30"), batch=500)
        again, alone = swept(house.at("2026-09-05 00:30"), batch=1)
        assert (done, again) == (6 * len(together), len(alone))
        assert min(done, again) > 0
        assert set(together) == set(alone)
        assert max(together) <= MOST
