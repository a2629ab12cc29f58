"""Opening a case, and what a linked case and its parent tell each other. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.cases.attempt import Attempt, Line, entry_of
from engine.cases.model import Command, Decision, LinkOrder
from engine.cases.plan import plan_of
from engine.cases.starting import restart
from engine.cases.timers import Deadlines, moment_of
from engine.clock import local_day
from engine.definitions.facts import CaseView, Identity, UnitFacts
from engine.definitions.workflow import Workflow
from engine.workdays import Calendar

PUBLIC_OPENING = frozenset({"kind", "channel"})
"""Fields of an opening that are plain enumerations; the rest is sealed."""


def open_case(
    workflow: Workflow,
    identity: Identity,
    command: Command,
    *,
    now: datetime,
    calendar: Calendar,
    unit: str,
) -> Decision:
    """The decision that opens a case in its initial state, with the deadlines of that state.

    `command.trigger` is ``case.open``; `unit` is the responsible unit, in which the case counts.
    """
    plan = plan_of(workflow)
    today = local_day(now)
    happened = command.happened_on or today
    bare = CaseView(
        identity, workflow.initial, "", 1, 0, 0, "", happened, unit, "", {}, {}, {}, (), (), (), (), (), "", None
    )
    held = command.actor.role_in(frozenset(r.role for r in command.actor.roles), identity.scope, today)
    role = held.role if held else "system"
    attempt = Attempt(plan, bare, command, now, today, happened, calendar, role, held.unit if held else "")
    deadlines: Deadlines = {}
    for rule in plan.entering[workflow.initial]:
        anchor = now if rule.span.unit.value == "hours" else happened
        restart(plan, deadlines, rule, anchor=anchor, moment=moment_of(bare, calendar))
    after = bare._replace(seq=1, version=1, deadlines=deadlines)
    public = {name: value for name, value in command.values.items() if name in PUBLIC_OPENING}
    sealed = {name: value for name, value in command.values.items() if name not in PUBLIC_OPENING}
    line = Line(workflow.initial, public=public, sealed=sealed)
    entry = entry_of(attempt, line)._replace(source="")
    return Decision(before=None, case=after, entry=entry)


def child_identity(
    parent: CaseView, order: LinkOrder, reference: str, *, receiver: UnitFacts | None, now: datetime
) -> Identity:
    """The identity of a linked case: its parent's subject and units, and the receiver beside them."""
    units = parent.identity.units
    if receiver is not None:
        units = (*(u for u in units if u.code != receiver.code), replace(receiver, relation="receiver"))
    scope = parent.identity.scope | ({receiver.code} if receiver else frozenset())
    return replace(
        parent.identity,
        number=reference,
        workflow=order.workflow,
        units=units,
        opened_on=local_day(now),
        parent=parent.identity.number,
        channel=order.channel,
        scope=scope,
    )


def link_changed(
    workflow: Workflow, parent: CaseView, command: Command, *, now: datetime, calendar: Calendar
) -> Decision | None:
    """The parent's entry when its linked case moved: never a new version (DESIGN.md §9); None when nothing changed.

    The command is the system's, with the values link (the child's number), state and kind (of that state).
    """
    values = command.values
    state, final = str(values["state"]), values["kind"] == "final"
    links = tuple(
        replace(link, state=state, ended=final, outcome=state if final else "")
        if link.reference == values["link"]
        else link
        for link in parent.links
    )
    if links == parent.links:
        return None
    today = local_day(now)
    attempt = Attempt(plan_of(workflow), parent, command, now, today, today, calendar, "system", "")
    after = parent._replace(seq=parent.seq + 1, links=links)
    line = Line("", public=values)
    return Decision(before=parent, case=after, entry=entry_of(attempt, line))
