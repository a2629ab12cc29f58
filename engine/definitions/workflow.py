"""A workflow as the engine decides with it: checked, resolved, frozen.

The loader (load.py) makes these from the YAML files; nothing here reads a file or can be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.definitions.facts import Answer, Facts

if TYPE_CHECKING:
    from engine.workdays import Roll, Span

FORMER = "former"
"""The pseudo-target of a relapse: the rung that the case came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A legal reference: its key in the file, its title and the words it quotes."""

    key: str
    title: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of the ladder; `rung` orders open states, 0 where there is none."""

    name: str
    zh: str
    kind: str  # open | observing | final
    rung: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form; options and rows are (key, Chinese label) pairs in the order of the file."""

    name: str
    zh: str
    type: (
        str  # text | long_text | date | time | number | yes_no | choice | choices | grid | people | span | file | unit
    )
    required: bool = False
    required_when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    required_unless: Mapping[str, frozenset[str]] = field(default_factory=dict)
    options: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    may_be: tuple[str, ...] = ()
    not_before: str = ""  # happened | detected | today, or empty
    not_after: str = ""
    least: int | None = None
    most: int | None = None
    public: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A named, versioned, pure test; `parameters` maps each argument to its type name."""

    name: str
    version: int
    zh: str
    test: Callable[..., Answer]
    parameters: Mapping[str, str]
    reads: Callable[[Mapping[str, object]], frozenset[tuple[str, str]]]
    """What it looks at, for given arguments: ("count", name), ("act", trigger), ("field", name), ("document", kind)."""
    offers: Callable[[Mapping[str, object]], tuple[str, ...]]
    """Triggers that would make it hold, for given arguments."""

    @property
    def id(self) -> str:
        """Name and version, as they stand in the version hash: ``failed_visits@1``."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A predicate with its arguments, perhaps negated; or, with `any_of`, a list of which one must hold."""

    predicate: Predicate | None = None
    args: Mapping[str, object] = field(default_factory=dict)
    negated: bool = False
    any_of: tuple[Guard, ...] = ()

    def ask(self, facts: Facts) -> Answer:
        """The answer for these facts; a negated guard says no when its predicate holds."""
        if self.any_of:
            answers = [each.ask(facts) for each in self.any_of]
            seen = {key: value for answer in answers for key, value in answer.seen.items()}
            if any(answer.holds for answer in answers):
                return Answer(True, seen)
            return Answer(False, seen, "；或者".join(answer.why for answer in answers))
        if self.predicate is None:
            return Answer(True, {})
        answer = self.predicate.test(facts, **self.args)
        if not self.negated:
            return answer
        if answer.holds:
            return Answer(False, answer.seen, f"不应出现：{self.predicate.zh}")
        return Answer(True, answer.seen)

    @property
    def label(self) -> str:
        """What refusals and pages call it: the name in the file, with 非 before a negated one."""
        if self.any_of:
            return "any(" + ", ".join(each.label for each in self.any_of) + ")"
        name = self.predicate.name if self.predicate else ""
        return f"not {name}" if self.negated else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way an act can end: the guards that choose it, where it leads, what it leaves behind."""

    index: int
    when: tuple[Guard, ...] = ()
    to: str = ""  # a state, "former", or empty: an event that moves nothing
    zh: str = ""
    documents: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    resets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One act: who may do it, from where, with which form, under which law, and how it can end."""

    name: str
    zh: str
    sources: frozenset[str]
    edges: tuple[Edge, ...]
    by: frozenset[str] = frozenset()
    draft_by: frozenset[str] = frozenset()
    propose_by: frozenset[str] = frozenset()
    approvals: tuple[str, ...] = ()
    form: tuple[Field, ...] = ()
    when: tuple[Guard, ...] = ()
    addressees: str = ""  # guardians | bureau_and_township | receiver | family | parties
    law: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys of the law by issuer kind; the key "" holds for every issuer."""
    opens: tuple[str, ...] = ()
    withdraws: tuple[str, ...] = ()
    corrects: str = ""
    """Kind of the document whose day of service the act corrects; empty for every other act (DOMAIN.md 5)."""
    act_of_authority: bool = False
    """Dated by recording, never earlier (DESIGN.md §4.4)."""
    at_once: bool = False
    """Danger to a child: no approval, messages leave at once."""
    closes_as: str = ""

    @property
    def roles(self) -> frozenset[str]:
        """Everybody who may start this act, by doing or by proposing it."""
        return self.propose_by if self.approvals else self.by


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a deadline's clock starts from."""

    kind: str  # entered | after | served | issued | passed
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of escalation: when after the one before, whom it tells, what it does."""

    after: Span | None = None
    tell: tuple[str, ...] = ()
    task: str = ""
    propose: str = ""
    fire: str = ""
    takes_over: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """A deadline: while what, from when, how long, whom it protects, what happens before and after."""

    name: str
    zh: str
    states: frozenset[str]
    starts: Start
    span: Span
    roll: Roll
    protects: str  # citizen | authority | internal
    printed_in: str = ""
    """Kind of the document whose own limit stands above `span`; empty without one."""
    statutory: bool = False
    """A period fixed by law: no officer may hold it (DOMAIN.md 6.3)."""
    in_session: bool = False
    """The check moves to the first school day when the day falls in a vacation (DOMAIN.md 3)."""
    met_by: frozenset[str] = frozenset()
    restarts: frozenset[str] = frozenset()
    remind: tuple[Span, ...] = ()
    levels: tuple[Level, ...] = ()
    law: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A way a case may end; only those that count as returned count as returned (DOMAIN.md 12)."""

    code: str
    zh: str
    trigger: str
    to: str
    counts_as_returned: bool = False
    stays_open: bool = False
    stops_letters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """A case that this one opens, and what its end means for the closing of this one."""

    name: str
    zh: str
    workflow: str
    closing_needs: frozenset[str]  # ended | withdrawn | detached


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSource:
    """One block of a notice as written in its file; `text` holds one template, or one a cell."""

    kind: str
    text: tuple[str, ...]
    parts: tuple[str, ...] = ()
    when: str = ""
    each: str = ""
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRule:
    """A kind of document: its number series, who may issue it, to whom it goes, its blocks."""

    kind: str
    title: str
    series: str
    issuers: frozenset[str]
    addressees: str
    printed: bool
    serves: bool
    """True when legal time runs from its service, so that proof of service is demanded."""
    blocks: tuple[BlockSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One published version of a procedure, known by its content hash."""

    name: str
    title: str
    subject: str
    hash: str
    initial: str
    laws: Mapping[str, Law]
    parameters: Mapping[str, object]
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    deadlines: Mapping[str, DeadlineRule]
    closings: Mapping[str, Closing]
    links: Mapping[str, LinkRule]
    notices: Mapping[str, NoticeRule]
    predicates: tuple[str, ...]
    canonical: str = ""
    """The canonical JSON that the hash covers; kept in the database with each version."""
