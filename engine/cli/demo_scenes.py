"""What the plays of the demonstration are made of: a scene, and the acts that many of them have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOWNSHIP, BUREAU, JUDICIAL, POLICE, VILLAGE = "QH-01", "QH-JT", "QH-J1", "QH-P1", "QH-V2"
SERVERS = ["镇专干", "村干部"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One act: when (local), on which case of the play, by whom, what, with which form.

    A form's value that begins with @ stands for the number of another case of the play.
    """

    at: str
    case: str
    who: str
    did: str
    form: Mapping[str, object] = field(default_factory=dict)
    link: str = ""
    happened: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One case that an officer opens about a pupil of the register: when, who, about whom, what was found."""

    at: str
    case: str
    who: str
    number: str
    detail: str
    absent_since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The acts of one case of the play."""

    case: str
    closers: tuple[str, str, str] = ("school", "township_head", TOWNSHIP)
    """Who proposes its closing, who approves it, and the unit that closes."""

    def act(self, at: str, who: str, did: str, **form: object) -> Scene:
        """One act with its form."""
        return Scene(at=at, case=self.case, who=who, did=did, form=form)

    def contact(self, at: str, reason: str, who: str = "school") -> Scene:
        """The family is asked by telephone."""
        known = {"persons": ["father"], "way": "phone", "result": "suspected", "reason": reason}
        return self.act(at, who, "contact_family", **known)

    def visit(self, at: str, who: str = "township", **form: object) -> Scene:
        """A visit of two that met pupil and father."""
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
            "next_date": f"{at[:8]}28",
            "signed": "signed",
        }
        return self.act(at, who, "record_visit", **{**base, **form})

    def persuade(self, at: str, did: str, asked_back: str) -> Scene:
        """A persuasion at home that is refused."""
        form = {
            "persuaders": ["镇专干", "校长"],
            "persuaded": ["father", "mother"],
            "way": "at_home",
            "result": "refuses",
            "asked_back": asked_back,
            "content": "讲解法律责任，介绍生活补助和课业辅导",
            "answer": "家里的活做完再说",
        }
        return self.act(at, "township", did, **form)

    def offer_help(self, at: str) -> Scene:
        """Help is offered."""
        how = "到镇民政办申请生活补助，学校安排课业辅导"
        return self.act(at, "township", "offer_help", kinds=["grant", "tutoring"], told_to=["父亲"], how=how)

    def report(self, at: str) -> Scene:
        """The head of school reports in writing."""
        form = {
            "causes": "厌学，家庭劳力不足",
            "help": "已告知生活补助和课业辅导，家庭不接受",
            "finding": "三次劝返无效，未见正当理由",
            "request": "请依法处理",
            "attachments": "家访记录1份、劝返记录3份",
            "signed_by": "校长",
        }
        return self.act(at, "principal", "report_upward", **form)

    def educate(self, at: str, since: str = "2026年9月1日") -> Scene:
        """Both guardians are criticised and educated."""
        form = {
            "officers": ["镇专干", "司法所干部"],
            "persons": ["父亲", "母亲"],
            "place": "镇政府",
            "facts": f"自{since}起未送孩子到校",
            "statement": "家里缺人手",
            "signed": "signed",
        }
        return self.act(at, "township", "educate", **form)

    def hear(self, at: str) -> Scene:
        """The father is heard and answered."""
        form = {
            "persons": ["父亲"],
            "stance": "spoke",
            "content": "认为孩子学不进去",
            "evidence": "无",
            "examined": "yes",
            "adopted": "not_adopted",
            "reply": "学习困难可以申请课业辅导，不是不入学的正当理由",
        }
        return self.act(at, "township", "hear_guardian", **form)

    def judge(self, at: str) -> Scene:
        """A person finds that there is no proper reason."""
        return self.act(at, "bureau", "judge_reason", reason="none", facts="无疾病证明，无批准，无转学手续")

    def order(self, days: tuple[str, str, str], issuer: str, evidence: str) -> tuple[Scene, ...]:
        """An order is proposed, reviewed and approved; ``days`` are the three moments."""
        officer = {TOWNSHIP: "township", BUREAU: "bureau"}[issuer]
        form = {"issuer": issuer, "limit_kind": "relative", "limit": "10 workdays", "evidence": evidence}
        return (
            self.act(days[0], officer, "order_correction", **form),
            self.approve(days[1], "reviewer", "order_correction", opinion="事实清楚，程序合法"),
            self.approve(days[2], f"{officer}_head", "order_correction", opinion="同意签发"),
        )

    def approve(self, at: str, who: str, what: str, *, opinion: str = "同意") -> Scene:
        """One approval."""
        return self.act(at, who, "proposal.approve", proposal=what, opinion=opinion)

    def serve(self, at: str, to: str, method: str, **proof: object) -> Scene:
        """The order is served on a guardian."""
        known = {"document": "correction_order", "to": to, "method": method, "servers": SERVERS}
        return self.act(at, "township", "document.serve", **known, **proof)

    def refer(self, days: tuple[str, str, str], who: str, **form: object) -> tuple[Scene, ...]:
        """A referral is proposed, reviewed and approved; ``days`` are the three moments."""
        known = {
            "reasons": "限期届满，经检查仍未改正。",
            "attachments": "决定书1份2页、送达回证2份2页",
            "reply_by": "2026-11-06",
        }
        return (
            self.act(days[0], who, "refer", **known, **form),
            self.approve(days[1], "reviewer", "refer", opinion="可以移送"),
            self.approve(days[2], "bureau_head", "refer", opinion="同意移送"),
        )

    def linked(self, at: str, who: str, did: str, *, link: str, **form: object) -> Scene:
        """One act on the newest case that this one opened under a link."""
        return Scene(at=at, case=self.case, who=who, did=did, form=form, link=link)

    def close(self, code: str, days: tuple[str, str], **form: object) -> tuple[Scene, Scene]:
        """A closing is proposed, and approved by somebody else."""
        proposer, approver, issuer = self.closers
        return (
            self.act(days[0], proposer, f"close_{code}", issuer=issuer, **form),
            self.approve(days[1], approver, f"close_{code}"),
        )
