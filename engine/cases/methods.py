"""The methods of service, what each demands as proof, and the day that each gives (DOMAIN.md 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from engine.cases.model import Reason
from engine.definitions.facts import CaseView, Document, Values
from engine.workdays import Calendar, Roll, Span, Unit, reckon

METHODS: Mapping[str, str] = {
    "direct": "直接送达",
    "family": "同住成年家属签收",
    "lien": "留置送达",
    "entrusted": "委托送达",
    "mail": "邮寄送达",
    "electronic": "电子送达",
    "forwarded": "转交送达",
    "public_notice": "公告送达",
}
"""Every method the law knows, with its Chinese name (民诉法 87–95)."""

FAMILY: Mapping[str, str] = {
    "spouse": "配偶",
    "parent": "父母",
    "grandfather": "祖父或者外祖父",
    "grandmother": "祖母或者外祖母",
    "sibling": "兄弟姐妹",
    "adult_child": "成年子女",
    "other_kin": "其他亲属",
}
"""Relations that may sign for an addressee, when adult and living together."""

NOT_FAMILY: Mapping[str, str] = {
    "child": "学生本人",
    "teacher": "教师",
    "neighbour": "邻居",
    "cadre": "村居干部",
    "carer": "被委托的照护人",
}
"""Relations that are never 同住成年家属, whoever lives there (DOMAIN.md 2.1, 5)."""

REFUSED_BY: Mapping[str, str] = {"addressee": "受送达人", "family": "同住成年家属", "nobody": "没有人拒收（不在家）"}
LEFT_AT: Mapping[str, str] = {"residence": "住所", "workplace": "单位", "school": "学校", "other": "其他地方"}
WITNESS_BODIES: Mapping[str, str] = {"grassroots": "基层组织", "employer": "所在单位", "other": "其他"}
SLIPS: Mapping[str, str] = {
    "received": "已签收",
    "refused": "拒收退回",
    "unclaimed": "无人领取退回",
    "unknown": "查无此人退回",
}
BODIES: Mapping[str, str] = {"unit": "部队", "prison": "监狱", "education_place": "强制性教育机构"}
WHEREABOUTS: Mapping[str, str] = {"no": "没有", "committee": "有，村(居)民委员会出具", "police": "有，公安机关出具"}

CONFIRMATION, ENTRUSTMENT, NOTICE = "address_confirmation", "entrustment_letter", "public_notice"
"""Kinds of the papers that must be on record before a service of their method."""

PUBLIC_NOTICE = Span(30, Unit.CALENDAR_DAYS)
"""民诉法 95: deemed served thirty days after the notice was issued."""

TRIED_BEFORE_NOTICE = 2
"""Failed attempts by different methods before a public notice (DOMAIN.md 5, guard)."""

SERVERS = 2
"""Papers are served by two persons (DOMAIN.md 10)."""


class Record(NamedTuple):
    """What the file holds when a service is entered: the days, what was tried, the papers that name the addressee."""

    day: date
    today: date
    issued: date | None
    """The day on which the served document was issued."""
    failed: tuple[str, ...] = ()
    confirmation: Document | None = None
    entrustment: Document | None = None
    notice: Document | None = None


def record_of(case: CaseView, document: Document, to: str, *, day: date, today: date) -> Record:
    """What the file holds for serving this document on this addressee; a letter or a notice must be younger than it."""
    failed = next((each.failed for each in document.addressees if each.key == to), ())
    after = case.documents[case.documents.index(document) + 1 :]
    return Record(
        day=day,
        today=today,
        issued=document.issued_on,
        failed=failed,
        confirmation=_about(case.documents, CONFIRMATION, to),
        entrustment=_about(after, ENTRUSTMENT, to),
        notice=_about(after, NOTICE, to),
    )


def _about(documents: tuple[Document, ...], kind: str, to: str) -> Document | None:
    """The newest paper of this kind that stands and names the addressee; a newer confirmation replaces an older."""
    return next((d for d in reversed(documents) if d.kind == kind and d.status == "issued" and to in d.about), None)


def _need(values: Values, field: str, message: str) -> list[Reason]:
    value = values.get(field)
    return [] if value not in (None, "", "no", ()) else [Reason("field", field, message)]


def _direct(values: Values, _: Record) -> list[Reason]:
    return _need(values, "receipt", "直接送达应有受送达人签名并注明日期的送达回证；送达日期是回证上签收的日期")


def _family(values: Values, _: Record) -> list[Reason]:
    found = _need(values, "absent", "代收限于受送达人不在；受送达人在场的应直接送达，拒收的应留置送达")
    found += _need(values, "person_name", "应填代收家属姓名") + _relation(values)
    return found + _need(values, "receipt", "应有代收人签名并注明日期的送达回证；送达日期是代收人签收的日期")


def _relation(values: Values) -> list[Reason]:
    """Why somebody is no 同住成年家属; empty for one who is."""
    relation, allowed = values.get("relation"), "、".join(FAMILY.values())
    found = []
    if relation in NOT_FAMILY:
        others = "、".join(NOT_FAMILY.values())
        found.append(Reason("field", "relation", f"{others}不是同住成年家属；应为同住的成年亲属：{allowed}"))
    elif relation not in FAMILY:
        found.append(Reason("field", "relation", f"应填与受送达人的关系：{allowed}"))
    found += _need(values, "lives_together", "家属应与受送达人同住；不同住的（例如另住的祖父母）不能代收")
    return found + _need(values, "adult", "家属应已成年")


def _lien(values: Values, _: Record) -> list[Reason]:
    found = []
    if values.get("refused") not in ("addressee", "family"):
        message = "留置送达限于受送达人或者其同住成年家属拒收；不在家不是拒收，应改日再送或者用其他方式"
        found.append(Reason("field", "refused", message))
    if values.get("refused") == "family":
        found += _relation(values)
    found += _need(values, "reason", "应在送达回证上记明拒收事由和日期")
    if values.get("left_at") != "residence":
        found.append(Reason("field", "left_at", "文书应留在受送达人的住所(residence)"))
    return found + _witnessed(values)


def _witnessed(values: Values) -> list[Reason]:
    """A witness from a grassroots body or the employer who is no server, or the process on video (DOMAIN.md 5)."""
    if values.get("video") == "yes":
        return []
    witnesses, servers = values.get("witness"), values.get("servers")
    named = set(witnesses) if isinstance(witnesses, tuple) else set()
    others = named - (set(servers) if isinstance(servers, tuple) else set())
    if others and values.get("witness_body") in ("grassroots", "employer"):
        return []
    message = "应有基层组织或者所在单位的见证人（送达人以外的人）签名，或者拍照、录像记录送达过程"
    return [Reason("field", "witness", message)]


def _entrusted(values: Values, _: Record) -> list[Reason]:
    return _need(values, "receipt", "应有受托单位退回的、受送达人签收的送达回证；送达日期是在当地签收的日期")


def _letter_issued(record: Record) -> list[Reason]:
    letter = record.entrustment
    if letter is None:
        message = "委托送达应先签发写明该受送达人的委托送达函(entrust_service)"
        return [Reason("guard", "entrustment_issued", message)]
    if letter.issued_on is not None and record.day < letter.issued_on:
        message = f"委托送达函{letter.issued_on}才签发，受托送达应在当天或者之后"
        return [Reason("guard", "entrustment_issued", message)]
    return []


def _mail(values: Values, record: Record) -> list[Reason]:
    found = _need(values, "reason", "邮寄送达应记明直接送达有困难的事由")
    found += _need(values, "tracking_no", "邮寄送达应填邮件号")
    slip = values.get("slip")
    if slip in ("refused", "unclaimed", "unknown"):
        message = "邮件退回（拒收、无人领取、查无此人）不是送达；请登记为未送达(result=failed)，改用其他方式"
        found.append(Reason("field", "slip", message))
    elif slip != "received":
        found.append(Reason("field", "slip", "应有收件人签收的回执(received)"))
    return found + _mail_days(values, record)


def _mail_days(values: Values, record: Record) -> list[Reason]:
    """The day of service is the one on the slip; posting comes before it and never before the issue."""
    mailed, received = values.get("mailed_on"), values.get("slip_date")
    if not isinstance(mailed, date) or not isinstance(received, date):
        return _need(values, "mailed_on", "应填交寄日期") + _need(values, "slip_date", "应填回执上注明的收件日期")
    found = []
    if received != record.day:
        message = f"邮寄送达以回执上的收件日期为准，不以交寄、登记日期为准；送达日期应为{received}"
        found.append(Reason("day", "slip_date", message))
    if not (record.issued or mailed) <= mailed <= received:
        message = f"交寄日期应在签发之日{record.issued}与收件之日{received}之间"
        found.append(Reason("day", "mailed_on", message))
    return found


def _electronic(values: Values, record: Record) -> list[Reason]:
    found = _need(values, "log", "应有到达受送达人特定系统的记录；短信、微信「已读」不算")
    found += _need(values, "review_channel", "网上送达决定的，应同时告知网上提交复议申请的途径(复议法 22)")
    confirmed = record.confirmation.electronic if record.confirmation else ""
    if confirmed and values.get("address") != confirmed:
        found.append(Reason("field", "address", "应送到本人在送达地址确认书上确认的电子地址，不能送到别的地址"))
    return found


def _consented(record: Record) -> list[Reason]:
    paper = record.confirmation
    if paper is None or not paper.electronic:
        message = (
            "电子送达应先有受送达人本人签名的送达地址确认书，写明电子地址、同意电子送达且没有撤回(confirm_address)；"
            "没有同意的，短信、微信「已读」只是提醒"
        )
        return [Reason("guard", "electronic_agreed", message)]
    if paper.issued_on is not None and record.day < paper.issued_on:
        message = f"送达地址确认书{paper.issued_on}才登记，电子送达应在当天或者之后"
        return [Reason("guard", "electronic_agreed", message)]
    return []


def _forwarded(values: Values, _: Record) -> list[Reason]:
    found = []
    if values.get("body") not in BODIES:
        options = "、".join(f"{key}({zh})" for key, zh in BODIES.items())
        found.append(Reason("field", "body", f"转交送达限于军人、被监禁和接受强制性教育的人；可选：{options}"))
    found += _need(values, "letter", "应有转交函")
    return found + _need(values, "receipt", "应有本人签收的回证；送达日期是回证上签收的日期")


def _public_notice(values: Values, record: Record) -> list[Reason]:
    found = _need(values, "posted_on", "应填公告张贴或刊登之日（多处的以最后一处为准）")
    found += _need(values, "where", "应填公告张贴或刊登的地点")
    found += _need(values, "reason", "案卷应记明公告送达的原因和经过")
    posted = values.get("posted_on")
    issued = record.notice.issued_on if record.notice else None
    if isinstance(posted, date) and not (issued or posted) <= posted <= record.today:
        message = f"张贴之日应在公告签发之日{issued}与今天{record.today}之间"
        found.append(Reason("day", "posted_on", message))
    tried = len(set(record.failed)) >= TRIED_BEFORE_NOTICE
    if values.get("unknown_whereabouts") not in ("committee", "police") and not tried:
        message = "公告送达限于下落不明（村(居)民委员会或者公安机关出具证明），或者两种以上方式均送达不成"
        found.append(Reason("guard", "public_notice_allowed", message))
    return found


def _notice_issued(record: Record) -> list[Reason]:
    if record.notice is not None:
        return []
    message = "公告送达应先签发写明该受送达人的公告(post_public_notice)"
    return [Reason("guard", "public_notice_issued", message)]


_PROOF: Mapping[str, Callable[[Values, Record], list[Reason]]] = {
    "direct": _direct,
    "family": _family,
    "lien": _lien,
    "entrusted": _entrusted,
    "mail": _mail,
    "electronic": _electronic,
    "forwarded": _forwarded,
    "public_notice": _public_notice,
}
_BEFORE: Mapping[str, Callable[[Record], list[Reason]]] = {
    "entrusted": _letter_issued,
    "electronic": _consented,
    "public_notice": _notice_issued,
}
"""What must be on record before a method may be tried at all."""


def evidence(values: Values, record: Record) -> tuple[Reason, ...]:
    """What is missing from the proof of this service; a failed attempt needs its method's papers and a reason."""
    method = str(values.get("method"))
    if method not in METHODS:
        options = "、".join(f"{key}({zh})" for key, zh in METHODS.items())
        return (Reason("field", "method", f"送达方式应为：{options}"),)
    servers = values.get("servers", ())
    found: list[Reason] = []
    if not isinstance(servers, tuple) or len(set(servers)) < SERVERS:
        found.append(Reason("field", "servers", "送达人应为不少于两名不同的人"))
    if method in _BEFORE:
        found += _BEFORE[method](record)
    if values.get("result", "served") == "served":
        return tuple(found + _PROOF[method](values, record))
    if method == "public_notice":
        found.append(Reason("field", "result", "公告期满即为送达，没有「未送达」；公告有误的应撤回公告"))
    return tuple(found + _need(values, "reason", "未送达应记明原因"))


def service_day(method: str, values: Values, *, day: date, calendar: Calendar) -> date:
    """The day from which time runs: the day entered or, for a public notice, the one that its posting gives."""
    posted = values.get("posted_on")
    return public_notice_day(posted, calendar) if method == "public_notice" and isinstance(posted, date) else day


def public_notice_day(posted: date, calendar: Calendar) -> date:
    """The day a public notice counts as service: the thirtieth after posting, or the next workday (DOMAIN.md 5)."""
    return reckon(posted, PUBLIC_NOTICE, calendar, roll=Roll.NEXT_WORKDAY).due_on
