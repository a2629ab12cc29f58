"""Every story of every workflow through the services, on each database: same expectations as in memory (RELIABILITY.md R11)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.cases.stories import play_on
from engine.clock import SteppedClock, at_local
from tests.cases.said_no import played, stories
from tests.faults.ground import Land, opened
from tests.stories.on_services import ServiceStage, settle
from tests.stories.redeciding import redecided

AWAITED: dict[str, str] = {}
"""Stories that do not come out yet through the services, and why."""


def keys() -> list[object]:
    """Every story by workflow and file."""
    return [
        pytest.param(key, marks=pytest.mark.xfail(reason=AWAITED[key], strict=True)) if key in AWAITED else key
        for key in sorted(stories())
    ]


class TestStoriesOnServices:
    """Stories as officers live them: forms typed, everything committed, nights swept."""

    @pytest.mark.parametrize("key", keys())
    def test_story(self, key: str, land: Land, tmp_path: Path) -> None:
        """A story comes out as written; every row follows from the history, and deciding it again changes nothing."""
        story = stories()[key]
        ground = land.fresh(tmp_path / "data")
        clock = SteppedClock(at_local(date(2020, 1, 1)))
        with opened(ground, clock) as app:
            settle(app, story)
            came = play_on(ServiceStage(app, ground, clock), story, app.workflows[key.partition("/")[0]])
            assert came.differences == []
            assert app.archive.invariants() == []
            again, differences = redecided(app)
            assert differences == []
            assert again == came.decisions == played(key).decisions
            assert came.accepted == played(key).accepted
        land.removed(ground)
