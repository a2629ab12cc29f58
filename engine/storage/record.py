"""Cases as bytes: the view of a case, and the two parts of an entry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from engine.audit.chain import canonical
from engine.cases.model import Decision
from engine.definitions.facts import (
    Act,
    Addressee,
    CaseView,
    Document,
    Identity,
    Link,
    Pause,
    Proposal,
    Running,
    SubjectFacts,
    Tally,
    UnitFacts,
)
from engine.storage.delta import change
from engine.workdays import Hold, Span

_CLASSES: Mapping[str, Any] = {
    each.__name__: each
    for each in (
        Act,
        Addressee,
        CaseView,
        Document,
        Hold,
        Identity,
        Link,
        Pause,
        Proposal,
        Running,
        SubjectFacts,
        Tally,
        UnitFacts,
    )
}


def encode(value: object) -> object:
    """A value of the decision room as JSON that `decode` reads back to an equal one."""
    if value is None or isinstance(value, (bool, int, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, datetime):
        return {"$t": value.isoformat()}
    if isinstance(value, date):
        return {"$d": value.isoformat()}
    if isinstance(value, Span):
        return {"$s": str(value)}
    if isinstance(value, frozenset):
        return {"$f": sorted(value)}
    if isinstance(value, Mapping):
        return {"$m": [[key, encode(each)] for key, each in value.items()]}
    name = type(value).__name__
    if name in _CLASSES and is_dataclass(value):
        return {"$o": name, "f": [encode(getattr(value, field.name)) for field in fields(value)]}
    if name in _CLASSES and isinstance(value, tuple):
        return {"$n": name, "f": [encode(each) for each in value]}
    if isinstance(value, (tuple, list)):
        return [encode(each) for each in value]
    raise TypeError(f"a case cannot hold a {name}")


def decode(value: Any) -> Any:
    """What `encode` wrote, as it was; lists come back as tuples."""
    if isinstance(value, list):
        return tuple(decode(each) for each in value)
    if not isinstance(value, dict):
        return value
    (tag, body), *_ = value.items()
    if tag == "$t":
        return datetime.fromisoformat(body)
    if tag == "$d":
        return date.fromisoformat(body)
    if tag == "$s":
        return Span.parse(body)
    if tag == "$f":
        return frozenset(body)
    if tag == "$m":
        return {key: decode(each) for key, each in body}
    made = [decode(each) for each in value["f"]]
    if tag == "$n":
        return _CLASSES[body](*made)
    names = [field.name for field in fields(_CLASSES[body])]
    return _CLASSES[body](**dict(zip(names, made, strict=True)))


def case_bytes(case: CaseView) -> bytes:
    """A case's view as bytes."""
    return json.dumps(encode(case), ensure_ascii=False, separators=(",", ":")).encode()


def case_from(data: bytes) -> CaseView:
    """The view that `case_bytes` wrote."""
    case = decode(json.loads(data))
    if not isinstance(case, CaseView):
        raise TypeError("these bytes are not a case")
    return case


def value_bytes(value: object) -> bytes:
    """Any value of the decision room as bytes."""
    return json.dumps(encode(value), ensure_ascii=False, separators=(",", ":")).encode()


def value_from(data: bytes) -> Any:
    """The value that `value_bytes` wrote."""
    return decode(json.loads(data))


def entry_public(decision: Decision, documents: Sequence[Mapping[str, object]], definition: str) -> bytes:
    """The public part of an entry: who, when, what, under which law, and what replay applies."""
    entry, case = decision.entry, decision.case
    told = {
        "case": entry.case,
        "seq": entry.seq,
        "happened_on": entry.happened_on,
        "recorded_at": entry.recorded_at,
        "actor": entry.user,
        "role": entry.role,
        "trigger": entry.trigger,
        "outcome": entry.outcome,
        "from": entry.source,
        "to": entry.target,
        "law": entry.law,
        "definition": definition,
        "request": entry.request_id,
        "os_user": entry.os_user,
        "seen": {name: value for name, value in entry.seen.items() if _open(value)},
        "fields": entry.public,
        "remarks": entry.result,
        "documents": documents,
        "result": _result(decision),
        "version": case.version,
    }
    return canonical(told)


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
