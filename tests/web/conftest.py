"""A browser without script: follows nothing by itself, fills forms as they stand on the page."""

from __future__ import annotations

import re
import warnings
from html import unescape

import pytest

from engine.web import create_web
from tests.web.fake_app import OFFICER, FakeApp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would like another client than the one in the lock
    from starlette.testclient import TestClient

HERE = "http://127.0.0.1"


@pytest.fixture
def house() -> FakeApp:
    """A fresh house."""
    return FakeApp()


@pytest.fixture
def visitor(house: FakeApp) -> TestClient:
    """A browser that nobody has signed in with."""
    return TestClient(create_web(house), base_url=HERE, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def officer(house: FakeApp, visitor: TestClient) -> TestClient:
    """A browser of a signed-in township officer."""
    house.people.sessions["a-living-session-token"] = OFFICER
    visitor.cookies.set("yingfan", "a-living-session-token")
    return visitor


@pytest.fixture
def csrf(officer: TestClient) -> str:
    """The token that the pages of this browser carry."""
    return token_in(officer.get("/findings").text)


def token_in(page: str) -> str:
    """The hidden token of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def own_script_alone(page: str) -> bool:
    """True when a page loads no script but the counter's own, and has none inside it."""
    return all(tag.startswith('<script src="/static/yingfan.js?v=') for tag in re.findall(r"<script[^>]*>", page))
