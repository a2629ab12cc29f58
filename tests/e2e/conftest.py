"""The town and the browser of the journeys: those with script run in order in one process, those without in another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.e2e.town import Person, Town

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ByTown(LoadScopeScheduling):
    """Gives the journeys of one town to one process, in order: each goes on where the one before it left the town."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.rpartition("[")[2]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByTown:
    """Two towns, two processes (the groups of xdist 3.8 are not heard by pytest 9.2)."""
    return ByTown(config, log)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium."""
    found = shutil.which("chromium")
    assert found, "chromium is missing: apt-get install chromium fonts-wqy-microhei"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The demonstration, played and served once, then at rest; nobody changes it."""
    made = Town(tmp_path_factory.mktemp("e2e"))
    made.demo()
    made.stop()
    return made


@pytest.fixture(scope="session", params=[True, False], ids=["script", "plain"])
def town(played: Town, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town as the demonstration left it, served: one for browsers with script, one for those without."""
    made = played.twin(tmp_path_factory.mktemp("e2e"), script=request.param)
    yield made
    made.stop()


@pytest.fixture
def enter(town: Town, browser: Browser) -> Iterator[Callable[[str], Person]]:
    """Let somebody sign in; all leave at the end."""
    came: list[Person] = []

    def come(account: str) -> Person:
        came.append(Person(town, browser, account))
        return came[-1]

    yield come
    for person in came:
        person.leave()
