"""A case as a row: its open columns, the text of its clock, and the two sealed parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.definitions.facts import CaseView, Identity, Running, SubjectFacts
from engine.storage.codec import value_bytes
from engine.storage.types import instant_text, iso, moment_from

_MOMENTS = tuple(
    Running._fields.index(name) for name in ("anchor", "due_on", "late_after", "told", "check_on", "next_at")
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_AT = CaseView._fields.index
_BODY = tuple(_AT(name) for name in ("tallies", "acts", "documents", "proposals", "links", "pauses"))


def clock_of(case: CaseView) -> str:
    """Deadlines and watchers as text that `clock_from` reads back."""
    rows = []
    for running in case.deadlines.values():
        row: list[Any] = list(running)
        for at in _MOMENTS:
            if row[at] is not None:
                row[at] = iso(row[at])
        rows.append(row)
    return _ENCODER.encode([rows, case.watchers])


def clock_from(text: str) -> tuple[dict[str, Running], tuple[str, ...]]:
    """The deadlines by name and the watchers that `clock_of` wrote."""
    rows, watchers = json.loads(text)
    deadlines = {}
    for row in rows:
        for at in _MOMENTS:
            if row[at] is not None:
                row[at] = moment_from(row[at])
        deadlines[row[0]] = Running(*row)
    return deadlines, tuple(watchers)


def body_of(case: CaseView) -> bytes:
    """What is sealed and changes with the acts: counters, acts, documents, proposals, links, holds."""
    return value_bytes([case[at] for at in _BODY])


def identity_of(case: CaseView) -> bytes:
    """What is sealed and never changes: subject and units."""
    return value_bytes(case.identity)


def timed(case: CaseView) -> dict[str, object]:
    """The columns that an act of a timer may change, as stored; the nearest running deadline stands for all."""
    nearest: Running | None = None
    next_at = None
    for each in case.deadlines.values():
        if each.next_at is not None and (next_at is None or each.next_at < next_at):
            next_at = each.next_at
        if each.status == "running" and each.due_on is not None and (nearest is None or _before(each, nearest)):
            nearest = each
    late = nearest.late_after if nearest is not None else None
    return {
        "owner": case.owner,
        "seq": case.seq,
        "version": case.version,
        "undoable": case.undoable,
        "head": case.head,
        "due_on": iso(nearest.due_on) if nearest is not None and nearest.due_on is not None else None,
        "late_after": instant_text(late) if late is not None else None,
        "next_at": instant_text(next_at) if next_at is not None else None,
        "clock": clock_of(case),
    }


def _before(one: Running, other: Running) -> bool:
    """Earlier due; on one day the one whose last moment is known and earlier."""
    if one.due_on != other.due_on:
        return (one.due_on or date.max) < (other.due_on or date.max)
    if one.late_after is None or other.late_after is None:
        return one.late_after is not None
    return one.late_after < other.late_after


def derived(case: CaseView) -> dict[str, object]:
    """The open columns that change with a case, as they are stored."""
    return {
        **timed(case),
        "unit": case.unit,
        "state": case.state,
        "former": case.former,
        "epoch": case.epoch,
        "entered_on": case.entered_on.isoformat(),
        "closed_as": case.closed_as,
    }


def view_of(row: Any, identity: Identity, body: tuple[Any, ...]) -> CaseView:
    """The case of a row, its sealed parts opened; the case before its last act is not among them."""
    deadlines, watchers = clock_from(row.clock)
    tallies, acts, documents, proposals, links, pauses = body
    return CaseView(
        identity, row.state, row.former, row.epoch, row.seq, row.version, row.head, moment_from(row.entered_on),
        row.unit, row.owner, tallies, acts, deadlines, documents, proposals, links, pauses, watchers, row.closed_as,
        None, row.undoable,
    )  # fmt: skip


_NOTHING: Mapping[str, Any] = {}


def outline_of(row: Any, district: str) -> CaseView:
    """The case of a row as far as it stands open: enough for a timer that reminds or tells, and for nothing else."""
    opened = moment_from(row.opened_on)
    identity = Identity(
        number=row.number,
        workflow=row.workflow,
        district=district,
        subject=SubjectFacts(kind="", reference=row.subject),
        units=(),
        opened_on=opened,
    )
    deadlines, watchers = clock_from(row.clock)
    return CaseView(
        identity, row.state, row.former, row.epoch, row.seq, row.version, row.head, moment_from(row.entered_on),
        row.unit, row.owner, _NOTHING, _NOTHING, deadlines, (), (), (), (), watchers, row.closed_as, None, row.undoable,
    )  # fmt: skip
