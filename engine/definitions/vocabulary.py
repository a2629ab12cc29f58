"""The fixed words of the language: roles, kinds of unit, built-in acts, facts that a notice may draw on.

Roles, kinds and acts are those of the access room, which stands on the same floor and may not be imported, names of
refusals those of the cases room, which stands above; tests hold them equal.
"""

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
"""Roles of DOMAIN.md 10, with their Chinese names."""

UNIT_KINDS = frozenset(
    {
        "district_government",
        "county_education_department",
        "township_government",
        "subdistrict_office",
        "village_committee",
        "school",
        "class",
        "judicial_office",
        "police_station",
        "civil_affairs",
        "labour_inspection",
    }
)
"""Kinds of unit; authority hangs on them (DOMAIN.md 4)."""

ISSUERS = frozenset({"township_government", "county_education_department"})
"""The only two that may order a guardian to correct (义教法 58; DOMAIN.md 0.1)."""

BUILT_IN = frozenset(
    {
        "case.note",
        "case.undo",
        "case.correct",
        "case.hold",
        "case.release",
        "case.hand_over",
        "case.reopen",
        "document.serve",
        "document.dispense",
        "document.withdraw",
        "proposal.approve",
        "proposal.return",
    }
)
"""Acts that every case has and no workflow declares (DESIGN.md §4.5)."""

REFUSAL_KINDS = frozenset({"guard", "field", "right", "state", "day", "stale", "definition", "timer"})
"""Kinds of reason that can stand against an act."""

REFUSAL_NAMES = frozenset(
    """
    address adult absent approved_already body calendar deadline document electronic_agreed entrustment_issued entry
    field happened_on hold_notice leave left_at letter links_ended lives_together log mailed_on method note opinion
    own_proposal owner person_name posted_on proposal public_notice_allowed public_notice_issued reason receipt refused
    relation result review_channel review_on right servers slip slip_date state statutory text to tracking_no undo
    unknown_whereabouts value version video where witness witness_body
    """.split()  # noqa: SIM905  reads as a list
)
"""What built-in acts and built-in checks call the reasons that stand against an act, beside the workflow's own."""

ALONE = frozenset({"system", "issuer_head"})
"""Words that stand for a role in one place only: `system` never drafts or approves, `issuer_head` only approves."""

FIELD_TYPES = (
    "text",
    "long_text",
    "date",
    "time",
    "number",
    "yes_no",
    "choice",
    "choices",
    "grid",
    "people",
    "span",
    "file",
    "unit",
)
"""Types of a form field."""

OPEN_FIELD_TYPES = frozenset({"choice", "choices", "yes_no", "date", "number", "span", "unit"})
"""Types whose values may stand in the public part of an entry (DESIGN.md §10); free text is always sealed."""

BLOCKS = ("title", "addressee", "paragraph", "heading", "list", "table", "signature", "date", "number", "annex")
"""Kinds of block in a notice."""

NOTICE_FACTS: Mapping[str, frozenset[str]] = {
    "child": frozenset({"name", "sex", "birth", "class_name", "residence", "register_no_masked", "school"}),
    "guardians": frozenset(),
    "school": frozenset({"name"}),
    "issuer": frozenset({"name", "kind"}),
    "township": frozenset({"name", "kind"}),
    "bureau": frozenset({"name", "kind"}),
    "receiver": frozenset({"name", "kind"}),
    "today": frozenset(),
    "absent_since": frozenset(),
    "persuasions": frozenset(),
    "visits": frozenset(),
    "evidence": frozenset(),
    "values": frozenset(),
    "values_zh": frozenset(),
    "legal_basis": frozenset(),
    "officers": frozenset(),
    "concerned": frozenset(),
    "recipients": frozenset(),
    "withdrawn": frozenset({"title", "number", "issued_on"}),
    "case": frozenset({"number"}),
    "order": frozenset({"id", "issued_on", "served_on", "number"}),
    "closing": frozenset({"code", "zh"}),
    "limit": frozenset(),
    "fixed_on": frozenset(),
    "number": frozenset(),
    "issued_on": frozenset(),
    "review_authority": frozenset(),
    "court": frozenset(),
    "contact": frozenset(),
    "item": frozenset(),
}
"""Facts that a notice may draw on, with the names inside those that have a fixed set of them."""
