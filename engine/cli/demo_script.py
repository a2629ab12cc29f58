"""The demonstration's script: who does what on which day, in a district that does not exist."""

from __future__ import annotations

from engine.cli.demo_endings import ENDINGS, LATE, LATE_ON, OPENINGS
from engine.cli.demo_orders import police, posted
from engine.cli.demo_scenes import BUREAU, JUDICIAL, TOWNSHIP, Opening, Part, Scene


def _returning(part: Part) -> tuple[Scene, ...]:
    """A child who comes back after one visit, is watched for four weeks, and closes as returned."""
    agreed = {
        "result": "agrees",
        "returns": "2026-09-07",
        "reasons": "孩子说跟不上，不愿去",
        "answer": "周一送来",
        "next_date": "2026-09-08",
    }
    weeks = ("2026-09-14 10:00", "2026-09-21 10:00", "2026-09-28 10:00", "2026-10-08 10:00")
    back = {"back_on": "2026-09-07", "seen_by": ["班主任"], "checked_by": ["校长"]}
    closing = {"issuer": TOWNSHIP, "evidence": "到校名册、四周在校确认", "register": "normal"}
    return (
        part.contact("2026-09-01 15:00", "没有说明"),
        part.visit("2026-09-03 11:00", **agreed),
        part.act("2026-09-07 08:40", "school", "child_is_back", **back),
        *(part.act(at, "school", "confirm_attendance", present="yes", days_absent="0") for at in weeks),
        part.act("2026-10-09 10:00", "school", "close_returned", **closing),
        part.approve("2026-10-09 15:00", "township_head", "close_returned"),
    )


def _referring(part: Part) -> tuple[Scene, ...]:
    """Not complied with, proposed, approved, acknowledged by the judicial office."""
    check = {"result": "not_complied", "how": "到校查看，并电话询问班主任", "checkers": ["镇专干", "班主任"]}
    receipt = {"taken_by": ["司法所干部"], "receipt_no": "收〔2026〕1号"}
    return (
        part.act("2026-10-16 10:00", "township", "check_compliance", **check),
        *part.refer(
            ("2026-10-19 10:00", "2026-10-19 15:00", "2026-10-20 09:00"),
            "bureau",
            channel="judicial_office",
            receiver=JUDICIAL,
            request="提请发放司法文书，督促履行。",
        ),
        part.linked("2026-10-21 10:00", "judicial", "acknowledge", link="refer", **receipt),
    )


def _referred(part: Part) -> tuple[Scene, ...]:
    """A child whose visit comes too late, whose parents refuse, and who ends with the judicial office."""
    mail = {"mailed_on": "2026-09-22", "slip": "received", "slip_date": "2026-09-24", "reason": "母亲在外地务工"}
    refused = {"decision": "refused_by_family", "reason": "家庭表示不需要"}
    return (
        part.contact("2026-09-01 15:20", "说过几天再来"),
        part.visit("2026-09-07 11:00", next_date="2026-09-14"),
        part.offer_help("2026-09-07 16:00"),
        part.persuade("2026-09-08 10:00", "persuade", "2026-09-10"),
        part.persuade("2026-09-10 10:00", "persuade_again", "2026-09-14"),
        part.act("2026-09-11 10:00", "township", "decide_help", **refused),
        part.persuade("2026-09-14 10:00", "persuade_again", "2026-09-16"),
        part.report("2026-09-15 09:00"),
        part.act("2026-09-16 10:00", "bureau", "bureau_decide", decision="order_self", reason="经多次劝返无效"),
        part.educate("2026-09-17 10:00"),
        part.hear("2026-09-18 10:00"),
        part.judge("2026-09-18 15:00"),
        *part.order(("2026-09-20 10:00", "2026-09-21 09:00", "2026-09-21 11:00"), BUREAU, "到校名册、书面报告"),
        part.serve("2026-09-23 10:30", "father", "direct", receipt="yes"),
        part.serve("2026-09-24 16:00", "mother", "mail", tracking_no="EX000000001CN", **mail),
        *_referring(part),
    )


def _visited(part: Part) -> tuple[Scene, ...]:
    """A child who was visited and persuaded once: for the visitor of the pages to carry on."""
    return (
        part.contact("2026-09-01 15:40", "没有接通后回电"),
        part.visit("2026-09-04 09:30", next_date="2026-09-14"),
    )


RETURNS, GOES_ON, STAYS, REPRIMANDED, POSTED = "returns", "referred", "visited", "police", "posted"
CONFIRMED = (RETURNS, GOES_ON, STAYS)
"""The parts whose cases the first day's findings open, in the order of the findings."""

SCENES: tuple[Scene, ...] = tuple(
    sorted(
        (
            *_returning(Part(case=RETURNS)),
            *_referred(Part(case=GOES_ON)),
            *_visited(Part(case=STAYS)),
            *police(Part(case=REPRIMANDED)),
            *posted(Part(case=POSTED)),
            *ENDINGS,
        ),
        key=lambda scene: scene.at,
    )
)
"""The whole play in order of time."""

_ALL: tuple[Scene | Opening, ...] = (*SCENES, *OPENINGS)
EVENTS: tuple[Scene | Opening, ...] = tuple(sorted(_ALL, key=lambda event: event.at))
"""Acts and openings in order of time."""

OPENING, ENDING = "2026-09-01 14:00", "2026-10-22 08:30"
"""When the lists are imported, and the morning on which the pages are opened."""

__all__ = ["BUREAU", "CONFIRMED", "ENDING", "EVENTS", "LATE", "LATE_ON", "OPENING", "SCENES", "Opening", "Scene"]
