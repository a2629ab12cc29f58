"""Workers killed in mid-sweep and mid-act lose nothing and do nothing twice (RELIABILITY.md R1, R2, R14)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.faults.ground import Ground, Land
from tests.faults.killing import Plan, killed
from tests.faults.planted import forgotten_request, naive_claim, split_transaction
from tests.faults.scale import ALL
from tests.faults.town import town

SECONDS = 60.0 if ALL else 4.0
LEAST = 60 if ALL else 5
KILLS = 180 if ALL else 15
TRIES = 10
CASES = 120 if ALL else 30


Plant = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def place(land: Land, tmp_path: Path) -> Ground:
    """A town."""
    return town(land, land.fresh(tmp_path / "data"), CASES)


class TestKills:
    """A town whose workers are killed every twentieth of a second."""

    @pytest.mark.timeout(600)
    def test_promises(self, place: Ground, land: Land, tmp_path: Path, say: Callable[[str], None]) -> None:
        """No acknowledged act is lost, every timer acts exactly once, numbers are 1 to n, chains verify."""
        for workers in land.workers:
            plan = Plan(workers=workers, seconds=SECONDS, least=LEAST, kills=KILLS)
            here = land.copied(place, tmp_path / f"of-{workers}")
            outcome = killed(here, plan, tmp_path / f"diaries-{workers}")
            say(f"kills, {land.name}, {workers} workers, {SECONDS:.0f} s, seed {plan.seed}: {outcome}")
            assert outcome.faults == []
            assert outcome.kills >= KILLS
            assert min(outcome.acknowledged, outcome.timers, outcome.documents) >= LEAST
            land.removed(here)


class TestPlanted:
    """Faults that the same harness must find, in one of a few tries: it is a matter of chance who is killed when."""

    @pytest.mark.timeout(300)
    @pytest.mark.parametrize(
        ("plant", "sign"),
        [
            (naive_claim, "acted"),
            (split_transaction, ""),
            (forgotten_request, "entered twice"),
        ],
    )
    def test_found(
        self, plant: Plant, sign: str, place: Ground, land: Land, tmp_path: Path, say: Callable[[str], None]
    ) -> None:
        """A claim whose write asks for nothing, a split transaction, a request that is not kept: each is found."""
        found: list[str] = []
        for seed in range(1, TRIES + 1):
            here = land.copied(place, tmp_path / f"try-{seed}")
            plan = Plan(workers=max(land.workers), seconds=2.0, slower=seed, seed=seed)
            with plant():
                outcome = killed(here, plan, tmp_path / f"{seed}")
            say(f"planted, {plant.__name__}, {land.name}, seed {seed}: {outcome}")
            found = [each for each in outcome.faults if sign in each]
            land.removed(here)
            if found:
                break
        assert found != []
