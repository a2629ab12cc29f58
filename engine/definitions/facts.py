"""What guards may see: the case as it stands, the act that is attempted, and nothing else.

All values are frozen. The hot ones are named tuples, because a decision makes several of them and a frozen
dataclass costs four times as much to build.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.workdays import Calendar, Hold, Span

Values = Mapping[str, object]
"""Form values by field name, already read into str, int, bool, date, tuples and mappings of these."""


class Tally(NamedTuple):
    """How often something counted, and on which different days."""

    times: int
    days: tuple[date, ...]


class Act(NamedTuple):
    """The latest accepted act of one trigger: when, by whom, with what."""

    trigger: str
    seq: int
    happened_on: date
    recorded_at: datetime
    user: str
    role: str
    outcome: int
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One person or office a document goes to, with its own service (DOMAIN.md 5)."""

    key: str
    status: str = "waiting"  # waiting | posted | served | dispensed
    method: str = ""
    served_on: date | None = None
    reason: str = ""
    failed: tuple[str, ...] = ()
    """Methods that were tried without effect, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of the case: drafted, issued, withdrawn; service stands on each addressee."""

    id: str
    kind: str
    status: str  # draft | issued | withdrawn
    issuer: str = ""
    issued_on: date | None = None
    addressees: tuple[Addressee, ...] = ()
    limit: Span | None = None
    fixed_on: date | None = None
    epoch: int = 0
    about: tuple[str, ...] = ()
    """Keys of the guardians whom it concerns: who confirms an address, to whom somebody else is asked to serve."""
    electronic: str = ""
    """The electronic address that the guardian confirmed and agreed to; empty without consent."""

    @property
    def served_on(self) -> date | None:
        """The day from which time runs for all: the latest service, once nobody waits; None before."""
        if any(each.status in {"waiting", "posted"} for each in self.addressees):
            return None
        return self._latest()

    @property
    def posted_on(self) -> date | None:
        """The day on which the last public notice counts as service, once every other addressee is done."""
        return None if any(each.status == "waiting" for each in self.addressees) else self._latest()

    def _latest(self) -> date | None:
        return max((each.served_on for each in self.addressees if each.served_on is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A command that waits for approval; the case stays where it is until the last one."""

    id: str
    trigger: str
    proposed_by: str
    proposed_role: str
    made_on: date
    happened_on: date
    epoch: int
    values: Values
    facts_hash: str = ""
    approvals: tuple[tuple[str, str, date], ...] = ()
    """(role as which, user, day) of each approval so far, in the order of the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A linked case, as its parent sees it."""

    name: str
    workflow: str
    reference: str
    state: str = ""
    ended: bool = False
    outcome: str = ""
    channel: str = ""


class Running(NamedTuple):
    """One deadline of one case: what it was worked out from, and what it does next."""

    name: str
    epoch: int
    generation: int
    status: str  # waiting | running | met | overdue
    anchor: date | datetime | None
    due_on: date | None
    late_after: datetime | None
    provisional: bool
    told: date | None
    check_on: date | None
    step: int
    next_at: datetime | None
    waits_for: str
    calendar: str = ""
    """The version of the calendar it was worked out on; empty while it waits."""


class Pause(NamedTuple):
    """A hold on one deadline, with its reason and the day on which it is looked at again."""

    deadline: str
    hold: Hold
    reason: str
    review_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """A unit that has standing in the case, as it is on the day of the act."""

    code: str
    name: str
    kind: str
    relation: str  # responsible | school | residence | household | class | bureau | district | receiver
    area: frozenset[str] = frozenset()
    """Codes of the units that lie inside it, itself included."""
    delegation: str = ""
    """The recorded delegation document that makes a subdistrict an issuer; empty without one (DOMAIN.md 4)."""
    lent: frozenset[str] = frozenset()
    """The acts that the delegation document lends."""


GUARDIANS: Mapping[str, str] = {
    "father": "父亲", "mother": "母亲", "guardian": "其他监护人", "grandfather": "祖父", "grandmother": "祖母",
}  # fmt: skip
"""Chinese names of guardian keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """The pupil (or unit) a case is about, as far as guards need it; names are not here."""

    kind: str
    reference: str
    birth: date | None = None
    guardians: tuple[str, ...] = ()
    """Keys of the guardians: father, mother, guardian …"""
    priority: tuple[str, ...] = ()
    never_enrolled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What never changes while a case runs."""

    number: str
    workflow: str
    district: str
    subject: SubjectFacts
    units: tuple[UnitFacts, ...]
    opened_on: date
    parent: str = ""
    channel: str = ""
    scope: frozenset[str] = frozenset()
    """Codes of all units whose people may act here."""


class CaseView(NamedTuple):
    """One case at one moment: everything that a decision may depend on."""

    identity: Identity
    state: str
    former: str
    epoch: int
    seq: int
    version: int
    head: str
    entered_on: date
    unit: str
    owner: str
    tallies: Mapping[str, Tally]
    acts: Mapping[str, Act]
    deadlines: Mapping[str, Running]
    documents: tuple[Document, ...]
    proposals: tuple[Proposal, ...]
    links: tuple[Link, ...]
    pauses: tuple[Pause, ...]
    watchers: tuple[str, ...]
    closed_as: str
    previous: CaseView | None
    """The case before the act that may still be undone; never nested. Storage gives it only where it is needed."""
    undoable: int = 0
    """The seq of the act that may still be undone, or 0. Fields are only ever appended: views are read by place."""

    def unit_of(self, relation: str) -> UnitFacts | None:
        """The unit that stands in this relation to the case, or None."""
        return next((unit for unit in self.identity.units if unit.relation == relation), None)

    def unit_by_code(self, code: str) -> UnitFacts | None:
        """The unit with this code among those that have standing, or None."""
        return next((unit for unit in self.identity.units if unit.code == code), None)

    def document(self, id_: str) -> Document | None:
        """The document with this id, or None."""
        return next((each for each in self.documents if each.id == id_), None)

    def latest(self, kind: str) -> Document | None:
        """The newest document of a kind that is issued and not withdrawn, or None."""
        return next((d for d in reversed(self.documents) if d.kind == kind and d.status == "issued"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """A role that a person holds in a unit between two days, both included."""

    role: str
    unit: str
    first: date
    last: date
    covers: str = ""
    """Who is on leave meanwhile: the person decides in that one's role. Of a leave: who stands in."""
    basis: str = ""
    """The document that appoints an acting head (代理)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a person with dated roles, or the system."""

    user: str
    roles: tuple[HeldRole, ...]
    away: tuple[HeldRole, ...] = ()
    """The roles that rest between two days, because the person is on leave and another stands in."""

    def away_from(self, wanted: frozenset[str], scope: frozenset[str], day: date) -> HeldRole | None:
        """The leave because of which a wanted role rests on this day, or None."""
        for held in self.away:
            if held.role in wanted and held.unit in scope and held.first <= day <= held.last:
                return held
        return None

    def role_in(self, wanted: frozenset[str], scope: frozenset[str], day: date) -> HeldRole | None:
        """The first role held on this day that is wanted and whose unit has standing in the case."""
        for held in self.roles:
            if held.role in wanted and held.unit in scope and held.first <= day <= held.last:
                return held
        return None

    def roles_in(self, scope: frozenset[str], day: date) -> tuple[str, ...]:
        """The names of the roles held on this day whose units have standing in the case, in their order."""
        return tuple(held.role for held in self.roles if held.unit in scope and held.first <= day <= held.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in, with the roles held over time."""

    account: str
    name: str
    roles: tuple[HeldRole, ...]
    away: tuple[HeldRole, ...] = ()
    """The roles that rest between two days, because another stands in."""

    def serves(self, day: date) -> bool:
        """True while some role is held on this day, or rests on it."""
        return any(held.first <= day <= held.last for held in (*self.roles, *self.away))


SYSTEM = Actor(user="system", roles=())
"""The actor of timers; it holds no role and is named where a rule allows it."""


class Facts(NamedTuple):
    """What one guard is asked about: the case, the values typed, the day it happened, today, the calendar."""

    case: CaseView
    values: Values
    happened_on: date
    today: date
    calendar: Calendar
    actor: Actor
    role: str
    trigger: str = ""


class Answer(NamedTuple):
    """A guard's answer: whether it holds, the values it used, and, when it does not hold, why (Chinese)."""

    holds: bool
    seen: Mapping[str, object]
    why: str = ""
