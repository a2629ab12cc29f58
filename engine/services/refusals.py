"""Refusals as errors: a decision's no, raised to whoever asked, with every reason."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from engine.cases.model import Reason, Refusal
from engine.errors import Refused, RightRefused, RuleRefused, StaleRefused
from engine.services.model import HistoryRow


class ActRefused(Refused):
    """An act was refused and nothing changed; `refusal` holds all reasons and what would be accepted."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("；".join(reason.message for reason in refusal.reasons))
        self.refusal = refusal


class RuleAct(ActRefused, RuleRefused):
    """A guard, a field, a day or the state stands against the act."""


class RightAct(ActRefused, RightRefused):
    """The person may not do this act."""


class StaleAct(ActRefused, StaleRefused):
    """The case moved on; `happened` tells what was recorded since the page was shown."""

    def __init__(self, refusal: Refusal, happened: tuple[HistoryRow, ...] = ()) -> None:
        super().__init__(refusal)
        self.happened = happened


NOT_FOUND = "没有这件个案，或者它不在你的职责范围内"
"""What everybody is told about a case that is not theirs: the same as about one that does not exist."""


def raised(refusal: Refusal) -> ActRefused:
    """The error for a refusal, by its kind."""
    if refusal.kind == "right":
        return RightAct(refusal)
    return StaleAct(refusal) if refusal.kind == "stale" else RuleAct(refusal)


def refused(kind: str, name: str, message: str) -> ActRefused:
    """The error for one reason."""
    refusal_kind = {"right": "right", "stale": "stale"}.get(kind, "rule")
    return raised(Refusal(kind=refusal_kind, reasons=(Reason(kind, name, message),)))


NAMED = ("field", "guard", "right")
"""What a reason names, as programs may rely on."""

LONGEST_ID = 200
"""How long a request's id may be: a database's index has its limits, and nobody needs a longer one."""


def named(request_id: str) -> str:
    """The id of a request, a fresh one where none was given; refused where it is no line of a sensible length."""
    if len(request_id) > LONGEST_ID or not request_id.isprintable():
        raise refused("field", "request_id", f"请求编号应为一行文字，最多{LONGEST_ID}字")
    return request_id or str(uuid4())


def reason_told(reason: Reason) -> dict[str, object]:
    """A reason as one JSON object, under its kind and under the field, the guard or the right that it names."""
    known = reason.kind in NAMED or not reason.name
    beside = {} if known else {"field" if reason.kind in ("day", "stale") else "guard": reason.name}
    return {reason.kind: reason.name, **beside, "message": reason.message}


def refusal_told(error: Refused) -> dict[str, object]:
    """A refusal as one JSON object: its kind, each reason under what it names, what would be accepted."""
    refusal = error.refusal if isinstance(error, ActRefused) else Refusal(kind=_kind(error), reasons=())
    reasons: list[Mapping[str, object]] = [reason_told(each) for each in refusal.reasons] or [
        reason_told(Reason(refusal.kind, "", str(error)))
    ]
    told: dict[str, object] = {"kind": refusal.kind, "reasons": reasons, "accepted": list(refusal.accepted)}
    if isinstance(error, StaleAct):
        told["happened"] = [
            {
                "seq": row.seq,
                "happened_on": row.happened_on,
                "recorded_at": row.recorded_at,
                "who": row.who,
                "trigger": row.trigger,
                "zh": row.zh,
                "change": row.change,
            }
            for row in error.happened
        ]
    return told


def _kind(error: Refused) -> str:
    if isinstance(error, RightRefused):
        return "right"
    return "stale" if isinstance(error, StaleRefused) else "rule"
