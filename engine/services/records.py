"""Cases as programs read them: ids rather than words of pages; names of people are masked unless revealed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.audit.chain import plain
from engine.cases.outlook import awaiting, coming, possible, possible_reserved
from engine.cases.proposals import next_approvers
from engine.cases.timers import is_overdue
from engine.definitions.facts import Actor, CaseView, Running
from engine.definitions.workflow import Workflow
from engine.services.case_page import PageMaker
from engine.services.handing import owner_today
from engine.services.office import Office
from engine.services.words import coming_line, masked, message_line, stuck_line
from engine.services.worklist import place_text
from engine.storage.listing import Place

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

Told = Mapping[str, object]
"""One JSON object, made of JSON's own types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """One case with everything a program may ask of it; parts are JSON objects with the keys of the contract.

    `history` holds the sealed values only where the case was read by itself, never in a list.
    """

    number: str
    workflow: str
    definition: str
    subject: str
    """``pupil:S…`` or ``unit:CODE``: as a case is opened with it."""
    subject_name: str
    state: str
    state_zh: str
    kind: str
    version: int
    unit: str
    owner: str
    opened_on: date
    closed_as: str
    overdue: bool
    due_on: date | None
    """The next due day, by which cases are listed; None where no deadline runs."""
    units: tuple[str, ...]
    deadlines: tuple[Told, ...]
    will_happen: tuple[Told, ...] = ()
    possible: tuple[str, ...] = ()
    barred: tuple[Told, ...] = ()
    proposals: tuple[Told, ...] = ()
    documents: tuple[Told, ...] = ()
    links: tuple[Told, ...] = ()
    history: tuple[Told, ...] = ()

    @property
    def place(self) -> str:
        """Where a list goes on that ended with this case."""
        return place_text(Place(self.due_on, self.number))

    def as_json(self) -> dict[str, object]:
        """The record as one JSON object; days and instants in ISO form."""
        return {name: plain(getattr(self, name)) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases a list tells: every one where nothing is said."""

    state: str = ""
    unit: str = ""
    """The code of a unit with standing in the case."""
    overdue: bool = False
    """Only those with a deadline that has passed."""
    after: str = ""
    """The place of the last case of the page before."""
    briefly: bool = False
    """Only what a line tells: no history, documents or acts."""


EVERY = Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMaker:
    """Makes the records of one case for one reader, from one moment of the archive."""

    office: Office
    uow: UnitOfWork
    actor: Actor
    case: CaseView
    workflow: Workflow
    reveal: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of the child and its guardians with what stands for them where they are not revealed."""

    def record(self, *, whole: bool) -> CaseRecord:
        """The case; with `whole` the sealed values of its history too."""
        case = self.case
        profile = self.uow.subjects.get(case.identity.subject.reference)
        names = {} if self.reveal else masks_of(profile)
        possible_now, barred = self.acts()
        history = self.history(names) if whole else self.open_history()
        return replace(
            self._brief(profile, names, reasons=whole),
            will_happen=self.will_happen(),
            possible=possible_now,
            barred=barred,
            proposals=self.proposals(),
            documents=self.documents(history),
            links=tuple(
                {"name": each.name, "case": each.reference, "state": each.state, "channel": each.channel}
                for each in case.links
            ),
            history=history,
        )

    def line(self) -> CaseRecord:
        """The case as far as one line of a list tells it: what comes, what is possible and what was is left out."""
        profile = self.uow.subjects.get(self.case.identity.subject.reference)
        return self._brief(profile, masks_of(profile), reasons=False)

    def _brief(self, profile: Mapping[str, object], names: Mapping[str, str], *, reasons: bool) -> CaseRecord:
        case, workflow, subject = self.case, self.workflow, self.case.identity.subject
        name = str(profile.get("name", ""))
        return CaseRecord(
            number=case.identity.number,
            workflow=workflow.name,
            definition=workflow.hash,
            subject=f"{subject.kind}:{subject.reference}",
            subject_name=names.get(name, name),
            state=case.state,
            state_zh=workflow.states[case.state].zh,
            kind=workflow.states[case.state].kind,
            version=case.version,
            unit=case.unit,
            owner=owner_today(self.uow, case, self.office.today()),
            opened_on=case.identity.opened_on,
            closed_as=case.closed_as,
            overdue=any(is_overdue(each, self.office.now()) for each in case.deadlines.values()),
            due_on=min((e.due_on for e in case.deadlines.values() if e.status == "running" and e.due_on), default=None),
            units=tuple(unit.code for unit in case.identity.units),
            deadlines=self.deadlines(reasons=reasons),
        )

    def deadlines(self, *, reasons: bool = True) -> tuple[Told, ...]:
        """The deadlines with their holds and steps; why one is held is told only with `reasons`."""
        return tuple(self._deadline(each, reasons=reasons) for each in self.case.deadlines.values())

    def _deadline(self, running: Running, *, reasons: bool) -> Told:
        pages = PageMaker(
            office=self.office, uow=self.uow, actor=self.actor, case=self.case, workflow=self.workflow, reveal=False
        )
        row = pages.deadline(running)
        holds = [
            {
                "from": pause.hold.first,
                "to": pause.hold.last,
                "review_on": pause.review_on,
                **({"reason": pause.reason} if reasons else {}),
            }
            for pause in self.case.pauses
            if pause.deadline == running.name
        ]
        told = {
            "name": running.name,
            "zh": row.zh,
            "status": running.status,
            "due_on": running.due_on,
            "late_after": running.late_after,
            "provisional": running.provisional,
            "overdue": row.overdue,
            "told": running.told,
            "check_on": running.check_on,
            "waits_for": running.waits_for,
            "holds": holds,
            "steps": list(row.steps),
        }
        return dict(told)

    def will_happen(self) -> tuple[Told, ...]:
        """What the system will do by itself, soonest first; then what it tries again, and messages not yet gone."""
        number = self.case.identity.number
        acts = tuple(
            {
                "at": each.at,
                "deadline": each.deadline,
                "what": each.what,
                "detail": list(each.detail),
                "zh": coming_line(self.workflow, each),
            }
            for each in coming(self.workflow, self.case)
        )
        stuck = self.uow.stuck.of(number)
        later = [_later("retry", None if stuck.quarantined else stuck.retry_at, stuck_line(stuck))] if stuck else []
        waiting = self.uow.outbox.waiting(number)
        names = self.uow.people.names() if waiting else {}
        later += [_later("send", None if each.held else each.try_at, message_line(each, names)) for each in waiting]
        return (*acts, *later)

    def acts(self) -> tuple[tuple[str, ...], tuple[Told, ...]]:
        """The acts that are open to this reader now, and those that something stands against, with what it is."""
        today = self.office.today()
        found = possible(self.workflow, self.case, self.actor, today=today, calendar=self.office.calendar)
        free = [each.trigger for each in found if not each.against]
        decides = awaiting(self.workflow, self.case, self.actor, today=today)
        deciding = ("proposal.approve", "proposal.return") if decides else ()
        barred = tuple(
            {
                "trigger": each.trigger,
                "reasons": [{reason.kind: reason.name, "message": reason.message} for reason in each.against],
                "accepted": list(each.offers),
            }
            for each in found
            if each.against
        )
        reserved = possible_reserved(self.workflow, self.case, self.actor, today=today)
        return (*free, *deciding, *reserved), barred

    def proposals(self) -> tuple[Told, ...]:
        """The open proposals: each with its id as programs name it (``CASE/ID``), and who decides next."""
        today = self.office.today()
        mine = awaiting(self.workflow, self.case, self.actor, today=today)
        number = self.case.identity.number
        return tuple(
            {
                "proposal": f"{number}/{each.id}",
                "case": number,
                "trigger": each.trigger,
                "zh": self.workflow.transitions[each.trigger].zh,
                "proposed_by": each.proposed_by,
                "made_on": each.made_on,
                "waits_for": list(next_approvers(self.workflow.transitions[each.trigger], self.case, each)),
                "approvals": [{"role": role, "by": by, "on": day} for role, by, day in each.approvals],
                "mine": each.id in mine,
            }
            for each in self.case.proposals
        )

    def documents(self, history: tuple[Told, ...]) -> tuple[Told, ...]:
        """The documents of the case, with how far each is served on whom; the numbers stand in the history."""
        number = self.case.identity.number
        numbers = {paper["document"]: paper["number"] for entry in history for paper in _papers(entry)}
        return tuple(
            {
                "document": f"{number}/{each.id}",
                "kind": each.kind,
                "title": self.workflow.notices[each.kind].title,
                "status": each.status,
                "number": numbers.get(f"{number}/{each.id}", ""),
                "issuer": each.issuer,
                "issued_on": each.issued_on,
                "addressees": [
                    {"to": whom.key, "status": whom.status, "method": whom.method, "served_on": whom.served_on}
                    for whom in each.addressees
                ],
            }
            for each in self.case.documents
        )

    def history(self, names: Mapping[str, str]) -> tuple[Told, ...]:
        """Every entry, oldest first, with the values that were typed."""
        entries = self.uow.log.of(self.case.identity.number)
        return tuple(_entry(each.public, _veiled(each.values, names), each.hash) for each in entries)

    def open_history(self) -> tuple[Told, ...]:
        """Every entry, oldest first, as far as it stands open: no key is used and nobody is named."""
        found = []
        for *_, written, _, told in self.uow.log.links(self.case.identity.number):
            public = json.loads(written)
            found.append(_entry(public, public["fields"], told))
        return tuple(found)


def masks_of(profile: Mapping[str, object]) -> dict[str, str]:
    """The names in a profile with their masked forms, the longest first."""
    given = profile.get("guardians")
    names = [str(profile.get("name", ""))]
    names += [str(each["name"]) for each in given] if isinstance(given, (list, tuple)) else []
    return {name: masked(name) for name in sorted(set(names), key=len, reverse=True) if name}


def _veiled(value: object, names: Mapping[str, str]) -> object:
    """A value in which no name stands open that should be masked."""
    if isinstance(value, str):
        for name, mask in names.items():
            value = value.replace(name, mask)
        return value
    if isinstance(value, Mapping):
        return {name: _veiled(each, names) for name, each in value.items()}
    return [_veiled(each, names) for each in value] if isinstance(value, (list, tuple)) else value


def _entry(public: Mapping[str, object], fields: object, hash_: str) -> Told:
    return {
        "seq": public["seq"],
        "version": public["version"],
        "happened_on": public["happened_on"],
        "recorded_at": _instant(public["recorded_at"]),
        "actor": public["actor"],
        "os_user": public["os_user"],
        "role": public["role"],
        **_standing(public["remarks"]),
        "trigger": public["trigger"],
        "from": public["from"],
        "to": public["to"],
        "rule": public["law"],
        "fields": fields,
        "documents": [
            {"document": f"{public['case']}/{each['id']}", "kind": each["kind"], "number": each["number"]}
            for each in _papers(public)
        ],
        "hash": hash_,
    }


def _standing(remarks: object) -> Told:
    """In whose place a role was used, or by which appointment."""
    told = remarks if isinstance(remarks, Mapping) else {}
    return {name: told[name] for name in ("covers", "acting_by") if name in told}


def _later(what: str, at: datetime | None, zh: str) -> Told:
    """Something that the system will do, or that waits for a person where no moment is told."""
    return {"at": at, "deadline": "", "what": what, "detail": [], "zh": zh}


def _papers(entry: Told) -> list[Told]:
    """The documents of an entry."""
    found: list[Told] = entry["documents"]  # type: ignore[assignment]  # as it was written
    return found


def _instant(told: object) -> object:
    return datetime.fromisoformat(told) if isinstance(told, str) else told
