"""What stories expect against the workflow they are about: a refusal by what cannot refuse would never come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.definitions.complaints import BadDefinition, Complaint, suggest
from engine.definitions.source import Source, read_source
from engine.definitions.stories import Step, Story, files_of, story_of
from engine.definitions.vocabulary import REFUSAL_KINDS, REFUSAL_NAMES
from engine.definitions.workflow import Transition, Workflow

_NOWHERE: Mapping[str, Workflow] = MappingProxyType({})


def check_stories(folder: Path, workflows: Mapping[str, Workflow] = _NOWHERE) -> tuple[Complaint, ...]:
    """Everything that is wrong with the stories of a workflow's folder, sorted by place; never raises.

    What a story names is looked up in the workflow of its folder, and of a linked case in that one's; where it is not
    among `workflows`, names are not looked at.
    """
    complaints: list[Complaint] = []
    for path in files_of(folder):
        source = read_source(path)
        try:
            complaints.extend(_unknown_refusals(story_of(source), source, workflows, name=folder.resolve().name))
        except BadDefinition as error:
            complaints.extend(error.complaints)
    return tuple(sorted(set(complaints)))


def _unknown_refusals(
    story: Story, source: Source, workflows: Mapping[str, Workflow], *, name: str
) -> Iterator[Complaint]:
    """Every name under `refused` of nothing that could refuse an act of the step's workflow."""
    for at, step in enumerate(story.steps):
        workflow = _of(step, workflows, name)
        if workflow is None or not step.expect.refused:
            continue
        own = _against(workflow.transitions.get(step.trigger))
        others = {each: None for transition in workflow.transitions.values() for each in _against(transition)}
        known = list(dict.fromkeys([*own, *others, *sorted(REFUSAL_NAMES | REFUSAL_KINDS)]))
        for nth, refuser in enumerate(step.expect.refused):
            if refuser not in known and refuser != step.trigger:
                message = f"没有叫「{refuser}」的条件、栏目或事由可以拒绝这一步{suggest(refuser, known)}"
                yield source.complain(("steps", at, "expect", "refused", nth), "unknown_name", message)


def _of(step: Step, workflows: Mapping[str, Workflow], name: str) -> Workflow | None:
    """The workflow of the case in which a step is done."""
    own = workflows.get(name)
    if own is None or not step.link:
        return own
    link = own.links.get(step.link)
    return workflows.get(link.workflow) if link else None


def _against(transition: Transition | None) -> tuple[str, ...]:
    """What can stand against an act: its conditions, those of its endings, its fields."""
    if transition is None:
        return ()
    guards = (*transition.when, *(guard for edge in transition.edges for guard in edge.when))
    return (*(guard.label for guard in guards), *(field.name for field in transition.form))
