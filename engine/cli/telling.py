"""What commands print: one JSON document for programs, the refusal among them, lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from engine.audit.chain import plain
from engine.cases.model import Refusal
from engine.errors import Refused, RightRefused, StaleRefused
from engine.services.refusals import ActRefused, StaleAct


def tell(document: object) -> None:
    """Print one JSON document; days and instants in ISO form."""
    json.dump(plain(document), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


@contextmanager
def answering(*, as_json: bool) -> Iterator[None]:
    """What is refused inside is told as one JSON document where that is asked for; the error goes on to the exit."""
    try:
        yield
    except Refused as error:
        if as_json:
            tell({"refused": refusal_of(error)})
        raise


def refusal_of(error: Refused) -> dict[str, object]:
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


def day_zh(day: date | None, *, provisional: bool = False) -> str:
    """A day for a line: with its mark where it can still change, a stroke where there is none."""
    return f"{day}{'（暂定）' if provisional else ''}" if day else "—"
