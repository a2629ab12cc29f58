"""A person's work today: a page of open cases by legal due day, what waits for the person, what the system will do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.access import BLIND
from engine.cases.outlook import awaiting, coming, first_act
from engine.cases.proposals import next_approvers
from engine.cases.timers import is_overdue
from engine.definitions.facts import Actor, CaseView, Running
from engine.definitions.workflow import Workflow
from engine.errors import InputError
from engine.services.lateness import overdue_by
from engine.services.lists import area_of
from engine.services.model import FailedRow, ProposalRow, WorkList, WorkRow
from engine.services.office import Office, actor_of, as_of_all, sees
from engine.services.opening import CONFIRMERS
from engine.services.words import coming_line, failed_line, masked, message_line, roles_zh, stuck_line
from engine.storage.listing import Place

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

PAGE = 50
"""How many cases one page of the work list holds, and how many decisions that wait for the reader."""

WILL_HAPPEN = 8
"""How many coming acts of the system the work list tells."""

_LISTS = ("overdue", "due_today", "this_week", "waiting", "later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Makes the work list of one person from one moment of the archive."""

    office: Office
    uow: UnitOfWork
    actor: Actor
    names: dict[str, str] = field(default_factory=dict)
    """Names of children by reference, opened for all cases of the page at once."""

    def work(self, after: str = "") -> WorkList:
        """One page of work, the first or the one after a place; raises InputError for a place that is none."""
        today = self.office.today()
        units = frozenset(h.unit for h in self.actor.roles if h.first <= today <= h.last and h.role not in BLIND)
        roles = frozenset(h.role for h in self.actor.roles if h.first <= today <= h.last)
        lists_ = self.uow.lists
        page = lists_.page(units, after=place_from(after), limit=PAGE)
        waiting = lists_.awaiting(units, roles, limit=PAGE)
        soonest = lists_.coming(units, limit=WILL_HAPPEN)
        known = self._mine([*page.numbers, *waiting, *soonest])
        cases, decided, next_ones = (
            [known[each] for each in some if each in known] for some in (page.numbers, waiting, soonest)
        )
        self.names.update(self.uow.subjects.names({case.identity.subject.reference for case in (*cases, *decided)}))
        lists: dict[str, list[WorkRow]] = {name: [] for name in _LISTS}
        for case in cases:
            row = self._row(case, self._law(case))
            lists[_list_of(row, today)].append(row)
        held, failed = self._stopped(units)
        found = self.uow.roster.open_findings() if roles & CONFIRMERS else {}
        mine = area_of(self.uow, self.actor, today) if found else ()
        return WorkList(
            today=today,
            **{name: tuple(found) for name, found in lists.items()},
            failed=failed,
            to_approve=tuple(each for case in decided for each in self._approvals(case, self._law(case))),
            findings=sum(n for school, n in found.items() if school in mine),
            will_happen=(*held, *self._coming(next_ones))[:WILL_HAPPEN],
            first=not after,
            next=place_text(page.next) if page.next else "",
        )

    def _mine(self, numbers: Iterable[str]) -> dict[str, CaseView]:
        """Those of some cases that the reader sees, by number, with their units as they are today."""
        today = self.office.today()
        cases = self.uow.cases.load_all(list(dict.fromkeys(numbers)))
        seen = as_of_all(self.uow, [case for case in cases if sees(self.actor, case, today)], today)
        return {case.identity.number: case for case in seen}

    def _law(self, case: CaseView) -> Workflow:
        return self.office.version(self.uow.cases.definition_of(case.identity.number))

    def _coming(self, cases: Iterable[CaseView]) -> list[str]:
        """What the system will do next in these cases, soonest first."""
        soon = [
            (each.at, f"{case.identity.number} {coming_line(workflow, each)}")
            for case in cases
            for workflow in (self._law(case),)
            for each in coming(workflow, case)
        ]
        return [line for _, line in sorted(soon, key=lambda each: str(each[0]))]

    def _stopped(self, units: frozenset[str]) -> tuple[list[str], tuple[FailedRow, ...]]:
        """What waits for a person: timers that failed and messages that the brake holds; messages not delivered."""
        waiting: dict[str, list[str]] = {}
        failed: dict[str, list[str]] = {}
        for stuck in self.uow.stuck.all():
            waiting.setdefault(stuck.case, []).append(stuck_line(stuck))
        stopped = self.uow.outbox.stopped()
        names = self.uow.people.names() if stopped else {}
        for message in stopped:
            if message.held:
                waiting.setdefault(message.case, []).append(message_line(message, names))
            if message.tries:
                failed.setdefault(message.case, []).append(failed_line(message, names))
        theirs = self.uow.lists.among(units, [*waiting, *failed])
        lines = [f"{number} {line}" for number in sorted(theirs) for line in waiting.get(number, ())]
        rows = [FailedRow(case=number, line=line) for number in sorted(theirs) for line in failed.get(number, ())]
        return lines, tuple(rows)

    def _row(self, case: CaseView, workflow: Workflow) -> WorkRow:
        """One row a case: its nearest running deadline and the first act that is open to this person."""
        today, calendar = self.office.today(), self.office.calendar
        first = first_act(workflow, case, self.actor, today=today, calendar=calendar)
        running = [each for each in case.deadlines.values() if each.status == "running" and each.due_on]
        nearest = min(running, key=_by_due, default=None)
        overdue = nearest is not None and is_overdue(nearest, self.office.now())
        late = (0, "")
        if nearest is not None and nearest.due_on and overdue:
            late = overdue_by(nearest.check_on or nearest.due_on, today, calendar)
        school = case.unit_of("school")
        return WorkRow(
            case=case.identity.number,
            workflow_zh=workflow.title,
            subject=self._subject(case),
            where=school.name if school else "",
            state_zh=workflow.states[case.state].zh,
            deadline_zh=workflow.deadlines[nearest.name].zh if nearest else "",
            due_on=nearest.due_on if nearest else None,
            provisional=bool(nearest and nearest.provisional),
            overdue=overdue,
            late_by=late[0],
            late_why=late[1],
            act=first,
            act_zh=workflow.transitions[first].zh if first else "",
            waits_for=_waits(case, workflow) if case.proposals else "",
        )

    def _subject(self, case: CaseView) -> str:
        name = self.names.get(case.identity.subject.reference, "")
        return masked(name) if name else case.identity.subject.reference

    def _approvals(self, case: CaseView, workflow: Workflow) -> list[ProposalRow]:
        mine = awaiting(workflow, case, self.actor, today=self.office.today())
        found = []
        for proposal in case.proposals:
            if proposal.id not in mine:
                continue
            person = self.uow.people.get(proposal.proposed_by)
            transition = workflow.transitions[proposal.trigger]
            found.append(
                ProposalRow(
                    case=case.identity.number,
                    id=proposal.id,
                    trigger=proposal.trigger,
                    zh=transition.zh,
                    subject=self._subject(case),
                    proposed_by=person.name if person else "系统",
                    made_on=proposal.made_on,
                    waits_for=roles_zh(next_approvers(transition, case, proposal)),
                    mine=True,
                )
            )
        return found


def work_of(office: Office, account: str, *, after: str = "") -> WorkList:
    """A person's work today, in the order of legal due times; see Desk.work."""
    with office.archive.read() as uow:
        return Desk(office=office, uow=uow, actor=actor_of(uow, account)).work(after)


def place_text(place: Place) -> str:
    """A place in the list as an address carries it: no name of a child."""
    return f"{place.due_on.isoformat() if place.due_on else '-'}.{place.number}"


def place_from(text: str) -> Place | None:
    """The place that `place_text` wrote, None for the beginning; raises InputError for anything else."""
    if not text:
        return None
    day, _, number = text.partition(".")
    try:
        if number:
            return Place(None if day == "-" else date.fromisoformat(day), number)
    except ValueError:
        pass
    raise InputError(f"没有「{text}」这一页；请从第一页开始")


def _waits(case: CaseView, workflow: Workflow) -> str:
    proposal = case.proposals[0]
    transition = workflow.transitions[proposal.trigger]
    return f"{transition.zh}：等待{roles_zh(next_approvers(transition, case, proposal))}"


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
