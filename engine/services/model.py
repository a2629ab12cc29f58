"""What services take and give: requests as typed by people, and frozen pictures of cases for pages and programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from engine.cases.model import Reason
from engine.definitions.workflow import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRequest:
    """An act as a person asks for it: raw field texts by name; a list for several choices, a mapping for a grid."""

    case: str
    trigger: str
    account: str
    fields: Mapping[str, object] = field(default_factory=dict)
    request_id: str = ""
    version: int | None = None
    happened_on: date | None = None
    os_user: str = ""
    """The operating-system account of a command line, recorded beside the officer; empty for a page."""
    ends_draft: bool = False
    """True for a page: what the person had kept as a draft of this act goes in the transaction that accepts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A case to be opened, as a person asks for it; raw field texts by name as in an act."""

    workflow: str
    subject: str
    """``pupil`` or ``unit``: what kind of subject the case is about."""
    account: str
    reference: str = ""
    """The keyed reference of a pupil, or the code of a unit."""
    number: str = ""
    """Instead of the reference: a register or ID number; it is looked up and kept nowhere."""
    fields: Mapping[str, object] = field(default_factory=dict)
    request_id: str = ""
    os_user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an act would do to the deadlines of a case, before it is saved."""

    case: str
    state: str
    version: int
    before: tuple[DeadlineRow, ...]
    after: tuple[DeadlineRow, ...]
    kept: tuple[str, ...]
    """Deadlines whose day stays although counting again gives an earlier one: what a citizen was told stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """The answer to an accepted act; `repeated` when the same request had been accepted before."""

    case: str
    state: str
    version: int
    seq: int
    repeated: bool
    documents: tuple[str, ...] = ()
    """Ids of documents that the act drafted or issued (``CASE/ID``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """One line of the work list: a case, its nearest deadline, and the one act that is due."""

    case: str
    workflow_zh: str
    subject: str
    """Masked name, or the unit."""
    where: str
    state_zh: str
    deadline_zh: str
    due_on: date | None
    provisional: bool
    overdue: bool
    act: str = ""
    act_zh: str = ""
    waits_for: str = ""
    late_by: int = 0
    """Working days since the due date."""
    late_why: str = ""
    """How they were counted, in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRow:
    """A message that could not be delivered: work for a person, until it leaves."""

    case: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkList:
    """A person's work today, in the order of legal due times; each case stands in one list."""

    today: date
    overdue: tuple[WorkRow, ...]
    due_today: tuple[WorkRow, ...]
    this_week: tuple[WorkRow, ...] = ()
    waiting: tuple[WorkRow, ...] = ()
    """Not due yet, and somebody else is to act first."""
    later: tuple[WorkRow, ...]
    failed: tuple[FailedRow, ...] = ()
    to_approve: tuple[ProposalRow, ...]
    findings: int
    """How many differences between register and lists wait for a person of the reader's units."""
    will_happen: tuple[str, ...]
    first: bool = True
    """True on the first page."""
    next: str = ""
    """The place at which the next page begins, empty on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A difference between register and roster that a person must settle."""

    id: int
    kind_zh: str
    name: str
    school: str
    class_name: str
    detail: str
    found_on: date
    status: str  # open | confirmed | dismissed
    case: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """An open proposal, for those who may decide on it."""

    case: str
    id: str
    trigger: str
    zh: str
    subject: str
    proposed_by: str
    made_on: date
    waits_for: str
    mine: bool
    """True when the reader may decide on it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPage:
    """What an approver reads: facts, the draft, the law, what happens on yes and on no."""

    row: ProposalRow
    version: int
    facts: tuple[tuple[str, str], ...]
    law: tuple[tuple[str, str], ...]
    """(title, quote) of each legal basis."""
    drafts: tuple[DocumentRow, ...]
    approvals: tuple[str, ...]
    on_yes: str
    on_no: str
    history: tuple[HistoryRow, ...] = ()
    """What was done so far, newest first."""
    reasons: tuple[Reason, ...] = ()
    """What stands against it on today's case, if anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRow:
    """A deadline with its reasoning."""

    name: str
    zh: str
    due_on: date | None
    provisional: bool
    overdue: bool
    waits_for: str
    check_on: date | None
    steps: tuple[Mapping[str, object], ...]
    """Of the reckoning: from, to, counted, why."""
    met: bool = False
    """True when what it demands was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """An act that this person may try now."""

    trigger: str
    zh: str
    primary: bool
    proposes: bool
    missing: tuple[str, ...] = ()
    """Why it would be refused now, whatever is typed (Chinese); empty when it is open."""
    group: str = "fact"  # danger | fact | paper | closing | keeping


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document of the case."""

    case: str
    id: str
    kind: str
    title: str
    number: str
    status: str  # draft | issued | withdrawn
    status_zh: str
    issued_on: date | None
    addressees: tuple[tuple[str, str], ...]
    """(who, service status in Chinese)."""
    body_html: str = ""
    """The filled text as an escaped HTML fragment; only where a page shows it."""
    serves: bool = False
    waiting: tuple[int, ...] = ()
    """Places (from 1) of the addressees who still wait for service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One entry as an auditor reads it."""

    seq: int
    happened_on: date
    recorded_at: datetime
    who: str
    role_zh: str
    trigger: str
    zh: str
    change: str
    """Before → after in Chinese, or empty."""
    state_zh: str
    """The state in which the case stood after it."""
    law: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    """(label, value) in Chinese; masked unless revealed."""
    documents: tuple[str, ...]
    hash: str
    late: bool
    """Recorded on a later day than it happened."""
    kind: str = "act"  # act | document | correction | system
    rule: str = ""
    """The version of the law under which it was decided, as the first signs of its hash."""
    corrects: bool = False
    """True when the reader may correct it: it is the last entry of its act."""
    undoes: bool = False
    """True when the reader may take it back: the own last act, within thirty minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """One reading of a case as its auditor sees it: who, in which roles on that day, when, what was looked at."""

    at: datetime
    who: str
    role_zh: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One case as its page shows it."""

    number: str
    workflow: str
    workflow_zh: str
    definition: str
    subject: str
    revealed: bool
    profile: tuple[tuple[str, str], ...]
    state: str
    state_zh: str
    ladder: str
    """The ladder as one line of text: 第2步 共5步：已家访."""
    version: int
    unit: str
    owner: str
    closed_as: str
    deadlines: tuple[DeadlineRow, ...]
    acts: tuple[ActRow, ...]
    documents: tuple[DocumentRow, ...]
    proposals: tuple[ProposalRow, ...]
    links: tuple[tuple[str, str, str], ...]
    """(Chinese name, case number, state in Chinese)."""
    will_happen: tuple[str, ...]
    history: tuple[HistoryRow, ...]
    chain_ok: bool
    chain_message: str
    readings: tuple[ReadingRow, ...] = ()
    """Who looked at the case, the newest first; only for who audits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActPage:
    """A form to be filled for one act."""

    case: str
    subject: str
    state_zh: str
    version: int
    trigger: str
    zh: str
    form: tuple[Field, ...]
    asks_day: bool
    """True for facts, which may have happened on an earlier day."""
    earliest: date
    today: date
    next_line: str
    """What happens next and who gets it, in one line of Chinese."""
    law: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    """Names that fields of type people may start with."""
    given: Mapping[str, object] = field(default_factory=dict)
    """What the form starts with: the person's own name among visitors, the place where the child lives."""
    passed: frozenset[str] = frozenset()
    """Names that the form would have after other choices: they are let go, never complained about."""
    proposes: bool = False
    """True when it comes into force only once others have approved."""
    previews: bool = False
    """True when the act moves deadlines, which are shown before it is saved."""
    looks_at: Mapping[str, str] = field(default_factory=dict)
    """The field that a guard looks at, by its name in a refusal."""
