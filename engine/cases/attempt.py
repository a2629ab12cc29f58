"""One attempt at an act: its days, its role, and the checks that every act shares."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from engine.access import ROLES
from engine.cases.model import Command, Entry, Reason
from engine.cases.plan import Plan
from engine.definitions.facts import SYSTEM, CaseView, Facts, Values
from engine.definitions.workflow import Field, Transition
from engine.workdays import Calendar


class Attempt(NamedTuple):
    """A command on its way: the tables of its workflow, the case, the moment, and the role it is made in."""

    plan: Plan
    case: CaseView
    command: Command
    now: datetime
    today: date
    happened: date
    calendar: Calendar
    role: str
    role_unit: str

    def facts(self, values: Values) -> Facts:
        """What a guard may see of this attempt."""
        command = self.command
        return Facts(self.case, values, self.happened, self.today, self.calendar, command.actor, self.role)


def in_role(attempt: Attempt, wanted: frozenset[str]) -> Attempt | None:
    """The attempt in the first role that fits today, or None when the actor holds none in the case's units."""
    actor = attempt.command.actor
    if actor is SYSTEM or actor.user == SYSTEM.user:
        return attempt._replace(role="system") if "system" in wanted else None
    held = actor.role_in(wanted, attempt.case.identity.scope, attempt.today)
    return Attempt(*attempt[:7], held.role, held.unit) if held else None


def right_reason(wanted: Iterable[str]) -> Reason:
    """The refusal of a person without the role: it names who may."""
    names = "、".join(ROLES.get(role, role) for role in sorted(wanted) if role != "system")
    return Reason("right", "right", f"这一步由{names or '系统'}办理")


def day_reason(attempt: Attempt, *, authority: bool) -> Reason | None:
    """Why the day of the act cannot be accepted, or None (DESIGN.md §4.4)."""
    happened, today = attempt.happened, attempt.today
    if happened > today:
        return Reason("day", "happened_on", f"发生日期{happened}在今天({today})之后；应在今天或之前")
    if authority and happened != today:
        return Reason("day", "happened_on", f"职权行为以登记之日为准，不能补记为{happened}；应为{today}")
    opened = attempt.case.identity.opened_on
    if happened < opened:
        return Reason("day", "happened_on", f"发生日期{happened}早于发现之日；应在{opened}当天或之后")
    return None


def bounds(attempt: Attempt) -> dict[str, date]:
    """The days that a form may name in not_before and not_after."""
    return {
        "happened": attempt.happened,
        "detected": attempt.case.identity.opened_on,
        "today": attempt.today,
    }


def split_values(form: tuple[Field, ...], values: Values) -> tuple[Values, Values]:
    """A form's values by class: public ones, and personal ones that are sealed (DESIGN.md §10)."""
    if not values:
        return {}, {}
    public_names = {field.name for field in form if field.public}
    public = {name: value for name, value in values.items() if name in public_names}
    return public, {name: value for name, value in values.items() if name not in public_names}


NOTHING: Values = MappingProxyType({})


class Line(NamedTuple):
    """The parts of an entry that differ from act to act."""

    target: str
    outcome: int = 0
    law: tuple[str, ...] = ()
    seen: Values = NOTHING
    public: Values = NOTHING
    sealed: Values = NOTHING
    result: Values = NOTHING
    trigger: str = ""
    """The act's name in the history, where it differs from the command's."""


def entry_of(attempt: Attempt, line: Line) -> Entry:
    """The line of history for this attempt."""
    case, command = attempt.case, attempt.command
    return Entry(
        case.identity.number,
        case.seq + 1,
        attempt.happened,
        attempt.now,
        command.actor.user,
        attempt.role,
        line.trigger or command.trigger,
        line.outcome,
        case.state,
        line.target,
        line.law,
        line.seen,
        line.public,
        line.sealed,
        line.result,
        command.request_id,
        command.os_user,
    )


def law_of(transition: Transition, issuer_kind: str) -> tuple[str, ...]:
    """The keys of the law an act rests on, for the kind of unit that issues."""
    law = transition.law
    return law.get(issuer_kind) or law.get("") or ()
