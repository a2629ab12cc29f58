"""The demonstration's script: who does what on which day, in a district that does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOWNSHIP, BUREAU, JUDICIAL = "QH-01", "QH-JT", "QH-J1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One act: when (local), on which case of the play, by whom, what, with which form."""

    at: str
    case: str
    who: str
    did: str
    form: Mapping[str, object] = field(default_factory=dict)
    link: str = ""
    happened: str = ""


def _contact(at: str, case: str, reason: str) -> Scene:
    form = {"persons": ["father"], "way": "phone", "result": "suspected", "reason": reason}
    return Scene(at=at, case=case, who="school", did="contact_family", form=form)


def _visit(at: str, case: str, **form: object) -> Scene:
    base: dict[str, object] = {
        "visitors": ["镇专干", "班主任"],
        "met": ["pupil", "father"],
        "result": "refuses",
        "place": "学生家中",
        "begins_at": "09:30",
        "ends_at": "10:20",
        "reasons": "家里忙不过来，让孩子先帮几个月",
        "child_words": "想上学，但数学跟不上",
        "whereabouts": "在家",
        "hardship": "父亲腰伤，收入减少",
        "health": "正常",
        "danger": {"harm": "absent", "work": "absent", "marriage": "absent", "missing": "absent"},
        "advice": "讲解义务教育法，说明可以申请的帮扶",
        "answer": "再想想",
        "next_date": "2026-09-14",
        "signed": "signed",
    }
    return Scene(at=at, case=case, who="township", did="record_visit", form={**base, **form})


def _persuade(at: str, case: str, did: str, asked_back: str) -> Scene:
    form = {
        "persuaders": ["镇专干", "校长"],
        "persuaded": ["father", "mother"],
        "way": "at_home",
        "result": "refuses",
        "asked_back": asked_back,
        "content": "讲解法律责任，介绍生活补助和课业辅导",
        "answer": "家里的活做完再说",
    }
    return Scene(at=at, case=case, who="township", did=did, form=form)


def _returning(case: str) -> tuple[Scene, ...]:
    """A child who comes back after one visit, is watched for four weeks, and closes as returned."""
    agreed = {
        "result": "agrees",
        "returns": "2026-09-07",
        "reasons": "孩子说跟不上，不愿去",
        "answer": "周一送来",
        "next_date": "2026-09-08",
    }
    weeks = ("2026-09-14 10:00", "2026-09-21 10:00", "2026-09-28 10:00", "2026-10-08 10:00")
    return (
        _contact("2026-09-01 15:00", case, "没有说明"),
        _visit("2026-09-03 11:00", case, **agreed),
        Scene(
            at="2026-09-07 08:40",
            case=case,
            who="school",
            did="child_is_back",
            form={"back_on": "2026-09-07", "seen_by": ["班主任"], "checked_by": ["校长"]},
        ),
        *(
            Scene(at=at, case=case, who="school", did="confirm_attendance", form={"present": "yes", "days_absent": "0"})
            for at in weeks
        ),
        Scene(
            at="2026-10-09 10:00",
            case=case,
            who="school",
            did="close_returned",
            form={"issuer": TOWNSHIP, "evidence": "到校名册、四周在校确认", "register": "normal"},
        ),
        Scene(
            at="2026-10-09 15:00",
            case=case,
            who="township_head",
            did="proposal.approve",
            form={"proposal": "close_returned", "opinion": "同意"},
        ),
    )


def _serving(case: str) -> tuple[Scene, ...]:
    servers = ["镇专干", "村干部"]
    return (
        Scene(
            at="2026-09-23 10:30",
            case=case,
            who="township",
            did="document.serve",
            form={
                "document": "correction_order",
                "to": "father",
                "method": "direct",
                "servers": servers,
                "receipt": "yes",
            },
        ),
        Scene(
            at="2026-09-24 16:00",
            case=case,
            who="township",
            did="document.serve",
            form={
                "document": "correction_order",
                "to": "mother",
                "method": "mail",
                "servers": servers,
                "tracking_no": "EX000000001CN",
                "mailed_on": "2026-09-22",
                "slip": "received",
                "slip_date": "2026-09-24",
                "reason": "母亲在外地务工",
            },
        ),
    )


def _ordering(case: str) -> tuple[Scene, ...]:
    """The written report, the bureau's decision, criticism and education."""
    return (
        Scene(
            at="2026-09-15 09:00",
            case=case,
            who="principal",
            did="report_upward",
            form={
                "causes": "厌学，家庭劳力不足",
                "help": "已告知生活补助和课业辅导，家庭不接受",
                "finding": "三次劝返无效，未见正当理由",
                "request": "请依法处理",
                "attachments": "家访记录1份、劝返记录3份",
                "signed_by": "校长",
            },
        ),
        Scene(
            at="2026-09-16 10:00",
            case=case,
            who="bureau",
            did="bureau_decide",
            form={"decision": "order_self", "reason": "经多次劝返无效"},
        ),
        Scene(
            at="2026-09-17 10:00",
            case=case,
            who="township",
            did="educate",
            form={
                "officers": ["镇专干", "司法所干部"],
                "persons": ["父亲", "母亲"],
                "place": "镇政府",
                "facts": "自2026年9月1日起未送孩子到校",
                "statement": "家里缺人手",
                "signed": "signed",
            },
        ),
    )


def _judging(case: str) -> tuple[Scene, ...]:
    """The guardian is heard, a person judges, the order is proposed and approved by others."""
    return (
        Scene(
            at="2026-09-18 10:00",
            case=case,
            who="township",
            did="hear_guardian",
            form={
                "persons": ["父亲"],
                "stance": "spoke",
                "content": "认为孩子学不进去",
                "evidence": "无",
                "examined": "yes",
                "adopted": "not_adopted",
                "reply": "学习困难可以申请课业辅导，不是不入学的正当理由",
            },
        ),
        Scene(
            at="2026-09-18 15:00",
            case=case,
            who="bureau",
            did="judge_reason",
            form={"reason": "none", "facts": "无疾病证明，无批准，无转学手续"},
        ),
        Scene(
            at="2026-09-20 10:00",
            case=case,
            who="bureau",
            did="order_correction",
            form={"issuer": BUREAU, "limit_kind": "relative", "limit": "10 workdays", "evidence": "到校名册、书面报告"},
        ),
        Scene(
            at="2026-09-21 09:00",
            case=case,
            who="reviewer",
            did="proposal.approve",
            form={"proposal": "order_correction", "opinion": "事实清楚，程序合法"},
        ),
        Scene(
            at="2026-09-21 11:00",
            case=case,
            who="bureau_head",
            did="proposal.approve",
            form={"proposal": "order_correction", "opinion": "同意签发"},
        ),
    )


def _referring(case: str) -> tuple[Scene, ...]:
    """Not complied with, proposed, approved, acknowledged by the judicial office."""
    return (
        Scene(
            at="2026-10-16 10:00",
            case=case,
            who="township",
            did="check_compliance",
            form={"result": "not_complied", "how": "到校查看，并电话询问班主任", "checkers": ["镇专干", "班主任"]},
        ),
        Scene(
            at="2026-10-19 10:00",
            case=case,
            who="bureau",
            did="refer",
            form={
                "channel": "judicial_office",
                "receiver": JUDICIAL,
                "reasons": "期满未改正",
                "request": "提请发放司法文书，督促履行",
                "attachments": "决定书1份2页、送达回证2份2页",
                "reply_by": "2026-11-06",
            },
        ),
        Scene(
            at="2026-10-19 15:00",
            case=case,
            who="reviewer",
            did="proposal.approve",
            form={"proposal": "refer", "opinion": "可以移送"},
        ),
        Scene(
            at="2026-10-20 09:00",
            case=case,
            who="bureau_head",
            did="proposal.approve",
            form={"proposal": "refer", "opinion": "同意移送"},
        ),
        Scene(
            at="2026-10-21 10:00",
            case=case,
            who="judicial",
            did="acknowledge",
            link="refer",
            form={"taken_by": ["司法所干部"], "receipt_no": "收〔2026〕1号"},
        ),
    )


def _referred(case: str) -> tuple[Scene, ...]:
    """A child whose visit comes too late, whose parents refuse, and who ends with the judicial office."""
    return (
        _contact("2026-09-01 15:20", case, "说过几天再来"),
        _visit("2026-09-07 11:00", case),
        Scene(
            at="2026-09-07 16:00",
            case=case,
            who="township",
            did="offer_help",
            form={
                "kinds": ["grant", "tutoring"],
                "told_to": ["父亲"],
                "how": "到镇民政办申请生活补助，学校安排课业辅导",
            },
        ),
        _persuade("2026-09-08 10:00", case, "persuade", "2026-09-10"),
        _persuade("2026-09-10 10:00", case, "persuade_again", "2026-09-14"),
        Scene(
            at="2026-09-11 10:00",
            case=case,
            who="township",
            did="decide_help",
            form={"decision": "refused_by_family", "reason": "家庭表示不需要"},
        ),
        _persuade("2026-09-14 10:00", case, "persuade_again", "2026-09-16"),
        *_ordering(case),
        *_judging(case),
        *_serving(case),
        *_referring(case),
    )


def _visited(case: str) -> tuple[Scene, ...]:
    """A child who was visited and persuaded once: for the visitor of the pages to carry on."""
    return (
        _contact("2026-09-01 15:40", case, "没有接通后回电"),
        _visit("2026-09-04 09:30", case),
    )


RETURNS, GOES_ON, STAYS = "returns", "referred", "visited"
SCENES: tuple[Scene, ...] = tuple(
    sorted((*_returning(RETURNS), *_referred(GOES_ON), *_visited(STAYS)), key=lambda scene: scene.at)
)
"""The whole play in order of time."""

OPENING, ENDING = "2026-09-01 14:00", "2026-10-22 08:30"
"""When the lists are imported, and the morning on which the pages are opened."""
