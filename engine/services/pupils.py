"""A register's row as the sealed profile of its pupil, and back."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from engine.roster.names import fold_class
from engine.roster.register import Pupil

RELATIONS = {"父亲": "father", "母亲": "mother", "祖父": "grandfather", "祖母": "grandmother"}

_class = lru_cache(10_000)(fold_class)
"""A register that was brought in earlier may have a class in a spelling that is folded since."""


def profile_of(pupil: Pupil, reference: str) -> dict[str, object]:
    """A register row as the sealed profile of its pupil, who is known outside it by the reference alone."""
    return {
        "reference": reference,
        "register_no": pupil.register_no,
        "name": pupil.name,
        "sex": pupil.sex,
        "birth": pupil.birth,
        "id_number": pupil.id_number,
        "school": pupil.school,
        "grade": pupil.grade,
        "class_name": pupil.class_name,
        "residence": pupil.residence,
        "township": pupil.township,
        "priority": list(pupil.priority),
        "guardians": [
            {
                "key": RELATIONS.get(each.relation, f"guardian{at}" if at else "guardian"),
                "name": each.name,
                "relation": each.relation,
                "phone": each.phone,
            }
            for at, each in enumerate(pupil.guardians)
        ],
    }


def pupil_of(profile: dict[str, object]) -> Pupil:
    """The part of a profile that comparing needs, as a register row."""
    birth = profile.get("birth")
    return Pupil(
        register_no=str(profile["register_no"]),
        name=str(profile["name"]),
        sex=str(profile.get("sex", "")),
        birth=birth if isinstance(birth, date) else None,
        id_number=str(profile.get("id_number", "")),
        school=str(profile["school"]),
        grade=str(profile.get("grade", "")),
        class_name=_class(str(profile["class_name"])),
        guardians=(),
        residence="",
        township=str(profile.get("township", "")),
        priority=(),
        sheet="",
        row=0,
    )
