"""The other ways a case may end, each with its proof; and a child who is missing, whose case stays open."""

from __future__ import annotations

from engine.cli.demo_scenes import BUREAU, POLICE, Opening, Part, Scene

LATE: tuple[str, ...] = (
    "G9901000000009001", "骆远", "男", "", "2010-09-20", "青禾中学", "八(1)", "青禾镇人民政府",
    "青禾镇石桥村3组", "骆大成", "父亲", "00000009001", "齐秀兰", "母亲", "00000009101",
)  # fmt: skip
"""A pupil whom the clerk adds on the eighth of September: moved in from elsewhere, two years behind."""

LATE_ON = "2026-09-08 09:00"


def _number(serial: int) -> str:
    return f"G9901{serial:012d}"


def _elsewhere(part: Part) -> tuple[Scene, ...]:
    proof = {"evidence": "转入学校出具的就读证明", "confirmed_by": "school_letter", "new_school": "邻县一中"}
    return (
        part.contact("2026-09-01 16:20", "说已随父母到邻县上学"),
        part.visit("2026-09-02 09:30", result="other_school", whereabouts="随父母在邻县", met=["father"]),
        *part.close("elsewhere", ("2026-09-10 10:00", "2026-09-10 16:00"), **proof),
    )


def _leave(part: Part) -> tuple[Scene, ...]:
    proof = {"evidence": "医院诊断证明、家长申请", "approved_by": "bureau", "approval_no": "宣和教体休〔2026〕3号"}
    return (
        part.contact("2026-09-02 15:00", "骨折，需要休养"),
        part.visit("2026-09-03 10:30", health="小腿骨折，卧床", result="unclear"),
        *part.close("leave", ("2026-09-09 10:00", "2026-09-09 16:00"), ends_on="2027-02-26", **proof),
    )


def _delayed_entry(part: Part) -> tuple[Scene, ...]:
    proof = {"evidence": "发育评估、家长申请", "approved_by": "bureau", "approval_no": "宣和教体缓〔2026〕1号"}
    return (
        part.contact("2026-09-02 15:10", "身体弱，申请晚一年入学", "school05"),
        *part.close("delayed_entry", ("2026-09-11 10:00", "2026-09-11 16:00"), ends_on="2027-08-31", **proof),
    )


def _home_teaching(part: Part) -> tuple[Scene, ...]:
    proof = {"evidence": "残疾证、评估意见", "approved_by": "bureau", "approval_no": "宣和教体送〔2026〕2号"}
    return (
        part.contact("2026-09-03 15:00", "重度肢体残疾，不能到校"),
        part.visit("2026-09-04 14:00", health="重度肢体残疾", result="unclear"),
        *part.close(
            "home_teaching", ("2026-09-15 10:00", "2026-09-16 16:00"),
            plan="yes", first_lesson="2026-09-14", **proof,
        ),
    )  # fmt: skip


def _proven(code: str, name: str, told: str, proof: tuple[str, str], days: tuple[str, str, str]) -> tuple[Scene, ...]:
    """Asked, then closed by a paper that somebody saw: ``proof`` is what it is and its number."""
    evidence, number = proof
    part = Part(case=name)
    return (
        part.contact(days[0], told),
        *part.close(code, days[1:], evidence=evidence, proof_no=number, proof_seen="yes"),
    )


def _by_papers() -> tuple[Scene, ...]:
    """A special school, a certificate of completion, another country, a death."""
    return (
        *_proven(
            "special_school", "special", "已到特殊教育学校报到", ("录取通知书", "特校录〔2026〕7号"),
            ("2026-09-03 15:10", "2026-09-11 11:00", "2026-09-14 10:00"),
        ),
        *_proven(
            "completed", "completed", "说已在外地毕业", ("初中毕业证书", "毕业证〔2026〕118号"),
            ("2026-09-04 15:00", "2026-09-14 11:00", "2026-09-14 16:00"),
        ),
        *_proven(
            "abroad", "abroad", "全家已出境居住", ("出境记录", "出入境查询〔2026〕21号"),
            ("2026-09-07 15:00", "2026-09-17 10:00", "2026-09-17 16:00"),
        ),
        *_proven(
            "deceased", "deceased", "孩子八月因病去世", ("死亡医学证明", "医证〔2026〕4号"),
            ("2026-09-07 15:10", "2026-09-08 10:00", "2026-09-08 11:00"),
        ),
    )  # fmt: skip


def _over_age(part: Part) -> tuple[Scene, ...]:
    """Sixteen on the twentieth of September, a make-up workday: from that day on no order is possible."""
    return (
        part.contact("2026-09-08 16:00", "在家帮工，不愿再读"),
        part.visit("2026-09-10 15:00", next_date="2026-09-17"),
        *part.close("over_age", ("2026-09-20 10:00", "2026-09-21 10:00"), evidence="户口簿，2010年9月20日出生"),
    )


def _duplicate(part: Part) -> tuple[Scene, ...]:
    form = {"evidence": "与另一个案为同一孩子（学籍用曾用名登记）", "other_case": "@elsewhere"}
    return part.close("duplicate", ("2026-09-11 09:00", "2026-09-11 11:00"), **form)


def _moved_away(part: Part) -> tuple[Scene, ...]:
    """A family of the subdistrict that moved its household: the subdistrict proposes, the bureau approves."""
    proof = {"evidence": "迁入地派出所和学校的确认", "proof_no": "户迁〔2026〕56号", "proof_seen": "yes"}
    return (
        part.contact("2026-09-08 15:00", "户口已迁往外省", "subdistrict"),
        part.visit("2026-09-09 10:00", "subdistrict", result="left_area", met=["carer"], whereabouts="已随父母外迁"),
        *part.close("no_longer_resident", ("2026-09-22 10:00", "2026-09-23 10:00"), **proof),
    )


def _missing(part: Part) -> tuple[Scene, ...]:
    """Not found anywhere: reported at once to the police; the case stays open."""
    danger = {"kinds": ["missing"], "facts": "昨夜离家未归，电话不通", "child_safe": "unknown"}
    told = {
        "receiver": POLICE,
        "told_to": ["police"],
        "told_at": "09:20",
        "way": "phone",
        "reporter": ["学校专干"],
        "kinds": ["missing"],
        "facts": "昨夜离家未归，电话不通",
        "request": "请立即查找",
    }
    seen = {"police_no": "报警〔2026〕0917", "reported_on": "2026-09-17", "last_seen": "十六日晚七时在村口"}
    found = {"taken_by": ["值班民警"], "receipt_no": "青派受〔2026〕9号"}
    return (
        part.contact("2026-09-16 15:00", "父亲在外地，说不清楚"),
        part.act("2026-09-17 09:00", "school", "report_danger", **danger),
        part.linked("2026-09-17 09:20", "school", "report", link="danger", **told),
        part.linked("2026-09-17 10:00", "bureau", "confirm_receipt", link="danger", **found),
        part.act("2026-09-17 11:00", "school", "close_missing", **seen),
    )


OPENINGS = tuple(
    Opening(at=at, case=case, who=who, number=number, detail=detail, absent_since=since)
    for at, case, who, number, detail, since in (
        ("2026-09-01 14:30", "police", "school", _number(20), "班主任反映未到校", "2026-09-01"),
        ("2026-09-01 14:35", "posted", "school", _number(26), "班主任反映未到校", "2026-09-01"),
        ("2026-09-01 14:40", "elsewhere", "school", _number(22), "班主任反映未到校", "2026-09-01"),
        ("2026-09-02 10:30", "leave", "school", _number(4), "连续未到校", "2026-09-01"),
        ("2026-09-02 10:40", "delayed", "school05", _number(153), "新生未报到", "2026-09-01"),
        ("2026-09-03 10:00", "taught", "school", _number(5), "开学未报到", "2026-09-01"),
        ("2026-09-03 10:10", "special", "school", _number(6), "开学后离校", "2026-09-02"),
        ("2026-09-04 10:10", "completed", "school", _number(25), "未报到", "2026-09-01"),
        ("2026-09-07 10:10", "abroad", "school", _number(8), "未报到", "2026-09-01"),
        ("2026-09-07 10:20", "deceased", "school", _number(9), "未报到", "2026-09-01"),
        ("2026-09-08 10:30", "over_age", "school", LATE[0], "报名后没有到校", "2026-09-07"),
        ("2026-09-08 10:40", "moved", "bureau", _number(54), "街道反映已外迁", "2026-09-01"),
        ("2026-09-10 10:10", "duplicate", "school", _number(16), "村里反映未上学", "2026-09-01"),
        ("2026-09-16 10:10", "missing", "school", _number(18), "当日未到校", "2026-09-16"),
    )
)
"""Cases that officers open beside the findings of the first day."""

ENDINGS: tuple[Scene, ...] = (
    *_elsewhere(Part(case="elsewhere")),
    *_leave(Part(case="leave")),
    *_delayed_entry(Part(case="delayed", closers=("school05", "bureau_head", BUREAU))),
    *_home_teaching(Part(case="taught")),
    *_by_papers(),
    *_over_age(Part(case="over_age")),
    *_duplicate(Part(case="duplicate")),
    *_moved_away(Part(case="moved", closers=("subdistrict", "bureau_head", BUREAU))),
    *_missing(Part(case="missing")),
)
"""The plays that end without an order, and the one that does not end."""
