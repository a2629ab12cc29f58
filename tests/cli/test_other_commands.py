"""yingfan proposal, document, finding, roster, audit, on a real database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from engine.cli import filling, installation
from engine.cli.demo_script import SCENES
from engine.errors import RightRefused, RuleRefused, StaleRefused
from engine.services.refusals import refusal_told
from tests.cli.conftest import Desk, typed
from tests.district import LITTLE
from tests.services.acts import ELSEWHERE
from tests.storage import keeping


def ordered(desk: Desk) -> str:
    """A case with an order that is issued and not served."""
    number = desk.case()
    for scene in SCENES:
        if scene.case == "referred" and scene.did == "document.serve":
            break
        if scene.case == "referred":
            desk.at(scene.at)
            desk.tells("case", "act", number, scene.did, "--as", scene.who, *typed(dict(scene.form)))
    return number


class TestProposals:
    """proposal list and proposal show."""

    def test_shown(self, desk: Desk) -> None:
        """Who must approve finds the proposal and reads facts, law and draft; who proposed reads it too."""
        number = desk.case()
        desk.tells("case", "act", number, "close_elsewhere", "--as", "township", *typed(ELSEWHERE))
        mine = {who: desk.tells("proposal", "list", "--as", who)[0]["mine"] for who in ("township", "township_head")}
        assert mine == {"township": False, "township_head": True}
        told = desk.tells("proposal", "show", f"{number}/P2", "--as", "township_head")
        assert (told["proposal"], told["trigger"], told["mine"]) == (f"{number}/P2", "close_elsewhere", True)
        assert told["drafts"][0]["status"] == "draft"
        assert "就读证明" in told["drafts"][0]["text"]
        assert "可由你审批" in desk.says("proposal", "list", "--as", "township_head")
        plain = desk.says("proposal", "show", f"{number}/P2", "--as", "township_head")
        assert all(words in plain for words in ("依据", "同意：", "退回：", "草稿"))
        assert "proposal.approve" in desk.tells("case", "show", number, "--as", "township_head")["possible"]

    def test_not_there(self, desk: Desk) -> None:
        """A proposal that is settled, or not yours, is refused; a name that is none is wrong usage."""
        number = desk.case()
        assert desk.refused("proposal", "show", f"{number}/P9", "--as", "school")["kind"] == "rule"
        assert desk.refused("proposal", "show", f"{number}/P9", "--as", "judicial")["kind"] == "right"
        desk.says("proposal", "show", "P9", "--as", "school", code=2)
        assert desk.tells("proposal", "list", "--as", "school") == []


class TestDocuments:
    """document show and document serve."""

    def test_served(self, demo_desk: Desk, tmp_path: Path) -> None:
        """A document is read, kept as PDF, and served on each addressee with its proof; a repeat does nothing."""
        desk = demo_desk
        number = ordered(desk)
        papers = desk.tells("case", "show", number, "--as", "township")["documents"]
        order = next(each["document"] for each in papers if each["kind"] == "correction_order")
        told = desk.tells("document", "show", order, "--as", "township", "--pdf", str(tmp_path / "order.pdf"))
        assert (told["status"], told["text"].startswith(told["title"])) == ("issued", True)
        assert Path(told["pdf"]).read_bytes().startswith(b"%PDF")
        assert {(each["to"], each["status"]) for each in told["addressees"]} >= {("father", "waiting")}
        said = desk.says("document", "show", order, "--as", "township")
        assert ("已签发" in said, "  父亲（father）：未送达" in said) == (True, True)
        desk.at("2026-09-24 10:00")
        serve = ["document", "serve", order, "--method", "direct", "--on", "2026-09-23", "--as", "township"]
        refused = desk.refused(*serve, "--to", "father")
        assert {"servers", "receipt"} & {each.get("field") for each in refused["reasons"]}
        proof = ["--field", "servers=周强、苏晓", "--field", "receipt=yes", "--request-id", "s1"]
        done = desk.tells(*serve, "--to", "father", *proof)
        again = desk.tells(*serve, "--to", "father", *proof)
        assert (done["repeated"], again["repeated"], again["seq"]) == (False, True, done["seq"])
        served = desk.tells("document", "show", order, "--as", "township")["addressees"]
        assert {each["served_on"] for each in served if each["to"] == "father"} == {"2026-09-23"}
        assert "此前已登记" in desk.says(*serve, "--to", "father", *proof)

    def test_not_there(self, desk: Desk, tmp_path: Path) -> None:
        """A document that is not there is refused; a file that cannot be written is wrong usage."""
        number = desk.case()
        assert desk.refused("document", "show", f"{number}/9-1", "--as", "school")["kind"] == "right"
        desk.says("document", "show", "9-1", "--as", "school", code=2)
        desk.tells("case", "act", number, "close_elsewhere", "--as", "township", *typed(ELSEWHERE))
        arguments = ["document", "show", f"{number}/2-1", "--as", "township"]
        assert desk.tells(*arguments)["status"] == "draft"
        desk.says(*arguments, "--pdf", str(tmp_path / "none" / "x.pdf"), code=2)


class TestFindings:
    """finding list and finding confirm."""

    def test_confirmed(self, desk: Desk) -> None:
        """Findings are listed with masked names; a confirmation opens the case, a second one gives the same."""
        desk.lists()
        found = desk.tells("finding", "list", "--as", "school")
        assert all("*" in each["name"] for each in found)
        absent = [str(each["finding"]) for each in found if each["kind"] == "absent_at_return_check"]
        told = desk.tells("finding", "confirm", *absent[:2], "--as", "school")
        assert told["cases"] == ["QH-2026-0001", "QH-2026-0002"]
        assert "QH-2026-0001" in desk.says("finding", "confirm", absent[0], "--as", "school")
        assert "QH-2026-0001" in desk.says("finding", "list", "--as", "school")
        entry = desk.tells("case", "show", "QH-2026-0001", "--as", "school")["history"][0]
        assert entry["os_user"]

    def test_one_case(self, desk: Desk, tmp_path: Path) -> None:
        """A new finding about a pupil whose case has not ended is settled with that case."""
        number = desk.case()
        desk.inside(_found_again)
        fresh = [each for each in desk.tells("finding", "list", "--as", "school") if each["found_on"] == "2026-09-08"]
        assert desk.tells("finding", "confirm", str(fresh[0]["finding"]), "--as", "school")["cases"] == [number]

    def test_refused(self, desk: Desk) -> None:
        """A finding that is not there, or not yours, is refused."""
        desk.lists()
        assert desk.refused("finding", "confirm", "999", "--as", "school")["kind"] == "right"
        assert desk.refused("finding", "confirm", "1", "--as", "auditor")["kind"] == "right"


def _found_again(app: object) -> None:
    from dataclasses import replace
    from datetime import date

    from engine.roster.findings import Finding

    with app.archive.begin() as uow:  # type: ignore[attr-defined]
        old = next(each for each in uow.roster.findings() if each.status == "confirmed")
        again = Finding(
            kind=old.kind, register_no=old.register_no, name=old.name, school=old.school_name,
            class_name=old.class_name, detail=old.detail, sheet="", row=0,
        )  # fmt: skip
        uow.roster.put_findings([(replace(again), old.school)], day=date(2026, 9, 8))
        uow.commit()


class TestRoster:
    """roster import."""

    def test_told(self, desk: Desk) -> None:
        """An import tells its rows, findings and errors; the same file again changes nothing."""
        arguments = ["roster", "import", str(LITTLE / "register.xlsx"), "--kind", "register", "--unit", "QH-S1"]
        keys = {"rows", "new", "changed", "unchanged", "doubtful", "wrong", "blank", "findings", "errors"}
        tried = desk.tells(*arguments, "--as", "clerk", "--dry-run")
        assert set(tried) >= keys
        assert desk.tells(*arguments, "--as", "clerk")["new"] == tried["new"] > 0
        again = desk.tells(*arguments, "--as", "clerk")
        assert (again["new"], again["unchanged"]) == (0, tried["new"])
        arguments = ["roster", "import", str(LITTLE / "roster.xlsx"), "--kind", "roster", "--unit", "QH-S1"]
        told = desk.tells(*arguments, "--as", "school", "--day", "2026-09-01")
        assert len(told["findings"]) == told["new"]
        assert "疑点" in desk.says(*arguments, "--as", "school")

    def test_refused(self, desk: Desk) -> None:
        """A unit of others is refused; another day, a coverage and another kind are wrong usage."""
        arguments = ["roster", "import", str(LITTLE / "roster.xlsx"), "--as", "school"]
        assert desk.refused(*arguments, "--kind", "roster", "--unit", "QH-02")["reasons"][0]["right"] == "unit"
        for wrong in (
            ["--kind", "census"],
            ["--kind", "roster", "--covers", "/七(1)"],
            ["--kind", "roster", "--column", "姓名"],
            ["--kind", "roster", "--day", "2026-09-02"],
        ):
            desk.says(*arguments, "--unit", "QH-S1", *wrong, code=2)

    def test_errors(self, desk: Desk, tmp_path: Path) -> None:
        """A wrong row is told with its place and what would mend it."""
        file = tmp_path / "r.xlsx"
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate((["青禾中学七(2)班2026年9月1日名册"], ["姓名", "到校情况"], ["张三", "?"])):
                sheet.write_row(at, 0, row)
        arguments = ["roster", "import", str(file), "--kind", "roster", "--unit", "QH-S1", "--as", "school"]
        told = desk.tells(*arguments)
        assert (told["wrong"], set(told["errors"][0])) == (1, {"sheet", "row", "column", "code", "message", "fix"})
        assert "不认识标记" in desk.says(*arguments)
        desk.says("roster", "import", str(tmp_path / "none.xlsx"), *arguments[3:], code=2)
        assert f"没有文件 {tmp_path / 'none.xlsx'}" in desk.err


class TestAudit:
    """audit verify."""

    def test_whole(self, desk: Desk) -> None:
        """A history that holds is told with its figures."""
        desk.case()
        assert desk.tells("audit", "verify") == {"entries": 1, "cases": 1, "ok": True, "problems": []}
        assert "全部验证通过" in desk.says("audit", "verify")

    def test_broken(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """One changed line is told with its case and place, and ends with 1."""
        number = desk.case()

        def spoil(app: object) -> None:
            keeping.spoil(app.archive, "UPDATE entry SET hash = 'x'")  # type: ignore[attr-defined]

        desk.inside(spoil)
        told = desk.tells("audit", "verify", code=1)
        assert (told["ok"], told["problems"][0]["case"], told["problems"][0]["seq"]) == (False, number, 1)
        assert "不能验证" in desk.says("audit", "verify", code=1)


class TestRefusals:
    """What is refused, as a program reads it."""

    def test_any(self) -> None:
        """Every refusal has a kind, reasons and what would be accepted, whoever raised it."""
        found = [refusal_told(kind("疑点1已由他人处理")) for kind in (StaleRefused, RightRefused, RuleRefused)]
        assert [each["kind"] for each in found] == ["stale", "right", "rule"]
        assert found[0]["reasons"] == [{"stale": "", "message": "疑点1已由他人处理"}]
        assert found[0]["accepted"] == []


class TestProgram:
    """The program as others start it."""

    def test_process(self, tmp_path: Path) -> None:
        """One JSON document on stdout, one line on stderr, the code of the contract: in a process of its own."""
        code = "import sys; from engine.cli import main; main()"
        environment = {**os.environ, "YINGFAN_DATA": str(tmp_path / "d"), "PYTHONPATH": os.pathsep.join(sys.path)}
        arguments = [sys.executable, "-c", code, "case", "show", "QH-2026-0001", "--as", "nobody", "--json"]
        done = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr.count("\n"), done.stdout.count("\n")) == (1, 1, 1)
        assert '"refused"' in done.stdout

    def test_account(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The account of the machine is asked of the system: the environment cannot name another."""
        monkeypatch.setenv("LOGNAME", "somebody")
        assert installation.operator() != "somebody"
        monkeypatch.setattr("os.getuid", lambda: 2**30 + 7)
        assert installation.operator() == str(2**30 + 7)

    def test_piped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is piped in can stand for a file."""
        import io

        monkeypatch.setattr("sys.stdin", io.StringIO('{"text": "好"}'))
        assert filling.fields_of((), "@-") == {"text": "好"}
