"""What each kind of document must contain, with its law: a locked table (DOMAIN.md 11).

It stands here and not in the templates, because it is what the templates are checked against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.definitions.vocabulary import ISSUERS


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """What the law wants of one kind of document; `parts` maps each part to what it must say and by which law."""

    zh: str
    parts: Mapping[str, str]
    numbered: bool = False
    approved: bool = False
    """It takes effect only by a chain of approvals (DOMAIN.md 10)."""
    issuers: frozenset[str] = frozenset()
    """The only kinds of unit that may issue it; empty without such a limit (DOMAIN.md 4)."""
    remedies: bool = False
    """It must tell both remedies with their periods (复议法 20、行诉法 46)."""
    anonymous: bool = False
    """It names no child, school or address (DOMAIN.md 11 公告)."""
    engine_issued: bool = False
    """A built-in act issues it, so that no transition need name it."""
    asks: tuple[str, ...] = ()
    """Fields of the form that deciding reads when it is issued: without them no service could rest on it."""


_SEALED = {"issuer": "签发机关全称", "seal": "印章处", "date": "日期"}

LEGAL_PARTS: Mapping[str, KindRule] = {
    "persuasion_notice": KindRule(
        zh="劝返书",
        parts={
            "addressee": "监护人",
            "child": "学生",
            "facts": "未到校的起止",
            "duty": "送学义务(义教法 5、11；未保法 16、17)",
            "help": "可以申请的帮扶",
            "contact": "联系人和电话",
            "return_by": "约请返校的日期",
            "receipt": "回执",
        },
    ),
    "parent_letter": KindRule(
        zh="致家长的一封信",
        parts={
            "addressee": "监护人",
            "child": "学生",
            "facts": "未到校的起止",
            "duty": "送学义务(义教法 5、11；未保法 16、17)",
            "help": "可以申请的帮扶",
            "contact": "联系人和电话",
            "return_by": "约请返校的日期",
            "receipt": "回执",
        },
    ),
    "visit_record": KindRule(
        zh="家访记录",
        parts={
            "time": "起止时间",
            "place": "地点",
            "visitors": "参加人和职务，不少于两人",
            "met": "见到了谁及其关系",
            "reasons": "监护人和孩子各自的说法",
            "whereabouts": "孩子现在何处",
            "hardship": "困难",
            "health": "健康",
            "danger": "伤害、务工、婚约、失踪四项检查",
            "advice": "劝导内容",
            "answer": "答复",
            "next_date": "下次日期",
            "signatures": "签名或拒签",
            "result": "结果",
        },
    ),
    "written_report": KindRule(
        zh="书面报告",
        numbered=True,
        parts={
            "addressee": "主送机关",
            "child": "学生和学籍号",
            "absent_since": "未到校起始日",
            "causes": "原因",
            "persuasions": "逐次劝返的日期、人员和结果",
            "help": "给予和被拒绝的帮扶",
            "finding": "学校的认定",
            "request": "请求",
            "attachments": "附件清单",
            "signature": "校长签名",
            **_SEALED,
            "receipt": "主送机关签收",
        },
    ),
    "criticism_record": KindRule(
        zh="批评教育记录",
        parts={
            "issuer": "实施机关",
            "place": "地点",
            "persons": "参加人",
            "facts": "事实",
            "articles": "讲解的法条(义教法 58)",
            "statement": "监护人的陈述",
            "signatures": "签名",
        },
    ),
    "correction_order": KindRule(
        zh="责令限期改正决定书",
        numbered=True,
        approved=True,
        issuers=ISSUERS,
        remedies=True,
        parts={
            "addressee": "受送达的监护人",
            "facts": "事实",
            "evidence": "证据",
            "finding": "无正当理由的认定和已告知的帮扶",
            "basis": "法律依据(义教法 5、11、58；教育行政部门并用未保法 83)",
            "duty": "送学并保证继续就学",
            "limit": "期限",
            "consequence": "逾期的后果(不得写罚款)",
            "remedies": "复议六十日、诉讼六个月(复议法 20；行诉法 46)",
            **_SEALED,
        },
    ),
    "demand": KindRule(
        zh="催告书",
        numbered=True,
        approved=True,
        issuers=ISSUERS,
        parts={
            "addressee": "受送达人",
            "order": "决定书的文号和送达日期",
            "limit": "履行期限(强制法 35、54)",
            "manner": "履行方式(强制法 35)",
            "statement_right": "陈述权和申辩权(强制法 35、36)",
            "consequence": "申请人民法院强制执行(强制法 54)",
            **_SEALED,
        },
    ),
    "service_receipt": KindRule(
        zh="送达回证",
        engine_issued=True,
        parts={
            "document": "文书名称和文号",
            "addressee": "受送达人",
            "place": "送达地点",
            "method": "送达方式",
            "time": "送达日期和时刻",
            "last_day": "推算的最后一日",
            "recipient": "签收人及与受送达人的关系",
            "refusal": "代收、拒收理由",
            "witnesses": "见证人和单位",
            "servers": "两名送达人签名",
            "note": "备注和影像",
        },
    ),
    "statement_record": KindRule(
        zh="陈述申辩记录",
        parts={
            "person": "谁",
            "time": "何时",
            "content": "内容",
            "evidence": "提交的证据",
            "review": "复核结果",
            "outcome": "采纳与否及理由",
            "reply": "答复",
        },
    ),
    "referral_letter": KindRule(
        zh="移送函",
        numbered=True,
        approved=True,
        parts={
            "addressee": "接收单位",
            "basis": "渠道和法条",
            "facts": "事实",
            "measures": "已采取的措施、日期和文号",
            "request": "请求事项",
            "attachments": "附件清单和页数",
            "reply_by": "请复函的日期",
            "contact": "联系人",
            **_SEALED,
            "receipt": "签收回执",
        },
    ),
    "address_confirmation": KindRule(
        zh="送达地址确认书",
        asks=("whom", "address", "consent", "electronic_address"),
        parts={
            "addressee": "确认地址的受送达人本人",
            "address": "送达地址(民诉法 87–95)",
            "contact": "联系电话",
            "electronic": "电子送达的地址",
            "consent": "是否同意电子送达；同意可以随时撤回",
            "effect": "向确认的地址送达的效果",
            "signature": "本人签名",
            "date": "日期",
        },
    ),
    "entrustment_letter": KindRule(
        zh="委托送达函",
        numbered=True,
        approved=True,
        issuers=ISSUERS,
        asks=("whom",),
        parts={
            "addressee": "受托单位",
            "document": "送达文书的名称和文号",
            "recipient": "受送达人",
            "reason": "直接送达有困难的理由(民诉法 87–95)",
            "request": "请求事项：送达并由受送达人签收",
            "return_by": "退回送达回证的日期",
            "contact": "联系人",
            **_SEALED,
            "receipt": "受托单位回执",
        },
    ),
    "public_notice": KindRule(
        zh="公告",
        anonymous=True,
        engine_issued=True,
        asks=("whom",),
        parts={
            "order": "决定书名称和文号",
            "addressee": "监护人姓名",
            "collect": "领取方式",
            "period": "自公告之日起三十日(民诉法 95)",
            "effect": "期满视为送达",
            **_SEALED,
        },
    ),
    "hold_notice": KindRule(
        zh="中止计时通知书",
        engine_issued=True,
        parts={
            "addressee": "受送达人",
            "order": "所涉决定书",
            "reason": "中止的理由",
            "period": "中止的起止",
            **_SEALED,
        },
    ),
    "withdrawal": KindRule(
        zh="撤回决定书",
        numbered=True,
        engine_issued=True,
        asks=("reason",),
        parts={"addressee": "受送达人", "order": "撤回的文书", "reason": "撤回的理由", **_SEALED},
    ),
    "closing_record": KindRule(
        zh="销号审批表",
        parts={
            "ledger_number": "台账编号",
            "code": "销号类别",
            "evidence": "证明材料",
            "checker": "核查人",
            "approver": "审批人",
            "date": "日期",
        },
    ),
    "mandatory_report": KindRule(
        zh="强制报告书",
        parts={
            "addressee": "接报单位(未保法 11)",
            "child": "学生",
            "facts": "发现的情形",
            "danger": "危险的种类",
            "basis": "法律依据(未保法 11)",
            "request": "请求事项",
            "contact": "报告人和联系方式",
            "date": "日期",
        },
    ),
}
"""Legal parts by kind of document."""
