"""Cases as callers use them: advance one, show one, list what is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.access import BLIND
from engine.cases.outlook import awaiting, coming, possible, suggested
from engine.cases.proposals import next_approvers
from engine.cases.timers import is_overdue, moment_of, work_out
from engine.definitions.facts import Actor, CaseView, Running
from engine.definitions.workflow import Workflow
from engine.errors import RightRefused
from engine.services.acting import Acting, actor_and_case
from engine.services.case_page import PageMaker
from engine.services.lateness import overdue_by
from engine.services.model import (
    ActPage,
    ActRequest,
    Advanced,
    CasePage,
    FailedRow,
    HistoryRow,
    OpenRequest,
    Preview,
    ProposalPage,
    ProposalRow,
    WorkList,
    WorkRow,
)
from engine.services.office import Office, actor_of, as_of, sees
from engine.services.opening import Opening
from engine.services.reading import Reading
from engine.services.records import CaseRecord, RecordMaker
from engine.services.refusals import StaleAct
from engine.services.roster import Roster
from engine.services.words import coming_line, failed_line, masked, message_line, roles_zh, stuck_line
from engine.workdays import Calendar

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

WILL_HAPPEN = 8
"""How many coming acts of the system the work list tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The counter's verbs, for one office."""

    office: Office

    def open(self, request: OpenRequest) -> Advanced:
        """Open a case for a person; see Opening.open."""
        try:
            return Opening(office=self.office).open(request)
        except RightRefused:
            self._tried(request.account, request.reference)
            raise

    def advance(self, request: ActRequest) -> Advanced:
        """One act for a person; see Acting.advance. A stale refusal carries what was recorded meanwhile."""
        with self._telling(request):
            return Acting(office=self.office).advance(request)

    def preview(self, request: ActRequest) -> Preview:
        """What an act would do to the deadlines, refused as the act itself would be; nothing of it is kept."""
        with self._telling(request):
            before, after, workflow = Acting(office=self.office).preview(request)
        with self.office.archive.read() as uow:
            actor = actor_of(uow, request.account)
            pages = [
                PageMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow, reveal=False)
                for case in (before, after)
            ]
            rows = [tuple(page.deadline(each) for each in page.case.deadlines.values()) for page in pages]
        return Preview(
            case=request.case,
            state=after.state,
            version=after.version,
            before=rows[0],
            after=rows[1],
            kept=_kept(workflow, before, after, calendar=self.office.calendar),
        )

    @contextmanager
    def _telling(self, request: ActRequest) -> Iterator[None]:
        """A stale refusal of what is done inside tells what was recorded meanwhile; a try without right is logged."""
        try:
            yield
        except RightRefused:
            self._tried(request.account, request.case)
            raise
        except StaleAct as stale:
            if request.version is None or stale.happened:
                raise
            since = self.since(request.case, request.version, request.account)
            raise StaleAct(stale.refusal, since) from None

    def _tried(self, account: str, what: str) -> None:
        self.office.archive.access(account, "refused", what, at=self.office.now())

    def since(self, number: str, version: int, account: str) -> tuple[HistoryRow, ...]:
        """What was recorded after a version of the case."""
        return Reading(office=self.office).history_since(number, version, account)

    def show(self, number: str, account: str, *, reveal: bool = False) -> CasePage:
        """The page of one case."""
        return Reading(office=self.office).show(number, account, reveal=reveal)

    def record(self, number: str, account: str, *, reveal: bool = False) -> CaseRecord:
        """One case as programs read it."""
        return Reading(office=self.office).record(number, account, reveal=reveal)

    def proposals(self, account: str) -> list[Mapping[str, object]]:
        """The open proposals of the cases that this person may see, as programs read them; they name no child."""
        today = self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            return [
                each
                for case, workflow in _seen(self.office, uow, actor, today=today, awaiting=True)
                for each in RecordMaker(
                    office=self.office, uow=uow, actor=actor, case=case, workflow=workflow
                ).proposals()
            ]

    def deadlines(self, number: str, account: str) -> tuple[Mapping[str, object], ...]:
        """The deadlines of one case as they stand, as programs read them; they name nobody."""
        with self.office.archive.read() as uow:
            actor, case, workflow = actor_and_case(uow, self.office, account, number=number)
            return RecordMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow).deadlines(
                reasons=False
            )

    def records(self, account: str, *, state: str = "", unit: str = "", overdue: bool = False) -> list[CaseRecord]:
        """The cases that this person may see, by due date, as programs read them: nothing that is sealed is told.

        `unit` is the code of a unit with standing in the case; `overdue` keeps those with a deadline that has passed.
        """
        today = self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            seen = [
                (case, workflow)
                for case, workflow in _seen(self.office, uow, actor, today=today)
                if (not state or case.state == state)
                and (not unit or unit in case.identity.scope)
                and (not overdue or any(is_overdue(each, self.office.now()) for each in case.deadlines.values()))
            ]
            return [
                RecordMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow).record(whole=False)
                for case, workflow in seen
            ]

    def act_page(
        self, number: str, trigger: str, account: str, *, raw: Mapping[str, object] = MappingProxyType({})
    ) -> ActPage:
        """The form of one act, given what was chosen in it so far."""
        return Reading(office=self.office).act_page(number, trigger, account, raw=raw)

    def same_day(self, request: ActRequest) -> HistoryRow | None:
        """An entry of the same act on the same day, which the request may repeat by mistake; None for a known request.

        Facts alone are compared: two visits on one day are possible, and somebody must say so.
        """
        with self.office.archive.read() as uow:
            if uow.requests.find(request.request_id) is not None:
                return None
        rows = self.since(request.case, -1, request.account)
        day = request.happened_on or self.office.today()
        return next((row for row in rows if row.trigger == request.trigger and row.happened_on == day), None)

    def proposal(self, number: str, proposal_id: str, account: str) -> ProposalPage:
        """What an approver reads."""
        return Reading(office=self.office).proposal(number, proposal_id, account)

    def listed(self, account: str) -> tuple[tuple[CaseView, Workflow], ...]:
        """The cases that this person may see, newest first."""
        today = self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            return tuple(_seen(self.office, uow, actor, today=today))

    def worklist(self, account: str) -> WorkList:
        """A person's work today, in the order of legal due times."""
        today = self.office.today()
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            rows: list[WorkRow] = []
            approvals: list[ProposalRow] = []
            soon: list[tuple[object, str]] = []
            stopped, undelivered = _stopped(uow), _undelivered(uow)
            held: list[str] = []
            failed: list[FailedRow] = []
            for case, workflow in _seen(self.office, uow, actor, today=today):
                held += [f"{case.identity.number} {line}" for line in stopped.get(case.identity.number, ())]
                failed += undelivered.get(case.identity.number, ())
                rows.extend(self._rows(uow, actor, case, workflow))
                approvals.extend(self._approvals(uow, actor, case, workflow))
                soon.extend(
                    (each.at, f"{case.identity.number} {coming_line(workflow, each)}")
                    for each in coming(workflow, case)
                )
        rows.sort(key=lambda row: (row.due_on or date.max, row.case))
        findings = tuple(f for f in Roster(office=self.office).findings(account) if f.status == "open")
        lists: dict[str, list[WorkRow]] = {name: [] for name in _LISTS}
        for row in rows:
            lists[_list_of(row, today)].append(row)
        return WorkList(
            today=today,
            **{name: tuple(found) for name, found in lists.items()},
            failed=tuple(failed),
            to_approve=tuple(approvals),
            findings=findings,
            will_happen=(*held, *(line for _, line in sorted(soon, key=lambda each: str(each[0]))))[:WILL_HAPPEN],
        )

    def _rows(self, uow: UnitOfWork, actor: Actor, case: CaseView, workflow: Workflow) -> list[WorkRow]:
        """One row a case: its nearest running deadline and the first act that is open to this person."""
        if workflow.states[case.state].kind == "final":
            return []
        open_ones = possible(workflow, case, actor, today=self.office.today(), calendar=self.office.calendar)
        wanted = suggested(workflow, case, open_ones)
        first = next((each for each in open_ones if each.trigger == wanted), None)
        running = sorted(
            (each for each in case.deadlines.values() if each.status == "running" and each.due_on), key=_by_due
        )
        nearest: Running | None = running[0] if running else None
        waits = next((p for p in case.proposals), None)
        name = str(uow.subjects.get(case.identity.subject.reference).get("name", ""))
        school = case.unit_of("school")
        overdue = bool(nearest and is_overdue(nearest, self.office.now()))
        late = (0, "")
        if nearest and nearest.due_on and overdue:
            late = overdue_by(nearest.check_on or nearest.due_on, self.office.today(), self.office.calendar)
        return [
            WorkRow(
                case=case.identity.number,
                workflow_zh=workflow.title,
                subject=masked(name) if name else case.identity.subject.reference,
                where=school.name if school else "",
                state_zh=workflow.states[case.state].zh,
                deadline_zh=workflow.deadlines[nearest.name].zh if nearest else "",
                due_on=nearest.due_on if nearest else None,
                provisional=bool(nearest and nearest.provisional),
                overdue=overdue,
                late_by=late[0],
                late_why=late[1],
                act=first.trigger if first else "",
                act_zh=first.zh if first else "",
                waits_for=self._waits(case, workflow) if waits else "",
            )
        ]

    def _waits(self, case: CaseView, workflow: Workflow) -> str:
        proposal = case.proposals[0]
        transition = workflow.transitions[proposal.trigger]
        return f"{transition.zh}：等待{roles_zh(next_approvers(transition, case, proposal))}"

    def _approvals(self, uow: UnitOfWork, actor: Actor, case: CaseView, workflow: Workflow) -> list[ProposalRow]:
        mine = awaiting(workflow, case, actor, today=self.office.today())
        found = []
        for proposal in case.proposals:
            if proposal.id not in mine:
                continue
            person = uow.people.get(proposal.proposed_by)
            name = str(uow.subjects.get(case.identity.subject.reference).get("name", ""))
            transition = workflow.transitions[proposal.trigger]
            found.append(
                ProposalRow(
                    case=case.identity.number,
                    id=proposal.id,
                    trigger=proposal.trigger,
                    zh=transition.zh,
                    subject=masked(name),
                    proposed_by=person.name if person else "系统",
                    made_on=proposal.made_on,
                    waits_for=roles_zh(next_approvers(transition, case, proposal)),
                    mine=True,
                )
            )
        return found


def _kept(workflow: Workflow, before: CaseView, after: CaseView, *, calendar: Calendar) -> tuple[str, ...]:
    """The deadlines that an act counted again and whose day stays, because a citizen was told a later one."""
    moment = moment_of(after, calendar)
    found = []
    for name, running in after.deadlines.items():
        if running.told is None or running.anchor is None or before.deadlines.get(name) == running:
            continue
        reckoning, fixed = work_out(workflow.deadlines[name], running.anchor, moment)
        if (fixed or reckoning.due_on) < running.told:
            found.append(name)
    return tuple(found)


def _stopped(uow: UnitOfWork) -> dict[str, list[str]]:
    """What waits for a person, by case: timers that failed, messages that the brake holds."""
    lines: dict[str, list[str]] = {}
    for stuck in uow.stuck.all():
        lines.setdefault(stuck.case, []).append(stuck_line(stuck))
    for message in uow.outbox.waiting(held=True):
        lines.setdefault(message.case, []).append(message_line(message))
    return lines


def _undelivered(uow: UnitOfWork) -> dict[str, list[FailedRow]]:
    """Messages that were tried and did not arrive, by case."""
    rows: dict[str, list[FailedRow]] = {}
    for message in uow.outbox.waiting(failed=True):
        rows.setdefault(message.case, []).append(FailedRow(case=message.case, line=failed_line(message)))
    return rows


_LISTS = ("overdue", "due_today", "this_week", "waiting", "later")


def _list_of(row: WorkRow, today: date) -> str:
    """In which list of the day a row stands: the law's day first, then who is to act."""
    if row.overdue:
        return "overdue"
    if row.due_on == today:
        return "due_today"
    if row.waits_for or not row.act:
        return "waiting"
    week = today + timedelta(days=6 - today.weekday())
    return "this_week" if row.due_on is not None and row.due_on <= week else "later"


def _by_due(running: Running) -> date:
    return running.due_on or date.max


def _seen(
    office: Office, uow: UnitOfWork, actor: Actor, *, today: date, awaiting: bool = False
) -> list[tuple[CaseView, Workflow]]:
    """The cases in the actor's units, through the one query of the archive."""
    units = frozenset(h.unit for h in actor.roles if h.first <= today <= h.last and h.role not in BLIND)
    found = []
    for number in uow.cases.listed(units, awaiting=awaiting):
        case = uow.cases.load(number)
        if case is not None and sees(actor, case, today):
            found.append((as_of(uow, case, today), office.version(uow.cases.definition_of(number))))
    return found
