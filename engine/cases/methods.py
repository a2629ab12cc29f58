"""The methods of service, what each demands as proof, and the day that each gives (DOMAIN.md 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from engine.cases.model import Reason
from engine.definitions.facts import Values
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

NOT_FAMILY = frozenset({"child", "pupil", "teacher", "neighbour", "cadre"})
"""Relations that are never 同住成年家属, whoever lives there (DOMAIN.md 5)."""

PUBLIC_NOTICE = Span(30, Unit.CALENDAR_DAYS)
"""民诉法 95: deemed served thirty days after the notice was issued."""

TRIED_BEFORE_NOTICE = 2
"""Failed attempts by different methods before a public notice (DOMAIN.md 5, guard)."""


def _need(values: Values, field: str, message: str) -> list[Reason]:
    value = values.get(field)
    return [] if value not in (None, "", "no", ()) else [Reason("field", field, message)]


def _direct(values: Values) -> list[Reason]:
    return _need(values, "receipt", "直接送达应有受送达人签名并注明日期的送达回证")


def _family(values: Values) -> list[Reason]:
    found = _need(values, "person_name", "应填代收家属姓名") + _need(values, "relation", "应填代收人与受送达人的关系")
    found += _need(values, "lives_together", "代收人应与受送达人同住；不同住的不能代收")
    found += _need(values, "adult", "代收人应为成年人")
    if values.get("relation") in NOT_FAMILY:
        found.append(Reason("field", "relation", "学生本人、教师、邻居、村居干部不能代收；应为同住成年家属"))
    return found + _need(values, "receipt", "应有代收人签名并注明日期的送达回证")


def _lien(values: Values) -> list[Reason]:
    found = _need(values, "refused", "留置送达限于受送达人或其同住成年家属拒收；不在家不是拒收")
    found += _need(values, "reason", "应在送达回证上记明拒收事由")
    if values.get("witness") in (None, "", "no") and values.get("video") in (None, "", "no"):
        found.append(Reason("field", "witness", "应有基层组织或所在单位的见证人签名，或者拍照、录像记录送达过程"))
    return found


def _entrusted(values: Values) -> list[Reason]:
    return _need(values, "letter", "委托送达应有委托函") + _need(values, "receipt", "应有受托单位退回的签收回证")


def _mail(values: Values) -> list[Reason]:
    return _need(values, "tracking_no", "邮寄送达应填邮件号") + _need(
        values, "slip", "应有注明收件日期的回执；以收件日期为送达日期"
    )


def _electronic(values: Values) -> list[Reason]:
    found = _need(values, "consent", "电子送达应事先取得受送达人签字的地址确认书")
    return found + _need(values, "log", "应有到达受送达人特定系统的记录；短信、微信「已读」不算")


def _forwarded(values: Values) -> list[Reason]:
    found = (
        []
        if values.get("body") in ("unit", "prison", "education_place")
        else [Reason("field", "body", "转交送达限于部队、监狱、强制性教育机构；可选 unit、prison、education_place")]
    )
    return found + _need(values, "letter", "应有转交函") + _need(values, "receipt", "应有本人签收的回证")


def _public_notice(values: Values) -> list[Reason]:
    found = _need(values, "posted_on", "应填公告张贴或刊登之日（多处的以最后一处为准）")
    return (
        found
        + _need(values, "where", "应填公告张贴或刊登的地点")
        + _need(values, "reason", "案卷应记明公告送达的原因和经过")
    )


_PROOF: Mapping[str, Callable[[Values], list[Reason]]] = {
    "direct": _direct,
    "family": _family,
    "lien": _lien,
    "entrusted": _entrusted,
    "mail": _mail,
    "electronic": _electronic,
    "forwarded": _forwarded,
    "public_notice": _public_notice,
}


def evidence(values: Values, failed: tuple[str, ...]) -> tuple[Reason, ...]:
    """What is missing from the proof of this service; a failed attempt needs its method and reason only."""
    method = values.get("method")
    if method not in METHODS:
        options = "、".join(f"{key}({zh})" for key, zh in METHODS.items())
        return (Reason("field", "method", f"送达方式应为：{options}"),)
    servers = values.get("servers", ())
    found: list[Reason] = []
    if not isinstance(servers, tuple) or len(servers) < 2:
        found.append(Reason("field", "servers", "送达人应不少于两人"))
    if values.get("result", "served") != "served":
        return tuple(found + _need(values, "reason", "未送达应记明原因"))
    found += _PROOF[str(method)](values)
    tried = len(set(failed)) >= TRIED_BEFORE_NOTICE
    if method == "public_notice" and values.get("unknown_whereabouts") != "yes" and not tried:
        found.append(Reason("guard", "public_notice_allowed", "公告送达限于下落不明，或者两种以上方式均送达不成"))
    return tuple(found)


def public_notice_day(posted: date, calendar: Calendar) -> date:
    """The day a public notice counts as service: the thirtieth after posting, or the next workday (DOMAIN.md 5)."""
    return reckon(posted, PUBLIC_NOTICE, calendar, roll=Roll.NEXT_WORKDAY).due_on
