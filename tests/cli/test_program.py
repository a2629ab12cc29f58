"""The program: commands, exit codes, the demonstration, serving."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from typer.main import get_command

from engine import cli, worker
from engine.app import open_app
from engine.cli import demo as demo_command
from engine.cli import serve
from engine.cli.demo_play import settle
from engine.definitions.load import load_all
from engine.errors import DefinitionError, InputError, InstallationError, RuleRefused, YingfanError
from engine.paths import config_dir, workflows_dir
from engine.settings import Settings
from tests.databases import dropped, fresh_url
from tests.district import LITTLE


class TestExitCodes:
    """0 done, 1 refused, 2 wrong usage, 3 the installation."""

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["fly"], 2),
            (["due"], 2),
            (["due", "--from", "2026-13-01", "--add", "1 week"], 2),
            (["due", "--from", "20260901", "--add", "1 week"], 2),
            (["due", "--from", "2026-09-01", "--add", "6 hours"], 2),
            (["due", "--from", "2026-09-01", "--add", "1 week", "--roll", "back"], 2),
            (["due", "--from", "2026-09-01", "--add", "1 week", "--hold", "2026-09-02"], 2),
            (["due", "--from", "2026-09-01", "--add", "1 week", "--hold", "2026-09-05..2026-09-02"], 2),
            (["case"], 2),
            (["case", "list", "--as", "\udcd6"], 2),
            (["case", "list", "--as", "\x1b[31m"], 2),
            (["case", "show", "QH-1", "--as", "甲" * 3000], 1),
            (["finding", "confirm", "9" * 20, "--as", "school"], 2),
            (["outbox", "release", "9" * 20, "--as", "bureau"], 2),
            (["calendar", "report", "show", "9" * 20], 2),
            (["idnumber", "check"], 2),
            (["idnumber", "check", "123"], 1),
            (["idnumber", "check", "--file", "none.csv"], 2),
            (["--config", "none.yaml", "run"], 2),
        ],
    )
    def test_one_line(
        self,
        arguments: list[str],
        code: int,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """An error is one short line on stderr that no terminal obeys, and its exit code."""
        monkeypatch.setenv("YINGFAN_DATA", str(tmp_path))
        assert code == cli.run(arguments)
        told = capsys.readouterr().err
        assert told.count("\n") <= 1
        assert len(told) < 2200
        assert "Traceback" not in told
        assert "用法有误：（" not in told
        assert told.rstrip("\n").isprintable()

    @pytest.mark.parametrize(
        ("error", "code"),
        [(InputError, 2), (RuleRefused, 1), (DefinitionError, 1), (InstallationError, 3), (YingfanError, 3)],
    )
    def test_kinds(
        self, error: type[YingfanError], code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each kind of error has its own code; several lines become one."""

        def fail(*_: object, **__: object) -> None:
            raise error("一\n二")

        monkeypatch.setattr(cli, "app", fail)
        assert code == cli.run([])
        assert capsys.readouterr().err == "一 二\n"

    def test_nothing_typed(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Who breaks off a question is told that nothing was done, who has no terminal to answer on what to write."""
        monkeypatch.setattr(sys, "stdin", io.StringIO("a long password"))
        assert 2 == cli.run(["user", "password", "admin"])
        assert "--file -" in capsys.readouterr().err
        code = "import sys; from engine.cli import run; sys.exit(run(['user', 'password', 'admin']))"
        ours, theirs = os.openpty()
        asked = subprocess.Popen(
            [sys.executable, "-c", code], stdin=theirs, stderr=subprocess.PIPE, start_new_session=True
        )
        assert asked.stderr is not None
        told = asked.stderr.read(len("密码".encode()))
        for _ in range(100):
            os.write(ours, b"\x04")
            if asked.poll() is not None:
                break
            time.sleep(0.1)
        told += asked.stderr.read()
        asked.stderr.close()
        os.close(ours)
        os.close(theirs)
        assert (1, "没有输入，没有完成") == (asked.returncode, told.decode().splitlines()[-1])

    def test_unknown_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What nobody foresaw is not swallowed."""

        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(cli, "app", fail)
        with pytest.raises(ZeroDivisionError):
            cli.run([])

    @pytest.mark.parametrize(
        ("error", "told"),
        [(PermissionError(13, "Permission denied", "/a"), "文件 /a 不能读写：Permission denied"), (OSError("x"), "x")],
    )
    def test_machine(
        self, error: OSError, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the machine refuses is one line too, with the file where one is known."""

        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(cli, "app", fail)
        assert 3 == cli.run([])
        found = capsys.readouterr().err
        assert (True, 1) == (told in found, found.count("\n"))

    def test_main(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """The program's entrance ends with the code."""
        monkeypatch.setattr(sys, "argv", ["yingfan", "--help"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        assert all(name in capsys.readouterr().out for name in ())

    def test_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Help lists every command without importing one."""
        assert cli.run(["--help"]) == 0
        told = capsys.readouterr().out
        assert all(name in told for name in cli.COMMANDS)

    def test_help_in_chinese(self) -> None:
        """What every command does is told in Chinese."""
        asked: list[tuple[str, Any]] = [("", get_command(cli.app))]
        foreign = []
        while asked:
            name, command = asked.pop()
            if not re.search("[\u4e00-\u9fff]", command.help[:10]):
                foreign.append(name)
            inner = command.list_commands(None) if hasattr(command, "list_commands") else ()
            asked += [(f"{name} {each}", command.get_command(None, each)) for each in inner]
        assert foreign == []


def examples() -> list[list[str]]:
    """The README's command lines that end by themselves and leave nothing behind."""
    lines = (Path(__file__).parents[2] / "README.md").read_text("utf-8").splitlines()
    found = [shlex.split(line)[1:] for line in lines if line.startswith(".venv/bin/yingfan ")]
    return [each for each in found if each[0] not in ("demo", "run")]


class TestReadme:
    """What the README says can be typed."""

    @pytest.mark.parametrize("arguments", examples(), ids=" ".join)
    def test_example(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """Every example answers and ends with 0."""
        assert cli.run(arguments) == 0
        assert capsys.readouterr().out


class TestTime:
    """due and calendar."""

    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where no installation is whose calendar would count: one may lie in the checkout."""
        monkeypatch.chdir(tmp_path)

    def test_due(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A due date is told with its steps, as one JSON document where asked."""
        assert cli.run(["due", "--from", "2026-09-30", "--add", "5 workdays", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["due_on"], told["provisional"], told["steps"][0]["counted"]) == ("2026-10-13", False, 0)

    def test_plain(self, capsys: pytest.CaptureFixture[str]) -> None:
        """For people it is a day with its weekday and a small table; a provisional one says so."""
        arguments = ["--hold", "2026-12-30..", "--roll", "none"]
        assert cli.run(["due", "--from", "2026-12-28", "--add", "3 workdays", *arguments]) == 0
        told = capsys.readouterr().out
        assert "暂定" in told
        assert cli.run(["due", "--from", "2026-09-07", "--add", "1 workday"]) == 0
        assert "2026-09-08 星期二\n" in capsys.readouterr().out

    def test_calendar(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Orders are listed; a missing next year is told and is no problem."""
        assert cli.run(["calendar", "list"]) == 0
        assert "国办发明电" in capsys.readouterr().out
        assert cli.run(["calendar", "list", "--json"]) == 0
        assert [row["year"] for row in json.loads(capsys.readouterr().out)] == [2021, 2022, 2023, 2024, 2025, 2026]
        assert cli.run(["calendar", "check"]) == 0
        assert "2027年放假安排没有载入" in capsys.readouterr().out
        assert cli.run(["calendar", "check", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["problems"] == []

    def test_bad_calendar(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A make-up day that is no weekend, and a year without its first day, are problems."""
        folder = tmp_path / "calendar"
        folder.mkdir()
        text = "order,x\ndated,x\nstatus,provisional\nrevision,1\n2026-09-21,work,x\n"
        (folder / "holidays-2026.csv").write_text(text, "utf-8")
        monkeypatch.setattr("engine.cli.calendars.config_dir", lambda: tmp_path)
        assert cli.run(["calendar", "check"]) == 1
        told = capsys.readouterr().out
        assert "不会是调休上班" in told
        assert "缺少元旦" in told
        assert cli.run(["calendar", "list"]) == 0
        assert "暂定" in capsys.readouterr().out


class TestIdNumbers:
    """idnumber."""

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One number gives a list of one."""
        assert cli.run(["idnumber", "check", "990101201305040014", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [(each["valid"], [p["code"] for p in each["problems"]]) for each in told] == [(True, ["area_unknown"])]

    def test_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file's column is checked, also in GB18030; a missing column is told with those that are there."""
        file = tmp_path / "n.csv"
        file.write_bytes("姓名,number\n张,990101201305040014\n李,\n".encode("gb18030"))
        assert cli.run(["idnumber", "check", "--file", str(file)]) == 1
        assert "9901**********0014" in capsys.readouterr().out
        file.write_text("name\nx\n")
        assert cli.run(["idnumber", "check", "--file", str(file)]) == 2
        assert "现有：name" in capsys.readouterr().err
        file.write_text("")
        assert cli.run(["idnumber", "check", "--file", str(file)]) == 2

    def test_light(self) -> None:
        """A check of numbers or time does not wait for the database."""
        code = "import engine.cli.time, engine.cli.idnumber, sys; print('sqlalchemy' in sys.modules, 'fastapi' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "False False"


class TestDemo:
    """The demonstration."""

    def test_json(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It prints one JSON document as the contract says, and leaves its documents; a second run is refused."""
        arguments = ["demo", "--no-serve", "--json", "--out", str(tmp_path)]
        assert cli.run(arguments) == 0
        told = json.loads(capsys.readouterr().out)
        assert set(told) >= {"database", "cases", "transitions", "documents", "story"}
        assert told["cases"] >= 14
        assert told["transitions"] == len(told["story"]) >= 60
        assert told["verified"]
        assert all(Path(path).is_file() for path in told["documents"])
        assert {Path(path).suffix for path in told["documents"]} == {".txt", ".html", ".pdf"}
        keys = {"on", "case", "who", "did", "state", "closed_as", "channel", "due_on"}
        assert all(set(line) >= keys for line in told["story"])
        states = {line["case"]: (line["state"], line["closed_as"]) for line in told["story"]}
        assert ("returned", "returned") in states.values()
        assert any(line["state"] == "referred" for line in told["story"])
        closings = load_all(workflows_dir(), config_dir())["dropout-case"].closings
        ended = {code for code, each in closings.items() if not each.stays_open}
        assert ended == {line["closed_as"] for line in told["story"]} - {None}
        assert any(line["did"] == "close_missing" and line["closed_as"] is None for line in told["story"])
        assert {line["channel"] for line in told["story"]} == {None, "judicial_office", "police"}
        notices = load_all(workflows_dir(), config_dir())["dropout-case"].notices
        kinds = {Path(path).stem.rpartition("-")[2] for path in told["documents"]}
        assert set(notices) <= kinds
        assert all(Path(path).with_suffix(".txt").is_file() for path in told["documents"])
        assert cli.run(arguments) == 2
        assert "已有演示数据库" in capsys.readouterr().err

    def test_below_its_folder(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Database and keys are fresh ones below its folder, whatever installation the environment names; its port counts."""
        monkeypatch.setattr("engine.cli.demo_play.EVENTS", ())
        for name, value in (
            ("DATABASE", f"sqlite:///{tmp_path / 'theirs.db'}"),
            ("KEYS", str(tmp_path / "theirs")),
            ("PORT", "9123"),
        ):
            monkeypatch.setenv(f"YINGFAN_{name}", value)
        assert cli.run(["demo", "--no-serve", "--json", "--out", str(tmp_path / "demo")]) == 0
        assert json.loads(capsys.readouterr().out)["database"] == f"sqlite:///{tmp_path / 'demo' / 'yingfan.db'}"
        assert [each.name for each in tmp_path.iterdir()] == ["demo"]
        kept = json.loads((tmp_path / "demo" / "settings.yaml").read_text("utf-8"))
        assert (kept["port"], kept["keys"]) == (9123, str(tmp_path / "demo" / "keys"))

    @pytest.fixture
    def url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """A server's new database, which the environment names; what is played there is over at once."""
        monkeypatch.setattr("engine.cli.demo_play.EVENTS", ())
        url = fresh_url("postgres", tmp_path)
        monkeypatch.setenv("YINGFAN_DATABASE", url)
        yield url
        dropped(url)

    def test_on_a_server(self, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A server's database is taken when it is empty; one that is in use is refused as such, its accounts untouched."""
        first, again = (["demo", "--no-serve", "--json", "--out", str(tmp_path / name)] for name in ("a", "b"))
        assert cli.run(first) == 0
        assert json.loads(capsys.readouterr().out)["database"] == url
        assert json.loads((tmp_path / "a" / "settings.yaml").read_text("utf-8"))["database"] == url
        assert cli.run(again) == 3
        assert "演示要用空的数据库" in capsys.readouterr().err, "as if the installation had lost its keys"
        shutil.copytree(tmp_path / "a" / "keys", tmp_path / "b" / "keys")
        assert cli.run(again) == 2
        assert "已有数据" in capsys.readouterr().err

    def test_on_a_server_that_is_being_set_up(
        self, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An installation that has its units and nobody yet is in use too: it never becomes a demonstration."""
        settings = Settings.read(data=tmp_path)
        with open_app(settings) as app:
            app.units.import_file(LITTLE / "units.csv", os_user="x")
        assert cli.run(["demo", "--no-serve", "--json", "--out", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert ("已有数据" in said, url in said) == (True, False), "a database's address may hold a password"
        with open_app(settings) as app:
            assert not app.demo

    def test_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """It prints what happened and where the documents are, in a folder of its own; then it serves with sign-ins."""
        seen: list[tuple[bool, str]] = []
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.setattr(demo_command, "serve", lambda app, _host, _port: seen.append((app.demo, str(app.today()))))
        assert cli.run(["demo", "--port", str(free_port())]) == 0
        assert seen == [(True, "2026-10-22")]
        assert [each.name.startswith("yingfan-demo-") for each in tmp_path.iterdir()] == [True]
        told = capsys.readouterr().out
        for words in (
            "导入学籍册",
            "逾期升级",
            "周强：责令限期改正（报批） → ",
            "何志：责令限期改正 → ",
            "登记送达",
            "劝返复学",
            "移送",
            "全部验证通过",
            "documents",
            "登录密码",
            "township",
        ):
            assert words in told

    def test_problems(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A demonstration whose history does not verify ends with 1; one that is not served tells its password too."""
        monkeypatch.setattr("engine.storage.unit_of_work.Archive.invariants", lambda _: ["坏了"])
        monkeypatch.setattr("engine.cli.demo_play.EVENTS", ())
        assert cli.run(["demo", "--no-serve", "--out", str(tmp_path)]) == 1
        told = capsys.readouterr().out
        assert "坏了" in told
        assert re.search(r"登录密码（[^）]*）：\S{12}\n$", told), "nobody could sign in when it is opened again"

    def test_bad_sample(self, tmp_path: Path) -> None:
        """A sample that is not there is the installation's fault."""
        with open_app(Settings.read(data=tmp_path / "data")) as app, pytest.raises(InstallationError, match="演示数据"):
            settle(app, tmp_path, "x")


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class TestServing:
    """Web and worker in one process."""

    def test_answers(self, tmp_path: Path) -> None:
        """A served installation answers on loopback and ends when it is told to."""
        port = free_port()
        code = f"import sys; from engine.cli import main; sys.argv = ['yingfan', 'run', '--port', '{port}']; main()"
        environment = {"YINGFAN_DATA": str(tmp_path), "PATH": "/usr/bin", "PYTHONPATH": str(Path.cwd())}
        served = subprocess.Popen([sys.executable, "-c", code], env=environment)
        try:
            answer = None
            for _ in range(200):
                try:
                    answer = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            assert answer is not None
            assert answer.status_code == 200
        finally:
            served.terminate()
            served.wait(20)

    def test_port_taken(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A port that is taken is told in one line before anything is played or promised."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            file = tmp_path / "s.yaml"
            file.write_text(f"data: {tmp_path / 'd'}\n", "utf-8")
            for words in (["run"], ["web"], ["demo", "--out", str(tmp_path / "demo")]):
                assert 3 == cli.run(["--config", str(file), *words, "--port", port])
                told = capsys.readouterr()
                assert ("", 1) == (told.out, told.err.count("\n"))
                assert f"端口 {port} 不能用" in told.err
                assert "--port" in told.err

    def test_settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The command reads the file that is named, and options above it."""
        file = tmp_path / "s.yaml"
        file.write_text(f"data: {tmp_path / 'd'}\nport: 8001\n", "utf-8")
        seen: list[tuple[str, int]] = []
        monkeypatch.setattr(serve, "serve", lambda _app, host, port: seen.append((host, port)))
        assert cli.run(["--config", str(file), "run", "--host", "127.0.0.9"]) == 0
        assert seen == [("127.0.0.9", 8001)]

    def test_worker(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """While the server runs the scheduler sweeps; it ends with the server."""
        swept = threading.Event()
        monkeypatch.setattr(worker, "sweep_once", lambda _, **__: swept.set())
        monkeypatch.setattr(serve.uvicorn, "run", lambda *_, **__: swept.wait(10))
        with open_app(Settings.read(data=tmp_path)) as app:
            serve.serve(app, "127.0.0.1", free_port())
        assert swept.is_set()


class TestWorker:
    """The night watch."""

    def test_failure(self, caplog: pytest.LogCaptureFixture) -> None:
        """A sweep that fails is logged in one line, and an awaited one says so."""

        def fail() -> None:
            raise InstallationError("数据库锁住了")

        app = SimpleNamespace(timers=SimpleNamespace(sweep=fail))
        assert worker.sweep_once(app) is None  # type: ignore[arg-type]
        assert "数据库锁住了" in caplog.text
        with pytest.raises(InstallationError, match="没有完成"):
            worker.sweep_awaited(app)  # type: ignore[arg-type]

    def test_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """A sweep that did something is logged in figures."""
        caplog.set_level("INFO")
        swept = SimpleNamespace(timers=2, opened=0, delivered=3, failed=0)
        app = SimpleNamespace(timers=SimpleNamespace(sweep=lambda: swept))
        assert worker.sweep_once(app) is swept  # type: ignore[arg-type]
        assert "2 timers" in caplog.text
