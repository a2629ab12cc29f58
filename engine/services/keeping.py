"""Keeping a decision: its documents numbered, filled and hashed; then every row of it in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.cases.model import Command, Decision, DocumentOrder
from engine.cases.notices import NoticeContext, Past, notice_facts
from engine.cases.opening import child_identity, link_changed, open_case
from engine.cases.proposals import next_approvers
from engine.cases.reserved import UNDO_WITHIN
from engine.clock import local_day
from engine.definitions.facts import SYSTEM, CaseView, Facts, Identity, Proposal, UnitFacts, Values
from engine.definitions.load import predicates
from engine.definitions.workflow import NoticeRule, Workflow
from engine.errors import InputError, InstallationError
from engine.services.office import Office, as_of, short_name
from engine.services.refusals import refused
from notifications.documents import Filled, fill
from notifications.errors import NotificationError

if TYPE_CHECKING:
    from engine.storage.unit_of_work import StoredDocument, UnitOfWork

OFFICES = {"review_authority": "复议机关", "court": "法院", "contact": "联系人和电话"}
"""What documents print from the settings, and what it is called."""

INSTANT = timedelta(microseconds=1)
"""Undoing is possible to the end of its half hour; the messages leave after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Writes decisions through one unit of work."""

    office: Office
    uow: UnitOfWork
    now: datetime
    drafted: Proposal | None = None
    """The proposal whose draft is put into force: its drafter and day are the ones that the text names."""

    def keep(self, decision: Decision, workflow: Workflow, values: Values) -> CaseView:
        """Write the decision and whatever follows from it in linked cases; the case as stored, with its new head."""
        made = tuple(self._document(decision, workflow, order, values) for order in decision.orders)
        head = self.uow.log.append(decision, made, workflow.hash)
        stored = decision._replace(case=decision.case._replace(head=head))
        before, case = stored.before, stored.case
        awaits = self._awaits(case, workflow)
        if before is None:
            self.uow.cases.add(stored, workflow.hash, awaits=awaits)
        else:
            self.uow.cases.save(stored, awaits=awaits)
        for document in made:
            self.uow.documents.put(document)
        if before is not None and _loses(before, case):
            self.uow.documents.drop_drafts(case)
        self._tell(stored, workflow)
        self._open_links(stored, workflow)
        self._tell_parent(stored, workflow)
        return case

    def filled(
        self, decision: Decision, workflow: Workflow, order: DocumentOrder, *, values: Values, number: str
    ) -> Filled:
        """The text of one document with these facts; a refusal names the fact or character that stops it."""
        case = decision.case
        context = NoticeContext(
            workflow=workflow,
            case=case,
            order=order,
            values=values,
            profile=self.uow.subjects.get(case.identity.subject.reference),
            history=self._history(case, workflow, decision),
            officers=self._officers(decision),
            today=self.drafted.made_on if self.drafted else local_day(self.now),
            offices=self._offices(),
            units=self.uow.units.names(local_day(self.now)),
            numbers={each.id: each.number for each in self.uow.documents.of(case.identity.number)},
            number=number,
            issued_on=None if order.draft else local_day(self.now),
        )
        template, title = self.office.template(workflow, order.kind), workflow.notices[order.kind].title
        for name, zh in OFFICES.items():
            if name in template.variables and not context.offices[name].strip():
                raise InstallationError(f"《{title}》必须写明{zh}，设置里还没有；请管理员在设置里写 {name}，再办理")
        try:
            conditions = self._conditions(decision, workflow.notices[order.kind], values)
            return fill(template, notice_facts(context), conditions=conditions)
        except NotificationError as error:
            raise refused("field", order.kind, f"《{title}》无法生成：{error}") from error

    def _conditions(self, decision: Decision, notice: NoticeRule, values: Values) -> dict[str, bool]:
        """Whether each condition holds under which a block of the notice stands."""
        names = {block.when for block in notice.blocks if block.when}
        today, happened = local_day(self.now), decision.entry.happened_on
        facts = Facts(decision.case, values, happened, today, self.office.calendar, SYSTEM, decision.entry.role)
        return {name: predicates()[name].test(facts).holds for name in names}

    def _document(self, decision: Decision, workflow: Workflow, order: DocumentOrder, values: Values) -> StoredDocument:
        notice = workflow.notices[order.kind]
        number = "" if order.draft or not notice.series else self._number(decision.case, order, notice.series)
        filled = self.filled(decision, workflow, order, values=values, number=number)
        return self.uow.documents.made(
            case=decision.case,
            order=order,
            filled=filled,
            number=number,
            day=None if order.draft else local_day(self.now),
        )

    def _number(self, case: CaseView, order: DocumentOrder, series: str) -> str:
        unit = case.unit_by_code(order.issuer)
        if unit is None:
            raise InputError(f"签发单位「{order.issuer}」与本案无关")
        year = local_day(self.now).year
        n = self.uow.documents.next_number(order.issuer, series, year)
        return f"{short_name(unit)}{series}〔{year}〕{n}号"

    def _history(self, case: CaseView, workflow: Workflow, decision: Decision) -> tuple[Past, ...]:
        earlier = [] if decision.before is None else self.uow.log.of(case.identity.number)
        past = [
            Past(trigger=e.trigger, happened_on=e.happened_on, values=e.values)
            for e in earlier
            if e.trigger in workflow.transitions
        ]
        entry = decision.entry
        if entry.trigger in workflow.transitions and "proposal" not in entry.result:
            values = {**entry.public, **entry.sealed}
            past.append(Past(trigger=entry.trigger, happened_on=entry.happened_on, values=values))
        return tuple(past)

    def _officers(self, decision: Decision) -> tuple[str, ...]:
        person = self.uow.people.get(self.drafted.proposed_by if self.drafted else decision.entry.user)
        return (person.name,) if person else ()

    def _offices(self) -> dict[str, str]:
        settings = self.office.settings
        return {name: getattr(settings, name) for name in OFFICES}

    def _awaits(self, case: CaseView, workflow: Workflow) -> tuple[str, ...]:
        """The roles that decide next on the open proposals."""
        roles = (
            role for each in case.proposals for role in next_approvers(workflow.transitions[each.trigger], case, each)
        )
        return tuple(sorted(set(roles)))

    def _tell(self, decision: Decision, workflow: Workflow) -> None:
        """Messages of an act that may still be undone wait until it no longer may, danger excepted; undo cancels."""
        case, entry = decision.case, decision.entry
        transition = workflow.transitions.get(entry.trigger)
        waits = case.undoable == case.seq and not (transition is not None and transition.at_once)
        at = self.now + UNDO_WITHIN + INSTANT if waits else self.now
        self.uow.outbox.put([(case, entry.trigger, role) for role in decision.tells], at=at)
        undone = entry.result.get("undone")
        if isinstance(undone, int):
            self.uow.outbox.cancel(case.identity.number, undone, at=self.now)

    def _open_links(self, decision: Decision, workflow: Workflow) -> None:
        case = decision.case
        fresh = case.links[len(case.links) - len(decision.opens) :] if decision.opens else ()
        for order, link in zip(decision.opens, fresh, strict=True):
            child = self.office.current(order.workflow)
            receiver = self._receiver(order.receiver)
            identity = child_identity(case, order, link.reference, receiver=receiver, now=self.now)
            self._open(child, identity, order.channel, order.receiver or case.unit)

    def _receiver(self, code: str) -> UnitFacts | None:
        return self.uow.units.facts(code, "receiver", local_day(self.now)) if code else None

    def _open(self, workflow: Workflow, identity: Identity, channel: str, unit: str) -> None:
        command = Command(
            request_id=f"open:{identity.number}",
            case=identity.number,
            trigger="case.open",
            actor=SYSTEM,
            values={"channel": channel} if channel else {},
        )
        decision = open_case(workflow, identity, command, now=self.now, calendar=self.office.calendar, unit=unit)
        self.keep(decision, workflow, command.values)

    def _tell_parent(self, decision: Decision, workflow: Workflow) -> None:
        case, before = decision.case, decision.before
        if not case.identity.parent or (before is not None and before.state == case.state):
            return
        parent = self.uow.cases.load(case.identity.parent, lock=True)
        if parent is None:
            return
        parent = as_of(self.uow, parent, local_day(self.now))
        above = self.office.version(self.uow.cases.definition_of(parent.identity.number))
        kind = workflow.states[case.state].kind
        command = Command(
            request_id=f"link:{case.identity.number}:{case.seq}",
            case=parent.identity.number,
            trigger="link.changed",
            actor=SYSTEM,
            values={"link": case.identity.number, "state": case.state, "kind": kind},
        )
        news = link_changed(above, parent, command, now=self.now, calendar=self.office.calendar)
        if news is not None:
            self.keep(news, above, {})


def _loses(before: CaseView, case: CaseView) -> bool:
    """True when a stored document is no longer known to the case, or no longer stands as it did."""
    now = {each.id: each.status for each in case.documents}
    return any(now.get(each.id) != each.status for each in before.documents)
