"""Two plays up to the order and beyond: one to the police, one through a withdrawn order and a public notice."""

from __future__ import annotations

from engine.cli.demo_scenes import POLICE, TOWNSHIP, VILLAGE, Part, Scene

ADDRESS = "guardian-0020@example.invalid"


def police(part: Part) -> tuple[Scene, ...]:
    """A letter, a confirmed address, an order of the township served in two ways, a slip of the pen, the police."""
    return (*_letter(part), *_failing(part), *_two_ways(part), *_reprimanded(part))


def _letter(part: Part) -> tuple[Scene, ...]:
    """The school writes to the parents; the father confirms where papers reach him."""
    letter = {"asked_back": "2026-09-04", "way": "in_person", "told_to": ["父亲"], "slip_back": "yes"}
    address = {"whom": "father", "address": "青禾镇和平村3组", "phone": "000-00000020", "signed": "self"}
    return (
        part.contact("2026-09-01 15:50", "说孩子不想去"),
        part.act("2026-09-02 10:00", "school", "send_letter", **letter),
        part.visit("2026-09-02 16:00", next_date="2026-09-04"),
        part.act(
            "2026-09-02 16:30", "township", "confirm_address",
            consent="agreed", electronic_address=ADDRESS, **address,
        ),
        part.offer_help("2026-09-03 09:30"),
    )  # fmt: skip


def _failing(part: Part) -> tuple[Scene, ...]:
    """Three persuasions fail; everybody who must does what the order needs."""
    granted = {"decision": "granted", "delivered_on": "2026-09-07"}
    return (
        part.persuade("2026-09-03 10:00", "persuade", "2026-09-04"),
        part.persuade("2026-09-04 10:00", "persuade_again", "2026-09-07"),
        part.act("2026-09-07 10:00", "township", "decide_help", **granted),
        part.persuade("2026-09-07 15:00", "persuade_again", "2026-09-09"),
        part.report("2026-09-08 09:00"),
        part.act("2026-09-09 10:00", "bureau", "bureau_decide", decision="order_township", reason="学校报告属实"),
        part.educate("2026-09-09 15:00"),
        part.hear("2026-09-10 10:00"),
        part.judge("2026-09-10 15:00"),
        *part.order(("2026-09-11 09:00", "2026-09-11 14:00", "2026-09-11 16:00"), TOWNSHIP, "到校名册、书面报告"),
    )


def _two_ways(part: Part) -> tuple[Scene, ...]:
    """The father is served as he agreed, the mother where she is; her day was written down wrongly."""
    entrusted = {
        "issuer": TOWNSHIP,
        "receiver": VILLAGE,
        "whom": ["mother"],
        "where": "白石镇白石村的亲戚家",
        "reason": "两次上门未遇，家人称其住在白石镇。",
        "return_by": "2026-09-28",
    }
    right = {
        "issuer": TOWNSHIP,
        "to": "mother",
        "served_on": "2026-09-20",
        "reason": "退回的送达回证写明九月二十日签收",
    }
    return (
        part.act("2026-09-14 09:00", "township", "print_receipt", whom=["father", "mother"], place="学生家中"),
        part.serve("2026-09-14 10:00", "father", "electronic", address=ADDRESS, log="yes", review_channel="yes"),
        part.serve("2026-09-15 10:00", "mother", "direct", result="failed", reason="家中无人，家人称其在白石镇"),
        part.act("2026-09-15 15:00", "township", "entrust_service", **entrusted),
        part.approve("2026-09-16 09:00", "township_head", "entrust_service"),
        part.serve("2026-09-18 16:00", "mother", "entrusted", receipt="yes"),
        part.act("2026-09-22 10:00", "township", "correct_service", **right),
        part.approve("2026-09-22 15:00", "township_head", "correct_service", opinion="与回证原件相符，同意更正"),
    )


def _reprimanded(part: Part) -> tuple[Scene, ...]:
    """Not complied with after the village admonished: the police reprimand, and the child is back."""
    check = {"result": "not_complied", "how": "到校查看名册，上门核实", "checkers": ["镇专干", "村干部"]}
    request = "依法训诫，并可以责令接受家庭教育指导。"
    told = {"result": "reprimanded", "document_no": "训诫〔2026〕1号", "note": "父母表示送孩子返校"}
    back = {"back_on": "2026-10-20", "seen_by": ["班主任"], "checked_by": ["校长"]}
    received = {"taken_by": ["值班民警"], "receipt_no": "青派收〔2026〕1号"}
    progress = {"status": "已约见父母双方", "next_step": "十月十九日训诫"}
    return (
        part.act("2026-10-12 09:00", "township", "check_compliance", **check),
        *part.refer(
            ("2026-10-12 15:00", "2026-10-13 09:00", "2026-10-13 15:00"),
            "township",
            channel="police",
            receiver=POLICE,
            admonished="yes",
            serious="no",
            request=request,
        ),
        part.linked("2026-10-14 09:00", "police", "acknowledge", link="refer", **received),
        part.linked("2026-10-16 09:00", "police", "report_progress", link="refer", **progress),
        part.linked("2026-10-19 16:00", "police", "report_police_result", link="refer", **told),
        part.act("2026-10-20 08:30", "school", "child_is_back", **back),
    )


def posted(part: Part) -> tuple[Scene, ...]:
    """An order with a mistake is withdrawn by a document and issued anew; the mother cannot be found."""
    reason = "正文所写学校名称有误"
    return (
        part.contact("2026-09-01 16:10", "父亲说再看看"),
        part.visit("2026-09-03 15:00", next_date="2026-09-07"),
        part.offer_help("2026-09-03 16:00"),
        part.persuade("2026-09-04 15:00", "persuade", "2026-09-07"),
        part.persuade("2026-09-07 09:00", "persuade_again", "2026-09-08"),
        part.act("2026-09-08 10:00", "township", "decide_help", decision="granted", delivered_on="2026-09-08"),
        part.persuade("2026-09-08 15:00", "persuade_again", "2026-09-10"),
        part.report("2026-09-09 09:00"),
        part.act("2026-09-10 09:00", "bureau", "bureau_decide", decision="order_township", reason="学校报告属实"),
        part.educate("2026-09-10 10:00"),
        part.hear("2026-09-11 10:00"),
        part.judge("2026-09-11 11:00"),
        *part.order(("2026-09-11 15:00", "2026-09-14 09:00", "2026-09-14 15:00"), TOWNSHIP, "书面报告"),
        part.act("2026-09-15 09:00", "township_head", "document.withdraw", document="correction_order", reason=reason),
        part.act("2026-09-15 10:00", "township", "back_to_persuasion", issuer=TOWNSHIP, reason=reason),
        part.approve("2026-09-15 15:00", "township_head", "back_to_persuasion"),
        *part.order(("2026-09-16 09:00", "2026-09-16 15:00", "2026-09-17 09:00"), TOWNSHIP, "到校名册、书面报告"),
        *_posting(part),
    )


def _posting(part: Part) -> tuple[Scene, ...]:
    """Served on the father, twice in vain on the mother, then by public notice; the father falls ill."""
    notice = {"issuer": TOWNSHIP, "whom": ["mother"], "collect": "青禾镇人民政府三楼", "reason": "直接、邮寄均未送达"}
    hold = {
        "issuer": TOWNSHIP,
        "reason": "父亲住院手术，由亲属照看孩子",
        "from_day": "2026-10-10",
        "look_again": "2026-10-20",
    }
    stop = {"deadline": "compliance", "reason": "父亲住院手术", "review_on": "2026-10-20"}
    places = "村务公开栏、镇政府公告栏"
    return (
        part.serve("2026-09-18 10:00", "father", "direct", receipt="yes"),
        part.serve("2026-09-18 10:20", "mother", "direct", result="failed", reason="已离家，家人不知去向"),
        part.serve("2026-09-24 10:00", "mother", "mail", result="failed", reason="查无此人退回"),
        part.act("2026-09-28 10:00", "township", "post_public_notice", **notice),
        part.approve("2026-09-29 10:00", "township_head", "post_public_notice"),
        part.serve(
            "2026-09-30 10:00", "mother", "public_notice",
            posted_on="2026-09-30", where=places, reason="两种方式均未送达",
        ),
        part.act("2026-10-09 10:00", "township", "notify_hold", **hold),
        part.approve("2026-10-10 10:00", "township_head", "notify_hold"),
        part.act("2026-10-10 11:00", "township", "case.hold", **stop),
        part.act("2026-10-20 10:00", "township", "case.release", deadline="compliance"),
    )  # fmt: skip
