"""Where a story plays: cases and a clock that moves only when told. Here in memory; tests play on databases as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple, Protocol

from engine.cases.forms import read
from engine.cases.model import Command, Decision, Refusal, refuse
from engine.cases.rehearsal import Rehearsal
from engine.cases.reserved_forms import reserved_form
from engine.definitions.facts import Actor, CaseView, Identity, UnitFacts, Values
from engine.definitions.workflow import Field, Workflow
from engine.workdays import Calendar

_OPEN_CHOICES = frozenset({"document", "to", "deadline", "entry", "proposal", "reason", "body", "method"})


class Said(NamedTuple):
    """What somebody does in a story: the form as typed, not yet read."""

    request_id: str
    number: str
    trigger: str
    actor: Actor
    typed: Values
    happened_on: date | None
    at: datetime


class Recorded(NamedTuple):
    """One line of what a stage recorded: the case, the act, whom it told, what work it left."""

    number: str
    trigger: str
    tells: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


class Stage(Protocol):
    """Cases that a story plays on."""

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """Every workflow, by name."""
        ...

    @property
    def calendar(self) -> Calendar:
        """The calendar that counts here."""
        ...

    def open(self, identity: Identity, command: Command, now: datetime, *, unit: str) -> None:
        """Open a case of the identity's workflow."""
        ...

    def act(self, said: Said) -> Refusal | None:
        """Do one act at its moment; None when it was accepted."""
        ...

    def sweep(self, now: datetime) -> None:
        """Let every timer act whose moment has come."""
        ...

    def next_at(self) -> datetime | None:
        """The moment of the next timer, or None."""
        ...

    def all(self) -> Mapping[str, CaseView]:
        """Every case as it stands, by number."""
        ...

    def recorded(self) -> Sequence[Recorded]:
        """Everything that was recorded so far, in order."""
        ...


class RehearsedStage:
    """A stage in memory."""

    def __init__(self, workflows: Mapping[str, Workflow], calendar: Calendar, *, units: Iterable[UnitFacts]) -> None:
        self.workflows = workflows
        self.calendar = calendar
        self._store = Rehearsal(workflows, calendar, units=units)

    def open(self, identity: Identity, command: Command, now: datetime, *, unit: str) -> None:
        """Open a case of the identity's workflow."""
        self._store.open(identity, command, now, unit=unit)

    def act(self, said: Said) -> Refusal | None:
        """Read the form and decide; None when it was accepted."""
        case = self._store.cases[said.number]
        workflow = self.workflows[case.identity.workflow]
        transition = workflow.transitions.get(said.trigger)
        form = transition.form if transition else _reserved(said.trigger, case, workflow)
        values, wrong = read(form, said.typed)
        if wrong:
            return refuse("rule", *wrong)
        dated = _dated(said, values)
        command = Command(said.request_id, said.number, said.trigger, said.actor, dated, said.happened_on)
        outcome = self._store.act(command, said.at)
        return None if isinstance(outcome, Decision) else outcome

    def sweep(self, now: datetime) -> None:
        """Let every timer act whose moment has come."""
        self._store.sweep(now)

    def next_at(self) -> datetime | None:
        """The moment of the next timer, or None."""
        return self._store.next_at()

    def all(self) -> Mapping[str, CaseView]:
        """Every case as it stands, by number."""
        return self._store.cases

    def recorded(self) -> Sequence[Recorded]:
        """Everything that was recorded so far, in order."""
        return [Recorded(d.case.identity.number, d.entry.trigger, d.tells, d.tasks) for d in self._store.decisions]


def _reserved(trigger: str, case: CaseView, workflow: Workflow) -> tuple[Field, ...]:
    try:
        form = reserved_form(trigger, case, workflow)
    except KeyError:
        return ()
    # A story names documents by kind and may name what the case does not offer: deciding says so.
    return tuple(
        replace(each, type="text") if each.name in _OPEN_CHOICES and each.type == "choice" else each for each in form
    )


def _dated(said: Said, values: Values) -> Values:
    """A corrected day is written as text in a story's one value field."""
    if said.trigger == "case.correct" and values.get("field") == "happened_on":
        return {**values, "value": date.fromisoformat(str(values["value"]))}
    return values
