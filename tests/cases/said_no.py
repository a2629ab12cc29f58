"""Every story played once; and the list of guards that said no, printed: ``python -m tests.cases.said_no``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.cases.stories import Played, play
from engine.definitions.load import load_all
from engine.definitions.stories import Story, load_stories
from engine.definitions.workflow import Guard, Workflow
from engine.paths import config_dir, workflows_dir
from tests.cases.little import calendar


@cache
def workflows() -> dict[str, Workflow]:
    """Every workflow of the house."""
    return dict(load_all(workflows_dir(), config_dir()))


@cache
def stories() -> dict[str, Story]:
    """Every story by workflow and file."""
    return {
        f"{name}/{Path(story.file).name}": story
        for name in sorted(workflows())
        for story in load_stories(workflows_dir() / name)
    }


@cache
def played(key: str) -> Played:
    """A story, played once."""
    return play(stories()[key], workflows()[key.partition("/")[0]], workflows(), calendar=calendar())


def guards_of(workflow: Workflow) -> set[str]:
    """The guards of a workflow, as refusals call them."""
    found: set[str] = set()
    for transition in workflow.transitions.values():
        for guard in (*transition.when, *(each for edge in transition.edges for each in edge.when)):
            found |= _labels(guard)
    return found


def _labels(guard: Guard) -> set[str]:
    return {guard.label}


def said_no(name: str) -> set[str]:
    """The guards of a workflow that said no in some story."""
    return {guard for key in stories() for workflow, guard in played(key).said_no if workflow == name}


def main() -> None:
    """Print, workflow by workflow, which guards said no and which never did."""
    for name, workflow in sorted(workflows().items()):
        guards, said = guards_of(workflow), said_no(name)
        print(f"{name}: {len(guards & said)} of {len(guards)} guards said no: {', '.join(sorted(guards & said))}")
        if guards - said:
            print(f"{name}: NEVER said no: {', '.join(sorted(guards - said))}")


if __name__ == "__main__":
    main()
