"""What the archive gives out: documents, entries, findings, timers as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, NamedTuple, TypeVar

from engine.definitions.facts import CaseView, HeldRole
from notifications.documents import Filled


class Conflict(Exception):
    """Another writer was first: the place is taken, or the case moved on; services run it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document as stored: its filled blocks, its number, and the salted commitment that stands in the history."""

    case: str
    id: str
    kind: str
    status: str
    number: str
    issuer: str
    issued_on: date | None
    filled: Filled
    salt: str
    commitment: str

    @property
    def draft_hash(self) -> str:
        """The hash of its draft text: equal in the draft and in what was issued from it."""
        return self.filled.draft_hash

    def as_public(self) -> Mapping[str, object]:
        """How it stands in an entry: no text, no bare hash of a text that could be guessed."""
        return {
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "number": self.number,
            "commitment": self.commitment,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One entry with its sealed part opened."""

    case: str
    seq: int
    version: int
    happened_on: date
    recorded_at: datetime
    user: str
    role: str
    trigger: str
    source: str
    target: str
    law: tuple[str, ...]
    public: Mapping[str, object]
    values: Mapping[str, object]
    documents: tuple[str, ...]
    hash: str
    previous: str = ""
    sealed: Mapping[str, object] = field(default_factory=dict)
    """The sealed part, opened: fields, seen and, where it was asked for, the change that replay applies."""


class DueCase(NamedTuple):
    """A case of which a timer is due, as far as it stands open."""

    id: int
    definition: str
    case: CaseView


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """A finding with its sealed part opened."""

    id: int
    kind: str
    register_no: str
    name: str
    school: str
    school_name: str
    class_name: str
    detail: str
    found_on: date
    status: str
    case: str


class KeptFindings(NamedTuple):
    """What became of the findings of a list: how many are new, and the keys of all, by which they are asked for."""

    new: int
    keys: tuple[str, ...]


class StoredMessage(NamedTuple):
    """A message in the outbox."""

    id: int
    case: str
    kind: str
    to: str
    body: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage:
    """A message that has not left: to whom, since when, why not, and who let it go."""

    id: int
    case: str
    kind: str
    to: str
    due_at: datetime
    try_at: datetime
    tries: int
    fault: str
    held: str  # late | many | empty
    released_by: str


class StoredRequest(NamedTuple):
    """An accepted request: the digest of what it asked and the answer it got."""

    content: str
    answer: str


class StoredUnit(NamedTuple):
    """A unit with its kind between two days, both included; `parent` is empty for the root."""

    code: str
    name: str
    kind: str
    parent: str
    first: date
    last: date


class StoredDelegation(NamedTuple):
    """A document that lends a unit some acts between two days, both included (赋权文件)."""

    unit: str
    document: str
    issued_on: date
    words: str
    acts: tuple[str, ...]
    first: date
    last: date


class StoredRole(NamedTuple):
    """A role as it was given: to whom, who approved it, and the machine's account that recorded it."""

    id: int
    account: str
    held: HeldRole
    approved_by: str
    recorded_by: str


class Counts(NamedTuple):
    """What became of imported rows."""

    new: int
    changed: int
    unchanged: int


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed(Generic[Row]):
    """What rows would do to the register: new ones by reference; changed ones with their profile and the former one."""

    new: list[tuple[str, Row]]
    changed: Sequence[tuple[str, Mapping[str, object], Mapping[str, object]]]
    unchanged: int
    known: int
    """How many rows the register has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A register's row that may be of another child than the register says.

    `register_no` is the reference of the pupil it is in doubt with, `row_reference` and `row` what it would write,
    `shown` what a person reads: name, school_name, class_name, detail.
    """

    register_no: str
    row_reference: str
    row: Mapping[str, object]
    school: str
    shown: Mapping[str, str]
