"""Acting on cases: advance, and the same act tried out. A request is accepted once, whole, or refused whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from engine.cases.decide import decide
from engine.cases.forms import read
from engine.cases.model import Command, Decision, DocumentOrder, Reason, Refusal
from engine.cases.proposals import find
from engine.cases.reserved_forms import by_id, form_of
from engine.definitions.facts import Actor, CaseView, Proposal, Values
from engine.definitions.workflow import Workflow
from engine.errors import InstallationError, RightRefused
from engine.services.handing import handed
from engine.services.keeping import Keeper
from engine.services.model import ActRequest, Advanced
from engine.services.office import Office, actor_of, as_of, case_for, theirs
from engine.services.refusals import named, raised, refused
from engine.storage.drafts import DraftPlace
from engine.storage.unit_of_work import Ahead, Conflict

if TYPE_CHECKING:
    from engine.storage.rows import StoredRequest
    from engine.storage.unit_of_work import UnitOfWork

RETRIES = 5
"""How often a lost race for the case's next entry is run again before the machine is blamed."""


_CONTENT = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str)
_ANSWER = json.JSONEncoder(sort_keys=True)
Answer = TypeVar("Answer")


class _Done(NamedTuple):
    """An act as it stands in an open unit of work."""

    before: CaseView
    after: CaseView
    workflow: Workflow
    orders: tuple[DocumentOrder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """The verb `advance` over one office, and its preview."""

    office: Office

    def advance(self, request: ActRequest) -> Advanced:
        """Do one act for a person: decide, fill, and commit everything with it, or raise ActRefused with every reason.

        The same `request_id` again gives the first answer and does nothing; with other content it is refused.
        """
        request = replace(request, request_id=named(request.request_id))
        self._may_approve_here(request)
        return self._tried(lambda: self._once(request))

    def preview(self, request: ActRequest) -> tuple[CaseView, CaseView, Workflow]:
        """The case before and after this act, and its workflow: everything is done but kept, so it refuses alike."""
        self._may_approve_here(request)
        return self._tried(lambda: self._tried_out(request))

    def _tried(self, step: Callable[[], Answer]) -> Answer:
        for _ in range(RETRIES):
            try:
                return step()
            except Conflict:
                continue
        raise InstallationError("同一个案同时有太多登记，请稍后再试")

    def _may_approve_here(self, request: ActRequest) -> None:
        """A command line approves nothing, for one account of the machine could be everybody (DESIGN.md §5)."""
        if request.os_user and request.trigger == "proposal.approve" and not self.office.archive.offset:
            raise refused("right", "right", "命令行不办理审批：请审批人本人在网页上登录后审批（演示库除外）")

    def _once(self, request: ActRequest) -> Advanced:
        ahead = Ahead(request.case, request.request_id, request.account, self.office.today())
        with self.office.archive.begin(ahead) as uow:
            digest = content_of(request)
            found, earlier = uow.cases.load_for(request.case, request.request_id)
            if earlier is not None:
                return repeated(earlier, digest)
            done = self._done(uow, request, found)
            kept = done.after
            answer = Advanced(
                case=request.case,
                state=kept.state,
                version=kept.version,
                seq=kept.seq,
                repeated=False,
                documents=tuple(f"{request.case}/{order.id}" for order in done.orders),
            )
            uow.requests.put(request.request_id, request.case, kept.seq, content=digest, answer=answer_text(answer))
            if request.ends_draft:
                uow.drafts.drop(DraftPlace(request.account, request.case, request.trigger))
            uow.commit()
            return answer

    def _tried_out(self, request: ActRequest) -> tuple[CaseView, CaseView, Workflow]:
        with self.office.archive.begin() as uow:
            done = self._done(uow, request, uow.cases.load(request.case, lock=True))
            return done.before, done.after, done.workflow

    def _done(self, uow: UnitOfWork, request: ActRequest, found: CaseView | None) -> _Done:
        """The act in this unit of work, which the caller commits."""
        now = self.office.now()
        actor = actor_of(uow, request.account)
        case = as_of(uow, theirs(found, actor, today=self.office.today()), self.office.today())
        if request.trigger == "case.undo" and case.undoable:
            case = case._replace(previous=uow.log.replayed(request.case, before=case.undoable))
        workflow = self.office.version(uow.cases.definition_of(request.case))
        fields = request.fields if request.trigger in workflow.transitions else by_id(case, request.fields)
        values: Values
        values, wrong = read(form_of(request.trigger, case, workflow, raw=fields), fields)
        if request.trigger == "case.hand_over":
            values, unknown = handed(uow, case, values, today=self.office.today())
            wrong = (*wrong, *unknown)
        command = Command(
            request_id=request.request_id,
            case=request.case,
            trigger=request.trigger,
            actor=actor,
            values=values,
            happened_on=request.happened_on,
            version=request.version,
            os_user=request.os_user,
        )
        decision = _accepted(decide(workflow, case, command, now, self.office.calendar), wrong)
        keeper = Keeper(office=self.office, uow=uow, now=now)
        proposal = _approved(case, command)
        if proposal is not None and decision.orders:
            keeper = replace(keeper, drafted=proposal)
            _same_draft(keeper, workflow, decision, proposal)
        kept = keeper.keep(decision, workflow, proposal.values if proposal else values)
        return _Done(case, kept, workflow, decision.orders)


def _approved(case: CaseView, command: Command) -> Proposal | None:
    """The proposal that an approval puts into force, with the values that its documents are filled with."""
    return find(case, command.values.get("proposal")) if command.trigger == "proposal.approve" else None


def _same_draft(keeper: Keeper, workflow: Workflow, decision: Decision, proposal: Proposal) -> None:
    """Refuse an approval whose draft would read otherwise today: a printed fact changed (DESIGN.md §5)."""
    for order in decision.orders:
        draft = keeper.uow.documents.get(decision.case.identity.number, order.id)
        if draft is None:
            continue
        today = keeper.filled(decision, workflow, order._replace(draft=True), values=proposal.values, number="")
        if draft.draft_hash != today.draft_hash:
            message = "草稿所载事实在报批后有变动，应退回重新报批"
            raise raised(Refusal(kind="stale", reasons=(Reason("stale", "draft", message),)))


def _accepted(outcome: Decision | Refusal, wrong: tuple[Reason, ...]) -> Decision:
    """The decision, unless something could not be read or was refused: then everything that is wrong, at once."""
    if isinstance(outcome, Decision):
        if wrong:
            raise raised(Refusal(kind="rule", reasons=wrong))
        return outcome
    if outcome.kind in ("right", "stale") or not wrong:
        raise raised(outcome)
    unread = {reason.name for reason in wrong}
    rest = tuple(reason for reason in outcome.reasons if reason.name not in unread)
    raise raised(replace(outcome, reasons=(*wrong, *rest)))


def content_of(request: ActRequest) -> str:
    """A digest of what a request asks for, to tell a repeat from another request with the same id."""
    content = [request.case, request.trigger, request.account, str(request.happened_on), _plain(request.fields)]
    return hashlib.sha256(_CONTENT.encode(content).encode()).hexdigest()


def _plain(fields: object) -> object:
    return {str(k): v for k, v in fields.items()} if isinstance(fields, dict) else dict(fields)  # type: ignore[call-overload]  # a Mapping


def repeated(earlier: StoredRequest, digest: str) -> Advanced:
    """The first answer to a request that comes again; refused when it asks for something else."""
    if earlier.content != digest:
        raise refused(
            "field", "request_id", "这张表（请求编号）已用于另一件登记，这次没有登记；确要再登一次的，核对后再按一次"
        )
    told = json.loads(earlier.answer)
    return Advanced(**{**told, "documents": tuple(told["documents"]), "repeated": True})


def answer_text(answer: Advanced) -> str:
    """An answer as it is kept with its request."""
    told = {
        "case": answer.case,
        "state": answer.state,
        "version": answer.version,
        "seq": answer.seq,
        "documents": list(answer.documents),
    }
    return _ANSWER.encode(told)


def actor_and_case(uow: UnitOfWork, office: Office, account: str, *, number: str) -> tuple[Actor, CaseView, Workflow]:
    """The person, the case as far as it is theirs to see, and the version of its workflow."""
    actor = actor_of(uow, account)
    case = case_for(uow, number, actor, today=office.today())
    return actor, case, office.version(uow.cases.definition_of(number))


def seen_case(uow: UnitOfWork, office: Office, account: str, *, number: str) -> tuple[Actor, CaseView, Workflow]:
    """As `actor_and_case`, in a unit of work that reads; an attempt at what is not theirs is recorded."""
    try:
        return actor_and_case(uow, office, account, number=number)
    except RightRefused:
        office.archive.access(account, "refused", number, at=office.now())
        raise
