"""Keeping decisions of the little ladder as services do, with documents of one paragraph that names a child."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from sqlalchemy import create_engine, inspect

from engine.cases.model import Command, Decision
from engine.cases.opening import open_case
from engine.clock import at_local
from engine.definitions.facts import CaseView
from engine.storage.unit_of_work import Archive, StoredDocument, UnitOfWork
from notifications.documents import Block, Filled
from tests.cases.little import FIRST, SCHOOL, Play, calendar, identity, little

CHILD = "欧阳小明"
NUMBER = "QH-2026-0001"
VERSION = little().hash


def text(kind: str, number: str) -> Filled:
    """A document of one paragraph."""
    return Filled(
        document=kind,
        title=kind,
        blocks=(
            Block(kind="number", cells=(number,), place="number"),
            Block(kind="paragraph", cells=(f"{CHILD}应当返校",)),
        ),
    )


def opening(number: str = NUMBER) -> Decision:
    """The decision that opens a case."""
    command = Command(
        request_id=f"open:{number}",
        case=number,
        trigger="case.open",
        actor=SCHOOL,
        values={"kind": "absent_at_return_check", "detail": f"{CHILD}未到校"},
    )
    return open_case(little(), identity(number), command, now=at_local(FIRST, 10), calendar=calendar(), unit="school")


def papers(uow: UnitOfWork, decision: Decision) -> tuple[StoredDocument, ...]:
    """The documents that a decision orders, numbered where they are issued in a series."""
    made = []
    for order in decision.orders:
        series = little().notices[order.kind].series
        day = None if order.draft else FIRST
        number = ""
        if series and not order.draft:
            number = f"宣{series}〔{FIRST.year}〕{uow.documents.next_number(order.issuer, series, FIRST.year)}号"
        filled = text(order.kind, number)
        made.append(uow.documents.made(case=decision.case, order=order, filled=filled, number=number, day=day))
    return tuple(made)


def keep(uow: UnitOfWork, decision: Decision) -> CaseView:
    """Write a decision in the order in which services write it; the case with its new head."""
    made = papers(uow, decision)
    head = uow.log.append(decision, made, VERSION)
    stored = decision._replace(case=decision.case._replace(head=head))
    awaits = ("legal_reviewer",) if stored.case.proposals else ()
    if decision.before is None:
        uow.cases.add(stored, VERSION, awaits=awaits)
    else:
        uow.cases.save(stored, awaits=awaits)
    for document in made:
        uow.documents.put(document)
    uow.documents.drop_drafts(stored.case)
    return stored.case


def kept(archive: Archive, decision: Decision) -> CaseView:
    """Keep a decision in a transaction of its own."""
    with archive.begin() as uow:
        case = keep(uow, decision)
        uow.commit()
    return case


class Story(Play):
    """A case that is played in the archive: what is accepted is kept."""

    def __init__(self, archive: Archive, number: str = NUMBER) -> None:
        super().__init__(kept(archive, opening(number)))
        self.archive = archive

    def act(self, *arguments: object, **named: object) -> Decision:  # type: ignore[override]  # passed on as they come
        """Decide an act that must be accepted, keep it, and go on from there."""
        decision = super().act(*arguments, **named)  # type: ignore[arg-type]
        self.case = kept(self.archive, decision)
        return decision


def files(folder: Path) -> Iterator[bytes]:
    """The bytes of every file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


class ByHand:
    """The database as somebody opens it who walks past the program."""

    def __init__(self, archive: Archive) -> None:
        self._engine = create_engine(archive._writer.url, isolation_level="AUTOCOMMIT")
        self.sqlite = self._engine.dialect.name == "sqlite"
        self._connection = self._engine.connect()

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> Any:
        """Run one statement, written for SQLite."""
        if not self.sqlite:
            statement = re.sub(r"x'([0-9a-f]*)'", r"'\\x\1'::bytea", statement).replace("?", "%s")
        return (
            self._connection.exec_driver_sql(statement, values)
            if values
            else self._connection.exec_driver_sql(statement)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._engine.dispose()


def by_hand(archive: Archive) -> ByHand:
    """The archive's database, opened by hand."""
    return ByHand(archive)


def written(archive: Archive) -> Iterator[bytes]:
    """Every value of every table as the database gives it."""
    with archive._writer.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def spoil(archive: Archive, *statements: str) -> None:
    """Change the database by hand, its triggers out of the way for the time."""
    with by_hand(archive) as database:
        if not database.sqlite:
            database.execute("SET session_replication_role = replica")
            for statement in statements:
                database.execute(statement)
            return
        found = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in found:
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
        for _, sql in found:
            database.execute(sql)
