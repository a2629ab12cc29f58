"""What an installation holds, as plain values without what is random: nonces, salts, keys, and hashes over them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import inspect

from engine.app import App
from tests.faults.ground import Ground

RANDOM = frozenset(
    {
        "id",
        "digest",
        "token",
        "key",
        "hash",
        "previous",
        "head",
        "commitment",
        "password",
        "canonical",
        "loaded_at",
        "report",
    }
)
"""Columns that differ between two runs of the same commands, or say nothing of them."""

MOMENTS = frozenset({"sent_at", "try_at", "tries", "claimed_until", "fault"})
"""Columns of the outbox that tell when a message was tried: sending again after a crash is later."""


def exported(app: App, ground: Ground, *, exactly: bool = True) -> dict[str, Any]:
    """Everything that is kept, by what it is; two runs of the same commands export the same.

    Not `exactly` leaves out when entries were recorded: a timer that failed acts again some minutes later.
    """
    return {**_tables(ground), "cases": _cases(app, exactly=exactly), "keys": _keys(ground)}


def _tables(ground: Ground) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with ground.connected() as connection:
        for table in sorted(inspect(connection).get_table_names()):
            if table.startswith("alembic"):
                continue
            result = connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings()
            found[table] = sorted(_plain(table, dict(row)) for row in result)
    return found


def _plain(table: str, row: dict[str, Any]) -> str:
    """A row as text, its random and sealed columns left out."""
    kept = {
        name: value for name, value in row.items() if name not in RANDOM and not isinstance(value, (bytes, memoryview))
    }
    if table == "outbox":
        kept = {name: value for name, value in kept.items() if name not in MOMENTS} | {"sent": bool(row.get("sent_at"))}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str)


def _cases(app: App, *, exactly: bool) -> dict[str, Any]:
    found = {}
    with app.archive.read() as uow:
        for number in uow.cases.numbers():
            case = uow.cases.load(number)
            assert case is not None
            entries = [
                (e.seq, e.user, e.trigger, _public(e.public, exactly=exactly), e.values, e.sealed)
                for e in uow.log.of(number)
            ]
            papers = [(d.id, d.kind, d.status, d.number, d.issuer, d.filled.text) for d in uow.documents.of(number)]
            found[number] = (case._replace(head=""), entries, papers)
    return found


def _public(told: Any, *, exactly: bool) -> Any:
    """The public part of an entry without the salted commitments of its documents."""
    papers = [{name: value for name, value in each.items() if name != "commitment"} for each in told["documents"]]
    return {**told, "documents": papers, "recorded_at": told["recorded_at"] if exactly else ""}


def _keys(ground: Ground) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(ground.folder / "keys" / "keys.db")) as database:
        return sorted(database.execute("SELECT subject, class FROM subject_key"))


def dumped(ground: Ground) -> str:
    """A digest of every row of the database and of the key store, the random parts too: equal only when untouched."""
    digest = hashlib.sha256()
    with ground.connected() as connection:
        for table in sorted(inspect(connection).get_table_names()):
            result = connection.exec_driver_sql(f'SELECT * FROM "{table}"')
            lines = sorted(repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in result)
            digest.update(repr((table, lines)).encode())
    with closing(sqlite3.connect(ground.folder / "keys" / "keys.db")) as database:
        digest.update(repr(sorted(database.execute("SELECT * FROM subject_key"))).encode())
    return digest.hexdigest()


def differing(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """The names of what differs between two exports."""
    return sorted(name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name))
