"""Clocks that start, start again, or go on where a document already started them."""

from __future__ import annotations

from datetime import date

from engine.cases.plan import Plan
from engine.cases.timers import Deadlines, Moment, start, waiting
from engine.definitions.facts import Document
from engine.definitions.workflow import DeadlineRule


def resume(plan: Plan, deadlines: Deadlines, rule: DeadlineRule, *, moment: Moment) -> None:
    """A deadline that runs from a document: started again when that document already ran, for a case that is back."""
    kind = rule.starts.of
    found = next((d for d in reversed(moment.documents) if d.kind == kind and d.status == "issued"), None)
    if found is None:
        return
    day = found.served_on if rule.starts.kind == "served" else found.issued_on
    if day is None:
        deadlines[rule.name] = waiting(rule, moment.epoch, kind)
    else:
        restart(plan, deadlines, rule, anchor=day, moment=moment)


def restart(plan: Plan, deadlines: Deadlines, rule: DeadlineRule, *, anchor: date, moment: Moment) -> None:
    """Start a deadline from an anchor, anew if it ran before, and those chained to its rolled end."""
    old = deadlines.get(rule.name)
    deadlines[rule.name] = started = start(rule, anchor, moment, old=old)
    for chained in plan.passed.get(rule.name, ()):
        restart(plan, deadlines, chained, anchor=started.due_on or anchor, moment=moment)


def restart_served(plan: Plan, deadlines: Deadlines, document: Document, *, state: str, moment: Moment) -> None:
    """Start what runs from the service of a document, once it has reached everybody; else leave it waiting."""
    day = document.posted_on
    if day is None:
        return
    for rule in plan.served.get(document.kind, ()):
        if state in rule.states:
            restart(plan, deadlines, rule, anchor=day, moment=moment)


def move_served(plan: Plan, deadlines: Deadlines, document: Document, *, moment: Moment) -> None:
    """Count again what runs from the service of a document, where its day is another than the one it ran from."""
    day = document.posted_on
    for rule in plan.served.get(document.kind, ()):
        running = deadlines.get(rule.name)
        if day is not None and running is not None and running.status == "running" and running.anchor != day:
            restart(plan, deadlines, rule, anchor=day, moment=moment)
