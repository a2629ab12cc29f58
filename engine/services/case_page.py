"""The pages of a case: its facts put into words, with names masked unless they are revealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from engine.access import RESERVED_ZH, ROLES
from engine.cases.methods import METHODS
from engine.cases.notices import label
from engine.cases.outlook import awaiting, coming, possible, possible_reserved, suggested
from engine.cases.proposals import next_approvers
from engine.cases.timers import is_overdue, moment_of, work_out
from engine.definitions.facts import GUARDIANS, Actor, CaseView, Proposal, Running
from engine.definitions.workflow import Workflow
from engine.services.handing import owner_today
from engine.services.history import HistoryMaker, may_undo, subject_of
from engine.services.model import (
    ActRow,
    CasePage,
    DeadlineRow,
    DocumentRow,
    HistoryRow,
    ProposalPage,
    ProposalRow,
)
from engine.services.office import Office
from engine.services.words import (
    SERVICE_ZH,
    STATUS_ZH,
    coming_line,
    ladder_line,
    masked,
    masked_number,
    message_line,
    roles_zh,
    shown,
    stuck_line,
)
from notifications.html import html_body

if TYPE_CHECKING:
    from engine.storage.unit_of_work import StoredDocument, UnitOfWork

PROFILE_ZH = {
    "sex": "性别",
    "birth": "出生日期",
    "school": "学校",
    "class_name": "班级",
    "register_no": "学籍号",
    "id_number": "身份证号",
    "residence": "现居地",
    "priority": "重点群体",
}


@dataclass(frozen=True, kw_only=True)
class PageMaker:
    """Makes the pages of one case for one reader, from one moment of the archive."""

    office: Office
    uow: UnitOfWork
    actor: Actor
    case: CaseView
    workflow: Workflow
    reveal: bool

    def page(self) -> CasePage:
        """The case page."""
        case, workflow, uow = self.case, self.workflow, self.uow
        problems = uow.log.verify(case.identity.number)
        count = case.seq
        message = f"链条连续，{count}条记录均已验证" if not problems else f"第{problems[0].seq}条起不能验证"
        return CasePage(
            number=case.identity.number,
            workflow=workflow.name,
            workflow_zh=workflow.title,
            definition=workflow.hash,
            subject=subject_of(self.opened, case, reveal=self.reveal),
            revealed=self.reveal,
            profile=self.profile(),
            state=case.state,
            state_zh=workflow.states[case.state].zh,
            ladder=ladder_line(workflow, case),
            version=case.version,
            unit=next((u.name for u in case.identity.units if u.code == case.unit), case.unit),
            owner=self.owner(),
            closed_as=workflow.closings[case.closed_as].zh if case.closed_as in workflow.closings else "",
            deadlines=tuple(self.deadline(each) for each in case.deadlines.values()),
            acts=self.acts(),
            documents=self.documents(),
            proposals=tuple(self.proposal_row(each) for each in case.proposals),
            links=self.links(),
            will_happen=self.will_happen(),
            history=self.history(),
            chain_ok=not problems,
            chain_message=message,
        )

    @cached_property
    def opened(self) -> Mapping[str, object]:
        """The subject's profile, unsealed when first asked for."""
        return self.uow.subjects.get(self.case.identity.subject.reference)

    def owner(self) -> str:
        """Who works on the case: a person, the pool of a role, or the whole unit."""
        person = self.uow.people.get(self.case.owner) if self.case.owner else None
        if person is not None and not owner_today(self.uow, self.case, self.office.today()):
            return f"本单位（{person.name}不在岗）"
        return person.name if person else ROLES.get(self.case.owner, self.case.owner) or "本单位"

    def will_happen(self) -> tuple[str, ...]:
        """What the system will do next by itself, what it could not do, and the messages that have not left."""
        number = self.case.identity.number
        stuck = self.uow.stuck.of(number)
        lines = [stuck_line(stuck)] if stuck else []
        lines += [coming_line(self.workflow, each) for each in coming(self.workflow, self.case)]
        waiting = self.uow.outbox.waiting(number)
        names = self.uow.people.names() if waiting else {}
        return (*lines, *(message_line(each, names) for each in waiting))

    def profile(self) -> tuple[tuple[str, str], ...]:
        """What the register says of the subject, masked unless revealed."""
        profile = self.opened
        lines = [(zh, self._said(name, profile[name])) for name, zh in PROFILE_ZH.items() if profile.get(name)]
        guardians = profile.get("guardians")
        for each in guardians if isinstance(guardians, (list, tuple)) else ():
            name = str(each["name"])
            phone = str(each.get("phone", ""))
            hidden = f"{masked(name)} {phone[:3]}****{phone[-4:]}" if phone else masked(name)
            lines.append((GUARDIANS.get(str(each["key"]), "监护人"), f"{name} {phone}" if self.reveal else hidden))
        return tuple(lines)

    def _said(self, name: str, value: object) -> str:
        text = shown(value)
        return masked_number(text) if name in ("register_no", "id_number") and not self.reveal else text

    def deadline(self, running: Running) -> DeadlineRow:
        """A deadline with its reasoning."""
        rule = self.workflow.deadlines[running.name]
        steps: tuple[Mapping[str, object], ...] = ()
        if running.anchor is not None:
            reckoning, _ = work_out(rule, running.anchor, moment_of(self.case, self.office.calendar))
            steps = tuple(step.as_json() for step in reckoning.steps)
        waits = ""
        if running.status == "waiting":
            notice = self.workflow.notices.get(running.waits_for)
            waits = f"等《{notice.title if notice else running.waits_for}》送达"
        elif running.status == "met":
            waits = "已办"
        return DeadlineRow(
            name=running.name,
            zh=rule.zh,
            due_on=running.due_on,
            provisional=running.provisional,
            overdue=is_overdue(running, self.office.now()),
            waits_for=waits,
            met=running.status == "met",
            check_on=running.check_on,
            steps=steps,
        )

    def acts(self) -> tuple[ActRow, ...]:
        """The acts that this reader may try, the suggested one first in rank."""
        rows = []
        today = self.office.today()
        open_ones = possible(self.workflow, self.case, self.actor, today=today, calendar=self.office.calendar)
        first = suggested(self.workflow, self.case, open_ones)
        for each in open_ones:
            missing = tuple(reason.message for reason in each.against)
            rows.append(
                ActRow(
                    trigger=each.trigger,
                    zh=each.zh,
                    primary=each.trigger == first,
                    proposes=each.proposes or each.drafts,
                    missing=missing,
                    group=group_of(self.workflow, each.trigger),
                )
            )
        reserved = possible_reserved(self.workflow, self.case, self.actor, today=today)
        if not may_undo(self.case, self.actor, self.office.now()):
            reserved = tuple(name for name in reserved if name != "case.undo")
        rows += [
            ActRow(
                trigger=name, zh=RESERVED_ZH[name], primary=False, proposes=False, group=group_of(self.workflow, name)
            )
            for name in reserved
        ]
        return tuple(rows)

    def documents(self) -> tuple[DocumentRow, ...]:
        """The documents of the case."""
        units = unit_names(self.uow, self.case, self.office.today())
        return tuple(
            document_row(self.workflow, self.case, each, names=units)
            for each in self.uow.documents.of(self.case.identity.number)
        )

    def links(self) -> tuple[tuple[str, str, str], ...]:
        """Linked cases: name, number, state."""
        found = []
        for link in self.case.links:
            zh = "已开立"
            if link.state:
                child = self.office.version(self.uow.cases.definition_of(link.reference))
                zh = child.states[link.state].zh
            found.append((self.workflow.links[link.name].zh, link.reference, zh))
        return tuple(found)

    def history(self, after_version: int | None = None) -> tuple[HistoryRow, ...]:
        """The entries, newest first; only those after a version where one is named."""
        return HistoryMaker(
            office=self.office,
            uow=self.uow,
            actor=self.actor,
            case=self.case,
            workflow=self.workflow,
            reveal=self.reveal,
            profile=self.opened,
        ).rows(after_version)

    def unit_names(self) -> dict[str, str]:
        """Names of all units by code."""
        return self.uow.units.names(self.office.today())

    def proposal_row(self, proposal: Proposal) -> ProposalRow:
        """An open proposal in one line."""
        transition = self.workflow.transitions[proposal.trigger]
        person = self.uow.people.get(proposal.proposed_by)
        mine = awaiting(self.workflow, self.case, self.actor, today=self.office.today())
        return ProposalRow(
            case=self.case.identity.number,
            id=proposal.id,
            trigger=proposal.trigger,
            zh=transition.zh,
            subject=subject_of(self.opened, self.case, reveal=self.reveal),
            proposed_by=person.name if person else "系统",
            made_on=proposal.made_on,
            waits_for=roles_zh(next_approvers(transition, self.case, proposal)),
            mine=proposal.id in mine,
        )

    def proposal_page(self, proposal: Proposal) -> ProposalPage:
        """What an approver reads."""
        workflow, case = self.workflow, self.case
        transition = workflow.transitions[proposal.trigger]
        facts = tuple(
            (f.zh, label(f, proposal.values[f.name], self.unit_names()))
            for f in transition.form
            if f.name in proposal.values
        )
        keys = dict.fromkeys(key for several in transition.law.values() for key in several)
        number = case.identity.number
        units = unit_names(self.uow, case, self.office.today())
        stored = [each for each in self.uow.documents.of(number) if each.status == "draft"]
        drafts = [document_row(workflow, case, each, names=units, body=True) for each in stored]
        approvals = []
        for role, user, day in proposal.approvals:
            person = self.uow.people.get(user)
            approvals.append(f"{day} {ROLES.get(role, role)} {person.name if person else user} 同意")
        chain = transition.approvals or ("by",)
        last = len(proposal.approvals) + 1 >= len(chain)
        on_yes = (
            f"同意后立即生效：{transition.zh}，文书取号签发"
            if last
            else f"同意后送下一级审批：{roles_zh(chain[len(proposal.approvals) + 1 :])}"
        )
        return ProposalPage(
            row=self.proposal_row(proposal),
            version=case.version,
            facts=facts,
            law=tuple((workflow.laws[key].title, workflow.laws[key].quote) for key in keys),
            drafts=tuple(drafts),
            approvals=tuple(approvals),
            on_yes=on_yes,
            on_no="退回报批人，个案仍在本步，不取号、不签发",
            history=self.history(),
        )


def group_of(workflow: Workflow, trigger: str) -> str:
    """Under which heading of a case page an act is found: danger, fact, paper, closing or keeping."""
    transition = workflow.transitions.get(trigger)
    if transition is None:
        return "paper" if trigger.startswith("document.") else "keeping"
    if transition.at_once:
        return "danger"
    if transition.closes_as:
        return "closing"
    edges = transition.edges
    writes = any(edge.documents for edge in edges) and not any(edge.to or edge.counts for edge in edges)
    return "paper" if transition.approvals or writes else "fact"


def unit_names(uow: UnitOfWork, case: CaseView, today: date) -> Mapping[str, str]:
    """Names of the units by code: those of the case, and all where a document goes to another one."""
    names = {unit.code: unit.name for unit in case.identity.units}
    known = GUARDIANS.keys() | names.keys()
    to = {each.key for document in case.documents for each in document.addressees}
    return names if to <= known else uow.units.names(today)


def document_row(
    workflow: Workflow, case: CaseView, stored: StoredDocument, *, names: Mapping[str, str], body: bool = False
) -> DocumentRow:
    """A stored document as a row, with its text as HTML where a page shows it."""
    notice = workflow.notices[stored.kind]
    seen = case.document(stored.id)
    addressees = tuple(
        (GUARDIANS.get(each.key, names.get(each.key, each.key)), _service_zh(each.status, each.method, each.served_on))
        for each in (seen.addressees if seen else ())
    )
    status = seen.status if seen else stored.status
    return DocumentRow(
        case=case.identity.number,
        id=stored.id,
        kind=stored.kind,
        title=notice.title,
        number=stored.number,
        status=status,
        status_zh=STATUS_ZH[status],
        issued_on=stored.issued_on,
        addressees=addressees,
        body_html=html_body(stored.filled) if body else "",
        serves=notice.serves,
        waiting=tuple(at for at, each in enumerate(seen.addressees if seen else (), 1) if each.status == "waiting"),
    )


def _service_zh(status: str, method: str, day: date | None) -> str:
    zh = SERVICE_ZH[status]
    return f"{METHODS.get(method, '')} {day} {zh}".strip() if day else zh
