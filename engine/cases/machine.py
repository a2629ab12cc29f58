"""The shared machine of a workflow: the only place that knows the `transitions` package.

One Machine per workflow version serves every case: a throw-away token carries the state in and out, one at a time.
Each edge has an event of its own, so that what fires is exactly the edge whose guards `decide` found to hold; the
machine then says no to anything that is not in the definition.
"""

from __future__ import annotations

from enum import Enum
from threading import Lock

from transitions import Machine, State

from engine.definitions.workflow import FORMER, Workflow


class Token:
    """A case's state on its way through the machine."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class Steps:
    """The machine of one workflow version, ready to fire single edges, for one thread at a time."""

    __slots__ = ("_events", "_lock")

    def __init__(self, workflow: Workflow) -> None:
        self._events = dict(build(workflow).events)
        self._lock = Lock()

    def fire(self, event: str, source: str) -> str:
        """The state after this event; raises MachineError where it does not leave `source`, KeyError for none."""
        token = Token(source)
        with self._lock:
            self._events[event].trigger(token)
        return token.state


def event_name(trigger: str, index: int, target: str) -> str:
    """The machine's name for one edge."""
    return f"{trigger}/{index}>{target}"


def build(workflow: Workflow) -> Machine:
    """A machine with every state of the workflow and one event for each edge and target."""
    machine = Machine(
        model=None,
        states=list(workflow.states),
        initial=workflow.initial,
        auto_transitions=False,
        send_event=True,
    )
    sources: list[str | Enum | State]
    rungs = [state.name for state in workflow.states.values() if state.kind == "open"]
    for transition in workflow.transitions.values():
        for edge in transition.edges:
            targets = rungs if edge.to == FORMER else [edge.to] if edge.to else []
            for target in targets:
                sources = [*sorted(transition.sources)]
                machine.add_transition(event_name(transition.name, edge.index, target), sources, target)
    return machine
