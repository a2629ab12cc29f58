"""Entries as bytes: the public part, which tells what replay needs when the keys are gone, and the sealed part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.audit.chain import ENCODER, canonical
from engine.cases.model import Decision
from engine.definitions.facts import CaseView, Document, Identity, Running
from engine.storage.codec import value_bytes
from engine.storage.delta import change
from engine.storage.types import iso, moment_from

_MOMENTS = ("anchor", "due_on", "late_after", "told", "check_on", "next_at")
_NOT_OPEN = tuple(
    CaseView._fields.index(name)
    for name in ("identity", "state", "former", "epoch", "entered_on", "unit", "tallies", "acts", "documents",
                 "proposals", "links", "pauses", "closed_as")
)  # fmt: skip


def is_open(decision: Decision) -> bool:
    """True for an act of a timer that changed nothing but deadlines, watchers and owner: it has nothing to seal."""
    before, case = decision.before, decision.case
    if before is None or decision.entry.sealed or decision.orders or decision.opens:
        return False
    return decision.entry.role == "system" and all(case[at] is before[at] for at in _NOT_OPEN)


def entry_public(decision: Decision, documents: Sequence[Mapping[str, object]], definition: str) -> bytes:
    """The public part of an entry: who, when, what, under which law, and what replay applies."""
    entry, case = decision.entry, decision.case
    told = {
        "actor": entry.user,
        "case": entry.case,
        "definition": definition,
        "documents": documents,
        "fields": entry.public,
        "from": entry.source,
        "happened_on": entry.happened_on,
        "law": entry.law,
        "os_user": entry.os_user,
        "outcome": entry.outcome,
        "recorded_at": entry.recorded_at,
        "remarks": entry.result,
        "request": entry.request_id,
        "result": _result(decision),
        "role": entry.role,
        "seen": {name: value for name, value in entry.seen.items() if _open(value)},
        "seq": entry.seq,
        "to": entry.target,
        "trigger": entry.trigger,
        "version": case.version,
    }
    return canonical(told)


def timer_public(decision: Decision, definition: str) -> bytes:
    """The public part of an entry that has no sealed one: the same bytes as canonical, made without looking twice."""
    entry, case = decision.entry, decision.case
    told = {
        "actor": entry.user,
        "case": entry.case,
        "definition": definition,
        "documents": (),
        "fields": dict(entry.public),
        "from": entry.source,
        "happened_on": iso(entry.happened_on),
        "law": entry.law,
        "os_user": entry.os_user,
        "outcome": entry.outcome,
        "recorded_at": iso(entry.recorded_at),
        "remarks": dict(entry.result),
        "request": entry.request_id,
        "result": {
            "owner": case.owner,
            "watchers": case.watchers,
            "undoable": case.undoable,
            "deadlines": _timed(decision),
        },
        "role": entry.role,
        "seen": {},
        "seq": entry.seq,
        "to": entry.target,
        "trigger": entry.trigger,
        "version": case.version,
    }
    return ENCODER.encode(told).encode()


def _timed(decision: Decision) -> dict[str, dict[str, object]]:
    old = decision.before.deadlines if decision.before is not None else {}
    found = {}
    for name, each in decision.case.deadlines.items():
        if old.get(name) is not each:
            told = each._asdict()
            del told["name"]
            for moment in _MOMENTS:
                if told[moment] is not None:
                    told[moment] = iso(told[moment])
            found[name] = told
    return found


def change_of(told: Mapping[str, Any]) -> Mapping[str, object]:
    """The change that an entry without a sealed part tells in its public one."""
    result = told["result"]
    deadlines = {name: _running(name, each) for name, each in result["deadlines"].items()}
    plain = {
        "seq": told["seq"],
        "version": told["version"],
        "owner": result["owner"],
        "watchers": tuple(result["watchers"]),
        "undoable": result["undoable"],
    }
    return {"set": plain, "put": {"deadlines": deadlines}, "cut": {}}


def _running(name: str, told: Mapping[str, Any]) -> Running:
    values = dict(told)
    for moment in _MOMENTS:
        if values[moment] is not None:
            values[moment] = moment_from(values[moment])
    return Running(name=name, **values)


def _open(value: object) -> bool:
    """Counts, truths and days may stand open; texts that guards used may be personal."""
    return value is None or isinstance(value, (bool, int, date))


def _result(decision: Decision) -> Mapping[str, object]:
    """What the open columns of the case's rows become: enough to rebuild them when the keys are gone."""
    case, before = decision.case, decision.before
    old = before.deadlines if before is not None else {}
    changed = {name: _deadline(each) for name, each in case.deadlines.items() if old.get(name) != each}
    papers = before.documents if before is not None else ()
    told: dict[str, object] = {
        "state": case.state,
        "epoch": case.epoch,
        "unit": case.unit,
        "owner": case.owner,
        "closed_as": case.closed_as,
        "deadlines": changed,
        "ended_deadlines": [name for name in old if name not in case.deadlines],
        "links": [{"name": link.name, "case": link.reference, "state": link.state} for link in case.links],
        "proposals": [{"id": each.id, "trigger": each.trigger, "made_on": each.made_on} for each in case.proposals],
        "papers": [_paper(each) for each in case.documents if each not in papers],
        "ended_papers": sorted({each.id for each in papers} - {each.id for each in case.documents}),
    }
    return told if before is not None else {**told, "opened": _opened(case.identity)}


def _paper(document: Document) -> Mapping[str, object]:
    return {
        "id": document.id,
        "kind": document.kind,
        "status": document.status,
        "issuer": document.issuer,
        "issued_on": document.issued_on,
    }


def _opened(identity: Identity) -> Mapping[str, object]:
    """The identity without the subject: whom a case is about stands in the sealed part alone."""
    return {
        "workflow": identity.workflow,
        "opened_on": identity.opened_on,
        "parent": identity.parent,
        "channel": identity.channel,
        "units": [{"code": unit.code, "relation": unit.relation} for unit in identity.units],
    }


def _deadline(running: Running) -> Mapping[str, object]:
    told: dict[str, object] = dict(running._asdict())
    del told["name"]
    return told


def entry_sealed(decision: Decision) -> bytes:
    """The part of an entry that is sealed: personal values, guards' values that may be personal, the exact change."""
    entry = decision.entry
    hidden = {name: value for name, value in entry.seen.items() if not _open(value)}
    return value_bytes({"fields": dict(entry.sealed), "seen": hidden, "change": change(decision.before, decision.case)})
