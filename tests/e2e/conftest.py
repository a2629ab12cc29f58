"""The town and the browser of the journeys: those with script run in order in one process, those without in another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the journeys of one town in one process, in order: each goes on where the one before it left the town."""
    for item in items:
        if isinstance(item, pytest.Function) and "town" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("script" if item.callspec.params["town"] else "plain"))


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
