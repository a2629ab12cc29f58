"""A store in memory: cases, their timers in a heap, and a clock that only moves when told.

Stories, simulations and benchmarks run the real decisions through it; nothing is written anywhere.
"""

from __future__ import annotations

import gc
import heapq
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count

from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Outcome, Refusal
from engine.cases.opening import child_identity, link_changed, open_case
from engine.cases.passing import timer_values
from engine.definitions.facts import SYSTEM, CaseView, Identity, Running, UnitFacts
from engine.definitions.workflow import Workflow
from engine.workdays import Calendar

_Timer = tuple[datetime, int, str, str, int, int, int]


class Rehearsal:
    """Cases in memory; every accepted command is kept in `decisions` when `keep` is set."""

    def __init__(
        self,
        workflows: Mapping[str, Workflow],
        calendar: Calendar,
        *,
        units: Iterable[UnitFacts] = (),
        keep: bool = True,
    ) -> None:
        self.workflows = workflows
        self.calendar = calendar
        self.units = {unit.code: unit for unit in units}
        self.cases: dict[str, CaseView] = {}
        self.decisions: list[Decision] = []
        self.steps = 0
        self._keep = keep
        self._heap: list[_Timer] = []
        self._ids = count()

    def open(self, identity: Identity, command: Command, now: datetime, *, unit: str) -> Decision:
        """Open a case of the identity's workflow."""
        decision = open_case(
            self.workflows[identity.workflow], identity, command, now=now, calendar=self.calendar, unit=unit
        )
        self._store(decision, now)
        return decision

    def act(self, command: Command, now: datetime) -> Outcome:
        """Decide one command on the case as it stands, and keep what came of it."""
        case = self.cases[command.case]
        outcome = decide(self.workflows[case.identity.workflow], case, command, now, self.calendar)
        if isinstance(outcome, Decision):
            self._store(outcome, now)
        return outcome

    def sweep(self, now: datetime) -> list[Decision]:
        """Let every timer act whose moment has come, oldest first; each acts once."""
        done: list[Decision] = []
        while self._heap and self._heap[0][0] <= now:
            _, _, number, name, epoch, generation, step = heapq.heappop(self._heap)
            case = self.cases[number]
            running = case.deadlines.get(name)
            if running is None or (running.epoch, running.generation, running.step) != (epoch, generation, step):
                continue
            command = Command("", number, "timer.act", SYSTEM, timer_values(running))
            outcome = decide(self.workflows[case.identity.workflow], case, command, now, self.calendar)
            if isinstance(outcome, Refusal):
                continue
            self._store(outcome, now)
            done.append(outcome)
        return done

    @staticmethod
    @contextmanager
    def undisturbed() -> Iterator[None]:
        """Many cases without the collector's pauses: frozen values make no rings, so nothing is missed."""
        was = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was:
                gc.enable()

    def next_at(self) -> datetime | None:
        """The moment of the next timer in the heap, or None."""
        return self._heap[0][0] if self._heap else None

    def child(self, number: str, link: str) -> CaseView:
        """The newest linked case of this name; raises KeyError when none was opened."""
        found = [each for each in self.cases[number].links if each.name == link]
        if not found:
            raise KeyError(link)
        return self.cases[found[-1].reference]

    def _store(self, decision: Decision, now: datetime) -> None:
        case, before = decision.case, decision.before
        number = case.identity.number
        self.cases[number] = case
        self.steps += 1
        if self._keep:
            self.decisions.append(decision)
        old: Mapping[str, Running] = before.deadlines if before is not None else {}
        if case.deadlines is not old:
            for name, running in case.deadlines.items():
                if running.next_at is not None and old.get(name) is not running:
                    timer = (
                        running.next_at,
                        next(self._ids),
                        number,
                        name,
                        running.epoch,
                        running.generation,
                        running.step,
                    )
                    heapq.heappush(self._heap, timer)
        if decision.opens:
            self._open_links(decision, now)
        if case.identity.parent and (before is None or before.state != case.state):
            self._tell_parent(case, now)

    def _open_links(self, decision: Decision, now: datetime) -> None:
        case = decision.case
        fresh = case.links[len(case.links) - len(decision.opens) :]
        for order, link in zip(decision.opens, fresh, strict=True):
            identity = child_identity(case, order, link.reference, receiver=self.units.get(order.receiver), now=now)
            command = Command(
                request_id="",
                case=link.reference,
                trigger="case.open",
                actor=SYSTEM,
                values={"channel": order.channel} if order.channel else {},
            )
            self.open(identity, command, now, unit=order.receiver or case.unit)

    def _tell_parent(self, child: CaseView, now: datetime) -> None:
        parent = self.cases[child.identity.parent]
        kind = self.workflows[child.identity.workflow].states[child.state].kind
        command = Command(
            request_id="",
            case=parent.identity.number,
            trigger="link.changed",
            actor=SYSTEM,
            values={"link": child.identity.number, "state": child.state, "kind": kind},
        )
        decision = link_changed(
            self.workflows[parent.identity.workflow], parent, command, now=now, calendar=self.calendar
        )
        if decision is not None:
            self._store(decision, now)
