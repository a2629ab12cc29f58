"""Looking for garbage between pages."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from engine.web.tidying import MIDDLE, OLD, YOUNG, Tidy, settle

PAGE: Scope = {"type": "http"}


@pytest.fixture
def looked() -> Iterator[list[int]]:
    """The generations that were looked through, in order; the collector comes by itself hardly ever."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            found.append(info["generation"])

    thresholds = gc.get_threshold()
    settle()
    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def littering(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An answer that leaves circles."""
    for _ in range(YOUNG):
        circle: list[object] = []
        circle.append(circle)
    await asyncio.sleep(0)


async def tidy_one(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An answer that leaves nothing."""


async def _visit(web: Tidy, *, scope: Scope = PAGE) -> None:
    async def nothing(*_: object) -> None:
        """Neither asked nor told."""

    await web(scope, nothing, nothing)  # type: ignore[arg-type]  # never called


class TestTidy:
    """When it is looked for garbage."""

    def test_after_the_answer(self, looked: list[int]) -> None:
        """Not while a page is made, but before the next one is asked for."""

        async def one() -> list[int]:
            await _visit(Tidy(littering))
            seen = list(looked)
            await asyncio.sleep(0)
            return seen

        assert asyncio.run(one()) == []
        assert looked[:1] == [0]

    def test_somebody_waits(self, looked: list[int]) -> None:
        """Nobody waits for it: while another answer is made it is left for later."""

        async def two() -> None:
            web = Tidy(littering)
            web.waiting += 1
            await _visit(web)
            await asyncio.sleep(0)

        asyncio.run(two())
        assert looked == []

    def test_little(self, looked: list[int]) -> None:
        """Where there can be little it is not looked for; what is no page passes."""

        async def one() -> None:
            await _visit(Tidy(tidy_one))
            await _visit(Tidy(tidy_one), scope={"type": "lifespan"})
            await asyncio.sleep(0)

        asyncio.run(one())
        assert looked == []

    @pytest.mark.parametrize(("middle", "old", "generation"), [(MIDDLE + 1, 0, 1), (0, OLD + 1, 2)])
    def test_older(
        self, middle: int, old: int, generation: int, looked: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Now and then among what has stayed for long, too."""
        monkeypatch.setattr(gc, "get_count", lambda: (YOUNG + 1, middle, old))
        Tidy(tidy_one).tidy()
        assert looked == [generation]
