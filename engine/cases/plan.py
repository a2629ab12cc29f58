"""What deciding looks up again and again, worked out once for each workflow version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.cases.machine import Steps
from engine.cases.wording import labels_of
from engine.definitions.workflow import DeadlineRule, Guard, Transition, Workflow

Rules = Mapping[str, tuple[DeadlineRule, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Tables over one workflow: which deadlines an event touches, which guards need no form."""

    workflow: Workflow
    steps: Steps
    entering: Rules
    after: Rules
    restarts: Rules
    met_by: Rules
    served: Rules
    issued: Rules
    passed: Rules
    resuming: Rules
    """By state: rules that run from a document, for a case that comes back to the state."""
    early: Mapping[str, tuple[Guard, ...]]
    """Guards of a transition that look at no field: asked before anybody types anything."""
    late: Mapping[str, tuple[Guard, ...]]
    offered: dict[tuple[str, tuple[str, ...]], tuple[tuple[Transition, str, bool], ...]]
    """By state and roles held, as asked so far: the transitions that these may try, each with the role and whether
    it is drafted only."""
    answers: Mapping[str, frozenset[str]]
    """By deadline: the acts that meet it or start it anew, or that its levels set as a task."""
    moves: Mapping[str, frozenset[str]]
    """By deadline: the acts that can lead to the rung next above those on which it runs, neither back nor past one."""
    finals: frozenset[str]
    observing: frozenset[str]
    labels: Mapping[str, str]
    """Chinese for the names of acts, fields and counters."""
    touched: frozenset[str]
    """Triggers that can touch a deadline without a change of state."""


_PLANS: dict[int, Plan] = {}
"""Plans by their workflow, which each of them holds; a thread that lives for one page must not build its own."""


def plan_of(workflow: Workflow) -> Plan:
    """The plan of this version, built on first use and kept with its workflow."""
    plan = _PLANS.get(id(workflow))
    if plan is None:
        plan = _PLANS[id(workflow)] = _build(workflow)
    return plan


def offered(plan: Plan, state: str, roles: tuple[str, ...]) -> tuple[tuple[Transition, str, bool], ...]:
    """What holders of these roles may try in a state, in the order of the file: transition, first fitting role, and
    whether they draft it only."""
    key = state, roles
    if key not in plan.offered:
        plan.offered[key] = tuple(_offered(plan.workflow, state, roles))
    return plan.offered[key]


def _offered(workflow: Workflow, state: str, roles: tuple[str, ...]) -> Iterator[tuple[Transition, str, bool]]:
    for transition in workflow.transitions.values():
        if state not in transition.sources:
            continue
        for wanted, drafts in ((transition.roles, False), (transition.draft_by, True)):
            role = next((each for each in roles if each in wanted), "")
            if role:
                yield transition, role, drafts
                break


def needs_form(guard: Guard) -> bool:
    """True when a guard looks at a field of the form, itself or in one of its alternatives."""
    if guard.any_of:
        return any(needs_form(each) for each in guard.any_of)
    if guard.predicate is None:
        return False
    return any(kind == "field" for kind, _ in guard.predicate.reads(guard.args))


def _by_start(workflow: Workflow, kind: str) -> Rules:
    found: dict[str, list[DeadlineRule]] = defaultdict(list)
    for rule in workflow.deadlines.values():
        if rule.starts.kind == kind:
            found[rule.starts.of].append(rule)
    return {key: tuple(rules) for key, rules in found.items()}


def _by_trigger(workflow: Workflow, which: str) -> Rules:
    found: dict[str, list[DeadlineRule]] = defaultdict(list)
    for rule in workflow.deadlines.values():
        for trigger in getattr(rule, which):
            found[trigger].append(rule)
    return {key: tuple(rules) for key, rules in found.items()}


def _entering(workflow: Workflow, *kinds: str) -> Rules:
    return {
        state: tuple(rule for rule in workflow.deadlines.values() if state in rule.states and rule.starts.kind in kinds)
        for state in workflow.states
    }


def _split(transition: Transition, *, with_form: bool) -> tuple[Guard, ...]:
    return tuple(guard for guard in transition.when if needs_form(guard) is with_form)


def _answers(rule: DeadlineRule) -> frozenset[str]:
    return frozenset({*rule.met_by, *rule.restarts, *(level.task for level in rule.levels)})


def _moves(rule: DeadlineRule, workflow: Workflow) -> frozenset[str]:
    above = max((workflow.states[name].rung for name in rule.states), default=0) + 1
    following = {state.name for state in workflow.states.values() if above > 1 and state.rung == above}
    return frozenset(
        each.name for each in workflow.transitions.values() if any(edge.to in following for edge in each.edges)
    )


def _build(workflow: Workflow) -> Plan:
    after, restarts, met_by = (
        _by_start(workflow, "after"),
        _by_trigger(workflow, "restarts"),
        _by_trigger(workflow, "met_by"),
    )
    transitions = workflow.transitions
    return Plan(
        workflow=workflow,
        steps=Steps(workflow),
        entering=_entering(workflow, "entered"),
        after=after,
        restarts=restarts,
        met_by=met_by,
        served=_by_start(workflow, "served"),
        issued=_by_start(workflow, "issued"),
        passed=_by_start(workflow, "passed"),
        resuming=_entering(workflow, "served", "issued"),
        early={name: _split(each, with_form=False) for name, each in transitions.items()},
        late={name: _split(each, with_form=True) for name, each in transitions.items()},
        offered={},
        answers={name: _answers(rule) for name, rule in workflow.deadlines.items()},
        moves={name: _moves(rule, workflow) for name, rule in workflow.deadlines.items()},
        finals=frozenset(s.name for s in workflow.states.values() if s.kind == "final"),
        observing=frozenset(s.name for s in workflow.states.values() if s.kind == "observing"),
        labels=labels_of(workflow),
        touched=frozenset({*after, *restarts, *met_by}),
    )
