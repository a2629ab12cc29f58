"""The town and the browser of the journeys; they run in order, in one process."""

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
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The demonstration, served."""
    made = Town(tmp_path_factory.mktemp("e2e"))
    made.demo()
    yield made
    made.stop()


@pytest.fixture
def enter(town: Town, browser: Browser) -> Iterator[Callable[..., Person]]:
    """Let somebody sign in; all leave at the end."""
    came: list[Person] = []

    def come(account: str, *, script: bool = True) -> Person:
        came.append(Person(town, browser, account, script=script))
        return came[-1]

    yield come
    for person in came:
        person.leave()
