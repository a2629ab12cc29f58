"""Refusals in the words of their workflow: no officer reads the name of a trigger or a counter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from engine.access import RESERVED_ZH
from engine.cases.model import Reason
from engine.definitions.workflow import Workflow

_NAMED = re.compile("「([a-z_.]+)」")


def labels_of(workflow: Workflow) -> Mapping[str, str]:
    """Chinese for every act, field and counter of a workflow; a counter is told by the act that counts it."""
    labels: dict[str, str] = dict(RESERVED_ZH)
    for transition in workflow.transitions.values():
        for edge in transition.edges:
            for counter in edge.counts:
                labels.setdefault(counter, f"{transition.zh}：{edge.zh}" if edge.zh else transition.zh)
        for field in transition.form:
            labels.setdefault(field.name, field.zh)
    labels.update({name: transition.zh for name, transition in workflow.transitions.items()})
    return labels


def in_words(reasons: Collection[Reason], labels: Mapping[str, str]) -> tuple[Reason, ...]:
    """The reasons with every name in 「」 put into words; names that nobody labelled stay as they are."""
    if not reasons:
        return ()
    return tuple(
        each._replace(message=_NAMED.sub(lambda found: f"「{labels.get(found[1], found[1])}」", each.message))
        for each in reasons
    )
