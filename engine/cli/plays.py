"""Playing the stories of workflows, and telling how each came out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.cases.stories import play
from engine.definitions.stories import load_stories
from engine.definitions.workflow import Workflow
from engine.paths import config_dir
from engine.workdays import load_calendar


def tell_plays(folders: Sequence[Path], workflows: Mapping[str, Workflow], *, as_json: bool) -> bool:
    """Play every story of these folders on the shipped calendar and print how it came out; True when all agree.

    Raises BadDefinition for stories that cannot be read.
    """
    calendar = load_calendar(config_dir() / "calendar")
    told = []
    for folder in folders:
        name = folder.resolve().name
        for story in load_stories(folder):
            differences = play(story, workflows[name], workflows, calendar=calendar).differences
            row = {"workflow": name, "story": story.title, "file": Path(story.file).name, "differences": differences}
            told.append(row)
            if not as_json:
                print(f"{'不符' if differences else '相符'}  {name}/{row['file']}  {story.title}")
                for each in differences:
                    print(f"      {each}")
    wrong = sum(bool(row["differences"]) for row in told)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"演了{len(told)}个故事，{len(told) - wrong}个相符，{wrong}个不符")
    return not wrong
