"""Random officers, clocks and crashes beside a model that is a dict (RELIABILITY.md R1, R2, R3, R4, R6; §3.3)."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.ground import LANDS, Ground, Land
from tests.faults.machine import Counts, Town, small_town
from tests.faults.planted import lost_request, twice_acting
from tests.faults.scale import ALL

STEPS = {"SQLite": 5_500, "PostgreSQL": 2_600}
LONG = 10
"""How many times as many steps `make faults` takes; from a seed of its own."""
SEED = random.SystemRandom().randrange(1_000_000) if ALL else 1
RUNS = settings(
    max_examples=3,
    stateful_step_count=200,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
    report_multiple_bugs=False,
)
"""Few long runs: each begins with a copy of the town. What fails is told as it was found."""
SHORT = settings(RUNS, max_examples=20, stateful_step_count=50)
"""What is planted comes up soon."""

Plant = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def place(land: Land, tmp_path: Path) -> Ground:
    """The town that every run begins with."""
    return small_town(land, tmp_path / "data")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Sweeps that are made to fail say so in the log, thousands of times."""
    logger = logging.getLogger("engine")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)


def driven(land: Land, ground: Ground, steps: int, *, first: int = SEED) -> Counts:
    """What was tried in at least so many steps."""
    counts = Counts()
    turn = first
    while counts.steps < steps:
        machine = type("Driven", (Town,), {"land": land, "ground": ground, "counts": counts})
        run_state_machine_as_test(seed(turn)(machine), settings=RUNS)
        turn += 1
    return counts


class TestMachine:
    """A small town driven at random."""

    @pytest.mark.timeout(3600 if ALL else 600)
    def test_model(self, land: Land, place: Ground, say: Callable[[str], None]) -> None:
        """Whatever officers, clocks and crashes do, cases, answers and timers are those of a dict."""
        started = time.monotonic()
        goal = STEPS[land.name] * (LONG if ALL else 1)
        counts = driven(land, place, goal)
        say(f"machine, {land.name}, seed {SEED}: {counts}, {time.monotonic() - started:.0f} s")
        assert counts.steps >= goal
        assert counts.accepted > goal / 5
        assert counts.kinds["timer"] > goal / 50
        assert len(counts.kinds) > 30

    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("plant", [lost_request, twice_acting])
    def test_planted(self, plant: Plant, tmp_path: Path, say: Callable[[str], None]) -> None:
        """A request that is forgotten after the fifth, a timer that acts twice: the machine finds each."""
        land, counts = LANDS[0], Counts()
        place = small_town(land, tmp_path / "data")
        machine = type("Driven", (Town,), {"land": land, "ground": place, "counts": counts})
        with plant(), pytest.raises(AssertionError) as found:
            run_state_machine_as_test(seed(1)(machine), settings=SHORT)
        say(f"planted, {plant.__name__}, {land.name}: found after {counts.steps} steps: {found.value!r:.100}")
