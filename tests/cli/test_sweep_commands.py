"""sweep, worker and web, as a scheduler or an administrator starts them; told to stop they finish what runs."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from engine import cli
from engine.app import open_app
from engine.cli import serve
from engine.settings import Settings
from engine.storage.unit_of_work import Archive
from engine.worker import Rounds, told_to_stop, work
from tests.cli.test_program import free_port
from tests.services.conftest import House, house
from tests.services.test_time_sweep import TestFailing

__all__ = ["house"]


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    code = f"import sys; from engine.cli import main; sys.argv = ['yingfan', *{list(arguments)!r}]; main()"
    environment = {"YINGFAN_DATA": str(folder), "PATH": "/usr/bin", "PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True)


class TestSweep:
    """yingfan sweep."""

    def test_json(self, house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """One pass over everything due is told in four figures."""
        house.named_by(monkeypatch)
        house.case()
        assert 0 == cli.run(["sweep", "--json"])
        told = json.loads(capsys.readouterr().out)
        assert ({"timers", "opened", "delivered", "failed"}, 0, True) == (set(told), told["failed"], told["timers"] > 0)
        assert 0 == cli.run(["sweep"])
        assert "定时0项" in capsys.readouterr().out

    def test_stuck(self, house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A case of which a timer fails is counted, listed, and tried again when told to."""
        house.named_by(monkeypatch)
        assert 0 == cli.run(["sweep", "--stuck"])
        assert "共0件\n" == capsys.readouterr().out
        number = house.case()
        TestFailing.clock_of(house, number, "clock = substr(clock, 2)")
        assert 0 == cli.run(["sweep", "--json"])
        assert 1 == json.loads(capsys.readouterr().out)["failed"]
        assert 0 == cli.run(["sweep", "--stuck", "--json"])
        (found,) = json.loads(capsys.readouterr().out)
        assert (number, 1, False) == (found["case"], found["tries"], found["quarantined"])
        assert 0 == cli.run(["sweep", "--stuck"])
        assert "再试" in capsys.readouterr().out
        TestFailing.clock_of(house, number, "clock = '[' || clock")
        assert 0 == cli.run(["sweep", "--retry", number, "--json"])
        assert 0 == json.loads(capsys.readouterr().out)["failed"]
        assert 1 == cli.run(["sweep", "--retry", number])
        assert 2 == cli.run(["sweep", "--retry", number, "--stuck"])

    def test_clock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A clock that went back is refused with exit 3, until a person says that it is right."""
        monkeypatch.setenv("YINGFAN_DATA", str(tmp_path))
        assert 0 == cli.run(["sweep"])
        with open_app(Settings.read(data=tmp_path)) as app:
            app.archive.note_sweep(app.clock.now() + timedelta(days=3))
        assert 3 == cli.run(["sweep"])
        assert "时钟倒退" in capsys.readouterr().err
        assert 0 == cli.run(["sweep", "--clock-corrected"])


class TestWorking:
    """yingfan worker and yingfan web."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_worker(self, tmp_path: Path, number: signal.Signals) -> None:
        """A worker sweeps until it is told to stop, and then ends well."""
        running = started(tmp_path, "worker")
        try:
            for _ in range(400):
                if _swept(tmp_path):
                    break
                time.sleep(0.05)
            running.send_signal(number)
            assert 0 == running.wait(20), running.stderr.read() if running.stderr else ""
        finally:
            running.kill()
            running.communicate()
        assert _swept(tmp_path)

    def test_web(self, tmp_path: Path) -> None:
        """Pages alone are served without a sweep, and end well."""
        port = free_port()
        running = started(tmp_path, "web", "--port", str(port))
        try:
            status = 0
            for _ in range(400):
                try:
                    status = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            running.terminate()
            assert (200, 0) == (status, running.wait(20))
        finally:
            running.kill()
            running.communicate()
        assert not _swept(tmp_path)

    def test_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the process itself: the rounds run, and telling it to stop ends the work."""
        seen: list[str] = []
        monkeypatch.setattr(Rounds, "outbox", lambda self: (seen.append("outbox"), signal.raise_signal(signal.SIGTERM)))
        with open_app(Settings.read(data=tmp_path)) as app:
            work(app)
        assert ["outbox"] == seen

    def test_rounds(self, house: House) -> None:
        """Each round does its own part; one that fails leaves the others alone."""
        number = house.case()
        house.at("2026-09-05 00:30")
        rounds = Rounds(house.app, 20)
        rounds.sweep()
        assert len(house.app.outbox.waiting()) > 0
        rounds.outbox()
        assert () == house.app.outbox.waiting()
        rounds.outbox()
        rounds.calendar()
        assert number in {case.identity.number for case, _ in house.app.cases.listed("auditor")}

    def test_budget(self, house: House) -> None:
        """A round's budget ends with its time, or when the worker is being stopped."""
        rounds = Rounds(house.app, 20)
        assert (True, False) == (rounds.within(60)(), rounds.within(-1)())
        rounds.stopping.set()
        assert not rounds.within(60)()

    def test_leave(self) -> None:
        """A served installation told to stop leaves through the ends of everything that is open."""
        with pytest.raises(SystemExit) as left, told_to_stop(serve._leave):
            signal.raise_signal(signal.SIGTERM)
        assert 0 == left.value.code

    def test_commands(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """web serves without sweeping; worker works."""
        monkeypatch.setenv("YINGFAN_DATA", str(tmp_path))
        seen: list[object] = []
        monkeypatch.setattr(serve, "serve", lambda _app, _host, port, **named: seen.append((port, named)))
        monkeypatch.setattr(serve, "work", lambda app: seen.append(type(app.archive)))
        assert (0, 0) == (cli.run(["web", "--port", "8009"]), cli.run(["worker"]))
        assert [(8009, {"sweeps": False}), Archive] == seen


def _swept(folder: Path) -> bool:
    """Whether a sweep was noted, looked up past the program: it may still be making its database."""
    if not (folder / "yingfan.db").exists():
        return False
    try:
        with closing(sqlite3.connect(folder / "yingfan.db")) as database:
            return database.execute("SELECT count(*) FROM meta WHERE name = 'swept_at'").fetchone() == (1,)
    except sqlite3.OperationalError:
        return False
