"""What a passed moment does: remind, escalate, propose; never issue, refer, extend or close (DESIGN.md §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.cases import proposals
from engine.cases.attempt import Attempt, Line, entry_of
from engine.cases.effect import Effect, take_effect
from engine.cases.model import Decision, Outcome, Reason, Refusal, refuse
from engine.cases.timers import after_step
from engine.definitions.facts import SYSTEM, CaseView, Running
from engine.definitions.workflow import DeadlineRule, Level


def act(attempt: Attempt) -> Outcome:
    """One timer's act, when it still matches the case: same epoch, generation and step, and its moment has come.

    Values: deadline, epoch, generation, step. A timer that no longer matches is refused as moot and does nothing.
    """
    if attempt.command.actor.user != SYSTEM.user:
        return refuse("right", Reason("right", "right", "定时动作只由系统办理"))
    values, case = attempt.command.values, attempt.case
    running = case.deadlines.get(str(values.get("deadline")))
    key = (values.get("epoch"), values.get("generation"), values.get("step"))
    if running is None or key != (running.epoch, running.generation, running.step):
        return refuse("moot", Reason("timer", str(values.get("deadline")), "定时所依据的期限已经变动"))
    if running.next_at is None or running.next_at > attempt.now:
        return refuse("moot", Reason("timer", running.name, "未到时间"))
    placed = Attempt(*attempt[:7], "system", "")
    rule = attempt.plan.workflow.deadlines[running.name]
    if running.step < len(rule.remind):
        return _remind(placed, rule, running)
    return _escalate(placed, rule, running)


def timer_values(running: Running) -> Mapping[str, object]:
    """The values with which a timer's command names its deadline as it stands."""
    return {
        "deadline": running.name,
        "epoch": running.epoch,
        "generation": running.generation,
        "step": running.step,
    }


def needs_all(rule: DeadlineRule, running: Running) -> bool:
    """True when what this deadline does next looks at the whole case: it proposes or fires."""
    at = running.step - len(rule.remind)
    level = rule.levels[at] if 0 <= at < len(rule.levels) else Level()
    return bool(level.propose or level.fire)


def _remind(attempt: Attempt, rule: DeadlineRule, running: Running) -> Decision:
    case = attempt.case
    deadlines = {**case.deadlines, rule.name: after_step(rule, running, attempt.now, calendar=attempt.calendar)}
    after = acted(case, deadlines)
    line = Line("", law=rule.law, public=attempt.command.values, trigger="timer.remind")
    tells = rule.levels[0].tell[:1] if rule.levels else ("owner",)
    return Decision(case, after, entry_of(attempt, line), tells)


def _escalate(attempt: Attempt, rule: DeadlineRule, running: Running) -> Outcome:
    case = attempt.case
    at = running.step - len(rule.remind)
    level = rule.levels[at] if at < len(rule.levels) else Level()
    deadlines = {**case.deadlines, rule.name: after_step(rule, running, attempt.now, calendar=attempt.calendar)}
    watchers = tuple(dict.fromkeys((*case.watchers, *level.tell)))
    after = acted(case, deadlines, owner=level.takes_over or case.owner, watchers=watchers)
    result: dict[str, object] = {"level": at}
    tasks = (level.task,) if level.task else ()
    if level.fire:
        return _fire(attempt, after, level)
    if level.propose:
        after, orders_note = _propose(attempt, after, level.propose)
        result["proposes" if orders_note is None else "not_proposed"] = orders_note or level.propose
    line = Line("", law=rule.law, public=attempt.command.values, result=result, trigger="timer.overdue")
    return Decision(case, after, entry_of(attempt, line), level.tell, tasks)


def acted(
    case: CaseView, deadlines: Mapping[str, Running], *, owner: str = "", watchers: tuple[str, ...] | None = None
) -> CaseView:
    """The case after a timer acted; with watchers named it was an escalation, which is news for open pages."""
    escalation = watchers is not None
    return CaseView(
        case.identity,
        case.state,
        case.former,
        case.epoch,
        case.seq + 1,
        case.version + escalation,
        case.head,
        case.entered_on,
        case.unit,
        owner or case.owner,
        case.tallies,
        case.acts,
        deadlines,
        case.documents,
        case.proposals,
        case.links,
        case.pauses,
        watchers if watchers is not None else case.watchers,
        case.closed_as,
        None if escalation else case.previous,
        0 if escalation else case.undoable,
    )


def _propose(attempt: Attempt, case: CaseView, trigger: str) -> tuple[CaseView, tuple[str, ...] | None]:
    """The case with the timer's proposal, and None; or the case as it was with the guards that stand against it."""
    transition = attempt.plan.workflow.transitions[trigger]
    if case.state not in transition.sources:
        return case, ("state",)
    outcome = proposals.by_system(attempt._replace(case=case), transition)
    if isinstance(outcome, Refusal):
        return case, outcome.names
    return case._replace(proposals=outcome.case.proposals), None


def _fire(attempt: Attempt, case: CaseView, level: Level) -> Outcome:
    """A transition that lists `system` among its actors; the checker lets only harmless ones through."""
    transition = attempt.plan.workflow.transitions[level.fire]
    command = attempt.command._replace(trigger=level.fire, values={})
    edge = transition.edges[0]
    stepped = attempt._replace(command=command, case=case._replace(seq=case.seq - 1, version=case.version - 1))
    decision = take_effect(stepped, Effect(transition, edge, {}, {}))
    return decision._replace(before=attempt.case, tells=level.tell, tasks=(level.task,) if level.task else ())


ACTS: Mapping[str, Callable[[Attempt], Outcome]] = {"timer.act": act}
"""The act of a due timer."""
