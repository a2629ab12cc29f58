"""Who a case is about and which units have standing in it, worked out from the register when the case opens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from engine.definitions.facts import Identity, SubjectFacts, UnitFacts
from engine.services.refusals import refused

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork


def identity_for(
    uow: UnitOfWork, workflow: str, profile: Mapping[str, object], *, number: str, opened_on: date, today: date
) -> Identity:
    """The identity of a new case about this pupil: school, class, residence, bureau and district stand in it."""
    by_name = {unit.name: unit.code for unit in uow.units.on(today)}
    codes = {
        "school": by_name.get(str(profile.get("school", "")), ""),
        "class": by_name.get(f"{profile.get('school', '')}{profile.get('class_name', '')}", ""),
        "residence": by_name.get(str(profile.get("township", "")), ""),
    }
    if not codes["school"] and not codes["residence"]:
        raise refused("rule", "unit", "学籍册中的学校和乡镇在单位表里都找不到，不能确定责任单位")
    units = [uow.units.facts(code, relation, today) for relation, code in codes.items() if code]
    for unit in uow.units.on(today):
        relation = {"county_education_department": "bureau", "district_government": "district"}.get(unit.kind)
        if relation:
            units.append(uow.units.facts(unit.code, relation, today))
        elif unit.kind == "village_committee" and unit.parent == codes["residence"]:
            units.append(uow.units.facts(unit.code, "household", today))
    found: tuple[UnitFacts, ...] = tuple(unit for unit in units if unit is not None)
    given = profile.get("guardians")
    guardians = tuple(str(each["key"]) for each in given) if isinstance(given, (list, tuple)) else ()
    priority = profile.get("priority")
    birth = profile.get("birth")
    return Identity(
        number=number,
        workflow=workflow,
        district=uow.district,
        subject=SubjectFacts(
            kind="pupil",
            reference=str(profile["reference"]),
            birth=birth if isinstance(birth, date) else None,
            guardians=guardians,
            priority=tuple(str(each) for each in priority) if isinstance(priority, (list, tuple)) else (),
        ),
        units=found,
        opened_on=opened_on,
        scope=frozenset(unit.code for unit in found),
    )


def responsible(identity: Identity) -> str:
    """The unit in which the case counts: the school that holds the register, else the residence (DOMAIN.md 13.3.8)."""
    for relation in ("school", "residence", "bureau"):
        for unit in identity.units:
            if unit.relation == relation:
                return unit.code
    return identity.units[0].code
