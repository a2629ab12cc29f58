"""Answers that take long: a page that grows while the work is done, without script, and ends in the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Thread

from starlette.responses import Response, StreamingResponse

from engine.web.visits import Visit

PATIENCE = 2.0
"""Seconds after which a page begins without its answer."""

EVERY = 1.0
"""Seconds after which a page that grows tells how far the work is."""

ROWS, ANSWER, END = "<!-- rows -->", "<!-- answer -->", "</main>"
"""Where a growing page tells the rows, where its answer stands, and where its main part ends."""

STILL = " ·"
"""What a page tells while the work goes on and no more rows were read: they are weighed, or the file is opened."""

Watch = Callable[[int], object]
Work = Callable[[Watch], Response]


def in_sight(visit: Visit, work: Work, *, name: str, result: str) -> Response:
    """The answer of some work that tells how many rows it has read; past PATIENCE, a page that grows until it is there.

    That page has the status 202, accepted, and not the answer's own: it begins before an outcome is known, and ends in
    it. The work goes on when nobody looks any more; `result` is the address where its outcome is told.
    """
    news: SimpleQueue[int] = SimpleQueue()
    done: Future[Response] = Future()

    def run() -> None:
        try:
            done.set_result(work(news.put))
        except BaseException as error:  # noqa: BLE001  raised again where the answer is asked for
            done.set_exception(error)

    Thread(target=run).start()
    if done in wait((done,), timeout=PATIENCE).done:
        return done.result()
    page = bytes(visit.page("import_running.html", name=name, result=result).body).decode()
    # A proxy that collects the page before it passes it on would hide the progress.
    headers = {"x-accel-buffering": "no"}
    return StreamingResponse(_growing(page, news, done), 202, media_type="text/html; charset=utf-8", headers=headers)


def _growing(page: str, news: SimpleQueue[int], done: Future[Response]) -> Iterator[str]:
    """The page piece by piece: its beginning, the rows as they are told, then the answer or the way to it."""
    top, _, rest = page.partition(ROWS)
    middle, _, rest = rest.partition(ANSWER)
    onward, _, bottom = rest.partition(END)
    yield top
    while done not in wait((done,), timeout=EVERY).done:
        yield _newest(news) or STILL
    answer = done.result()
    if "location" not in answer.headers:
        onward = bytes(answer.body).decode().partition("<main")[2].partition(">")[2].partition(END)[0]
    yield _newest(news) + middle + onward + END + bottom


def _newest(news: SimpleQueue[int]) -> str:
    """The last of the rows that were told meanwhile, as the page tells them; empty when none were."""
    rows = [news.get() for _ in range(news.qsize())]
    return f" {rows[-1]}" if rows else ""
