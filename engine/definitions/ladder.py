"""Predicates of the ladder's law: what must be seen, offered, heard, served and judged before a step may be taken.

Sources: DOMAIN.md 2–5, 7, 11, 12, 15. A guard reads what people recorded; it never judges a reason itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.definitions.facts import Act, Addressee, Answer, Facts
from engine.definitions.predicates import predicate
from engine.workdays import Span, Unit, reckon

FAMILY = frozenset({"pupil", "father", "mother", "guardian", "carer"})
"""Whom a visit must meet to have happened; a neighbour or a cadre alone is an attempt (DOMAIN.md 3)."""

ORDERERS = frozenset({"township_government", "county_education_department"})
"""The only two kinds of office that may order a guardian to correct, approve leave and close (义教法 11, 58)."""

CHANNEL_KINDS = {"judicial_office": "judicial_office", "police": "police_station"}
"""Which kind of unit receives a referral of each channel (DOMAIN.md 8)."""

_NEAR = frozenset({"residence", "household", "school", "bureau"})


def _act(*triggers: str) -> frozenset[tuple[str, str]]:
    return frozenset(("act", each) for each in triggers)


def _field(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset(("field", each) for each in names)


def _say(holds: bool, seen: Mapping[str, object], why: str) -> Answer:
    return Answer(holds, seen, "" if holds else why)


def _words(facts: Facts, name: str) -> tuple[str, ...]:
    """The form's field as a tuple of texts; empty where it was left out."""
    value = facts.values.get(name)
    return value if isinstance(value, tuple) else () if value is None else (str(value),)


def _recorded(facts: Facts, trigger: str, why: str) -> Answer:
    found = facts.case.acts.get(trigger)
    return _say(found is not None, {trigger: found.seq if found else None}, why)


def _seq(act: Act | None) -> int:
    return act.seq if act else 0


@predicate("见到学生或者家人", reads=lambda _: _field("met"))
def somebody_met(facts: Facts) -> Answer:
    """Holds when the pupil, a guardian or the carer was met, and the form does not also say that nobody was."""
    met = frozenset(_words(facts, "met"))
    why = "没有见到学生、监护人或者照护人（只见到邻居、村居干部的算一次未遇），或者同时勾了“没有见到人”"
    return _say(bool(met & FAMILY) and "nobody" not in met, {"met": tuple(sorted(met))}, why)


@predicate("没有见到家人", reads=lambda _: _field("met"))
def nobody_met(facts: Facts) -> Answer:
    """Holds when no one of the family was met: an honest attempt (DOMAIN.md 3)."""
    met = frozenset(_words(facts, "met"))
    return _say(not met & FAMILY, {"met": tuple(sorted(met))}, "见到了学生或者家人，不是未遇；请去掉“没有见到人”")


@predicate("两人以上家访", reads=lambda _: _field("visitors"))
def two_visitors(facts: Facts) -> Answer:
    """Holds when at least two persons made the visit (DOMAIN.md 3)."""
    count = len(_words(facts, "visitors"))
    return _say(count > 1, {"visitors": count}, f"家访应由两人以上进行，现填{count}人")


@predicate("发现危险情形", reads=lambda _: _field("danger"))
def danger_seen(facts: Facts) -> Answer:
    """Holds when the visit's danger check found harm, work, marriage or a missing child present."""
    grid = facts.values.get("danger")
    rows = grid if isinstance(grid, Mapping) else {}
    present = tuple(sorted(str(row) for row, answer in rows.items() if answer == "present"))
    return _say(bool(present), {"danger": present}, "危险排查没有填“有”的项目")


@predicate(
    "发现的危险已经强制报告",
    reads=lambda _: frozenset({("count", "dangers"), ("act", "report_danger")}),
    offers=lambda _: ("report_danger",),
)
def danger_was_reported(facts: Facts) -> Answer:
    """Holds unless a visit found danger after which nobody reported it (未保法 11(2))."""
    tally, report = facts.case.tallies.get("dangers"), facts.case.acts.get("report_danger")
    last = max(tally.days) if tally and tally.days else None
    told = report.happened_on if report else None
    holds = last is None or (told is not None and told >= last)
    return _say(holds, {"danger_on": last, "reported_on": told}, f"{last}家访发现危险情形，还没有强制报告")


@predicate("已经告知帮扶", reads=lambda _: _act("offer_help"), offers=lambda _: ("offer_help",))
def help_was_offered(facts: Facts) -> Answer:
    """Holds once help was offered: before an order, difficulties are to be helped with (义教法 13)."""
    return _recorded(facts, "offer_help", "还没有告知可以申请的帮扶")


@predicate("帮扶已有决定", reads=lambda _: _act("offer_help", "decide_help"), offers=lambda _: ("decide_help",))
def help_was_decided(facts: Facts) -> Answer:
    """Holds when the latest offer of help was decided on, yes or no, with a reason (DOMAIN.md 3)."""
    offered, decided = facts.case.acts.get("offer_help"), facts.case.acts.get("decide_help")
    holds = _seq(decided) > _seq(offered)
    return _say(holds, {"decide_help": _seq(decided)}, "告知的帮扶还没有决定给予或者不给予，并说明理由")


@predicate("劝返已达次数", reads=lambda _: frozenset({("count", "failed_persuasions")}))
def persuasion_is_exhausted(facts: Facts, *, times: int, days: int) -> Answer:
    """Holds when, with the one being recorded, so many persuasions failed on so many days (DOMAIN.md 15)."""
    tally = facts.case.tallies.get("failed_persuasions")
    so_far = tally.times + 1 if tally else 1
    on = len({*(tally.days if tally else ()), facts.happened_on})
    seen = {"failed_persuasions": so_far, "failed_persuasions_days": on}
    return _say(so_far >= times and on >= days, seen, f"连同本次共{so_far}次、{on}天；要求不少于{times}次、{days}天")


@predicate("从未入学")
def never_enrolled(facts: Facts) -> Answer:
    """Holds for a child that no school ever enrolled: the township's census finding stands for the school's report."""
    never = facts.case.identity.subject.never_enrolled
    return _say(never, {"never_enrolled": never}, "该学生有学籍，应由学校书面报告，不适用普查认定")


@predicate(
    "已有书面报告",
    reads=lambda _: _act("report_upward", "census_report"),
    offers=lambda _: ("report_upward", "census_report"),
)
def written_report_received(facts: Facts) -> Answer:
    """Holds once the school's report is in, or the census finding for a child never enrolled (未保法 28(2))."""
    trigger = "census_report" if facts.case.identity.subject.never_enrolled else "report_upward"
    why = "还没有乡镇的普查认定" if trigger == "census_report" else "还没有学校的书面报告"
    return _recorded(facts, trigger, why)


@predicate("已经批评教育", reads=lambda _: _act("educate"), offers=lambda _: ("educate",))
def criticised(facts: Facts) -> Answer:
    """Holds once the guardian was criticised and educated by an office that may (义教法 58)."""
    return _recorded(facts, "educate", "还没有由乡镇人民政府或者教育行政部门批评教育")


@predicate("已经听取陈述申辩", reads=lambda _: _act("hear_guardian"), offers=lambda _: ("hear_guardian",))
def guardian_was_heard(facts: Facts) -> Answer:
    """Holds when the guardian's statement was heard, examined and answered, or expressly waived (DOMAIN.md 2.4)."""
    heard = facts.case.acts.get("hear_guardian")
    if heard is None:
        return Answer(False, {"hear_guardian": None}, "还没有听取监护人的陈述和申辩")
    settled = heard.values.get("stance") == "waived" or heard.values.get("examined") == "yes"
    return _say(settled, {"hear_guardian": heard.seq}, "听取了陈述和申辩，但还没有复核并答复")


@predicate("理由有证明", reads=lambda _: _field("reason", "certificate", "approved", "transfer_since"))
def reason_is_proven(facts: Facts, *, transfer: Span) -> Answer:
    """Holds when the reason has its proof; a school's word is no approval (义教法 11(2))."""
    reason = str(facts.values.get("reason"))
    seen = {"reason": reason}
    if reason in ("illness", "approved_leave", "home_teaching") and facts.values.get("approved") != "yes":
        return Answer(False, seen, "应有乡镇人民政府或者教育行政部门的批准；学校同意不算批准")
    if reason == "illness" and facts.values.get("certificate") != "yes":
        return Answer(False, seen, "因病应有医疗机构的证明")
    since = facts.values.get("transfer_since")
    if reason == "transfer" and isinstance(since, date):
        last = reckon(since, transfer, facts.calendar).due_on
        why = f"转学办理中以{transfer.zh}为限，已于{last}届满"
        return _say(facts.happened_on <= last, {**seen, "until": last}, why)
    return Answer(True, seen)


@predicate(
    "已认定无正当理由", reads=lambda _: _act("judge_reason", "close_missing"), offers=lambda _: ("judge_reason",)
)
def no_proper_reason_found(facts: Facts) -> Answer:
    """Holds when a person's latest finding is that there is no proper reason, and the child is not missing since."""
    found, missing = facts.case.acts.get("judge_reason"), facts.case.acts.get("close_missing")
    if found is None:
        return Answer(False, {"judge_reason": None}, "还没有人认定有无正当理由")
    if _seq(missing) > found.seq:
        return Answer(False, {"judge_reason": found.seq}, "认定以后学生失踪；找到后应重新认定")
    reason = found.values.get("reason")
    return _say(reason == "none", {"judge_reason": found.seq}, "已认定有正当理由，不能责令")


@predicate("学校有过错", reads=lambda _: _act("judge_cause"))
def school_at_fault(facts: Facts) -> Answer:
    """Holds when the latest finding of causes names the school: then the school is to correct (义教法 57)."""
    found = facts.case.acts.get("judge_cause")
    causes = found.values.get("causes") if found else ()
    at_fault = isinstance(causes, tuple) and "school_fault" in causes
    return _say(at_fault, {"judge_cause": _seq(found)}, "没有认定学校有过错")


def _birthday(birth: date, years: int) -> date:
    """The day on which an age is reached; 29 February counts as the 28th in other years (DOMAIN.md 2.1)."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 2, 28)


@predicate("在义务教育年龄")
def of_school_age(facts: Facts, *, first: int, until: int) -> Answer:
    """Holds from the 31 August by which the child is `first` years old, until the birthday of `until` years."""
    birth = facts.case.identity.subject.birth
    if birth is None:
        return Answer(False, {"age_known": False}, "出生日期不明，不能确认在义务教育年龄")
    begins = _birthday(birth, first)
    school_year = date(begins.year if (begins.month, begins.day) <= (8, 31) else begins.year + 1, 8, 31)
    holds = school_year <= facts.today < _birthday(birth, until)
    return _say(holds, {"age_known": True}, f"不在义务教育年龄（{first}周岁的8月31日起，至满{until}周岁前）")


@predicate("签发单位有权", reads=lambda _: _field("issuer"))
def issuer_has_authority(facts: Facts) -> Answer:
    """Holds for an office of 义教法 58 in whose area the child is; a subdistrict only if delegated (DOMAIN.md 4)."""
    code = str(facts.values.get("issuer", ""))
    unit = facts.case.unit_by_code(code)
    if unit is None:
        return Answer(False, {"issuer": code}, f"「{code}」不是与本个案有关的单位")
    if unit.kind not in ORDERERS and not (unit.kind == "subdistrict_office" and facts.trigger in unit.lent):
        why = f"{unit.name}无权；应为乡镇人民政府或者县级教育行政部门（街道办事处须有当日有效、列明此事的赋权文件）"
        return Answer(False, {"issuer": code, "kind": unit.kind}, why)
    near = {each.code for each in facts.case.identity.units if each.relation in _NEAR}
    inside = near & (unit.area | {unit.code})
    return _say(bool(inside), {"issuer": code, "kind": unit.kind}, f"学生的户籍地、居住地、学校都不在{unit.name}辖区内")


@predicate("期限长度合适", reads=lambda _: _field("limit_kind", "limit"))
def limit_within(facts: Facts, *, least: int, workdays: int, days: int) -> Answer:
    """Holds when a relative limit is in workdays or calendar days and not too short or long (DOMAIN.md 15)."""
    if facts.values.get("limit_kind") != "relative":
        return Answer(True, {})
    limit = Span.parse(str(facts.values.get("limit")))
    most = {Unit.WORKDAYS: workdays, Unit.CALENDAR_DAYS: days}.get(limit.unit)
    if most is None:
        return Answer(False, {"limit": limit.key}, "改正期限应以工作日或者日计，例如 10 workdays、15 calendar days")
    why = f"改正期限应为{least}至{workdays}个工作日，或者{least}至{days}日"
    return _say(least <= limit.n <= most, {"limit": limit.key}, why)


@predicate("固定日期可行", reads=lambda _: _field("limit_kind", "fixed_on"))
def fixed_date_fits(facts: Facts, *, least: Span) -> Answer:
    """Holds when a fixed date is a school day, leaves time for service, and cannot change (DOMAIN.md 3, 6.5)."""
    day = facts.values.get("fixed_on")
    if facts.values.get("limit_kind") != "fixed" or not isinstance(day, date):
        return Answer(True, {})
    earliest = reckon(facts.today, least, facts.calendar).due_on
    if facts.calendar.is_provisional(day, school=True):
        return Answer(False, {"fixed_on": day}, f"{day}所在时段的放假安排或者校历尚未公布，不能作固定日期")
    if not facts.calendar.is_school_day(day):
        return Answer(False, {"fixed_on": day}, f"{day}在假期或者休息日，不能返校；应为上课日")
    return _say(day >= earliest, {"fixed_on": day}, f"{day}太近，来不及送达；应在{earliest}当天或之后")


def _done(addressee: Addressee, today: date) -> bool:
    """Served by today or excused; a public notice counts from its day on."""
    return addressee.status == "dispensed" or (addressee.served_on is not None and addressee.served_on <= today)


@predicate("决定书已向每人送达", reads=lambda _: frozenset({("document", "correction_order")}))
def order_was_served(facts: Facts) -> Answer:
    """Holds when the order reached every addressee or they were dispensed with, and at least one was served."""
    order = facts.case.latest("correction_order")
    if order is None:
        return Answer(False, {"order": None}, "没有有效的责令限期改正决定书")
    open_ = tuple(each.key for each in order.addressees if not _done(each, facts.today))
    served = any(each.served_on is not None for each in order.addressees)
    seen, why = {"order": order.id, "waiting": open_}, f"决定书还没有向每个监护人送达（尚缺{len(open_)}人）"
    return _say(served and not open_, seen, why)


@predicate("决定书尚有人未送达", reads=lambda _: frozenset({("document", "correction_order")}))
def somebody_waits_for_service(facts: Facts) -> Answer:
    """Holds while an issued order has not reached somebody."""
    order = facts.case.latest("correction_order")
    waits = order is not None and any(not _done(each, facts.today) for each in order.addressees)
    return _say(waits, {"order": order.id if order else None}, "没有等待送达的决定书")


@predicate("没有有效的决定书", reads=lambda _: frozenset({("document", "correction_order")}))
def no_order_stands(facts: Facts) -> Answer:
    """Holds when no issued order stands: a standing one must be withdrawn first."""
    order = facts.case.latest("correction_order")
    return _say(order is None, {"order": order.id if order else None}, "决定书仍然有效，应先撤回")


@predicate("到了检查改正的日子")
def check_day_has_come(facts: Facts, *, deadline: str) -> Answer:
    """Holds from the due day on or, when that lies in a vacation, from the first school day (DOMAIN.md 3)."""
    running = facts.case.deadlines.get(deadline)
    day = (running.check_on or running.due_on) if running else None
    if day is None:
        return Answer(False, {"check_on": None}, "改正期限还没有起算（应先向每个监护人送达）")
    return _say(facts.happened_on >= day, {"check_on": day}, f"改正期限未满，应在{day}当天或之后检查")


@predicate("已登记逾期未改正", reads=lambda _: _act("check_compliance"), offers=lambda _: ("check_compliance",))
def non_compliance_recorded(facts: Facts, *, deadline: str) -> Answer:
    """Holds when the limit is over and a person's latest check, since any return, says that nothing was corrected."""
    check, back = facts.case.acts.get("check_compliance"), facts.case.acts.get("child_is_back")
    running = facts.case.deadlines.get(deadline)
    due = running.due_on if running else None
    if due is None or facts.today <= due:
        return Answer(False, {"due_on": due}, "改正期限未满")
    if check is None or check.seq < _seq(back):
        return Answer(False, {"due_on": due, "check_compliance": None}, "还没有人检查并登记未改正")
    seen = {"due_on": due, "check_compliance": check.seq}
    return _say(check.values.get("result") == "not_complied", seen, "最近一次检查不是“未改正”")


@predicate("接收单位与渠道相符", reads=lambda _: _field("channel", "receiver"))
def receiver_fits_channel(facts: Facts) -> Answer:
    """Holds unless the unit named is known to be of a kind that does not receive this channel (DOMAIN.md 8)."""
    channel = str(facts.values.get("channel", ""))
    unit = facts.case.unit_by_code(str(facts.values.get("receiver", "")))
    kind = unit.kind if unit else ""  # the receiver has no standing before it receives: then its kind is not known here
    why = "接收单位与渠道不符：司法所接收提请函，派出所接收训诫移送"
    return _say(kind in ("", CHANNEL_KINDS.get(channel)), {"channel": channel, "kind": kind}, why)


@predicate("移送公安的前提", reads=lambda _: _field("channel", "admonished", "serious"))
def admonished_or_serious(facts: Facts) -> Answer:
    """Holds for the police channel when the committee admonished before, or the case is serious (未保法 118)."""
    values = facts.values
    holds = values.get("channel") != "police" or "yes" in (values.get("admonished"), values.get("serious"))
    return _say(holds, {"channel": values.get("channel")}, "移送公安应先经村(居)民委员会劝诫、制止，或者属于情节严重")


@predicate("两人分别核实到校", reads=lambda _: _field("seen_by", "checked_by"))
def seen_by_two(facts: Facts) -> Answer:
    """Holds when somebody saw the child in school and somebody else, not the one who records it, checked it."""
    seen_by, checked_by = frozenset(_words(facts, "seen_by")), frozenset(_words(facts, "checked_by"))
    others = checked_by - seen_by - {facts.actor.user}
    return _say(bool(seen_by and others), {"others": len(others)}, "到校应由一人登记、另一人核实；核实人不能是登记人")


@predicate(
    "观察期满且每周有确认",
    reads=lambda _: frozenset({("count", "weeks"), ("act", "confirm_attendance")}),
    offers=lambda _: ("confirm_attendance",),
)
def observed_long_enough(facts: Facts, *, weeks: Span) -> Answer:
    """Holds when the observation lasted so many weeks since the return and as many different weeks were confirmed."""
    tally, entered = facts.case.tallies.get("weeks"), facts.case.entered_on
    days = tally.days if tally else ()
    confirmed = len({((day - entered).days - 1) // 7 for day in days if day > entered})
    passed = (facts.today - entered).days // 7
    why = f"返校观察应满{weeks.n}周且每周确认在校；现满{passed}周，确认{confirmed}周"
    return _say(passed >= weeks.n <= confirmed, {"weeks_passed": passed, "weeks_confirmed": confirmed}, why)


@predicate("转入学校已确认", reads=lambda _: _field("confirmed_by"))
def other_school_confirmed(facts: Facts) -> Answer:
    """Holds when the other school or the register confirmed; the guardian's word is no proof (DOMAIN.md 12)."""
    by = facts.values.get("confirmed_by")
    holds = by in ("school_letter", "register_transfer")
    return _say(holds, {"confirmed_by": by}, "应有转入学校的证明或者学籍转接记录；家长口头说明不能作为凭据")


@predicate("有权机关已批准", reads=lambda _: _field("approved_by"))
def approved_by_authority(facts: Facts) -> Answer:
    """Holds when the township government or the bureau approved; a school may not (义教法 11(2))."""
    by = facts.values.get("approved_by")
    why = "应由乡镇人民政府或者县级教育行政部门批准；学校、街道同意不算批准"
    return _say(by in ("township", "bureau"), {"approved_by": by}, why)


@predicate("凭据已经核对", reads=lambda a: _field(str(a["field"])))
def proof_is_seen(facts: Facts, *, field: str) -> Answer:
    """Holds when the form says that the proof was checked."""
    answer = facts.values.get(field)
    return _say(answer == "yes", {field: answer}, "凭据没有核对，不能销号")


@predicate("已超过义务教育年龄")
def is_over_age(facts: Facts, *, years: int) -> Answer:
    """Holds from the birthday of `years` years on."""
    birth = facts.case.identity.subject.birth
    holds = birth is not None and facts.today >= _birthday(birth, years)
    return _say(holds, {"age_known": birth is not None}, f"未满{years}周岁，或者出生日期不明，不能以超龄销号")


@predicate("指明了另一个案", reads=lambda _: _field("other_case"))
def other_case_named(facts: Facts) -> Answer:
    """Holds when the right case is named and is another one."""
    other = str(facts.values.get("other_case", ""))
    why = "应填正确个案的编号，不能是本个案"
    return _say(other not in ("", facts.case.identity.number), {"other_case": other}, why)


@predicate("属于这一渠道")
def channel_is(facts: Facts, *, channel: str) -> Answer:
    """Holds in a referral that was sent by this channel."""
    own = facts.case.identity.channel
    return _say(own == channel, {"channel": own}, "移送渠道不同，应登记本渠道的结果")
