"""What importing lists and settling findings share: who may, where, and how a finding is shown."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.access import BLIND, ROLES
from engine.definitions.facts import Actor
from engine.services.model import FindingRow
from engine.services.refusals import refused
from engine.services.words import DOUBT_ZH, FINDING_ZH, masked
from engine.storage.roster import DOUBT

if TYPE_CHECKING:
    from engine.storage.unit_of_work import StoredFinding, UnitOfWork


def may(actor: Actor, roles: frozenset[str], today: date) -> None:
    """Raise RightRefused for a person without any of these roles today."""
    if not any(held.role in roles and held.first <= today <= held.last for held in actor.roles):
        raise refused("right", "right", f"这一步由{'、'.join(zh for role, zh in ROLES.items() if role in roles)}办理")


def area_of(uow: UnitOfWork, actor: Actor, today: date) -> frozenset[str]:
    """The units of the actor's roles today, with everything inside them."""
    mine: set[str] = set()
    for held in actor.roles:
        if held.first <= today <= held.last and held.role not in BLIND:
            mine |= uow.units.area(held.unit, today)
    return frozenset(mine)


def finding_row(finding: StoredFinding) -> FindingRow:
    """A finding as lists show it, the name masked."""
    return FindingRow(
        id=finding.id,
        kind=finding.kind,
        kind_zh=DOUBT_ZH if finding.kind == DOUBT else FINDING_ZH.get(finding.kind, finding.kind),
        name=masked(finding.name),
        school=finding.school_name,
        class_name=finding.class_name,
        detail=finding.detail,
        found_on=finding.found_on,
        status=finding.status,
        case=finding.case,
    )
