"""Who may do what: the roles of DOMAIN.md 10 and their rights to the acts that every case has. Pure."""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, str] = {
    "class_teacher": "班主任",
    "register_clerk": "学籍管理员",
    "school_officer": "学校专干",
    "school_head": "校长",
    "village_cadre": "村居干部",
    "township_officer": "乡镇专干",
    "township_head": "乡镇长",
    "subdistrict_officer": "街道专干",
    "subdistrict_head": "街道主任",
    "bureau_officer": "教体局专干",
    "legal_reviewer": "法制审核",
    "bureau_head": "教体局领导",
    "district_leader": "区政府分管领导",
    "receiver": "接收单位",
    "inspector": "责任督学",
    "auditor": "审计",
    "administrator": "系统管理员",
    "issuer_head": "签发单位负责人",
    "system": "系统",
}
"""Role ids as they stand in workflow files, with their Chinese names."""

HEADS: Mapping[str, str] = {
    "township_government": "township_head",
    "county_education_department": "bureau_head",
    "subdistrict_office": "subdistrict_head",
    "school": "school_head",
}
"""Which role heads a unit of a kind: what ``issuer_head`` means for the unit that issues."""

UNIT_KINDS: Mapping[str, str] = {
    "district_government": "区人民政府",
    "county_education_department": "区教育体育局",
    "township_government": "乡镇人民政府",
    "subdistrict_office": "街道办事处",
    "village_committee": "村(居)民委员会",
    "school": "学校",
    "class": "班级",
    "judicial_office": "司法所",
    "police_station": "派出所",
    "civil_affairs": "民政部门",
    "labour_inspection": "劳动监察",
}
"""Kinds of unit; authority hangs on them (DOMAIN.md 4)."""

_SCHOOL, _TOWNSHIP = frozenset({"school"}), frozenset({"township_government"})
_STREET, _BUREAU = frozenset({"subdistrict_office"}), frozenset({"county_education_department"})

FITS: Mapping[str, frozenset[str]] = {
    "class_teacher": frozenset({"class", "school"}),
    "register_clerk": _SCHOOL,
    "school_officer": _SCHOOL,
    "school_head": _SCHOOL,
    "village_cadre": frozenset({"village_committee"}),
    "township_officer": _TOWNSHIP,
    "township_head": _TOWNSHIP,
    "subdistrict_officer": _STREET,
    "subdistrict_head": _STREET,
    "bureau_officer": _BUREAU,
    "bureau_head": _BUREAU,
    "district_leader": frozenset({"district_government"}),
}
"""In which kinds of unit a role is held; the others may be held in any."""

APPOINTERS = frozenset({"bureau_head", "administrator"})
"""The responsible managers who approve that somebody gets a role (网保条例 36; DOMAIN.md 10)."""

ISSUERS = frozenset({"township_government", "county_education_department"})
"""The only two that may order a guardian to correct (义教法 58; DOMAIN.md 0.1)."""

_OFFICERS = frozenset({"school_officer", "township_officer", "subdistrict_officer", "bureau_officer"})
_HEADS = frozenset({"school_head", "township_head", "subdistrict_head", "bureau_head"})
_FIELD = frozenset({"class_teacher", "village_cadre", "register_clerk", "legal_reviewer", "inspector"})

RESERVED: Mapping[str, frozenset[str]] = {
    "case.note": _OFFICERS | _HEADS | _FIELD,
    "case.undo": _OFFICERS | _HEADS | _FIELD,
    "case.correct": _OFFICERS | _HEADS,
    "case.hold": frozenset({"township_officer", "bureau_officer"}) | (_HEADS - {"school_head"}),
    "case.release": frozenset({"township_officer", "bureau_officer"}) | (_HEADS - {"school_head"}),
    "case.hand_over": _OFFICERS | _HEADS,
    "case.reopen": frozenset({"school_officer", "township_officer", "bureau_officer"}) | _HEADS,
    "document.serve": frozenset({"school_officer", "township_officer", "subdistrict_officer", "bureau_officer"}),
    "document.dispense": frozenset({"township_head", "bureau_head", "bureau_officer"}),
    "document.withdraw": frozenset({"township_head", "bureau_head"}),
    "proposal.approve": _HEADS | {"legal_reviewer"},
    "proposal.return": _HEADS | {"legal_reviewer"},
}
"""Acts that every case has, and the roles that may do them (DESIGN.md §4.5)."""

BLIND = frozenset({"administrator", "district_leader"})
"""Roles that give no sight of a case: one keeps the machine, the other only gets messages (DESIGN.md §12)."""

READERS = frozenset({"auditor"})
"""Roles that read and never act: no case is theirs to work on."""

OUTSIDE = frozenset({"receiver", "family", "guardians"})
"""To whom a message leaves the house: families and offices outside; the brake is for these."""

RELEASERS = frozenset({"bureau_officer", "bureau_head"})
"""Who may let messages go that the brake holds."""

RECALCULATORS = frozenset({"bureau_officer", "bureau_head"})
"""Who may accept that a new calendar makes a date of an authority earlier."""

RESERVED_ZH: Mapping[str, str] = {
    "case.open": "立案",
    "case.note": "备注",
    "case.undo": "撤销刚才的登记",
    "case.correct": "更正",
    "case.hold": "中止计时",
    "case.release": "恢复计时",
    "case.hand_over": "移交",
    "case.reopen": "重新立案",
    "document.serve": "登记送达",
    "document.dispense": "免除送达",
    "document.withdraw": "撤回文书",
    "proposal.make": "报批",
    "proposal.approve": "同意",
    "proposal.return": "退回",
    "timer.remind": "到期提醒",
    "timer.overdue": "逾期升级",
    "case.recalculate": "按新日历推算期限",
    "link.changed": "关联个案变动",
}
"""Chinese names of the acts that no workflow file names."""


def head_of(kind: str) -> str:
    """The role that heads a unit of this kind; empty when nobody can sign for it."""
    return HEADS.get(kind, "")
