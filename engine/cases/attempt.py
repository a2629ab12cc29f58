"""One attempt at an act: its days, its role, and the checks that every act shares."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from engine.access import ROLES
from engine.cases.model import Command, Entry, Reason
from engine.cases.plan import Plan
from engine.definitions.facts import SYSTEM, CaseView, Facts, HeldRole, Values
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
    held: HeldRole | None = None

    def facts(self, values: Values) -> Facts:
        """What a guard may see of this attempt."""
        trigger, actor = self.command.trigger, self.command.actor
        return Facts(self.case, values, self.happened, self.today, self.calendar, actor, self.role, trigger)


def in_role(attempt: Attempt, wanted: frozenset[str]) -> Attempt | None:
    """The attempt in the first role that fits today, or None when the actor holds none in the case's units."""
    actor = attempt.command.actor
    if actor is SYSTEM or actor.user == SYSTEM.user:
        return attempt._replace(role="system") if "system" in wanted else None
    held = actor.role_in(wanted, attempt.case.identity.scope, attempt.today)
    return Attempt(*attempt[:7], held.role, held.unit, held) if held else None


def right_reason(attempt: Attempt, wanted: frozenset[str]) -> Reason:
    """The refusal of a person without the role: it names who may, and who stands in where the role rests."""
    leave = attempt.command.actor.away_from(wanted, attempt.case.identity.scope, attempt.today)
    if leave is not None:
        return on_leave(leave)
    names = "、".join(ROLES.get(role, role) for role in sorted(wanted) if role != "system")
    return Reason("right", "right", f"这一步由{names or '系统'}办理")


def on_leave(leave: HeldRole) -> Reason:
    """The refusal of a person on leave: it names the days and who stands in."""
    zh = ROLES.get(leave.role, leave.role)
    why = f"你的{zh}职务{leave.first}至{leave.last}因休假由「{leave.covers}」代行，回岗后再办"
    return Reason("right", "leave", why)


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
        line.result if attempt.held is None else {**line.result, **_standing(attempt.held)},
        command.request_id,
        command.os_user,
    )


def _standing(held: HeldRole) -> Values:
    """In whose place a role was used, or by which appointment: it stands in the entry."""
    if held.covers:
        return {"covers": held.covers}
    return {"acting_by": held.basis} if held.basis else NOTHING


def law_of(transition: Transition, issuer_kind: str) -> tuple[str, ...]:
    """The keys of the law an act rests on, for the kind of unit that issues.

    A subdistrict that may issue at all was lent what a township may do: it rests on the same law.
    """
    law = transition.law
    lent = law.get("township_government") if issuer_kind == "subdistrict_office" else None
    return law.get(issuer_kind) or law.get("") or lent or ()
