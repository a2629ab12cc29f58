"""One installation with its counter, its command line and its night watch, to be put through outages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from html import unescape
from itertools import count
from pathlib import Path
from unittest.mock import patch

from engine import cli
from engine.app import App, open_app
from engine.cli import installation
from engine.cli.demo_play import moment
from engine.clock import SteppedClock
from engine.storage import postgres, sqlite
from engine.web import create_web
from engine.worker import Rounds
from tests.faults.ground import Ground, Land, opened, rows
from tests.faults.town import READY, town
from tests.web.conftest import HERE, TestClient

PASSWORD = "correct-horse-battery"
SHORT, REAL = 0.3, 5.0
"""Seconds the counter waits for a lock in these tests, and the seconds the program waits."""

TYPED = "孩子今天说想回学校"
HEALTH = timedelta(minutes=14)
"""Without a sweep for so long the house is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class Outpost:
    """An open installation that goes on in one process while things happen to its ground."""

    ground: Ground
    app: App
    clock: SteppedClock
    browser: TestClient
    number: str
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _sent: dict[str, str] = field(default_factory=dict)
    _typed: tuple[str, ...] = ()
    _entries: int = 0

    def settle(self) -> None:
        """Fill in a form and a command, both unsent, and count what is there."""
        at = next(self._ids)
        page = self.browser.get(f"/cases/{self.number}/acts/case.note").text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        self._sent = {**{name: unescape(text) for name, text in hidden.items()}, "text": f"{TYPED}{at}"}
        self._typed = ("case", "act", self.number, "case.note", "--as", "township")
        self._typed += ("--field", f"text=记一笔{at}", "--request-id", f"cli-{at:04}", "--json")
        self._entries = self.entries()

    def entries(self) -> int:
        """How many entries there are."""
        return len(rows(self.ground, "SELECT id FROM entry"))

    def post(self) -> int:
        """Hand the form in; the status of the answer."""
        answer = self.browser.post(f"/cases/{self.number}/acts/case.note", data=self._sent)
        if answer.status_code == 503:
            assert self._sent["text"] in answer.text
            assert "系统暂时不能用" in answer.text
            assert "retry-after" in answer.headers
        return answer.status_code

    def type(self, *arguments: str, first: Callable[[], object] = lambda: None) -> Ended:
        """Type a command in a process of its own, which does something before; what it printed."""

        def begin() -> None:
            os.environ.update(self._named())
            first()

        return _forked(arguments or self._typed, begin)

    def program(self, *arguments: str) -> Ended:
        """The program itself, started as from a shell."""
        command = [sys.executable, "-c", "from engine.cli import main; main()", *arguments]
        environment = {**os.environ, **self._named()}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def _named(self) -> dict[str, str]:
        """How the environment names the installation to commands."""
        return {"YINGFAN_DATA": str(self.ground.folder), "YINGFAN_DATABASE": self.ground.url}

    def refused(self, *arguments: str, first: Callable[[], object] = lambda: None) -> str:
        """The one line of a command that ends with 3."""
        ended = self.type(*arguments, first=first)
        assert (3, 1, "") == (ended.code, ended.err.count("\n"), ended.out), ended
        return ended.err

    def suffers(self, *, page: bool = True, first: Callable[[], object] = lambda: None) -> str:
        """Nothing can be done: form and page answer 503, the command ends with 3 and one line, the sweep fails.

        The command's line; `page` says whether pages are refused too.
        """
        self.clock.set(self.clock.now() + HEALTH)
        assert 503 == self.post()
        assert not page or self.browser.get(f"/cases/{self.number}").status_code == 503
        Rounds(self.app, 20).sweep()
        assert 503 == self.browser.get("/healthz").status_code
        return self.refused(first=first)

    def recovers(self, *, already: bool = False) -> None:
        """The same process goes on: form and command sent again are done once, it sweeps, it is well, all holds.

        `already` says that the form was accepted before, though no answer came.
        """
        assert self._entries + already == self.entries()
        Rounds(self.app, 20).calendar()
        Rounds(self.app, 20).sweep()
        assert 200 == self.browser.get("/healthz").status_code
        for _ in range(2):
            assert 303 == self.post()
            assert 0 == self.type().code
        assert self._entries + 2 == self.entries()
        assert 200 == self.browser.get(f"/cases/{self.number}").status_code
        assert [] == self.app.archive.invariants()
        self.settle()

    def let_go(self) -> None:
        """Close every handle, as a process that was idle would have; whoever works on opens anew."""
        self.app.archive.close()


def _forked(arguments: tuple[str, ...], first: Callable[[], object]) -> Ended:
    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if not child:
        code = 70
        try:
            for at, (_, end) in enumerate(pipes, 1):
                os.dup2(end, at)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            first()
            code = cli.run(arguments)
        except BaseException:  # noqa: BLE001  as the interpreter itself would end
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    for _, end in pipes:
        os.close(end)
    told = [_read(begin) for begin, _ in pipes]
    _, status = os.waitpid(child, 0)
    return Ended(code=os.waitstatus_to_exitcode(status), out=told[0], err=told[1])


def _read(handle: int) -> str:
    with os.fdopen(handle, encoding="utf-8") as pipe:
        return pipe.read()


def patience(seconds: float) -> None:
    """Wait so long for a lock from now on, in this process."""
    sqlite.PATIENCE = seconds
    settings = re.sub(r"lock_timeout=\w+", f"lock_timeout={int(seconds * 1000)}", postgres.SETTINGS)
    postgres.SETTINGS = settings


@contextmanager
def outpost(land: Land, folder: Path) -> Iterator[Outpost]:
    """An open installation with two cases, an officer signed in, and commands that find it by the environment."""
    ground = town(land, land.fresh(folder), 2)
    clock = SteppedClock(moment(READY))
    with ExitStack() as stack:
        stack.enter_context(patch.multiple(sqlite, PATIENCE=SHORT))
        stack.enter_context(patch.multiple(postgres, SETTINGS=postgres.SETTINGS))
        patience(SHORT)
        stack.enter_context(patch.object(installation, "open_app", partial(open_app, clock=clock)))
        app = stack.enter_context(opened(ground, clock))
        browser = TestClient(create_web(app), base_url=HERE, follow_redirects=False, raise_server_exceptions=False)
        browser.cookies.set("yingfan", app.people.sign_in("township", PASSWORD, "127.0.0.1"))
        with app.archive.read() as uow:
            number = uow.cases.numbers()[0]
        made = Outpost(ground=ground, app=app, clock=clock, browser=browser, number=number)
        made.settle()
        yield made


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that accounts other than the tests' own may reach, as a data folder's owner would."""
    with tempfile.TemporaryDirectory(prefix="yf-outpost-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
