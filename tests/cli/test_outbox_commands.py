"""outbox list and outbox release, as an administrator types them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engine import cli
from tests.services.conftest import House, house
from tests.services.test_time_outbox import Post, outbox, put

__all__ = ["house"]


@pytest.fixture
def waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """An installation in which one message waits for a person and one for its next try."""
    house.named_by(monkeypatch)
    number = house.case()
    put(house, number, "receiver", age=timedelta(hours=30))
    outbox(house, Post()).deliver()
    put(house, number, "township_officer")
    return house


class TestOutbox:
    """The two commands."""

    def test_list(self, waiting: House, capsys: pytest.CaptureFixture[str]) -> None:
        """What has not left, and why."""
        assert 0 == cli.run(["outbox", "list", "--json"])
        told = json.loads(capsys.readouterr().out)
        assert (False, ["late", ""]) == (told["database_held"], [each["held"] for each in told["messages"]])
        assert 0 == cli.run(["outbox", "list", "--held"])
        (line, count) = capsys.readouterr().out.splitlines()
        assert line.endswith("迟于规定时间，待人放行")
        assert count == "共1条"

    def test_release(self, waiting: House, capsys: pytest.CaptureFixture[str]) -> None:
        """Messages are named, or all meant; not both, not neither, and not by anybody."""
        assert 2 == cli.run(["outbox", "release", "--as", "bureau"])
        assert 1 == cli.run(["outbox", "release", "--all", "--as", "township"])
        capsys.readouterr()
        assert 0 == cli.run(["outbox", "release", "--all", "--as", "bureau", "--json"])
        assert {"released": 1} == json.loads(capsys.readouterr().out)
        assert 0 == cli.run(["outbox", "release", "1", "--as", "bureau"])
        assert "已放行0条" in capsys.readouterr().out
