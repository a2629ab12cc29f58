"""Acts that every case has and no workflow names: note, undo, correct, hold, release, hand over, reopen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from engine.access import RESERVED
from engine.cases.attempt import Attempt, Line, bounds, entry_of, in_role, right_reason
from engine.cases.forms import complaints
from engine.cases.model import Decision, Outcome, Reason, Refusal, refuse
from engine.cases.plan import Plan
from engine.cases.service import approved_correction, redate, service_of
from engine.cases.starting import restart, resume
from engine.cases.timers import Deadlines, moment_of, start
from engine.definitions.facts import Act, CaseView, Pause, Running, Values
from engine.workdays import Hold

UNDO_WITHIN = timedelta(minutes=30)
"""How long a person may take back the own last act (DESIGN.md §4.5)."""

Step = Callable[[Attempt], Outcome]


def _guarded(trigger: str, step: Step) -> Step:
    """The step, for people who hold one of the act's roles."""

    def run(attempt: Attempt) -> Outcome:
        placed = in_role(attempt, RESERVED[trigger])
        return step(placed) if placed else refuse("right", right_reason(attempt, RESERVED[trigger]))

    return run


def _required(values: Values, *names: tuple[str, str]) -> Refusal | None:
    wrong = [Reason("field", name, f"{zh}：没有填写") for name, zh in names if values.get(name) in (None, "")]
    return refuse("rule", *wrong) if wrong else None


def _decided(attempt: Attempt, after: CaseView, line: Line, tells: tuple[str, ...] = ()) -> Decision:
    return Decision(before=attempt.case, case=after, entry=entry_of(attempt, line), tells=tells)


def note(attempt: Attempt) -> Outcome:
    """A remark: grows the history, never the version."""
    wrong = _required(attempt.command.values, ("text", "内容"))
    if wrong:
        return wrong
    case = attempt.case
    return _decided(attempt, case._replace(seq=case.seq + 1), Line("", sealed=attempt.command.values))


def undo(attempt: Attempt) -> Outcome:
    """Take back the last act: same person, thirty minutes, nothing issued or opened since."""
    case, previous = attempt.case, attempt.case.previous
    last = max(case.acts.values(), key=lambda each: each.seq, default=None)
    if previous is None or last is None:
        return refuse("rule", Reason("state", "undo", "没有可以撤销的登记：已签发文书、已升级或已撤销过的不能撤销"))
    if last.user != attempt.command.actor.user:
        return refuse("right", Reason("right", "undo", "只有登记人本人可以撤销；他人应办理「更正」"))
    if attempt.now - last.recorded_at > UNDO_WITHIN:
        return refuse("rule", Reason("day", "undo", "已超过30分钟，应办理「更正」"))
    epoch = case.epoch + 1
    deadlines = {
        name: running._replace(epoch=epoch, generation=running.generation + 1)
        for name, running in previous.deadlines.items()
    }
    after = previous._replace(
        epoch=epoch,
        seq=case.seq + 1,
        version=case.version + 1,
        head=case.head,
        deadlines=deadlines,
        previous=None,
        undoable=0,
    )
    return _decided(attempt, after, Line(previous.state, result={"undone": last.seq}))


def correct(attempt: Attempt) -> Outcome:
    """Old value, new value, reason: of one field or of the day of an act; deadlines are worked out again.

    Values: entry (the act's trigger, or ``DOCUMENT/ADDRESSEE`` for a service), field (a field's name, or
    happened_on), value, reason. What a citizen was told never gets shorter.
    """
    values, case, plan = attempt.command.values, attempt.case, attempt.plan
    wrong = _required(values, ("entry", "更正哪一条"), ("field", "更正哪一项"), ("value", "新内容"), ("reason", "理由"))
    if wrong:
        return wrong
    service = service_of(case, str(values["entry"]))
    if service is not None:
        approved = approved_correction(plan.workflow, service[0].kind)
        return _by_approval(plan, approved) if approved else redate(attempt, *service)
    act = case.acts.get(str(values["entry"]))
    if act is None:
        message = f"没有登记「{values['entry']}」；可更正：{'、'.join(case.acts)}"
        return refuse("rule", Reason("field", "entry", message))
    corrected = _corrected(attempt, act, str(values["field"]), values["value"])
    if isinstance(corrected, Refusal):
        return corrected
    before: object = act.happened_on if values["field"] == "happened_on" else act.values.get(str(values["field"]))
    deadlines = _again(attempt, act, corrected) if corrected.happened_on != act.happened_on else case.deadlines
    entered = corrected.happened_on if _entered_by(case, act) else case.entered_on
    after = case._replace(
        seq=case.seq + 1,
        version=case.version + 1,
        entered_on=entered,
        acts={**case.acts, act.trigger: corrected},
        deadlines=deadlines,
        previous=None,
        undoable=0,
    )
    line = Line("", sealed={**values, "before": before}, result={"corrects": act.seq})
    return _decided(attempt, after, line)


def _by_approval(plan: Plan, trigger: str) -> Refusal:
    """Legal time runs from this service: its day is another only once somebody else has approved it (DOMAIN.md 5)."""
    zh = plan.workflow.transitions[trigger].zh
    return refuse("rule", Reason("field", "entry", f"这份文书的送达日期应报批更正：请办「{zh}」"), accepted=(trigger,))


def _corrected(attempt: Attempt, act: Act, field: str, value: object) -> Act | Refusal:
    if field != "happened_on":
        transition = attempt.plan.workflow.transitions.get(act.trigger)
        known = {each.name: each for each in transition.form} if transition else {}
        if field not in known:
            options = "、".join(["happened_on", *sorted(known)])
            return refuse("rule", Reason("field", "field", f"没有「{field}」这一项；可更正：{options}"))
        days = {**bounds(attempt), "happened": act.happened_on}
        wrong = complaints((known[field],), {field: value}, days)
        if wrong:
            return refuse("rule", *(reason._replace(name="value") for reason in wrong))
        return act._replace(values={**act.values, field: value})
    opened = attempt.case.identity.opened_on
    if not isinstance(value, date) or not opened <= value <= attempt.today:
        return refuse("rule", Reason("day", "value", f"日期应在{opened}与{attempt.today}之间"))
    return act._replace(happened_on=value)


def _entered_by(case: CaseView, act: Act) -> bool:
    return case.entered_on == act.happened_on and act.seq == max(each.seq for each in case.acts.values())


def _again(attempt: Attempt, act: Act, corrected: Act) -> Deadlines:
    """Deadlines that ran from the act's old day, started from its new one."""
    case, plan = attempt.case, attempt.plan
    deadlines: Deadlines = dict(case.deadlines)
    moment = moment_of(case, attempt.calendar)
    from_act = {rule.name for rule in (*plan.after.get(act.trigger, ()), *plan.restarts.get(act.trigger, ()))}
    for name, running in case.deadlines.items():
        rule = plan.workflow.deadlines[name]
        entered = rule.starts.kind == "entered" and _entered_by(case, act) and running.anchor == act.happened_on
        if running.status == "running" and (name in from_act or entered) and running.anchor == act.happened_on:
            restart(plan, deadlines, rule, anchor=corrected.happened_on, moment=moment)
    return deadlines


def _deadline(attempt: Attempt) -> Running | Refusal:
    named = str(attempt.command.values.get("deadline") or "")
    running = attempt.case.deadlines.get(named)
    rule = attempt.plan.workflow.deadlines.get(named)
    if running is None or rule is None:
        options = "、".join(attempt.case.deadlines) or "没有"
        said = f"没有期限「{named}」" if named else "没有写明哪个期限"
        return refuse("rule", Reason("field", "deadline", f"{said}；现有：{options}"))
    if rule.statutory:
        return refuse("rule", Reason("guard", "statutory", f"「{rule.zh}」是法定期限，不能中止"))
    return running


def hold(attempt: Attempt) -> Outcome:
    """Stop a deadline's clock from today; the due date is provisional until it is released."""
    wrong = _required(attempt.command.values, ("deadline", "期限"), ("reason", "理由"), ("review_on", "复查日期"))
    if wrong:
        return wrong
    running = _deadline(attempt)
    if isinstance(running, Refusal):
        return running
    values, case = attempt.command.values, attempt.case
    if any(p.deadline == running.name and p.hold.last is None for p in case.pauses):
        return refuse("rule", Reason("state", "deadline", "该期限已经中止"))
    rule = attempt.plan.workflow.deadlines[running.name]
    if rule.protects == "citizen" and case.latest("hold_notice") is None:
        return refuse("rule", Reason("guard", "hold_notice", "中止当事人的期限应先签发中止通知书"))
    review = values["review_on"]
    if not isinstance(review, date) or review < attempt.today:
        return refuse("rule", Reason("field", "review_on", f"复查日期应在{attempt.today}当天或之后"))
    pause = Pause(running.name, Hold(first=attempt.today, last=None), str(values["reason"]), review)
    return _paused(attempt, (*case.pauses, pause), running, {"deadline": running.name})


def release(attempt: Attempt) -> Outcome:
    """End a hold: its last day is yesterday or, on the day it began, that same day; the rest of the time runs on."""
    running = _deadline(attempt)
    if isinstance(running, Refusal):
        return running
    case = attempt.case
    held = next((p for p in case.pauses if p.deadline == running.name and p.hold.last is None), None)
    if held is None:
        return refuse("rule", Reason("state", "deadline", "该期限没有中止"))
    last = max(held.hold.first, attempt.today - timedelta(days=1))
    pauses = tuple(p._replace(hold=Hold(first=p.hold.first, last=last)) if p is held else p for p in case.pauses)
    return _paused(attempt, pauses, running, {"deadline": running.name})


def _paused(attempt: Attempt, pauses: tuple[Pause, ...], running: Running, public: Values) -> Decision:
    case = attempt.case._replace(pauses=pauses)
    moment = moment_of(case, attempt.calendar)
    deadlines: Deadlines = dict(case.deadlines)
    if running.anchor is not None:
        rule = attempt.plan.workflow.deadlines[running.name]
        again = start(rule, running.anchor, moment, old=running)
        open_hold = any(p.deadline == running.name and p.hold.last is None for p in pauses)
        deadlines[running.name] = again._replace(next_at=None) if open_hold else again
    sealed = {name: value for name, value in attempt.command.values.items() if name not in public}
    after = case._replace(seq=case.seq + 1, version=case.version + 1, deadlines=deadlines, previous=None, undoable=0)
    return _decided(attempt, after, Line("", public=public, sealed=sealed))


def hand_over(attempt: Attempt) -> Outcome:
    """Give the case to another person or pool of the responsible unit."""
    wrong = _required(attempt.command.values, ("owner", "新负责人"), ("reason", "理由"))
    if wrong:
        return wrong
    case = attempt.case
    owner = str(attempt.command.values["owner"])
    after = case._replace(seq=case.seq + 1, version=case.version + 1, owner=owner, previous=None, undoable=0)
    return _decided(attempt, after, Line("", sealed=attempt.command.values, result={"owner": owner}), (owner,))


def reopen(attempt: Attempt) -> Outcome:
    """Take up an ended case again on the rung it left, with everything that was counted."""
    wrong = _required(attempt.command.values, ("reason", "理由"))
    if wrong:
        return wrong
    case, plan = attempt.case, attempt.plan
    if case.state not in plan.finals:
        return refuse("rule", Reason("state", "state", "个案没有办结，不必重新立案"))
    target = case.former or plan.workflow.initial
    bare = case._replace(state=target, epoch=case.epoch + 1, deadlines={})
    after = bare._replace(
        former="",
        seq=case.seq + 1,
        version=case.version + 1,
        entered_on=attempt.happened,
        deadlines=_entered(plan, bare, attempt),
        closed_as="",
        previous=None,
        undoable=0,
    )
    return _decided(attempt, after, Line(target, sealed=attempt.command.values, result={"was": case.closed_as}))


def _entered(plan: Plan, case: CaseView, attempt: Attempt) -> Deadlines:
    """The deadlines of the state that a case is in, all started today."""
    deadlines: Deadlines = {}
    moment = moment_of(case, attempt.calendar)
    for rule in plan.entering[case.state]:
        restart(plan, deadlines, rule, anchor=attempt.happened, moment=moment)
    for rule in plan.resuming[case.state]:
        resume(plan, deadlines, rule, moment=moment)
    return deadlines


ACTS: Mapping[str, Step] = {
    trigger: _guarded(trigger, step)
    for trigger, step in {
        "case.note": note,
        "case.undo": undo,
        "case.correct": correct,
        "case.hold": hold,
        "case.release": release,
        "case.hand_over": hand_over,
        "case.reopen": reopen,
    }.items()
}
"""Reserved acts on cases."""
