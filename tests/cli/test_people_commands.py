"""yingfan unit, user and delegation, as they are typed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.conftest import Desk

SEPTEMBER = ("--from", "2026-09-01", "--to", "2026-09-30")
BY = ("--approved-by", "admin")
UNITS = (
    "code,name,kind,parent,from,to\nX,宣和区人民政府,district_government,,2020-01-01,\n"
    "X-JT,宣和区教育体育局,county_education_department,X,2020-01-01,\n"
)


class TestUnit:
    """`yingfan unit`."""

    def test_import(self, desk: Desk, tmp_path: Path) -> None:
        """A file is taken in whole; with an error nothing is, and each is told by its row."""
        good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
        good.write_text(UNITS, "utf-8")
        bad.write_text(UNITS + "X-1,甲,,X,2020-01-01,\n", "utf-8")
        told = desk.tells("unit", "import", str(bad), code=1)
        assert (0, [(4, "kind", "missing")]) == (
            sum(each["code"].startswith("X") for each in desk.tells("unit", "list")),
            [(each["row"], each["column"], each["code"]) for each in told["errors"]],
        )
        assert "第4行 kind：没有写类别；可写：" in desk.says("unit", "import", str(bad), code=1)
        assert "只核对，没有导入" in desk.says("unit", "import", str(good), "--dry-run")
        assert "已导入 good.csv：2行，新增2，变动0，相同0" in desk.says("unit", "import", str(good))
        assert 2 == desk.tells("unit", "import", str(good))["unchanged"]
        assert "X-JT  宣和区教育体育局  区教育体育局  上级X  2020-01-01至今后" in desk.says("unit", "list")


class TestUser:
    """`yingfan user`."""

    @pytest.mark.parametrize("account", ["system", "System", "", " ", "os:root", "甲 乙", "x" * 65])
    def test_no_name(self, desk: Desk, account: str) -> None:
        """Nobody may be called as the system is, as an account of the machine, or by what is no name."""
        role = ("--role", "township_officer", "--unit", "QH-01", *SEPTEMBER, *BY)
        assert desk.refused("user", "add", account, *role)["reasons"][0]["field"] == "account"

    def test_first(
        self, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In an empty installation the machine's account vouches for the first administrator, and for nobody else."""
        from engine.clock import SteppedClock

        monkeypatch.setenv("YINGFAN_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("YINGFAN_DATABASE", database_url)
        desk = Desk(SteppedClock(cli_now()), capsys)
        (tmp_path / "units.csv").write_text(UNITS, "utf-8")
        desk.says("unit", "import", str(tmp_path / "units.csv"))
        always = ("--from", "2020-01-01", "--to", "2099-12-31")
        head = ("user", "add", "head", "--role", "bureau_head", "--unit", "X-JT", *always)
        assert "第一个职务只能是系统管理员" in desk.refused(*head)["reasons"][0]["message"]
        desk.says("user", "add", "boss", "--name", "甲", "--role", "administrator", "--unit", "X", *always)
        assert "--approved-by" in desk.refused(*head)["reasons"][0]["message"]
        desk.says(*head, "--approved-by", "boss")
        told: Any = desk.tells("user", "list")
        assert [("boss", True), ("head", False)] == [
            (each["account"], each["approved_by"] == each["recorded_by"]) for each in told
        ]

    def test_roles(self, desk: Desk) -> None:
        """Roles are given, lent and ended, and the list tells how."""
        township = ("--role", "township_officer", "--unit", "QH-02")
        head = ("--role", "township_head", "--unit", "QH-02")
        desk.says("user", "add", "wang", "--name", "王", *township, *SEPTEMBER, *BY)
        assert "已经有人" in desk.refused("user", "add", "wang", *head, *SEPTEMBER, *BY)["reasons"][0]["message"]
        desk.says("user", "role", "add", "wang", *head, *SEPTEMBER, *BY, "--acting", "宣政任〔2026〕3号")
        assert "没有账号" in desk.refused("user", "role", "add", "li", *head, *SEPTEMBER, *BY)["reasons"][0]["message"]
        desk.says("user", "add", "li", *township, *SEPTEMBER, *BY)
        leave = ("user", "leave", "wang", "--cover", "li", "--role", "township_head", *SEPTEMBER, *BY)
        assert ("li", "wang") == (desk.tells(*leave)["account"], desk.tells("user", "list")[-1]["covers"])
        assert "li  li  乡镇长  QH-02  2026-09-01至2026-09-30  代行wang  批准：admin" in desk.says("user", "list")
        desk.says("user", "role", "end", "li", *head, "--on", "2026-09-03", *BY)
        assert "2026-09-04至2026-09-05由li代行wang的乡镇长职务（QH-02）" in desk.says(
            *leave[:-6], "--from", "2026-09-04", "--to", "2026-09-05", *BY
        )
        ended = desk.tells("user", "end", "wang", "--on", "2026-09-01", *BY)["ended"]
        assert 4 == len(ended)
        assert "代理（宣政任〔2026〕3号）" in desk.says("user", "list")
        assert "未到任" in desk.says("user", "list")
        assert "自2026-09-02起不再担任乡镇专干" in desk.says("user", "end", "li", "--on", "2026-09-02", *BY)

    def test_password(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A password comes from a file, standard input or the terminal, and the former sessions end."""
        import io

        token = desk.inside(lambda app: app.people.sign_in("school", "correct-horse-battery", "here"))
        file = tmp_path / "secret"
        file.write_text("battery-horse-staple\nmore\n", "utf-8")
        assert {"account": "school"} == desk.tells("user", "password", "school", "--file", str(file))
        assert desk.inside(lambda app: app.people.who(token)) is None
        assert desk.inside(lambda app: app.people.sign_in("school", "battery-horse-staple", "here"))
        monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
        desk.says("user", "password", "school", "--file", "-", code=2)
        assert "密码有5个字符；应为12至128个" in desk.err
        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
        monkeypatch.setattr("typer.prompt", lambda *_, **__: "from-the-terminal")
        assert "已设置" in desk.says("user", "password", "school")
        desk.says("user", "password", "nobody", code=2)
        desk.says("user", "password", "school", "--file", str(tmp_path), code=2)
        assert "无法读取" in desk.err


class TestDelegation:
    """`yingfan delegation`."""

    def test_add(self, desk: Desk, tmp_path: Path) -> None:
        """A document is recorded with its words; without words, or for what cannot be lent, it is refused."""
        words, empty = tmp_path / "words.txt", tmp_path / "empty.txt"
        words.write_text("责令限期改正由东湖街道办事处办理。\n", "utf-8")
        empty.write_text(" \n", "utf-8")
        add = ("delegation", "add", "一号", "--unit", "QH-03", "--issued", "2026-08-01", *SEPTEMBER, *BY)
        act = ("--act", "order_correction")
        assert "fly" in desk.refused(*add, "--text", str(words), "--act", "fly")["reasons"][0]["message"]
        for file in (empty, tmp_path):
            desk.says(*add, *act, "--text", str(file), code=2)
        assert "已登记 一号" in desk.says(*add, *act, "--text", str(words))
        assert "二号" == desk.tells("delegation", "add", "二号", *add[3:], *act, "--text", str(words))["document"]
        assert ["order_correction"] == desk.tells("delegation", "list")[0]["acts"]
        assert "一号（2026-08-01）  QH-03  2026-09-01至2026-09-30  order_correction" in desk.says("delegation", "list")


def cli_now() -> Any:
    """The moment at which commands run that set no clock."""
    from engine.clock import Clock

    return Clock().now()
