"""What officers of a small town may try at a moment: acts of the demonstration's script and those that every case has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from engine.cli.demo_script import SCENES
from engine.definitions.facts import CaseView
from engine.definitions.workflow import Workflow
from tests.services.acts import ELSEWHERE, VISIT

Form = Mapping[str, object]
Making = Callable[[CaseView, date], Form]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One act that somebody may try."""

    who: str
    trigger: str
    form: Making


def _moved(value: object, by: timedelta) -> object:
    """A value of the script with its days moved, so that they lie around today as they lay around theirs."""
    if isinstance(value, str):
        try:
            return (date.fromisoformat(value) + by).isoformat()
        except ValueError:
            return value
    return value


def _scripted(form: Form, on: date) -> Making:
    return lambda _, today: {name: _moved(value, today - on) for name, value in form.items()}


def _fixed(**form: object) -> Making:
    return lambda _case, _today: form


def _holding(case: CaseView, today: date) -> Form:
    running = [each.name for each in case.deadlines.values() if each.status == "running"]
    review = (today + timedelta(days=3)).isoformat()
    return {"deadline": running[case.seq % len(running)] if running else "none", "reason": "停课", "review_on": review}


def _releasing(case: CaseView, _: date) -> Form:
    return {"deadline": case.pauses[-1].deadline if case.pauses else "none"}


def _earlier_visit(_: CaseView, today: date) -> Form:
    value = (today - timedelta(days=1)).isoformat()
    return {"entry": "record_visit", "field": "happened_on", "value": value, "reason": "笔误"}


_SCRIPT = {
    (scene.who, scene.did, str(sorted(scene.form.items(), key=str))): Try(
        who=scene.who, trigger=scene.did, form=_scripted(scene.form, date.fromisoformat(scene.at[:10]))
    )
    for scene in SCENES
    if scene.did != "proposal.approve"
}
OF_WORKFLOW: tuple[Try, ...] = (
    *_SCRIPT.values(),
    Try(
        who="township",
        trigger="record_visit",
        form=_fixed(**{**VISIT, "danger": {**VISIT["danger"], "work": "present"}}),
    ),  # type: ignore[dict-item]  # a grid
    Try(who="township", trigger="record_further_visit", form=_fixed(**VISIT)),
    Try(who="township", trigger="close_elsewhere", form=_fixed(**ELSEWHERE)),
    Try(
        who="township",
        trigger="close_duplicate",
        form=_fixed(issuer="QH-01", evidence="重复", other_case="QH-2026-0001"),
    ),
)
EVERYWHERE: tuple[Try, ...] = (
    Try(who="school", trigger="case.note", form=_fixed(text="记一笔")),
    Try(who="township", trigger="case.note", form=_fixed(text="又记一笔")),
    Try(who="", trigger="case.undo", form=_fixed()),
    Try(who="", trigger="case.undo", form=_fixed()),
    Try(
        who="school",
        trigger="case.correct",
        form=_fixed(entry="contact_family", field="reason", value="病了", reason="误听"),
    ),
    Try(who="township", trigger="case.correct", form=_earlier_visit),
    Try(who="bureau", trigger="case.hold", form=_holding),
    Try(who="bureau", trigger="case.release", form=_releasing),
    Try(who="township", trigger="case.hand_over", form=_fixed(owner="township", reason="分工")),
    Try(who="bureau_head", trigger="case.reopen", form=_fixed(reason="又未到校")),
    Try(who="bureau_head", trigger="document.withdraw", form=_fixed(document="correction_order", reason="有误")),
    Try(who="township", trigger="fly", form=_fixed()),
)
"""Acts that need no rule of the workflow; one that nobody has."""
APPROVERS = ("reviewer", "bureau_head", "township_head")


def tries(case: CaseView, workflow: Workflow) -> list[Try]:
    """What may be worth a try on this case: acts of its state first, then what waits for approval, then the rest."""
    found = [
        each
        for each in OF_WORKFLOW
        if (each.trigger == "document.serve" and case.documents)
        or (each.trigger in workflow.transitions and case.state in workflow.transitions[each.trigger].sources)
    ]
    for proposal in case.proposals:
        deciding = _fixed(proposal=proposal.id)
        found += [Try(who=who, trigger="proposal.approve", form=deciding) for who in (*APPROVERS, *APPROVERS)]
        found.append(
            Try(who="bureau_head", trigger="proposal.return", form=_fixed(proposal=proposal.id, reason="再核"))
        )
    return [*found, *EVERYWHERE]


def last_actor(case: CaseView) -> str:
    """Who did the last act of the case that its view remembers."""
    return max(case.acts.values(), key=lambda each: each.seq).user if case.acts else "school"
