"""Refusals as errors: a decision's no, raised to whoever asked, with every reason."""

from __future__ import annotations

from collections.abc import Mapping

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


def refusal_told(error: Refused) -> dict[str, object]:
    """A refusal as one JSON object: its kind, each reason under what it names, what would be accepted."""
    refusal = error.refusal if isinstance(error, ActRefused) else Refusal(kind=_kind(error), reasons=())
    reasons: list[Mapping[str, object]] = [
        {each.kind: each.name, "message": each.message} for each in refusal.reasons
    ] or [{refusal.kind: "", "message": str(error)}]
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
