"""A town of many cases on the third persuasion: every act of its officers leaves documents, numbers and deadlines."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

from engine.app import App
from engine.cli.demo_play import moment, settle
from engine.clock import SteppedClock
from engine.services.model import ActRequest, OpenRequest
from tests.district import LITTLE
from tests.faults.ground import Ground, Land, opened
from tests.services.acts import CONTACT, PERSUASION, VISIT

OPENED = "2026-09-01 14:00"
REPORT: Mapping[str, object] = {
    "causes": "厌学",
    "help": "已告知",
    "finding": "多次劝返无效",
    "request": "请依法处理",
    "attachments": "记录四份",
    "signed_by": "校长",
}
OFFER: Mapping[str, object] = {"kinds": ["tutoring"], "told_to": ["父亲"], "how": "向学校提出"}
EDUCATION: Mapping[str, object] = {
    "officers": ["周强", "苏晓"],
    "persons": ["父亲"],
    "place": "镇政府",
    "facts": "未送孩子到校",
    "statement": "家里忙",
    "signed": "signed",
}
WAY = (
    ("2026-09-02 10:00", "school", "contact_family", CONTACT),
    ("2026-09-03 10:00", "township", "record_visit", VISIT),
    ("2026-09-04 10:00", "township", "persuade", PERSUASION),
    ("2026-09-07 10:00", "township", "persuade_again", PERSUASION),
    ("2026-09-08 10:00", "township", "persuade_again", PERSUASION),
)
"""How every case of the town came to where it stands."""

READY = "2026-09-08 10:00"


def town(land: Land, ground: Ground, cases: int) -> Ground:
    """An installation with so many cases that wait for the written report."""
    clock = SteppedClock(moment(OPENED))
    with opened(ground, clock) as app:
        settle(app, LITTLE, "correct-horse-battery")
        for at in range(cases):
            open_one(app, at)
        for when, who, trigger, fields in WAY:
            clock.set(moment(when))
            for number in numbers(app):
                app.cases.advance(ActRequest(case=number, trigger=trigger, account=who, fields=fields))
    return ground


def open_one(app: App, at: int, request_id: str = "") -> str:
    """Open a case about an invented pupil, the same for the same place; its number."""
    register_no = f"G990101{at:012d}"
    with app.archive.begin() as uow:
        reference = uow.roster.reference(register_no)
        uow.roster.put_pupils([(reference, pupil(reference, register_no, at))])
        uow.commit()
    request = OpenRequest(
        workflow="dropout-case",
        subject="pupil",
        account="school",
        reference=reference,
        fields={"kind": "absent_at_return_check"},
        request_id=request_id,
    )
    return app.cases.open(request).case


def pupil(reference: str, register_no: str, at: int) -> dict[str, object]:
    """An invented pupil of the sample's school."""
    return {
        "reference": reference,
        "register_no": register_no,
        "name": f"高小{'甲乙丙丁戊己庚辛壬癸'[at % 10]}",
        "sex": "女",
        "birth": date(2013, 5, 4),
        "id_number": "",
        "school": "青禾中学",
        "grade": "七",
        "class_name": "七(2)",
        "residence": "和平村",
        "township": "青禾镇人民政府",
        "priority": [],
        "guardians": [
            {"key": "father", "name": "高远山", "relation": "父亲", "phone": ""},
            {"key": "mother", "name": "白水清", "relation": "母亲", "phone": ""},
        ],
    }


def numbers(app: App) -> list[str]:
    """Every case's number."""
    with app.archive.read() as uow:
        return uow.cases.numbers()


NUMBERED = "report_upward"
"""The act whose document takes a number of a series."""

ACTS: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("school", "case.note", {"text": "记一笔"}),
    ("school", "contact_family", CONTACT),
    ("township", "record_further_visit", VISIT),
    ("township", "offer_help", OFFER),
    ("bureau", "educate", EDUCATION),
    ("principal", NUMBERED, REPORT),
    ("principal", NUMBERED, REPORT),
    ("township", "case.hand_over", {"owner": "township", "reason": "分工"}),
)
"""What officers of the town do, again and again."""


def some_act(chance: random.Random) -> tuple[str, str, Mapping[str, object]]:
    """One act at random: account, trigger, form; dates lie ahead of the day."""
    return chance.choice(ACTS)
