"""Reading cases: the case, an act's form, a proposal, a history; every reading is logged before it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.access import RESERVED_ZH
from engine.cases.page_forms import PREVIEWED, looked_at, may_be_named, page_form
from engine.cases.reserved_forms import form_of
from engine.definitions.facts import Actor, CaseView, Facts, Person, UnitFacts
from engine.definitions.workflow import Field, Workflow
from engine.services.acting import seen_case
from engine.services.case_page import PageMaker
from engine.services.handing import takers
from engine.services.history import subject_of
from engine.services.model import (
    ActPage,
    CasePage,
    HistoryRow,
    ProposalPage,
)
from engine.services.office import Office
from engine.services.records import CaseRecord, RecordMaker
from engine.services.refusals import refused
from engine.services.words import (
    act_zh,
    roles_zh,
)

if TYPE_CHECKING:
    from engine.storage.rows import StoredUnit
    from engine.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The pages of cases, for one office."""

    office: Office

    def show(self, number: str, account: str, *, reveal: bool = False) -> CasePage:
        """The page of one case; the reading is in the access log before the page is made."""
        with self.office.archive.read() as uow:
            actor, case, workflow = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "reveal" if reveal else "read", number, at=self.office.now())
            maker = PageMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow, reveal=reveal)
            return maker.page()

    def record(self, number: str, account: str, *, reveal: bool = False) -> CaseRecord:
        """One case as programs read it; the reading is in the access log before the record is made."""
        with self.office.archive.read() as uow:
            actor, case, workflow = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "reveal" if reveal else "read", number, at=self.office.now())
            maker = RecordMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow, reveal=reveal)
            return maker.record(whole=True)

    def act_page(
        self, number: str, trigger: str, account: str, *, raw: Mapping[str, object] = MappingProxyType({})
    ) -> ActPage:
        """The form of one act on this case as it stands; refused where the state or the role does not allow it.

        `raw` is what was chosen so far: the method of a service, the entry and the field of a correction.
        """
        with self.office.archive.read() as uow:
            actor, case, workflow = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "form", number, at=self.office.now())
            transition = workflow.transitions.get(trigger)
            if transition is None and trigger not in RESERVED_ZH:
                raise refused("rule", "state", f"没有「{trigger}」这个动作")
            if transition is not None and case.state not in transition.sources:
                zh = workflow.states[case.state].zh
                raise refused("rule", "state", f"个案现为「{zh}」，不能「{transition.zh}」")
            names = tuple(p.name for p in self.office_people(uow, actor))
            form = self._form(uow, (actor, case, workflow), trigger, raw)
            shown = {field.name for field in form}
            laws = workflow.laws
            profile = uow.subjects.get(case.identity.subject.reference)
            keys = [key for several in (transition.law.values() if transition else ()) for key in several]
            return ActPage(
                case=number,
                subject=subject_of(profile, case, reveal=False),
                state_zh=workflow.states[case.state].zh,
                version=case.version,
                trigger=trigger,
                zh=act_zh(workflow, trigger),
                form=form,
                asks_day=trigger == "document.serve" or bool(transition and not transition.act_of_authority),
                earliest=case.identity.opened_on,
                today=self.office.today(),
                next_line=_next_line(workflow, trigger),
                law=tuple((laws[key].title, laws[key].quote) for key in dict.fromkeys(keys)),
                people=names,
                given=_given(uow.people.get(actor.user), profile),
                passed=frozenset(each.name for each in form_of(trigger, case, workflow)) - shown,
                proposes=bool(transition and transition.approvals),
                previews=trigger in PREVIEWED,
                looks_at=looked_at(transition) if transition else {},
            )

    def _form(
        self, uow: UnitOfWork, seen: tuple[Actor, CaseView, Workflow], trigger: str, raw: Mapping[str, object]
    ) -> tuple[Field, ...]:
        """The form of an act with the choices that the installation knows: units, to whom a case may be handed over."""
        actor, case, workflow = seen
        form, today = page_form(trigger, case, workflow, raw=raw), self.office.today()
        if trigger == "case.hand_over":
            people = tuple((p.account, f"{p.name}（{_offices(p)}）") for p in takers(uow, case, today))
            return tuple(replace(f, type="choice", options=people) if f.name == "owner" else f for f in form)
        if not any(field.type == "unit" for field in form):
            return form
        transition = workflow.transitions[trigger]
        held = actor.role_in(transition.roles | transition.draft_by, case.identity.scope, today)
        units = _units(uow, case, today)
        # With the outside offices beside those of the case, guards can tell what kind of office each is.
        beside = case._replace(identity=replace(case.identity, units=(*case.identity.units, *_outside(case, units))))
        facts = Facts(beside, {}, today, today, self.office.calendar, actor, held.role if held else "", trigger)
        names = {unit.code: unit.name for unit in units}

        def offering(field: Field) -> Field:
            codes = may_be_named(field, transition, facts, units=[*names])
            return replace(field, options=tuple((code, names[code]) for code in codes))

        return tuple(offering(field) if field.type == "unit" else field for field in form)

    def proposal(self, number: str, proposal_id: str, account: str) -> ProposalPage:
        """What an approver reads before deciding."""
        with self.office.archive.read() as uow:
            actor, case, workflow = seen_case(uow, self.office, account, number=number)
            self.office.archive.access(account, "proposal", number, at=self.office.now())
            proposal = next((p for p in case.proposals if p.id == proposal_id), None)
            if proposal is None:
                raise refused("rule", "proposal", "这件报批已经办结或退回")
            page = PageMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow, reveal=True)
            return page.proposal_page(proposal)

    def history_since(self, number: str, version: int, account: str) -> tuple[HistoryRow, ...]:
        """What was recorded after a version: shown beside what a stale page had typed."""
        with self.office.archive.read() as uow:
            actor, case, workflow = seen_case(uow, self.office, account, number=number)
            page = PageMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow, reveal=False)
            return page.history(after_version=version)

    def office_people(self, uow: UnitOfWork, actor: Actor) -> list[Person]:
        """People who hold a role today in one of the actor's units: likely companions of a visit."""
        today = self.office.today()
        units = {held.unit for held in actor.roles if held.first <= today <= held.last}
        return [each for each in uow.people.all() if any(held.unit in units for held in each.roles)]


_OWN_NAME = ("visitors", "persuaders", "officers", "checkers", "servers", "seen_by")
"""Fields in which the person who fills the form is the first to be named."""


def _given(person: Person | None, profile: Mapping[str, object]) -> dict[str, object]:
    """What a form starts with, so that nobody types what the house knows (SCREENS.md 3.1: ask once)."""
    given: dict[str, object] = {key: [person.name] for key in _OWN_NAME} if person else {}
    home = str(profile.get("residence", ""))
    return {**given, "place": home} if home else given


def _offices(person: Person) -> str:
    return roles_zh(tuple(dict.fromkeys(held.role for held in person.roles)))


def _units(uow: UnitOfWork, case: CaseView, today: date) -> list[StoredUnit]:
    codes = {unit.code for unit in case.identity.units}
    receivers = {"judicial_office", "police_station", "civil_affairs", "labour_inspection"}
    return [unit for unit in uow.units.on(today) if unit.code in codes or unit.kind in receivers]


def _outside(case: CaseView, units: Iterable[StoredUnit]) -> tuple[UnitFacts, ...]:
    """Those of these units that have no standing in the case, as guards see units."""
    known = {unit.code for unit in case.identity.units}
    return tuple(
        UnitFacts(code=unit.code, name=unit.name, kind=unit.kind, relation="receiver")
        for unit in units
        if unit.code not in known
    )


_NEXT: Mapping[str, str] = {
    "case.note": "只增加一条备注，期限、状态和负责人不变",
    "case.undo": "回到登记之前的状态和期限，原登记仍留在经过里",
    "case.correct": "经过里增加一条更正，原内容保留；期限按新内容重新推算",
    "case.hold": "这个期限从今天起停止计算，到复查日期提醒负责人；应于日期改为暂定",
    "case.release": "这个期限从今天起继续计算",
    "case.hand_over": "个案转给新负责人，以后的提醒发给他",
    "case.reopen": "个案回到办结前的步骤，期限从今天起算；交原责任单位",
    "document.serve": "每名受送达人都送达后，文书所定期限从最后一次送达的次日起算",
    "document.dispense": "这名受送达人不再等待送达，其余的照常",
    "document.withdraw": "文书不再有效，由它起算的期限终止；应另行书面告知受送达人",
}
"""What the acts that every case has lead to."""


def _next_line(workflow: Workflow, trigger: str) -> str:
    transition = workflow.transitions.get(trigger)
    if transition is None:
        return _NEXT.get(trigger, "")
    if transition.approvals:
        return f"进入报批：{roles_zh(transition.approvals)}依次审批，最后一级同意后生效"
    targets = [workflow.states[edge.to].zh for edge in transition.edges if edge.to in workflow.states]
    return f"个案可到：{'、'.join(dict.fromkeys(targets))}" if targets else "个案仍在本步"
