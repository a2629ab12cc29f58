"""Deciding a history again: every recorded command, on the case as it stood, must come out as it did (DESIGN.md §4.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine.app import App
from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Outcome
from engine.cases.opening import link_changed, open_case
from engine.cases.reserved_forms import form_of
from engine.definitions.facts import SYSTEM, Actor, CaseView
from engine.definitions.workflow import Workflow
from engine.storage.delta import applied
from engine.storage.unit_of_work import StoredEntry, UnitOfWork

ADDED = frozenset({"before"})
"""What an entry tells beyond the values of its command."""


def redecided(app: App) -> tuple[int, list[str]]:
    """How many entries were decided again, and each that came out otherwise."""
    count, differences = 0, []
    with app.archive.read() as uow:
        for number in uow.cases.numbers():
            workflow = app.cases.office.version(uow.cases.definition_of(number))
            for told, difference in _of_case(app, uow, uow.log.of(number, changes=True), workflow):
                count += 1
                if difference:
                    differences.append(f"{number} {told.seq} {told.trigger}: {difference}")
    return count, differences


def _of_case(
    app: App, uow: UnitOfWork, entries: list[StoredEntry], workflow: Workflow
) -> Iterator[tuple[StoredEntry, str]]:
    views: list[CaseView | None] = [None]
    for entry in entries:
        before = views[-1]
        after = applied(before, entry.sealed["change"])._replace(head="", previous=None)  # type: ignore[arg-type]  # a change
        if before is not None and entry.trigger == "case.undo":
            before = before._replace(previous=views[before.undoable - 1])
        views.append(after)
        outcome = _again(app, _actor(uow, entry), entry, (before, after, workflow))
        yield entry, _difference(outcome, entry, after)


def _again(app: App, actor: Actor, entry: StoredEntry, at: tuple[CaseView | None, CaseView, Workflow]) -> Outcome:
    before, after, workflow = at
    now, calendar = entry.recorded_at, app.calendar
    command = command_of(entry, before, workflow, actor=actor)
    if before is None:
        return open_case(workflow, after.identity, command, now=now, calendar=calendar, unit=after.unit)
    if entry.trigger == "link.changed":
        changed = link_changed(workflow, before, command, now=now, calendar=calendar)
        assert changed is not None
        return changed
    return decide(workflow, before, command, now, calendar)


def _difference(outcome: Outcome, entry: StoredEntry, after: CaseView) -> str:
    if not isinstance(outcome, Decision):
        return f"refused: {[(each.name, each.message) for each in outcome.reasons]}"
    case = outcome.case._replace(head="", previous=None)
    if case != after:
        return "; ".join(
            f"{name}: {getattr(after, name)} became {getattr(case, name)}"
            for name in CaseView._fields
            if getattr(case, name) != getattr(after, name)
        )
    again = outcome.entry
    told = (entry.trigger, entry.role, entry.source, entry.target, entry.law, entry.happened_on)
    decided = (again.trigger, again.role, again.source, again.target, again.law, again.happened_on)
    return "" if told == decided else f"{told} became {decided}"


def command_of(entry: StoredEntry, before: CaseView | None, workflow: Workflow, *, actor: Actor) -> Command:
    """The command that an entry was made from."""
    request = str(entry.public["request"])
    trigger, values = entry.trigger, _values(entry, before, workflow)
    remarks: Any = entry.public["remarks"]
    if before is not None and request.startswith("timer:"):
        name, epoch, generation, step = request.split(":")[-4:]
        trigger = "timer.act"
        values = {"deadline": name, "epoch": int(epoch), "generation": int(generation), "step": int(step)}
    elif before is not None and trigger in workflow.transitions and _approved(entry):
        proposal = next(each for each in before.proposals if each.trigger == trigger)
        trigger, values = "proposal.approve", {"proposal": proposal.id, "opinion": ""}
        return Command(request, entry.case, trigger, actor, values)
    elif trigger in ("proposal.approve", "proposal.return"):
        values = {**values, "proposal": remarks["proposal"]}
    return Command(request, entry.case, trigger, actor, values, entry.happened_on)


def _approved(entry: StoredEntry) -> bool:
    public: Any = entry.public["seen"]
    hidden: Any = entry.sealed["seen"]
    return "proposed_by" in {**public, **hidden}


def _values(entry: StoredEntry, before: CaseView | None, workflow: Workflow) -> Mapping[str, object]:
    """The values as they were read: the public part of an entry holds days as text and lists for tuples."""
    types = {} if before is None else {each.name: each.type for each in form_of(entry.trigger, before, workflow)}
    found = {name: value for name, value in entry.values.items() if name not in ADDED}
    return {name: _typed(value, types.get(name, "")) for name, value in found.items()}


def _typed(value: object, type_: str) -> object:
    if isinstance(value, list):
        return tuple(value)
    return date.fromisoformat(value) if type_ == "date" and isinstance(value, str) else value


def _actor(uow: UnitOfWork, entry: StoredEntry) -> Actor:
    if entry.user == SYSTEM.user:
        return SYSTEM
    person = uow.people.get(entry.user)
    assert person is not None
    return Actor(user=person.account, roles=person.roles)
