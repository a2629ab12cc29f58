"""What one broken definition is: a change to the good sample, and where it must be complained about."""

from __future__ import annotations

from dataclasses import dataclass

ORDER = "notices/correction_order.yaml"
VISIT = "notices/visit_record.yaml"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One change to the sample: in which file, from what to what, and what is complained about where."""

    why: str
    old: str
    new: str
    code: str
    at: str = ""
    """Words in the line of the complaint; the line of the change when empty."""
    file: str = "workflow.yaml"
    says: str = ""


def b(why: str, old: str, new: str, code: str, at: str = "", **more: str) -> Broken:
    return Broken(why=why, old=old, new=new, code=code, at=at, **more)
