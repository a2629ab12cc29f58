"""calendar apply and calendar report, as an administrator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import cli
from tests.services.conftest import House, house
from tests.services.test_advancing import play_until
from tests.services.test_time_calendar import order as order_of

__all__ = ["house"]

ORDER = "order,国办发明电〔2026〕100号\ndated,2026-11-05\nstatus,published\nrevision,1\n2027-01-01,off,元旦\n"


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own, and next year's order as a file."""
    monkeypatch.setenv("YINGFAN_DATA", str(tmp_path / "data"))
    path = tmp_path / "holidays-2027.csv"
    path.write_text(ORDER, "utf-8")
    return path


class TestApply:
    """calendar apply FILE."""

    def test_unreadable(self, order: Path) -> None:
        """A file that is no text is the caller's fault, not the installation's."""
        order.write_bytes(b"\xff\x00")
        assert 2 == cli.run(["calendar", "apply", str(order)])

    def test_apply(self, order: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The order is taken in, listed from then on, and due dates rest on it."""
        assert 0 == cli.run(["due", "--from", "2027-03-01", "--add", "1 workday", "--json"])
        assert json.loads(capsys.readouterr().out)["provisional"]
        assert 0 == cli.run(["calendar", "apply", str(order), "--json"])
        told = json.loads(capsys.readouterr().out)
        assert (1, False, []) == (told["report"], told["repeated"], told["lines"])
        assert 0 == cli.run(["calendar", "list", "--json"])
        assert 2027 == json.loads(capsys.readouterr().out)[-1]["year"]
        assert 0 == cli.run(["due", "--from", "2027-03-01", "--add", "1 workday", "--json"])
        assert not json.loads(capsys.readouterr().out)["provisional"]

    def test_plain(self, order: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """For people it says what was taken in, also the second time."""
        assert 0 == cli.run(["calendar", "apply", str(order)])
        assert "已载入 holidays-2027.csv" in capsys.readouterr().out
        assert 0 == cli.run(["calendar", "apply", str(order)])
        assert "此前已载入" in capsys.readouterr().out

    def test_refused(self, order: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """No file is wrong usage; a file that cannot be right is refused; one line each."""
        assert 2 == cli.run(["calendar", "apply", "none.csv"])
        order.write_text(ORDER + "2027-03-01,work,补班\n", "utf-8")
        assert 1 == cli.run(["calendar", "apply", str(order)])
        assert 2 == capsys.readouterr().err.count("\n")


class TestWaiting:
    """A report with a line that waits."""

    def test_accepted(
        self, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It is applied, shown and accepted by a named person, for people and for programs."""
        house.named_by(monkeypatch)
        number = house.case()
        play_until(house, number, "referred", "bureau_decide")
        for revision in (2, 3):
            file = order_of(revision, *(["2026-09-21,off,临时放假"] if revision == 2 else []))
            path = tmp_path / file.name
            path.write_text(file.text, "utf-8")
            assert 0 == cli.run(["calendar", "apply", str(path)])
        assert "report accept 2" in capsys.readouterr().out
        assert 0 == cli.run(["calendar", "report", "show", "2"])
        assert "教育局处理（机关期限）  2026-09-30 → 2026-09-29  待人确认 待确认" in capsys.readouterr().out
        assert 0 == cli.run(["calendar", "report", "list"])
        assert "待确认1项" in capsys.readouterr().out
        assert 0 == cli.run(["calendar", "report", "accept", "2", "--as", "bureau"])
        assert "变动1项" in capsys.readouterr().out
        assert 0 == cli.run(["calendar", "report", "accept", "2", "--as", "bureau", "--json"])
        assert 0 == json.loads(capsys.readouterr().out)["moved"]


class TestReports:
    """calendar report list, show, accept."""

    def test_reports(self, order: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Reports are listed and shown; accepting needs a person who is known."""
        assert 0 == cli.run(["calendar", "report", "list"])
        assert "共0份\n" == capsys.readouterr().out
        assert 0 == cli.run(["calendar", "apply", str(order)])
        capsys.readouterr()
        assert 0 == cli.run(["calendar", "report", "list", "--json"])
        (row,) = json.loads(capsys.readouterr().out)
        assert (1, "holidays-2027.csv", 0, "") == (row["report"], row["file"], row["open"], row["accepted_by"])
        assert 0 == cli.run(["calendar", "report", "list"])
        assert "第1号" in capsys.readouterr().out
        assert 0 == cli.run(["calendar", "report", "show", "1", "--json"])
        assert {"report": 1, "lines": []} == json.loads(capsys.readouterr().out)
        assert 1 == cli.run(["calendar", "report", "show", "7"])
        capsys.readouterr()
        for refused in (["show", "7"], ["accept", "7", "--as", "nobody"]):
            assert 1 == cli.run(["calendar", "report", *refused, "--json"])
            assert "7" in json.loads(capsys.readouterr().out)["refused"]["reasons"][0]["message"]
        assert 1 == cli.run(["calendar", "report", "accept", "1", "--as", "nobody"])
