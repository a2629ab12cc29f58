"""Garbage in circles is looked for between pages: a page would wait for all that is kept opened in memory."""

from __future__ import annotations

import asyncio
import gc

from starlette.types import ASGIApp, Receive, Scope, Send

YOUNG, MIDDLE, OLD = 5_000, 20, 50
"""From how many new objects on it is looked for among these, among older ones, among all."""

AT_LAST = (100_000, 20, 50)
"""When it is looked for at once, because somebody always waits: thresholds of the collector itself."""


def settle() -> None:
    """Let the collector of garbage pass over what is loaded by now and stays for good, and come by itself seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*AT_LAST)


class Tidy:
    """ASGI middleware that tidies up when an answer has left and nobody waits for another."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything that is not HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.waiting += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.waiting -= 1
            asyncio.get_running_loop().call_soon(self.tidy)

    def tidy(self) -> None:
        """Look for garbage, unless somebody waits or there can be little of it."""
        young, middle, old = gc.get_count()
        if not self.waiting and young > YOUNG:
            gc.collect(2 if old > OLD else 1 if middle > MIDDLE else 0)
