"""Every predicate of the ladder says yes and no, and says no in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.definitions import general, ladder
from engine.definitions.facts import (
    Act,
    Actor,
    Addressee,
    Answer,
    CaseView,
    Document,
    Facts,
    Identity,
    Running,
    SubjectFacts,
    Tally,
    UnitFacts,
)
from engine.definitions.predicates import registry
from engine.workdays import Calendar, Span, Unit, load_calendar

CALENDAR = Path(__file__).parents[2] / "config" / "calendar"
TODAY = date(2026, 9, 21)
ENTERED = date(2026, 9, 1)
BIRTH = date(2013, 5, 4)
ELSEWHERE = "elsewhere"


@cache
def calendar() -> Calendar:
    """The calendar of the installation."""
    return load_calendar(CALENDAR)


def unit(
    code: str,
    kind: str,
    relation: str,
    *,
    delegation: str = "",
    lent: frozenset[str] = frozenset(),
    area: tuple[str, ...] = (),
) -> UnitFacts:
    """A unit with standing."""
    return UnitFacts(
        code=code,
        name=f"{code}单位",
        kind=kind,
        relation=relation,
        area=frozenset(area),
        delegation=delegation,
        lent=lent,
    )


UNITS = (
    unit("school", "school", "school"),
    unit("township", "township_government", "residence"),
    unit("bureau", "county_education_department", "bureau"),
    unit("far", "township_government", ELSEWHERE),
    unit("wide", "township_government", ELSEWHERE, area=("far", "school")),
    unit("street", "subdistrict_office", "household"),
    unit("lent", "subdistrict_office", "household", delegation="赋权〔2026〕1号", lent=frozenset({"order_correction"})),
    unit("judicial", "judicial_office", "receiver"),
    unit("police", "police_station", "receiver"),
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a guard is asked about; everything left out is ordinary."""

    values: Mapping[str, Any] = field(default_factory=dict)
    acts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Values of each latest act, in the order in which they were recorded."""
    counts: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    deadlines: Mapping[str, tuple[date | None, date | None]] = field(default_factory=dict)
    """The due day and the day of the check of each."""
    birth: date | None = BIRTH
    never: bool = False
    channel: str = ""
    today: date = TODAY

    def facts(self) -> Facts:
        """The same as the engine hands it over."""
        at = datetime(2026, 9, 10, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
        identity = Identity(
            number="QH-2026-0001",
            workflow="dropout-case",
            district="QH",
            subject=SubjectFacts(kind="pupil", reference="G1", birth=self.birth, never_enrolled=self.never),
            units=UNITS,
            opened_on=ENTERED,
            channel=self.channel,
        )
        acts = {
            name: Act(name, seq, values.get("on", date(2026, 9, 10)), at, "officer", "township_officer", 0, values)
            for seq, (name, values) in enumerate(self.acts.items(), start=1)
        }
        case = CaseView(
            identity=identity,
            state="counseled",
            former="",
            epoch=1,
            seq=9,
            version=9,
            head="",
            entered_on=ENTERED,
            unit="school",
            owner="",
            tallies={name: Tally(len(days), tuple(dict.fromkeys(days))) for name, days in self.counts.items()},
            acts=acts,
            deadlines={
                name: Running(name, 1, 1, "running", None, due, None, False, None, check, 0, None, "")
                for name, (due, check) in self.deadlines.items()
            },
            documents=self.documents,
            proposals=(),
            links=(),
            pauses=(),
            watchers=(),
            closed_as="",
            previous=None,
        )
        actor = Actor(user="officer", roles=())
        return Facts(
            case, self.values, self.today, self.today, calendar(), actor, "township_officer", "order_correction"
        )


def order(*addressees: Addressee) -> tuple[Document, ...]:
    """One issued order."""
    return (Document(id="9-1", kind="correction_order", status="issued", addressees=addressees),)


def to(key: str, served_on: date | None = None, status: str = "waiting") -> Addressee:
    """One guardian of an order."""
    return Addressee(key=key, status=status, served_on=served_on)


def ask(name: str, given: Given, args: dict[str, Any]) -> Answer:
    """The answer of a predicate as a workflow gets it."""
    return registry([ladder])[name].test(given.facts(), **args)


SERVED = date(2026, 9, 3)
PASSED = {"compliance": (date(2026, 9, 20), None)}
DEADLINE = {"deadline": "compliance"}
LIMITS = {"least": 3, "workdays": 20, "days": 30}
FIXED = {"least": Span(10, Unit.CALENDAR_DAYS)}
WEEKS = {"weeks": Span(2, Unit.WEEKS)}
AGES = {"first": 6, "until": 16}
TRANSFER = {"transfer": Span(10, Unit.WORKDAYS)}
EXHAUSTED = {"times": 3, "days": 2}
NONE: dict[str, Any] = {}


def relative(limit: str) -> dict[str, str]:
    """An order's form with a limit that runs from service."""
    return {"limit_kind": "relative", "limit": limit}


def fixed(day: date) -> dict[str, Any]:
    """An order's form with a fixed date."""
    return {"limit_kind": "fixed", "fixed_on": day}


YES: tuple[tuple[str, Given, dict[str, Any]], ...] = (
    ("somebody_met", Given(values={"met": ("father", "neighbour")}), NONE),
    ("nobody_met", Given(values={"met": ("neighbour",)}), NONE),
    ("two_visitors", Given(values={"visitors": ("甲", "乙")}), NONE),
    ("danger_seen", Given(values={"danger": {"harm": "present", "work": "absent"}}), NONE),
    ("danger_was_reported", Given(), NONE),
    (
        "danger_was_reported",
        Given(counts={"dangers": (date(2026, 9, 3),)}, acts={"report_danger": {"on": date(2026, 9, 3)}}),
        NONE,
    ),
    ("help_was_offered", Given(acts={"offer_help": {}}), NONE),
    ("help_was_decided", Given(acts={"offer_help": {}, "decide_help": {}}), NONE),
    (
        "persuasion_is_exhausted",
        Given(counts={"failed_persuasions": (date(2026, 9, 4), date(2026, 9, 4))}),
        EXHAUSTED,
    ),
    ("never_enrolled", Given(never=True), NONE),
    ("written_report_received", Given(acts={"report_upward": {}}), NONE),
    ("written_report_received", Given(acts={"census_report": {}}, never=True), NONE),
    ("criticised", Given(acts={"educate": {}}), NONE),
    ("guardian_was_heard", Given(acts={"hear_guardian": {"stance": "waived"}}), NONE),
    ("guardian_was_heard", Given(acts={"hear_guardian": {"stance": "spoke", "examined": "yes"}}), NONE),
    ("reason_is_proven", Given(values={"reason": "none"}), TRANSFER),
    ("reason_is_proven", Given(values={"reason": "illness", "approved": "yes", "certificate": "yes"}), TRANSFER),
    ("reason_is_proven", Given(values={"reason": "transfer", "transfer_since": date(2026, 9, 14)}), TRANSFER),
    ("no_proper_reason_found", Given(acts={"close_missing": {}, "judge_reason": {"reason": "none"}}), NONE),
    ("school_at_fault", Given(acts={"judge_cause": {"causes": ("weariness", "school_fault")}}), NONE),
    ("of_school_age", Given(), AGES),
    ("of_school_age", Given(birth=date(2019, 9, 1), today=date(2026, 8, 31)), AGES),
    ("issuer_has_authority", Given(values={"issuer": "township"}), NONE),
    ("issuer_has_authority", Given(values={"issuer": "bureau"}), NONE),
    ("issuer_has_authority", Given(values={"issuer": "wide"}), NONE),
    ("issuer_has_authority", Given(values={"issuer": "lent"}), NONE),
    ("limit_within", Given(values=relative("10 workdays")), LIMITS),
    ("limit_within", Given(values=relative("30 calendar days")), LIMITS),
    ("limit_within", Given(values=fixed(date(2026, 10, 20))), LIMITS),
    ("fixed_date_fits", Given(values=fixed(date(2026, 10, 20))), FIXED),
    ("fixed_date_fits", Given(values=relative("10 workdays")), FIXED),
    ("order_was_served", Given(documents=order(to("father", SERVED, "served"), to("mother", None, "dispensed"))), NONE),
    ("somebody_waits_for_service", Given(documents=order(to("father", SERVED, "served"), to("mother"))), NONE),
    ("no_order_stands", Given(), NONE),
    ("check_day_has_come", Given(deadlines=PASSED), DEADLINE),
    ("check_day_has_come", Given(deadlines={"compliance": (date(2026, 7, 9), TODAY)}), DEADLINE),
    (
        "non_compliance_recorded",
        Given(deadlines=PASSED, acts={"child_is_back": {}, "check_compliance": {"result": "not_complied"}}),
        DEADLINE,
    ),
    ("receiver_fits_channel", Given(values={"channel": "police", "receiver": "police"}), NONE),
    ("receiver_fits_channel", Given(values={"channel": "police", "receiver": "not-known"}), NONE),
    ("admonished_or_serious", Given(values={"channel": "police", "admonished": "no", "serious": "yes"}), NONE),
    ("admonished_or_serious", Given(values={"channel": "judicial_office"}), NONE),
    ("seen_by_two", Given(values={"seen_by": ("周老师",), "checked_by": ("镇干部",)}), NONE),
    ("observed_long_enough", Given(counts={"weeks": (date(2026, 9, 8), date(2026, 9, 15))}), WEEKS),
    ("other_school_confirmed", Given(values={"confirmed_by": "school_letter"}), NONE),
    ("approved_by_authority", Given(values={"approved_by": "township"}), NONE),
    ("proof_is_seen", Given(values={"plan": "yes"}), {"field": "plan"}),
    ("is_over_age", Given(birth=date(2010, 9, 21)), {"years": 16}),
    ("is_over_age", Given(birth=date(2012, 2, 29), today=date(2027, 2, 28)), {"years": 15}),
    ("other_case_named", Given(values={"other_case": "QH-2026-0002"}), NONE),
    ("channel_is", Given(channel="police"), {"channel": "police"}),
)

NO: tuple[tuple[str, Given, dict[str, Any], str], ...] = (
    ("somebody_met", Given(values={"met": ("neighbour",)}), NONE, "未遇"),
    ("somebody_met", Given(values={"met": ("father", "nobody")}), NONE, "没有见到人"),
    ("nobody_met", Given(values={"met": ("father",)}), NONE, "不是未遇"),
    ("two_visitors", Given(values={"visitors": ("甲",)}), NONE, "现填1人"),
    ("danger_seen", Given(values={"danger": {"harm": "unknown"}}), NONE, "没有填“有”"),
    ("danger_seen", Given(), NONE, "没有填“有”"),
    ("danger_was_reported", Given(counts={"dangers": (date(2026, 9, 3),)}), NONE, "2026-09-03"),
    (
        "danger_was_reported",
        Given(counts={"dangers": (date(2026, 9, 15),)}, acts={"report_danger": {"on": date(2026, 9, 3)}}),
        NONE,
        "还没有强制报告",
    ),
    ("help_was_offered", Given(), NONE, "还没有告知"),
    ("help_was_decided", Given(acts={"decide_help": {}, "offer_help": {}}), NONE, "还没有决定"),
    ("persuasion_is_exhausted", Given(), EXHAUSTED, "共1次"),
    ("persuasion_is_exhausted", Given(counts={"failed_persuasions": (TODAY, TODAY)}), EXHAUSTED, "共3次、1天"),
    ("never_enrolled", Given(), NONE, "学校书面报告"),
    ("written_report_received", Given(acts={"census_report": {}}), NONE, "还没有学校的书面报告"),
    ("written_report_received", Given(never=True), NONE, "普查认定"),
    ("criticised", Given(), NONE, "批评教育"),
    ("guardian_was_heard", Given(), NONE, "还没有听取"),
    ("guardian_was_heard", Given(acts={"hear_guardian": {"stance": "spoke", "examined": "no"}}), NONE, "还没有复核"),
    ("reason_is_proven", Given(values={"reason": "home_teaching", "approved": "no"}), TRANSFER, "学校同意不算批准"),
    ("reason_is_proven", Given(values={"reason": "illness", "approved": "yes"}), TRANSFER, "医疗机构"),
    (
        "reason_is_proven",
        Given(values={"reason": "transfer", "transfer_since": date(2026, 9, 4)}),
        TRANSFER,
        "已于2026-09-18届满",
    ),
    ("no_proper_reason_found", Given(), NONE, "还没有人认定"),
    ("no_proper_reason_found", Given(acts={"judge_reason": {"reason": "illness"}}), NONE, "有正当理由"),
    (
        "no_proper_reason_found",
        Given(acts={"judge_reason": {"reason": "none"}, "close_missing": {}}),
        NONE,
        "失踪",
    ),
    ("school_at_fault", Given(acts={"judge_cause": {"causes": ("work",)}}), NONE, "没有认定学校"),
    ("school_at_fault", Given(), NONE, "没有认定学校"),
    ("of_school_age", Given(birth=None), AGES, "出生日期不明"),
    ("of_school_age", Given(birth=date(2010, 9, 21)), AGES, "不在义务教育年龄"),
    ("of_school_age", Given(birth=date(2020, 9, 1)), AGES, "不在义务教育年龄"),
    ("issuer_has_authority", Given(values={"issuer": "nowhere"}), NONE, "不是与本个案有关"),
    ("issuer_has_authority", Given(values={"issuer": "school"}), NONE, "无权"),
    ("issuer_has_authority", Given(values={"issuer": "street"}), NONE, "赋权文件"),
    ("issuer_has_authority", Given(values={"issuer": "far"}), NONE, "辖区"),
    ("limit_within", Given(values=relative("2 workdays")), LIMITS, "3至20个工作日"),
    ("limit_within", Given(values=relative("31 calendar days")), LIMITS, "3至30日"),
    ("limit_within", Given(values=relative("2 weeks")), LIMITS, "以工作日或者日计"),
    ("fixed_date_fits", Given(values=fixed(date(2026, 10, 5))), FIXED, "假期或者休息日"),
    ("fixed_date_fits", Given(values=fixed(date(2027, 3, 2))), FIXED, "尚未公布"),
    ("fixed_date_fits", Given(values=fixed(date(2026, 9, 24))), FIXED, "太近"),
    ("order_was_served", Given(), NONE, "没有有效的"),
    ("order_was_served", Given(documents=order(to("father", SERVED, "served"), to("mother"))), NONE, "尚缺1人"),
    (
        "order_was_served",
        Given(documents=order(to("father", SERVED, "served"), to("mother", date(2026, 11, 11), "posted"))),
        NONE,
        "尚缺1人",
    ),
    ("order_was_served", Given(documents=order(to("father", None, "dispensed"))), NONE, "还没有向每个监护人送达"),
    ("somebody_waits_for_service", Given(documents=order(to("father", SERVED, "served"))), NONE, "没有等待送达"),
    ("somebody_waits_for_service", Given(), NONE, "没有等待送达"),
    ("no_order_stands", Given(documents=order(to("father"))), NONE, "应先撤回"),
    ("check_day_has_come", Given(), DEADLINE, "还没有起算"),
    ("check_day_has_come", Given(deadlines={"compliance": (None, None)}), DEADLINE, "还没有起算"),
    ("check_day_has_come", Given(deadlines={"compliance": (TODAY, date(2026, 9, 28))}), DEADLINE, "2026-09-28"),
    ("non_compliance_recorded", Given(), DEADLINE, "期限未满"),
    ("non_compliance_recorded", Given(deadlines={"compliance": (TODAY, None)}), DEADLINE, "期限未满"),
    ("non_compliance_recorded", Given(deadlines=PASSED), DEADLINE, "还没有人检查"),
    (
        "non_compliance_recorded",
        Given(deadlines=PASSED, acts={"check_compliance": {"result": "not_complied"}, "child_is_back": {}}),
        DEADLINE,
        "还没有人检查",
    ),
    (
        "non_compliance_recorded",
        Given(deadlines=PASSED, acts={"check_compliance": {"result": "complied"}}),
        DEADLINE,
        "不是“未改正”",
    ),
    ("receiver_fits_channel", Given(values={"channel": "police", "receiver": "judicial"}), NONE, "渠道不符"),
    ("admonished_or_serious", Given(values={"channel": "police", "admonished": "no"}), NONE, "劝诫"),
    ("seen_by_two", Given(values={"seen_by": ("周老师",), "checked_by": ("周老师",)}), NONE, "另一人核实"),
    ("seen_by_two", Given(values={"seen_by": ("周老师",), "checked_by": ("officer",)}), NONE, "不能是登记人"),
    ("observed_long_enough", Given(), WEEKS, "现满2周，确认0周"),
    (
        "observed_long_enough",
        Given(counts={"weeks": (ENTERED, date(2026, 9, 9), date(2026, 9, 15))}),
        WEEKS,
        "确认1周",
    ),
    (
        "observed_long_enough",
        Given(counts={"weeks": (date(2026, 9, 8), date(2026, 9, 14))}, today=date(2026, 9, 14)),
        WEEKS,
        "现满1周",
    ),
    ("other_school_confirmed", Given(values={"confirmed_by": "guardian_word"}), NONE, "家长口头说明"),
    ("approved_by_authority", Given(values={"approved_by": "school"}), NONE, "不算批准"),
    ("proof_is_seen", Given(values={"plan": "no"}), {"field": "plan"}, "没有核对"),
    ("is_over_age", Given(birth=date(2010, 9, 22)), {"years": 16}, "未满16周岁"),
    ("is_over_age", Given(birth=None), {"years": 16}, "出生日期不明"),
    ("other_case_named", Given(values={"other_case": "QH-2026-0001"}), NONE, "不能是本个案"),
    ("other_case_named", Given(), NONE, "不能是本个案"),
    ("channel_is", Given(channel="police"), {"channel": "judicial_office"}, "渠道不同"),
)


class TestYes:
    """Predicates hold where the law is kept."""

    @pytest.mark.parametrize(("name", "given", "args"), YES, ids=[f"{at}-{each[0]}" for at, each in enumerate(YES)])
    def test_holds(self, name: str, given: Given, args: dict[str, Any]) -> None:
        """A predicate that holds gives no reason against."""
        answer = ask(name, given, args)
        assert (answer.holds, answer.why) == (True, "")


class TestNo:
    """Predicates say no, and why."""

    @pytest.mark.parametrize(
        ("name", "given", "args", "why"), NO, ids=[f"{at}-{each[0]}" for at, each in enumerate(NO)]
    )
    def test_says_why(self, name: str, given: Given, args: dict[str, Any], why: str) -> None:
        """A predicate that does not hold names, in Chinese, what is wrong or what would be accepted."""
        answer = ask(name, given, args)
        assert (answer.holds, why in answer.why) == (False, True), answer.why


class TestRegistry:
    """What the loader and the pages know of the ladder's predicates."""

    def test_every_predicate_says_yes_and_no_here(self) -> None:
        """No predicate of the ladder is without an example of each answer."""
        assert {each[0] for each in YES} == {each[0] for each in NO} == set(registry([ladder]))

    def test_names_are_not_taken_twice(self) -> None:
        """The ladder's names and the general ones do not meet."""
        assert len(registry([general, ladder])) == len(registry([general])) + len(registry([ladder]))

    def test_reads_and_offers_can_be_asked(self) -> None:
        """Every predicate says what it looks at, and which acts would help, for arguments as a workflow gives them."""
        kinds = {
            kind
            for name, _, args in YES
            for predicate in (registry([ladder])[name],)
            for kind, _ in predicate.reads(args)
            if all(isinstance(each, str) for each in predicate.offers(args))
        }
        assert kinds == {"act", "count", "document", "field"}
