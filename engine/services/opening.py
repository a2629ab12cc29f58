"""Opening a case: by a person who may, once for a subject, under the district's next number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from engine.access import BLIND, ROLES
from engine.cases.forms import complaints, read
from engine.cases.model import Command, Refusal
from engine.cases.opening import open_case
from engine.definitions.facts import Actor, CaseView, Identity, Values
from engine.definitions.workflow import Field, Workflow
from engine.errors import InputError, InstallationError
from engine.roster.terms import numbered
from engine.services.acting import RETRIES, answer_text, repeated
from engine.services.identity import identity_for, responsible
from engine.services.keeping import Keeper
from engine.services.model import Advanced, OpenRequest
from engine.services.office import Office, actor_of
from engine.services.refusals import named, raised, refused
from engine.services.words import FINDING_ZH
from engine.storage.unit_of_work import Conflict

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

CONFIRMERS = frozenset({"school_officer", "school_head", "township_officer", "subdistrict_officer", "bureau_officer"})
"""Who settles a finding and opens a case (DOMAIN.md 10)."""

ONLOOKERS = frozenset({"township_head", "subdistrict_head", "bureau_head", "inspector", "auditor"})
"""Who sees the findings of the own units and settles none."""

UNMARKED = "dropout-case"
"""The workflow whose case numbers name no workflow."""

FORM = (
    Field(name="kind", zh="类别", type="choice", options=tuple(FINDING_ZH.items()), public=True),
    Field(name="detail", zh="情况", type="long_text"),
    Field(name="found_on", zh="发现日期", type="date", not_after="today"),
    Field(name="absent_since", zh="未到校起始日", type="date", not_after="today"),
)
"""What may be told when a case is opened; nothing of it must be. The clock starts from the day of finding."""

NOBODY = "学籍册中没有这名学生，或者不在你的职责范围内"
"""What everybody is told about a pupil that is not theirs: the same as about one that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a case is opened from: a profile out of the register, who opens it, with what, from which day."""

    profile: Mapping[str, object]
    actor: Actor
    found_on: date
    values: Values
    request_id: str
    os_user: str = ""
    confirmed: bool = False
    """True where a finding was confirmed: whether the person may was asked there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The verb `open`, for one office."""

    office: Office

    def open(self, request: OpenRequest) -> Advanced:
        """Open a case about one subject; the same `request_id` again gives the same case and does nothing.

        Raises ActRefused for a person who may not, for a subject that already has an open case of this workflow, and
        for fields that cannot be read; InputError for a workflow that is not there.
        """
        workflow = self.office.workflows.get(request.workflow)
        if workflow is None:
            known = "、".join(self.office.workflows)
            raise InputError(f"没有流程「{request.workflow}」；可用：{known}")
        if request.subject != workflow.subject:
            message = f"「{workflow.title}」的对象是 {workflow.subject}，不是 {request.subject}"
            raise refused("field", "subject", message)
        request = replace(request, request_id=named(request.request_id))
        for _ in range(RETRIES):
            try:
                return self._once(request, workflow)
            except Conflict:
                continue
        raise InstallationError("同时有太多立案，请稍后再试")

    def _once(self, request: OpenRequest, workflow: Workflow) -> Advanced:
        today = self.office.today()
        with self.office.archive.begin() as uow:
            actor = actor_of(uow, request.account)
            reference = request.reference or reference_of(uow, request.number)
            digest = _content(request, reference)
            earlier = uow.requests.find(request.request_id)
            if earlier is not None:
                return repeated(earlier, digest)
            values = _read(request.fields, today)
            profile = uow.roster.pupil(reference)
            found, absent_since = values.pop("found_on", None), values.pop("absent_since", None)
            found_on = found if isinstance(found, date) else today
            opened = Opened(
                profile={**profile, "absent_since": absent_since or found_on} if profile else {},
                actor=actor,
                found_on=found_on,
                values=values,
                request_id=request.request_id,
                os_user=request.os_user,
            )
            case = open_for(self.office, uow, workflow, opened=opened)
            answer = Advanced(
                case=case.identity.number, state=case.state, version=case.version, seq=case.seq, repeated=False
            )
            uow.requests.put(request.request_id, answer.case, answer.seq, content=digest, answer=answer_text(answer))
            uow.commit()
            return answer


def open_for(office: Office, uow: UnitOfWork, workflow: Workflow, *, opened: Opened) -> CaseView:
    """Open a case in this unit of work, which the caller commits; refused for who may not and for a second one.

    The number is taken first: whoever else opens a case at this moment waits for it, and then sees this one.
    """
    profile, actor = opened.profile, opened.actor
    if not profile:
        raise refused("right", "subject", NOBODY)
    number = _number(uow, workflow.name, opened.found_on.year)
    identity = identity_for(uow, workflow.name, profile, number=number, opened_on=opened.found_on, today=office.today())
    if not opened.confirmed:
        _may(office, workflow, identity, actor=actor)
    reference = identity.subject.reference
    standing = uow.cases.open_about(reference, workflow.name)
    if standing:
        raise refused("rule", "subject", f"这名学生已有没有办结的「{workflow.title}」个案 {standing}，不能重复立案")
    uow.subjects.put(reference, "pupil", profile)
    command = Command(
        request_id=opened.request_id,
        case=number,
        trigger="case.open",
        actor=actor,
        values=opened.values,
        happened_on=opened.found_on,
        os_user=opened.os_user,
    )
    now = office.now()
    decision = open_case(workflow, identity, command, now=now, calendar=office.calendar, unit=responsible(identity))
    return Keeper(office=office, uow=uow, now=now).keep(decision, workflow, command.values)


def _may(office: Office, workflow: Workflow, identity: Identity, *, actor: Actor) -> None:
    """Refuse who may not open this case; a pupil of other units is answered as one that does not exist."""
    today = office.today()
    seeing = (held for held in actor.roles if held.role not in BLIND and held.first <= today <= held.last)
    if not any(held.unit in identity.scope for held in seeing):
        raise refused("right", "subject", NOBODY)
    roles = openers(workflow, office.workflows.values())
    if not roles:
        raise refused("rule", "workflow", f"「{workflow.title}」只能在办理其他个案时开立，不能单独立案")
    if actor.role_in(roles, identity.scope, today) is None:
        names = "、".join(ROLES.get(role, role) for role in sorted(roles))
        raise refused("right", "right", f"立案由{names}办理")


def openers(workflow: Workflow, workflows: Iterable[Workflow]) -> frozenset[str]:
    """The roles that may open a case of this workflow by itself; none where only another case opens it.

    Danger to a child is everybody's to report (未成年人保护法 11): what another case opens may also be opened by itself
    by those who may do its first act, where that act is at once.
    """
    if not any(link.workflow == workflow.name for each in workflows for link in each.links.values()):
        return CONFIRMERS
    first = (each for each in workflow.transitions.values() if workflow.initial in each.sources and each.at_once)
    return frozenset(role for each in first for role in each.roles)


def reference_of(uow: UnitOfWork, number: str) -> str:
    """The internal reference of the pupil with this register or ID number; empty for none."""
    found = uow.index.subjects(numbered(number))
    return next((each for each in found if uow.roster.pupil(each)), "")


def _number(uow: UnitOfWork, workflow: str, year: int) -> str:
    serial = uow.documents.next_number(uow.district, f"case:{workflow}", year)
    mark = "" if workflow == UNMARKED else f"{workflow}-"
    return f"{uow.district}-{mark}{year}-{serial:04d}"


def _read(fields: Mapping[str, object], today: date) -> dict[str, object]:
    values, wrong = read(FORM, fields)
    wrong = (*wrong, *complaints(FORM, values, {"today": today}))
    if wrong:
        raise raised(Refusal(kind="rule", reasons=wrong))
    return values


def _content(request: OpenRequest, reference: str) -> str:
    """A digest of what is asked, by the reference: a hash of a number that a person carries could be guessed."""
    content = [request.workflow, request.subject, reference, request.account, dict(request.fields)]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
