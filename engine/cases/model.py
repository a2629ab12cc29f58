"""The values of deciding: a command, and the decision or refusal it meets. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from engine.definitions.facts import Actor, CaseView, Values


class Command(NamedTuple):
    """An attempt: who wants which act on which case, with what, and which version the page showed.

    `values` are already read (see forms.read). `happened_on` None means the day of recording. `version` None is for
    commands that depend on no page: timers, and persons on a command line who name none.
    """

    request_id: str
    case: str
    trigger: str
    actor: Actor
    values: Values = MappingProxyType({})
    happened_on: date | None = None
    version: int | None = None
    os_user: str = ""


class Reason(NamedTuple):
    """One thing that stands against a command: what kind of thing, its name, and why in Chinese."""

    kind: str  # guard | field | right | state | day | stale | definition | timer
    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A no that changed nothing: every reason, and what would be accepted instead."""

    kind: str  # rule | right | stale | moot
    reasons: tuple[Reason, ...]
    accepted: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of guards, fields or rights that said no."""
        return tuple(reason.name for reason in self.reasons)


class Entry(NamedTuple):
    """One line of the history, before it is numbered in the chain and sealed.

    `public` and `sealed` hold the form's values by class; `result` is what replay applies.
    """

    case: str
    seq: int
    happened_on: date
    recorded_at: datetime
    user: str
    role: str
    trigger: str
    outcome: int
    source: str
    target: str
    law: tuple[str, ...]
    seen: Mapping[str, object]
    public: Values
    sealed: Values
    result: Mapping[str, object]
    request_id: str
    os_user: str


class DocumentOrder(NamedTuple):
    """A document that a decision asks for: drafted with a proposal, issued with an act."""

    id: str
    kind: str
    draft: bool
    trigger: str
    issuer: str
    addressees: tuple[str, ...]


class LinkOrder(NamedTuple):
    """A linked case that a decision opens."""

    name: str
    workflow: str
    channel: str
    receiver: str


class Decision(NamedTuple):
    """What a command does: the case after it, its line of history, and all that must be committed with them."""

    before: CaseView | None
    case: CaseView
    entry: Entry
    tells: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    orders: tuple[DocumentOrder, ...] = ()
    opens: tuple[LinkOrder, ...] = ()


Outcome = Decision | Refusal
"""What deciding gives."""


def refuse(kind: str, *reasons: Reason, accepted: tuple[str, ...] = ()) -> Refusal:
    """A refusal of the given kind with these reasons."""
    return Refusal(kind=kind, reasons=reasons, accepted=accepted)
