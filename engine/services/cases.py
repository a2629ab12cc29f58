"""Cases as callers use them: advance one, show one, list what is due."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.access import BLIND
from engine.cases.timers import is_overdue, moment_of, work_out
from engine.definitions.facts import Actor, CaseView
from engine.definitions.workflow import Workflow
from engine.errors import InputError, RightRefused
from engine.services.acting import Acting, actor_and_case
from engine.services.case_page import PageMaker
from engine.services.model import (
    ActPage,
    ActRequest,
    Advanced,
    CasePage,
    HistoryRow,
    OpenRequest,
    Preview,
    ProposalPage,
    WorkList,
)
from engine.services.office import Office, actor_of, as_of, sees
from engine.services.opening import Opening
from engine.services.reading import Reading
from engine.services.records import EVERY, CaseRecord, RecordMaker, Wanted
from engine.services.refusals import StaleAct
from engine.services.worklist import place_from, work_of
from engine.workdays import Calendar

if TYPE_CHECKING:
    from engine.storage.listing import Place
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

    def state_zh(self, number: str, account: str, *, state: str) -> str:
        """What a state of this case's workflow is called."""
        with self.office.archive.read() as uow:
            _, _, workflow = actor_and_case(uow, self.office, account, number=number)
            return workflow.states[state].zh

    def records(self, account: str, wanted: Wanted = EVERY) -> Generator[CaseRecord]:
        """The cases that this person may see, by due date, as programs read them: nothing that is sealed is told.

        One after another from one moment of the archive, which stays open until the last was taken: a district of ten
        thousand cases needs no more memory than one of ten. Raises InputError for a state that no workflow has, and for
        a place that is none: an empty list would say that there are no such cases.
        """
        today, after = self.office.today(), place_from(wanted.after)
        self._named(wanted.state)
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            for case, workflow in _seen(self.office, uow, actor, today=today, after=after):
                if (
                    (not wanted.state or case.state == wanted.state)
                    and (not wanted.unit or wanted.unit in case.identity.scope)
                    and (not wanted.overdue or any(is_overdue(e, self.office.now()) for e in case.deadlines.values()))
                ):
                    maker = RecordMaker(office=self.office, uow=uow, actor=actor, case=case, workflow=workflow)
                    yield maker.line() if wanted.briefly else maker.record(whole=False)

    def _named(self, state: str) -> None:
        """Raise InputError for a name that is no state of a workflow; none is asked for by no name."""
        known = {each.name: each.zh for workflow in self.office.workflows.values() for each in workflow.states.values()}
        if state and state not in known:
            offered = "、".join(f"{name}（{zh}）" for name, zh in known.items())
            raise InputError(f"没有状态「{state}」；可用：{offered}")

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

    def worklist(self, account: str, *, after: str = "") -> WorkList:
        """A person's work today, in the order of legal due times, a page at a time; see worklist.Desk.work."""
        return work_of(self.office, account, after=after)


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


def _seen(
    office: Office, uow: UnitOfWork, actor: Actor, *, today: date, awaiting: bool = False, after: Place | None = None
) -> Iterator[tuple[CaseView, Workflow]]:
    """The cases in the actor's units, through the one query of the archive."""
    units = frozenset(h.unit for h in actor.roles if h.first <= today <= h.last and h.role not in BLIND)
    for number in uow.cases.listed(units, awaiting=awaiting, after=after):
        case = uow.cases.load(number)
        if case is not None and sees(actor, case, today):
            yield as_of(uow, case, today), office.version(uow.cases.definition_of(number))
