"""A definition between its files and its meaning: models, places and guards side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.definitions.complaints import Complaint, suggest
from engine.definitions.guards import GuardReader, PlacedGuard
from engine.definitions.model import ActSource, ClosingSource, EffectSource, NoticeSource, OutcomeSource, WorkflowSource
from engine.definitions.source import Source, Trail
from engine.definitions.workflow import FORMER, Predicate
from engine.workdays import Span

GROUPS: Mapping[str, frozenset[str]] = {
    "any_open": frozenset({"open"}),
    "any_unfinished": frozenset({"open", "observing"}),
}
"""Words that stand for all states of some kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeDraft:
    """One way an act can end, with where it stands."""

    trail: Trail
    source: EffectSource
    when: tuple[PlacedGuard, ...]
    whole: bool
    """False when one of its guards could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActDraft:
    """A transition or a closing, by its trigger."""

    trigger: str
    trail: Trail
    source: ActSource
    when: tuple[PlacedGuard, ...]
    edges: tuple[EdgeDraft, ...]
    code: str = ""
    """The closing code, or empty for a transition."""

    @property
    def guards(self) -> Iterator[PlacedGuard]:
        """All its guards, those of its outcomes included."""
        yield from self.when
        for edge in self.edges:
            yield from edge.when

    def documents(self, edge: EdgeDraft) -> tuple[str, ...]:
        """The documents that one ending issues: those of the act, then those of the outcome."""
        return _both("documents", self, edge, also="document")

    def counts(self, edge: EdgeDraft) -> tuple[str, ...]:
        """The counters that one ending lets grow."""
        return _both("counts", self, edge)

    def resets(self, edge: EdgeDraft) -> tuple[str, ...]:
        """The counters that one ending sets back."""
        return _both("resets", self, edge)

    def all_documents(self) -> frozenset[str]:
        """Every document that some ending issues."""
        return frozenset(kind for edge in self.edges for kind in self.documents(edge))


def _both(name: str, act: ActDraft, edge: EdgeDraft, *, also: str = "") -> tuple[str, ...]:
    sources = (act.source,) if edge.source is act.source else (act.source, edge.source)
    names = [name, also] if also else [name]
    return tuple(dict.fromkeys(each for source in sources for key in names for each in getattr(source, key)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """One notice file."""

    source: Source
    model: NoticeSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that a folder says, read and shaped, with the values in force."""

    folder: str
    source: Source
    model: WorkflowSource
    notices: Mapping[str, NoticeDraft]
    values: Mapping[str, Span | int]
    """Parameters and locked values by name, as this installation has them."""
    acts: Mapping[str, ActDraft]
    predicates: Mapping[str, Predicate]
    known: frozenset[str] | None
    """Names of the workflow folders that a link may open; None when they are not known."""
    guards: GuardReader

    def complain(self, trail: Trail, code: str, message: str, *, key: bool = False) -> Complaint:
        """A complaint about a place of workflow.yaml."""
        return self.source.complain(trail, code, message, key=key)

    def unknown(self, names: Iterable[str], known: Iterable[str], trail: Trail, *, what: str) -> Iterator[Complaint]:
        """A complaint for each name of a list that is not known; `what` is its kind in Chinese."""
        listed = list(known)
        for at, name in enumerate(names):
            if name not in listed:
                yield self.complain((*trail, at), "unknown_name", f"没有{what}「{name}」{suggest(name, listed)}")

    def expand(self, names: Iterable[str]) -> frozenset[str]:
        """The states that names and groups of names stand for; unknown names are left out."""
        states = self.model.states
        found: set[str] = set()
        for name in names:
            if name in GROUPS:
                found |= {each for each, state in states.items() if state.kind in GROUPS[name]}
            elif name in states:
                found.add(name)
        return frozenset(found)

    def kind_of(self, state: str) -> str:
        """The kind of a state; empty for an unknown one."""
        found = self.model.states.get(state)
        return found.kind if found else ""

    def sources_of(self, trigger: str) -> frozenset[str]:
        """The states from which an act is possible; empty for an unknown trigger."""
        act = self.acts.get(trigger)
        return self.expand(act.source.from_) if act else frozenset()

    def targets_of(self, trigger: str) -> frozenset[str]:
        """The states to which an act leads; the former rung is not among them."""
        return frozenset(edge.source.to for edge in self.acts[trigger].edges) - {"", FORMER}

    def counters(self) -> frozenset[str]:
        """Everything that some act counts."""
        return frozenset(name for act in self.acts.values() for edge in act.edges for name in act.counts(edge))

    def issuing(self, kind: str) -> tuple[ActDraft, ...]:
        """The acts that issue a kind of document."""
        return tuple(act for act in self.acts.values() if kind in act.all_documents())

    def addressees(self, act: ActDraft, kind: str) -> str:
        """To whom a document goes when this act issues it."""
        notice = self.notices.get(kind)
        return act.source.addressees or (notice.model.addressees if notice else "")


def read_acts(model: WorkflowSource, reader: GuardReader) -> dict[str, ActDraft]:
    """Transitions and closings by trigger, in the order of the file; a closing's trigger is ``close_<code>``."""
    acts: dict[str, ActDraft] = {}
    for name, transition in model.transitions.items():
        acts[name] = _act(name, ("transitions", name), transition, transition.outcomes, reader)
    for code, closing in model.closing.items():
        acts[f"close_{code}"] = _act(f"close_{code}", ("closing", code), closing, None, reader)
    return acts


def _act(
    trigger: str, trail: Trail, source: ActSource, outcomes: list[OutcomeSource] | None, reader: GuardReader
) -> ActDraft:
    when = reader.read(source.when, (*trail, "when"))
    if outcomes is None:
        edges: tuple[EdgeDraft, ...] = (EdgeDraft(trail=trail, source=source, when=(), whole=True),)
    else:
        edges = tuple(_edge(each, (*trail, "outcomes", at), reader) for at, each in enumerate(outcomes))
    code = str(trail[1]) if isinstance(source, ClosingSource) else ""
    return ActDraft(trigger=trigger, trail=trail, source=source, when=when, edges=edges, code=code)


def _edge(source: OutcomeSource, trail: Trail, reader: GuardReader) -> EdgeDraft:
    before = len(reader.complaints)
    when = reader.read(source.when, (*trail, "when"))
    return EdgeDraft(trail=trail, source=source, when=when, whole=len(reader.complaints) == before)
