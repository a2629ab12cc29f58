"""Handing a case over: to whom it may go, by account, by name, or to the pool of a role."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.access import BLIND, READERS, ROLES
from engine.cases.model import Reason
from engine.definitions.facts import CaseView, Person, Values

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork


def handed(uow: UnitOfWork, case: CaseView, values: Values, *, today: date) -> tuple[Values, tuple[Reason, ...]]:
    """The values with the new owner as an account or a role; a reason where nobody, or more than one, is meant.

    Somebody who works in the case today may take it: an owner who never sees it would let it lie.
    """
    owner = values.get("owner")
    if not owner:
        return values, ()
    people = takers(uow, case, today)
    pools = {held.role for each in people for held in each.roles if held.unit in case.identity.scope}
    if owner in pools:
        return values, ()
    found = [each for each in people if each.account == owner] or [each for each in people if each.name == owner]
    if len(found) == 1:
        return {**values, "owner": found[0].account}, ()
    offered = "、".join(f"{each.name}（{each.account}）" for each in people)
    why = "有几位同名，请写账号" if found else "现在不办理本案"
    return values, (Reason("field", "owner", f"新负责人：「{ROLES.get(str(owner), owner)}」{why}；可移交：{offered}"),)


def takers(uow: UnitOfWork, case: CaseView, today: date) -> list[Person]:
    """The people who may take the case: who work in it today."""
    return [each for each in uow.people.all() if _works_in(case, each, today)]


def owner_today(uow: UnitOfWork, case: CaseView, today: date) -> str:
    """The owner as it counts today; empty when the person is absent or gone: the work falls to the unit's pool."""
    person = uow.people.get(case.owner) if case.owner else None
    return case.owner if person is None or _works_in(case, person, today) else ""


def _works_in(case: CaseView, person: Person, today: date) -> bool:
    scope = case.identity.scope
    return any(
        held.unit in scope and held.role not in BLIND | READERS and held.first <= today <= held.last
        for held in person.roles
    )
