"""Stories played on a stage: every act decided, every timer fired, every expectation compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from engine.cases.forms import read
from engine.cases.model import Command, Reason, Refusal
from engine.cases.outlook import possible
from engine.cases.stage import RehearsedStage, Said, Stage
from engine.cases.timers import is_overdue
from engine.clock import at_local, local_day
from engine.definitions.facts import Actor, CaseView, Facts, HeldRole, Identity, SubjectFacts, UnitFacts
from engine.definitions.stories import Cast, Expectation, Step, Story
from engine.definitions.workflow import Transition, Workflow
from engine.workdays import Calendar

NUMBER = "QH-2026-0001"
_UNITS = (
    ("school", "青禾中学", "school", "school"),
    ("class", "青禾中学七(2)", "class", "class"),
    ("village", "和平村民委员会", "village_committee", "household"),
    ("township", "青禾镇人民政府", "township_government", "residence"),
    ("subdistrict", "东湖街道办事处", "subdistrict_office", "residence"),
    ("bureau", "宣和区教育体育局", "county_education_department", "bureau"),
    ("district", "宣和区人民政府", "district_government", "district"),
    ("judicial", "青禾司法所", "judicial_office", "receiver"),
    ("police", "青禾派出所", "police_station", "receiver"),
    ("labour", "宣和区劳动监察大队", "labour_inspection", "receiver"),
)
RECEIVERS = frozenset({"judicial", "police", "labour"})


@dataclass(slots=True, kw_only=True)
class Played:
    """What became of a story: where it differed, and what it exercised."""

    differences: list[str] = field(default_factory=list)
    accepted: set[tuple[str, str]] = field(default_factory=set)
    """(workflow, trigger) of every accepted act."""
    said_no: set[tuple[str, str]] = field(default_factory=set)
    """(workflow, guard) of every guard that stood against an act."""
    closed_as: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    final: CaseView | None = None
    decisions: int = 0


def units_of(residence: str) -> tuple[UnitFacts, ...]:
    """The units of the synthetic district that have standing in a story's case."""
    other = "subdistrict" if residence == "township" else "township"
    kept = [each for each in _UNITS if each[0] != other and each[0] not in RECEIVERS]
    return tuple(UnitFacts(code=code, name=name, kind=kind, relation=relation) for code, name, kind, relation in kept)


def all_units() -> tuple[UnitFacts, ...]:
    """Every unit of the synthetic district."""
    return tuple(UnitFacts(code=code, name=name, kind=kind, relation=relation) for code, name, kind, relation in _UNITS)


def play(story: Story, workflow: Workflow, workflows: Mapping[str, Workflow], *, calendar: Calendar) -> Played:
    """Play a story through the real decisions; differences name file, line, what was expected and what came."""
    return play_on(RehearsedStage(workflows, calendar, units=all_units()), story, workflow)


def play_on(stage: Stage, story: Story, workflow: Workflow) -> Played:
    """Play a story on an empty stage."""
    return _Player(stage, story, workflow).run()


def actor_of(cast: Cast) -> Actor:
    """A person of a story, in the role for many years."""
    held = HeldRole(role=cast.role, unit=cast.unit, first=date(2000, 1, 1), last=date(2099, 12, 31))
    return Actor(user=cast.name, roles=(held,))


class _Player:
    def __init__(self, stage: Stage, story: Story, workflow: Workflow) -> None:
        self.story = story
        self.workflow = workflow
        self.stage = stage
        self.played = Played()
        self.actors = {name: actor_of(cast) for name, cast in story.cast.items()}
        self.seen = 0
        self.here = at_local(date.min + timedelta(days=1))
        self.refusal: Refusal | None = None

    def run(self) -> Played:
        """Open the case, then step by step: let timers act, act, compare."""
        self._open()
        for step in self.story.steps:
            self._sweep_until(step.at)
            self.refusal = None
            if step.link and not _newest(self.stage.all()[NUMBER], step.link):
                self._differs(step, "linked", step.link, "none")
                continue
            if step.actor:
                self._act(step)
            self._compare(step)
            self.seen = len(self.stage.recorded())
        cases = self.stage.all()
        self.played.final = cases[NUMBER]
        self.played.decisions = len(self.stage.recorded())
        self.played.closed_as = {case.closed_as for case in cases.values() if case.closed_as}
        return self.played

    def _open(self) -> None:
        story = self.story
        opened = story.opened
        pupil = story.pupil
        first = opened.day if opened else local_day(story.steps[0].at)
        units = units_of(pupil.residence)
        identity = Identity(
            number=NUMBER,
            workflow=self.workflow.name,
            district="QH",
            subject=SubjectFacts(
                kind="pupil",
                reference="G1",
                birth=pupil.birth,
                guardians=pupil.guardians,
                never_enrolled=pupil.never_enrolled,
            ),
            units=units,
            opened_on=first,
            channel=str(opened.fields.get("channel", "")) if opened else "",
            scope=frozenset(unit.code for unit in units),
        )
        if identity.channel or self.workflow.name != "dropout-case":
            receivers = tuple(unit for unit in all_units() if unit.code in RECEIVERS)
            identity = replace(
                identity, units=(*units, *receivers), scope=identity.scope | {unit.code for unit in receivers}
            )
        actor = self.actors.get(opened.by) if opened else next(iter(self.actors.values()))
        values: dict[str, object] = {"kind": opened.kind} if opened and opened.kind else {}
        command = Command("open", NUMBER, "case.open", actor or next(iter(self.actors.values())), values)
        unit = "school" if self.workflow.subject == "pupil" else units[0].code
        self.stage.open(identity, command, at_local(first, 8), unit=unit)

    def _sweep_until(self, until: datetime) -> None:
        """Every timer that falls due before this moment, each at its own: days are swept from half past midnight.

        One that was due before it was set, as after a return to a former rung, acts at the next look.
        """
        while (moment := self.stage.next_at()) is not None:
            midnight = at_local(local_day(moment))
            moment = max(moment, at_local(local_day(moment), 0, 30)) if moment == midnight else moment
            if moment > until:
                break
            self.here = max(self.here, moment)
            self.stage.sweep(self.here)
        self.here = until

    def _target(self, step: Step) -> CaseView:
        cases = self.stage.all()
        return cases[_newest(cases[NUMBER], step.link)] if step.link else cases[NUMBER]

    def _act(self, step: Step) -> None:
        case = self._target(step)
        number, name = case.identity.number, case.identity.workflow
        actor = self.actors[step.actor]
        before = len(self.stage.recorded())
        request = f"{self.story.file}:{step.line}"
        refusal = self.stage.act(Said(request, number, step.trigger, actor, step.values, step.happened, step.at))
        if refusal is None:
            self.played.accepted.add((name, self.stage.recorded()[before].trigger))
            transition = self.stage.workflows[name].transitions.get(step.trigger)
            if transition is not None and len(transition.edges) > 1:
                self._ask_each(transition, case, step)
            if step.trigger == "document.serve":
                self.played.methods.add(str(step.values.get("method")))
            return
        self.refusal = refusal
        self.played.said_no |= {(name, each.name) for each in refusal.reasons if each.kind == "guard"}

    def _ask_each(self, transition: Transition, case: CaseView, step: Step) -> None:
        """Of an act that can end in several ways: the guards that said no to the ways it did not take."""
        day = local_day(step.at)
        values, _ = read(transition.form, step.values)
        facts = Facts(case, values, step.happened or day, day, self.stage.calendar, self.actors[step.actor], "")
        said = {g.label for edge in transition.edges for g in edge.when if not g.ask(facts).holds}
        self.played.said_no |= {(case.identity.workflow, label) for label in said}

    def _compare(self, step: Step) -> None:
        case = self._target(step)
        expect = step.expect
        if self.refusal is not None and expect.refused is None:
            why = "；".join(f"{reason.name}：{reason.message}" for reason in self.refusal.reasons)
            self._differs(step, "refused", "准予登记", why)
            return
        if expect.refused is not None:
            self._compare_refusal(step, expect)
        for name, expected, actual in self._facts(expect, case, step):
            if expected != actual:
                self._differs(step, name, expected, actual)

    def _compare_refusal(self, step: Step, expect: Expectation) -> None:
        if self.refusal is None:
            self._differs(step, "refused", sorted(expect.refused or ()), "准予登记")
            return
        reasons = self.refusal.reasons
        matched = all(any(_is(reason, name) for reason in reasons) for name in expect.refused or ())
        covered = all(any(_is(reason, name) for name in expect.refused or ()) for reason in reasons)
        if not (matched and covered):
            told = [f"{reason.name}({reason.kind})" for reason in reasons]
            self._differs(step, "refused", list(expect.refused or ()), told)
        if expect.offered is not None and not set(expect.offered) <= set(self.refusal.accepted):
            self._differs(step, "offered", list(expect.offered), list(self.refusal.accepted))

    def _facts(self, expect: Expectation, case: CaseView, step: Step) -> Iterable[tuple[str, object, object]]:
        """(what, expected, actual) of everything that the step speaks of."""
        yield from _named(expect, case)
        yield from self._happened(expect, case, step)
        workflow = self.stage.workflows[case.identity.workflow]
        if expect.counts_as_returned is not None:
            closing = workflow.closings.get(case.closed_as)
            yield "counts_as_returned", expect.counts_as_returned, bool(closing and closing.counts_as_returned)
        for name, state in expect.linked.items():
            yield f"linked.{name}", state, self._linked(name)
        if expect.possible is not None:
            yield "possible", set(), set(expect.possible) - self._possible(case, workflow, step)

    def _happened(self, expect: Expectation, case: CaseView, step: Step) -> Iterable[tuple[str, object, object]]:
        """What the step's act and the nights before it did."""
        recorded = self.stage.recorded()
        fresh = recorded[self.seen :]
        if expect.overdue is not None:
            overdue = {name for name, each in case.deadlines.items() if is_overdue(each, step.at)}
            yield "overdue", set(expect.overdue), overdue
        if expect.told is not None:
            yield "told", set(expect.told), {role for each in fresh for role in each.tells}
        if expect.tasks is not None:
            yield "tasks", set(expect.tasks), {task for each in fresh for task in each.tasks}
        if expect.history is not None:
            number = case.identity.number
            told = tuple(each.trigger for each in recorded if each.number == number)
            yield "history", expect.history, told[-len(expect.history) :]

    def _linked(self, name: str) -> str:
        cases = self.stage.all()
        reference = _newest(cases[NUMBER], name)
        return cases[reference].state if reference else "none"

    def _possible(self, case: CaseView, workflow: Workflow, step: Step) -> set[str]:
        day = local_day(step.at)
        found: set[str] = set()
        for actor in self.actors.values():
            found |= {
                each.trigger
                for each in possible(workflow, case, actor, today=day, calendar=self.stage.calendar)
                if not each.against
            }
        return found

    def _differs(self, step: Step, what: str, expected: object, actual: object) -> None:
        self.played.differences.append(f"{self.story.file}:{step.line}: {what}: 应为 {expected}，实为 {actual}")


def _named(expect: Expectation, case: CaseView) -> Iterable[tuple[str, object, object]]:
    """What the case itself shows."""
    if expect.state is not None:
        yield "state", expect.state, case.state
    if expect.closed_as is not None:
        yield "closed_as", expect.closed_as, case.closed_as
    if expect.proposed is not None:
        yield "proposed", True, any(p.trigger == expect.proposed for p in case.proposals)
    for name, times in expect.counts.items():
        yield f"counts.{name}", times, case.tallies[name].times if name in case.tallies else 0
    for name, due in expect.due.items():
        yield f"due.{name}", due, _due(case, name)
    for name in expect.provisional:
        yield f"provisional.{name}", True, name in case.deadlines and case.deadlines[name].provisional
    for name, day in expect.check_on.items():
        yield f"check_on.{name}", day, case.deadlines[name].check_on if name in case.deadlines else None
    for kind, status in expect.documents.items():
        yield f"documents.{kind}", status, _document(case, kind)


def _newest(case: CaseView, link: str) -> str:
    """The number of the newest linked case of this name; empty when none was opened."""
    return next((each.reference for each in reversed(case.links) if each.name == link), "")


def _is(reason: Reason, name: str) -> bool:
    return name in (reason.name, reason.kind)


def _due(case: CaseView, name: str) -> date | str:
    running = case.deadlines.get(name)
    if running is None or running.status == "met":
        return "none"
    if running.status == "waiting" or running.due_on is None:
        return "waits"
    return running.due_on


def _document(case: CaseView, kind: str) -> str:
    found = [each for each in case.documents if each.kind == kind]
    return found[-1].status if found else "none"
