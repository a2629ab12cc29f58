"""A little ladder built by hand, with one of everything that deciding knows; and the people and days to play it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Outcome
from engine.cases.opening import open_case
from engine.clock import at_local
from engine.definitions import general
from engine.definitions import papers as papers_of_service
from engine.definitions.facts import SYSTEM, Actor, CaseView, HeldRole, Identity, SubjectFacts, UnitFacts
from engine.definitions.workflow import (
    BlockSource,
    Closing,
    DeadlineRule,
    Edge,
    Field,
    Guard,
    Law,
    Level,
    LinkRule,
    NoticeRule,
    Start,
    State,
    Transition,
    Workflow,
)
from engine.workdays import Calendar, Roll, Span, load_calendar

CALENDAR_FILES = Path(__file__).parents[2] / "config" / "calendar"
FIRST = date(2026, 9, 1)
ALWAYS = {"first": date(2020, 1, 1), "last": date(2030, 12, 31)}

UNITS = tuple(
    UnitFacts(code=code, name=name, kind=kind, relation=relation)
    for code, name, kind, relation in (
        ("school", "青禾中学", "school", "school"),
        ("township", "青禾镇人民政府", "township_government", "residence"),
        ("bureau", "宣和区教育体育局", "county_education_department", "bureau"),
        ("district", "宣和区人民政府", "district_government", "district"),
    )
)


@cache
def calendar() -> Calendar:
    """The calendar of the installation."""
    return load_calendar(CALENDAR_FILES)


def person(user: str, role: str, unit: str) -> Actor:
    """Somebody who holds one role for years."""
    return Actor(user=user, roles=(HeldRole(role=role, unit=unit, **ALWAYS),))


TEACHER = person("teacher", "class_teacher", "school")
SCHOOL = person("school_officer", "school_officer", "school")
OFFICER = person("officer", "township_officer", "township")
HEAD = person("head", "township_head", "township")
BUREAU = person("bureau_officer", "bureau_officer", "bureau")
REVIEWER = person("reviewer", "legal_reviewer", "bureau")
BUREAU_HEAD = person("bureau_head", "bureau_head", "bureau")
STRANGER = person("stranger", "township_officer", "elsewhere")
AUDITOR = person("auditor", "auditor", "district")


def guard(name: str, **args: object) -> Guard:
    """A guard over one of the general predicates."""
    return Guard(predicate=getattr(general, name), args=args)


def _visit_form() -> tuple[Field, ...]:
    return (
        Field(
            name="result",
            zh="结果",
            type="choice",
            options=(("agrees", "同意返校"), ("refuses", "不同意"), ("nobody_home", "家中无人")),
            required=True,
            public=True,
        ),
        Field(
            name="returns",
            zh="约定返校日期",
            type="date",
            not_before="happened",
            required_when={"result": frozenset({"agrees"})},
        ),
        Field(name="visitors", zh="参加人", type="people", least=2),
    )


def _order_form() -> tuple[Field, ...]:
    return (
        Field(name="issuer", zh="签发单位", type="unit"),
        Field(name="limit", zh="期限", type="span"),
        Field(name="fixed_on", zh="限定日期", type="date", not_before="today"),
    )


def _whom() -> Field:
    return Field(name="whom", zh="谁", type="choice", options=(("father", "父亲"), ("mother", "母亲")))


def _paper_acts() -> tuple[Transition, ...]:
    """Papers on which a service rests, and the correction of its day."""
    consent = Field(name="consent", zh="电子送达", type="choice", options=(("agreed", "同意"), ("taken_back", "撤回")))
    address = Field(name="electronic_address", zh="电子地址", type="text")
    papers = (
        ("confirm_address", (_whom(), consent, address), "address_confirmation"),
        ("entrust", (_whom(),), "entrustment_letter"),
        ("announce", (_whom(),), "public_notice"),
    )
    issuing = tuple(
        Transition(
            name=name,
            zh=name,
            sources=OPEN,
            by=frozenset({"township_officer"}),
            form=form,
            edges=(Edge(index=0, documents=(kind,)),),
            law=LAW,
        )
        for name, form, kind in papers
    )
    amend = Transition(
        name="amend",
        zh="更正送达日期",
        sources=frozenset({"ordered"}),
        propose_by=frozenset({"township_officer"}),
        approvals=("township_head",),
        form=(Field(name="to", zh="谁", type="text"), Field(name="served_on", zh="日期", type="date")),
        when=(Guard(predicate=papers_of_service.service_day_fits),),
        edges=(Edge(index=0),),
        corrects="correction_order",
        law=LAW,
        act_of_authority=True,
    )
    return (*issuing, amend)


LAW = {"": ("义教法58",)}
OPEN = frozenset({"detected", "visited", "ordered"})


def _transitions() -> tuple[Transition, ...]:
    met = guard("field_is", field="result", one_of=("agrees", "refuses"))
    nobody = guard("field_is", field="result", one_of=("nobody_home",))
    return (
        Transition(
            name="visit",
            zh="登记家访",
            sources=frozenset({"detected", "visited"}),
            by=frozenset({"school_officer", "township_officer"}),
            draft_by=frozenset({"class_teacher"}),
            form=_visit_form(),
            edges=(
                Edge(index=0, when=(met,), to="visited", zh="见到人", counts=("visits",), documents=("visit_record",)),
                Edge(index=1, when=(nobody,), zh="没有见到人", counts=("attempts",)),
            ),
            law=LAW,
        ),
        Transition(
            name="order",
            zh="责令限期改正",
            sources=frozenset({"visited"}),
            propose_by=frozenset({"township_officer", "bureau_officer", "system"}),
            approvals=("legal_reviewer", "issuer_head"),
            form=_order_form(),
            when=(
                guard("at_least", count="visits", times=1),
                Guard(negated=True, predicate=general.recorded, args={"act": "school_fault"}),
            ),
            edges=(Edge(index=0, to="ordered", documents=("correction_order",)),),
            addressees="guardians",
            law={"township_government": ("义教法58",), "county_education_department": ("义教法58", "未保法83")},
            act_of_authority=True,
        ),
        *_paper_acts(),
        Transition(
            name="school_fault",
            zh="认定学校责任",
            sources=OPEN,
            by=frozenset({"bureau_officer"}),
            edges=(Edge(index=0),),
            law=LAW,
        ),
        Transition(
            name="check",
            zh="复核改正情况",
            sources=frozenset({"ordered"}),
            by=frozenset({"township_officer"}),
            edges=(Edge(index=0, counts=("checks",)),),
            law=LAW,
        ),
        Transition(
            name="refer",
            zh="移送",
            sources=frozenset({"ordered"}),
            propose_by=frozenset({"township_officer", "system"}),
            approvals=("bureau_head",),
            form=(Field(name="channel", zh="渠道", type="text"), Field(name="receiver", zh="接收单位", type="unit")),
            when=(guard("recorded", act="check"),),
            edges=(Edge(index=0, documents=("referral_letter",)),),
            opens=("refer",),
            law=LAW,
            act_of_authority=True,
        ),
        Transition(
            name="back",
            zh="登记返校",
            sources=OPEN,
            by=frozenset({"school_officer"}),
            edges=(Edge(index=0, to="watched"),),
            withdraws=("refer",),
            law=LAW,
        ),
        Transition(
            name="confirm",
            zh="确认在校",
            sources=frozenset({"watched"}),
            by=frozenset({"school_officer"}),
            edges=(Edge(index=0, counts=("weeks",)),),
            law=LAW,
        ),
        Transition(
            name="relapse",
            zh="再次离校",
            sources=frozenset({"watched"}),
            by=frozenset({"school_officer"}),
            edges=(Edge(index=0, to="former", resets=("weeks",)),),
            law=LAW,
        ),
        Transition(
            name="stale_out",
            zh="久未处理",
            sources=frozenset({"detected"}),
            by=frozenset({"system"}),
            edges=(Edge(index=0, counts=("neglected",)),),
            law=LAW,
        ),
        Transition(
            name="close_returned",
            zh="劝返复学",
            sources=frozenset({"watched"}),
            by=frozenset({"school_officer"}),
            when=(guard("at_least", count="weeks", times=2), guard("on_days", count="weeks", days=2)),
            edges=(Edge(index=0, to="returned"),),
            law=LAW,
            closes_as="returned",
        ),
        Transition(
            name="close_error",
            zh="误报",
            sources=OPEN,
            by=frozenset({"bureau_officer"}),
            edges=(Edge(index=0, to="closed"),),
            law=LAW,
            closes_as="error",
        ),
        Transition(
            name="torn",
            zh="两可",
            sources=OPEN,
            by=frozenset({"bureau_officer"}),
            edges=(Edge(index=0, zh="甲"), Edge(index=1, zh="乙")),
            law=LAW,
        ),
    )


def _deadlines() -> tuple[DeadlineRule, ...]:
    return (
        DeadlineRule(
            name="first_visit",
            zh="首次家访",
            states=frozenset({"detected"}),
            starts=Start(kind="entered"),
            span=Span.parse("3 workdays"),
            roll=Roll.NEXT_WORKDAY,
            protects="internal",
            remind=(Span.parse("1 workday"),),
            levels=(
                Level(tell=("township_officer", "township_head")),
                Level(after=Span.parse("2 workdays"), tell=("bureau_officer",), takes_over="bureau_officer"),
                Level(after=Span.parse("3 workdays"), tell=("bureau_head",), fire="stale_out"),
            ),
            law=("义教法58",),
        ),
        DeadlineRule(
            name="service",
            zh="送达",
            states=frozenset({"ordered"}),
            starts=Start(kind="issued", of="correction_order"),
            span=Span.parse("7 workdays"),
            roll=Roll.NEXT_WORKDAY,
            protects="internal",
            met_by=frozenset({"document.serve"}),
            levels=(Level(tell=("township_head",)),),
        ),
        DeadlineRule(
            name="compliance",
            zh="限期改正",
            states=frozenset({"ordered"}),
            starts=Start(kind="served", of="correction_order"),
            span=Span.parse("10 workdays"),
            roll=Roll.NEXT_WORKDAY,
            protects="citizen",
            printed_in="correction_order",
            in_session=True,
            met_by=frozenset({"check"}),
            remind=(Span.parse("1 week"), Span.parse("3 workdays")),
            levels=(
                Level(tell=("township_officer",), task="check"),
                Level(after=Span.parse("2 workdays"), propose="refer"),
                Level(after=Span.parse("1 workday"), propose="visit_nothing"),
            ),
        ),
        DeadlineRule(
            name="suit",
            zh="起诉期限",
            states=frozenset({"ordered", "watched"}),
            starts=Start(kind="served", of="correction_order"),
            span=Span.parse("6 months"),
            roll=Roll.NEXT_WORKDAY,
            protects="citizen",
            statutory=True,
        ),
        DeadlineRule(
            name="court",
            zh="申请执行",
            states=frozenset({"ordered", "watched"}),
            starts=Start(kind="passed", of="suit"),
            span=Span.parse("3 months"),
            roll=Roll.NEXT_WORKDAY,
            protects="authority",
        ),
        DeadlineRule(
            name="weekly",
            zh="每周确认",
            states=frozenset({"watched"}),
            starts=Start(kind="entered"),
            span=Span.parse("1 week"),
            roll=Roll.NONE,
            protects="internal",
            restarts=frozenset({"confirm"}),
            levels=(Level(tell=("school_officer",)), Level(after=Span.parse("6 hours"), tell=("bureau_officer",))),
        ),
        DeadlineRule(
            name="after_visit",
            zh="家访之后",
            states=frozenset({"visited"}),
            starts=Start(kind="after", of="visit"),
            span=Span.parse("15 calendar days"),
            roll=Roll.NONE,
            protects="internal",
        ),
        DeadlineRule(
            name="urgent",
            zh="学校责任处理",
            states=OPEN,
            starts=Start(kind="after", of="school_fault"),
            span=Span.parse("6 hours"),
            roll=Roll.NONE,
            protects="internal",
            levels=(Level(tell=("bureau_head",)),),
        ),
    )


def _notice(kind: str, addressees: str, *, serves: bool = False, series: str = "") -> NoticeRule:
    return NoticeRule(
        kind=kind,
        title=kind,
        series=series,
        issuers=frozenset({"township_government", "county_education_department"}),
        addressees=addressees,
        printed=True,
        serves=serves,
        blocks=(BlockSource(kind="paragraph", text=("正文",)),),
    )


def _named(each: tuple[object, ...], key: str = "name") -> Mapping[str, object]:
    return {getattr(item, key): item for item in each}


@cache
def little() -> Workflow:
    """The little ladder."""
    states = (
        State(name="detected", zh="发现", kind="open", rung=1),
        State(name="visited", zh="已家访", kind="open", rung=2),
        State(name="ordered", zh="已责令", kind="open", rung=3),
        State(name="watched", zh="返校观察", kind="observing"),
        State(name="returned", zh="已复学", kind="final"),
        State(name="closed", zh="已销号", kind="final"),
    )
    deadlines = tuple(rule if rule.name != "compliance" else _without_last_level(rule) for rule in _deadlines())
    notices = (
        _notice("visit_record", "file"),
        _notice("correction_order", "guardians", serves=True, series="责改"),
        _notice("referral_letter", "receiver", series="移送"),
        _notice("address_confirmation", "file"),
        _notice("entrustment_letter", "file", series="委送"),
        _notice("public_notice", "file"),
        _notice("withdrawal", "file", series="撤回"),
    )
    return Workflow(
        name="little",
        title="小流程",
        subject="pupil",
        hash="little",
        initial="detected",
        laws={
            "义教法58": Law(key="义教法58", title="义务教育法 第五十八条", quote="责令限期改正"),
            "未保法83": Law(key="未保法83", title="未成年人保护法 第八十三条第二款", quote="应当责令"),
        },
        parameters={},
        states=_named(states),  # type: ignore[arg-type]
        transitions=_named(_transitions()),  # type: ignore[arg-type]
        deadlines=_named(deadlines),  # type: ignore[arg-type]
        closings={
            "returned": Closing(
                code="returned", zh="劝返复学", trigger="close_returned", to="returned", counts_as_returned=True
            ),
            "error": Closing(code="error", zh="误报", trigger="close_error", to="closed"),
        },
        links={
            "refer": LinkRule(name="refer", zh="移送", workflow="little", closing_needs=frozenset({"ended"})),
        },
        notices=_named(notices, "kind"),  # type: ignore[arg-type]
        predicates=(),
    )


def _without_last_level(rule: DeadlineRule) -> DeadlineRule:
    from dataclasses import replace

    return replace(rule, levels=rule.levels[:2])


def identity(number: str = "QH-2026-0001", guardians: tuple[str, ...] = ("father", "mother")) -> Identity:
    """A pupil of 青禾中学, living in 青禾镇."""
    return Identity(
        number=number,
        workflow="little",
        district="QH",
        subject=SubjectFacts(kind="pupil", reference="G1", birth=date(2013, 5, 4), guardians=guardians),
        units=UNITS,
        opened_on=FIRST,
        scope=frozenset(unit.code for unit in UNITS),
    )


def opened(**changes: object) -> CaseView:
    """A case opened on the first of September at ten."""
    command = Command(request_id="r0", case="QH-2026-0001", trigger="case.open", actor=SCHOOL)
    return open_case(
        little(),
        identity(**changes),
        command,
        now=at_local(FIRST, 10),
        calendar=calendar(),
        unit="school",  # type: ignore[arg-type]
    ).case


class Play:
    """One case and its day: acts are decided on it, and what is accepted becomes the case."""

    def __init__(self, case: CaseView | None = None) -> None:
        self.case = case or opened()
        self.now: datetime = at_local(FIRST, 10)
        self.last: Outcome | None = None

    def on(self, day: str, hour: int = 10, minute: int = 0) -> Play:
        """Move to an hour of a day."""
        self.now = at_local(date.fromisoformat(day), hour, minute)
        return self

    def try_(
        self, actor: Actor, trigger: str, *, happened: str = "", version: int | None = None, **values: object
    ) -> Outcome:
        """Decide an act and leave the case as it is."""
        command = Command(
            request_id=f"r{self.case.seq}",
            case=self.case.identity.number,
            trigger=trigger,
            actor=actor,
            values=values,
            happened_on=date.fromisoformat(happened) if happened else None,
            version=version,
        )
        return decide(little(), self.case, command, self.now, calendar())

    def act(self, actor: Actor, trigger: str, *, happened: str = "", **values: object) -> Decision:
        """Decide an act that must be accepted, and go on from there."""
        outcome = self.try_(actor, trigger, happened=happened, **values)
        assert isinstance(outcome, Decision), outcome
        self.case = outcome.case
        self.last = outcome
        return outcome

    def tick(self, name: str) -> Decision:
        """Let one deadline's timer act at its moment."""
        running = self.case.deadlines[name]
        assert running.next_at is not None, f"{name} has no next moment"
        self.now = running.next_at
        return self.act(
            SYSTEM,
            "timer.act",
            deadline=name,
            epoch=running.epoch,
            generation=running.generation,
            step=running.step,
        )

    def refused(
        self, actor: Actor, trigger: str, *, happened: str = "", **values: object
    ) -> tuple[str, tuple[str, ...]]:
        """The kind of refusal and the names of what stood against an act."""
        outcome = self.try_(actor, trigger, happened=happened, **values)
        assert not isinstance(outcome, Decision), f"{trigger} was accepted"
        return outcome.kind, outcome.names
