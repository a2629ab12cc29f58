"""yingfan case: open, act, show, list, on a real database."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest

from tests.cli.conftest import Desk, typed
from tests.district import LITTLE
from tests.services.acts import CONTACT, ELSEWHERE, VISIT

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name
SHOWN = {
    "number", "workflow", "definition", "subject", "state", "version", "unit", "owner", "deadlines", "will_happen",
    "possible", "history",
}  # fmt: skip
ENTRY = {
    "seq", "happened_on", "recorded_at", "actor", "role", "trigger", "from", "to", "rule", "fields", "documents", "hash",
}  # fmt: skip


def pupil(desk: Desk, at: int = 0) -> tuple[str, str]:
    """The reference and the register number of a pupil of the school."""

    def look(app: object) -> tuple[str, str]:
        with app.archive.read() as uow:  # type: ignore[attr-defined]
            ours = [each for each in uow.roster.pupils() if each["school"] == "青禾中学"]
            found = sorted(ours, key=lambda each: each["register_no"])[at]
            return str(found["reference"]), str(found["register_no"])

    return desk.inside(look)


class TestOpen:
    """case open."""

    def test_by_reference(self, desk: Desk) -> None:
        """A case is opened about a pupil named by the keyed reference, and told as `show` tells it."""
        desk.lists()
        reference, _ = pupil(desk)
        told = desk.tells("case", "open", "dropout-case", "--subject", f"pupil:{reference}", "--as", "school")
        assert set(told) >= SHOWN
        assert (told["number"], told["state"], told["version"]) == ("QH-2026-0001", "detected", 1)
        assert told["subject"] == f"pupil:{reference}"
        assert told["history"][0]["os_user"] == ACCOUNT

    def test_by_file(self, desk: Desk, tmp_path: Path) -> None:
        """A register number comes from a file, plain or JSON, with what is known about the opening beside it."""
        desk.lists()
        reference, number = pupil(desk)
        subject, fields = tmp_path / "who.txt", tmp_path / "fields.json"
        subject.write_text(f"pupil:{number}\n", "utf-8")
        fields.write_text(json.dumps({"kind": "reported", "detail": "邻居反映", "found_on": "2026-08-31"}), "utf-8")
        arguments = ["case", "open", "dropout-case", "--subject", f"@{subject}", "--as", "school"]
        told = desk.tells(*arguments, "--fields", f"@{fields}", "--request-id", "one")
        assert (told["subject"], told["opened_on"]) == (f"pupil:{reference}", "2026-08-31")
        assert told["history"][0]["fields"] == {"kind": "reported", "detail": "邻居反映"}
        subject.write_text(json.dumps({"kind": "pupil", "register_no": number}), "utf-8")
        again = desk.tells(*arguments, "--fields", f"@{fields}", "--request-id", "one")
        assert again["number"] == told["number"]
        other = desk.refused(*arguments, "--request-id", "one")
        assert other["reasons"][0]["field"] == "request_id"

    def test_id_number(self, desk: Desk, tmp_path: Path) -> None:
        """A citizen's number from a file finds the same pupil."""
        desk.lists()

        def look(app: object) -> tuple[str, str]:
            with app.archive.read() as uow:  # type: ignore[attr-defined]
                found = next(each for each in uow.roster.pupils() if each["id_number"] and each["school"] == "青禾中学")
                return str(found["reference"]), str(found["id_number"])

        reference, number = desk.inside(look)
        file = tmp_path / "who.json"
        file.write_text(json.dumps({"id_number": number}), "utf-8")
        told = desk.tells("case", "open", "dropout-case", "--subject", f"@{file}", "--as", "school")
        assert told["subject"] == f"pupil:{reference}"

    @pytest.mark.parametrize("given", ["pupil:990101201305040014", "pupil:G99010120130504001X", "990101201305040014"])
    def test_no_numbers(self, desk: Desk, given: str) -> None:
        """A number that a person carries is not taken from the command line, and the advice says where it may stand."""
        desk.says("case", "open", "dropout-case", "--subject", given, "--as", "school", code=2)
        assert "@文件名" in desk.err
        assert given[6:] not in desk.err

    @pytest.mark.parametrize(
        ("subject", "content"),
        [("pupil", None), ("pupil:", None), ("@none.txt", None), ("@file", "{"), ("@file", ""), ("@file", "{}")],
    )
    def test_wrong_subject(self, desk: Desk, tmp_path: Path, subject: str, content: str | None) -> None:
        """A subject that cannot be read is wrong usage."""
        if content is not None:
            (tmp_path / "file").write_text(content, "utf-8")
            subject = f"@{tmp_path / 'file'}"
        desk.says("case", "open", "dropout-case", "--subject", subject, "--as", "school", code=2)

    def test_once(self, desk: Desk) -> None:
        """A second case about a pupil is refused while the first has not ended; no number is lost over it."""
        desk.lists()
        reference, _ = pupil(desk)
        subject = ("--subject", f"pupil:{reference}")
        first = desk.tells("case", "open", "dropout-case", *subject, "--as", "school")["number"]
        assert (
            first in desk.refused("case", "open", "dropout-case", *subject, "--as", "township")["reasons"][0]["message"]
        )
        second = desk.tells("case", "open", "dropout-case", "--subject", f"pupil:{pupil(desk, 1)[0]}", "--as", "school")
        assert second["number"] == "QH-2026-0002"

    def test_rights(self, desk: Desk) -> None:
        """A clerk may not open the case; of a pupil of other units nobody is told that it exists."""
        desk.lists()
        reference, _ = pupil(desk)
        arguments = ["case", "open", "dropout-case", "--subject", f"pupil:{reference}", "--as"]
        assert "立案由" in desk.refused(*arguments, "clerk")["reasons"][0]["message"]
        stranger = desk.refused(*arguments, "judicial")
        unknown = desk.refused(*arguments[:4], "pupil:S" + "0" * 24, "--as", "school")
        assert (stranger["kind"], stranger["reasons"]) == ("right", unknown["reasons"])

    def test_danger(self, desk: Desk) -> None:
        """A report of danger is opened by itself, by whoever must report; its number says what it is."""
        desk.lists()
        reference, _ = pupil(desk)
        told = desk.tells("case", "open", "mandatory-report", "--subject", f"pupil:{reference}", "--as", "clerk")
        assert told["number"] == "QH-mandatory-report-2026-0001"

    def test_only_linked(self, desk: Desk) -> None:
        """A referral is opened by the case that refers, never by itself; an unknown workflow is wrong usage."""
        desk.lists()
        subject = ("--subject", f"pupil:{pupil(desk)[0]}", "--as", "school")
        assert "不能单独立案" in desk.refused("case", "open", "referral", *subject)["reasons"][0]["message"]
        desk.says("case", "open", "none", *subject, code=2)
        unit = desk.refused("case", "open", "dropout-case", "--subject", "unit:QH-S1", "--as", "school")
        assert unit["reasons"][0]["field"] == "subject"

    def test_fields(self, desk: Desk, tmp_path: Path) -> None:
        """Fields of the opening are read as in any form: every fault is told at once."""
        desk.lists()
        file = tmp_path / "f.json"
        file.write_text(json.dumps({"found_on": "2026-09-02", "kind": "x", "more": "1"}), "utf-8")
        subject = ("--subject", f"pupil:{pupil(desk)[0]}", "--as", "school")
        told = desk.refused("case", "open", "dropout-case", *subject, "--fields", f"@{file}")
        assert {each["field"] for each in told["reasons"]} == {"found_on", "kind", "more"}


class TestAct:
    """case act."""

    def test_contract(self, desk: Desk) -> None:
        """An act tells state, version, documents and deadlines; the same request again says so and does nothing."""
        number = desk.case()
        arguments = ["case", "act", number, "contact_family", "--as", "school", *typed(CONTACT), "--request-id", "r1"]
        told = desk.tells(*arguments)
        assert set(told) >= {"case", "state", "version", "repeated", "documents", "deadlines"}
        assert (told["case"], told["repeated"]) == (number, False)
        assert {"name", "due_on", "provisional", "holds", "steps"} <= set(told["deadlines"][0])
        again = desk.tells(*arguments)
        assert (again["repeated"], again["version"], again["seq"]) == (True, told["version"], told["seq"])

    def test_as_in_a_form(self, desk: Desk, tmp_path: Path) -> None:
        """Lists are repeated, a grid is written row by row; a file may hold all, options stand above it."""
        number = desk.case()
        desk.tells("case", "act", number, "contact_family", "--as", "school", *typed(CONTACT))
        file = tmp_path / "visit.json"
        file.write_text(json.dumps({**VISIT, "result": "agrees"}, ensure_ascii=False), "utf-8")
        desk.at("2026-09-03 14:00")
        arguments = ["case", "act", number, "record_visit", "--as", "township", "--fields", f"@{file}"]
        told = desk.tells(*arguments, "--field", "result=refuses", "--on", "2026-09-02")
        assert (told["state"], told["documents"]) == ("visited", [f"{number}/3-1"])
        entry = desk.tells("case", "show", number, "--as", "township")["history"][-1]
        assert (entry["happened_on"], entry["fields"]["result"]) == ("2026-09-02", "refuses")
        assert entry["fields"]["danger"] == VISIT["danger"]
        assert entry["documents"][0]["document"] == f"{number}/3-1"

    def test_refused(self, desk: Desk) -> None:
        """A refusal changes nothing and names each field, what was wrong, and what would be accepted."""
        number = desk.case()
        told = desk.refused("case", "act", number, "contact_family", "--as", "school", "--field", "way=pigeon")
        assert told["kind"] == "rule"
        assert {"way", "persons", "result"} <= {each.get("field") for each in told["reasons"]}
        told = desk.refused("case", "act", number, "persuade_again", "--as", "township")
        assert desk.err.startswith(told["reasons"][0]["message"])
        assert f"；可以：{told['accepted'][0]}" in desk.err
        assert told["reasons"][0].keys() == {"state", "guard", "message"}
        assert "record_visit" in told["accepted"]
        assert desk.refused("case", "act", number, "record_visit", "--as", "judicial")["kind"] == "right"
        assert desk.tells("case", "show", number, "--as", "school")["version"] == 1

    def test_guard(self, desk: Desk) -> None:
        """A guard that says no is named as a guard."""
        number = desk.case()
        told = desk.refused("case", "act", number, "document.serve", "--as", "school")
        assert all({"message"} < set(each) for each in told["reasons"])

    def test_stale(self, desk: Desk) -> None:
        """An act on an older version is refused and told what was recorded meanwhile."""
        number = desk.case()
        desk.tells("case", "act", number, "contact_family", "--as", "school", *typed(CONTACT))
        desk.at("2026-09-03 14:00")
        desk.tells("case", "act", number, "record_visit", "--as", "township", *typed(VISIT))
        told = desk.refused("case", "act", number, "case.note", "--as", "school", "--field", "text=x", "--version", "1")
        assert told["kind"] == "stale"
        assert told["happened"][0]["trigger"] == "record_visit"

    @pytest.mark.parametrize(
        "wrong",
        [
            ["--field", "x"],
            ["--field", "=x"],
            ["--fields", "x.json"],
            ["--fields", "@none.json"],
            ["--on", "20260901"],
            ["--field", "danger=1", "--field", "danger.harm=absent"],
        ],
    )
    def test_usage(self, desk: Desk, wrong: list[str]) -> None:
        """What is not written as an option must be is wrong usage, before any database is opened."""
        desk.says("case", "act", "QH-1", "case.note", "--as", "school", *wrong, code=2)

    @pytest.mark.parametrize("content", ["{", "[]"])
    def test_bad_file(self, desk: Desk, tmp_path: Path, content: str) -> None:
        """A file of fields that is no JSON object is wrong usage."""
        (tmp_path / "f").write_text(content, "utf-8")
        desk.says("case", "act", "QH-1", "case.note", "--as", "school", "--fields", f"@{tmp_path / 'f'}", code=2)

    def test_hostile(self, desk: Desk) -> None:
        """Two answers to one question, a day to come and an endless request id: read, or refused by name."""
        number = desk.case()
        act = ("case", "act", number, "case.note", "--as", "school")
        told = desk.refused(
            "case", "act", number, "contact_family", "--as", "school", *typed({**CONTACT, "way": ["phone", "x"]})
        )
        assert "way" in [each.get("field") for each in told["reasons"]]
        assert desk.refused(*act, "--field=text=甲", "--request-id", "x" * 201)["reasons"][0]["field"] == "request_id"
        assert desk.refused(*act, "--field=text=甲", "--on", "2099-01-01")["reasons"][0]["field"] == "happened_on"
        assert desk.refused(*act, "--field=text=甲", "--version", "99")["reasons"][0]["field"] == "version"
        assert desk.refused("case", "act", number, "fly", "--as", "school")["accepted"]
        assert desk.refused("case", "show", "甲" * 9000, "--as", "school")["kind"] == "right"
        assert desk.tells(*act, "--field=text=甲", "--on", "2026-09-01")["repeated"] is False

    @pytest.mark.parametrize("trigger", ["case.release", "document.serve", "proposal.approve", "proposal.return"])
    def test_nothing_named(self, demo_desk: Desk, trigger: str) -> None:
        """An act that names nothing is asked what it means."""
        number = demo_desk.case()
        told = demo_desk.refused("case", "act", number, trigger, "--as", "bureau_head")
        assert "None" not in json.dumps(told, ensure_ascii=False)

    def test_no_files(self, desk: Desk) -> None:
        """No form has a field for files, and an act with one is refused."""
        number = desk.case()
        told = desk.refused("case", "act", number, "case.note", "--as", "school", "--file", f"photo={LITTLE}")
        assert told["reasons"] == [{"field": "photo", "message": "这张表没有文件栏"}]

    def test_plain(self, desk: Desk) -> None:
        """For people an act is told in a few lines."""
        number = desk.case()
        told = desk.says("case", "act", number, "contact_family", "--as", "school", *typed(CONTACT))
        assert told.startswith(f"已登记：{number} 第2条，个案为第2版 发现（detected）")
        assert "期限" in told
        desk.at("2026-09-03 14:00")
        told = desk.says("case", "act", number, "record_visit", "--as", "township", *typed(VISIT))
        assert f"文书 {number}/3-1" in told


class TestApproval:
    """Four eyes on a command line."""

    def test_not_here(self, desk: Desk) -> None:
        """Outside a demonstration the command line approves nothing, whoever is named; the pages do."""
        number = desk.case()
        desk.tells("case", "act", number, "close_elsewhere", "--as", "township", *typed(ELSEWHERE))
        arguments = ["case", "act", number, "proposal.approve", "--as", "township_head", "--field", "proposal=P2"]
        told = desk.refused(*arguments)
        assert (told["kind"], "网页" in told["reasons"][0]["message"]) == ("right", True)
        assert desk.refused(*arguments, "--dry-run")["kind"] == "right"
        assert desk.tells("case", "show", number, "--as", "school")["state"] == "detected"

    def test_demonstration(self, demo_desk: Desk) -> None:
        """In a demonstration database it does, and still never for the one who proposed."""
        number = demo_desk.case()
        demo_desk.tells("case", "act", number, "close_elsewhere", "--as", "township", *typed(ELSEWHERE))
        approve = ["case", "act", number, "proposal.approve", "--field", "proposal=close_elsewhere", "--as"]
        assert demo_desk.refused(*approve, "township")["kind"] == "right"
        assert demo_desk.tells(*approve, "township_head")["state"] == "closed"


class TestDryRun:
    """case act --dry-run."""

    def test_correction(self, desk: Desk) -> None:
        """A correction shows the deadlines before and after, and keeps nothing."""
        number = desk.case()
        desk.tells("case", "act", number, "contact_family", "--as", "school", *typed(CONTACT))
        desk.at("2026-09-04 14:00")
        desk.tells("case", "act", number, "record_visit", "--as", "township", *typed(VISIT), "--on", "2026-09-02")
        correct = [
            f"--field={each}"
            for each in ("entry=record_visit", "field=happened_on", "value=2026年9月3日", "reason=笔误")
        ]
        arguments = ["case", "act", number, "case.correct", "--as", "township", *correct]
        before = desk.tells("case", "show", number, "--as", "township")
        told = desk.tells(*arguments, "--dry-run")
        moved = [each for each in told["deadlines"] if each["before"] != each["after"]]
        assert (told["dry_run"], bool(moved)) == (True, True)
        said = desk.says(*arguments, "--dry-run")
        assert ("→" in said, f"登记后 {number} 为 已家访（visited）" in said) == (True, True)
        assert desk.tells("case", "show", number, "--as", "township") == before
        done = desk.tells(*arguments)
        days = {each["name"]: each["due_on"] for each in done["deadlines"]}
        assert {each["name"]: each["after"] for each in told["deadlines"]} == days

    def test_refuses_alike(self, desk: Desk) -> None:
        """What would be refused is refused, a stale version too."""
        number = desk.case()
        act = ["case", "act", number, "contact_family", "--as", "school", "--dry-run"]
        assert desk.refused(*act) == desk.refused(*act[:-1])
        assert desk.refused(*act, "--version", "7")["kind"] == "stale"


class TestShow:
    """case show and case list."""

    def test_contract(self, desk: Desk) -> None:
        """One case has every key of the contract, its history every key of an entry."""
        number = desk.case()
        told = desk.tells("case", "show", number, "--as", "school")
        assert set(told) >= SHOWN
        assert set(told["history"][0]) >= ENTRY
        assert "contact_family" in told["possible"]
        assert told["will_happen"][0]["zh"]
        entry = told["history"][0]
        assert (entry["actor"], entry["role"], entry["trigger"]) == ("school", "school_officer", "case.open")
        assert (entry["from"], entry["to"]) == ("", "detected")

    def test_names(self, desk: Desk) -> None:
        """Names are masked, in what was typed too, unless they are revealed; both readings are recorded."""
        number = desk.case()
        name = desk.tells("case", "show", number, "--as", "school", "--reveal")["subject_name"]
        text = f"--field=text={name}在家"
        desk.tells("case", "act", number, "case.note", "--as", "school", text)
        told = desk.says("case", "show", number, "--as", "school", "--json")
        assert name not in told
        assert name in desk.says("case", "show", number, "--as", "school", "--json", "--reveal")
        assert name not in desk.says("case", "show", number, "--as", "school")

        def look(app: object) -> list[tuple[str, str]]:
            with app.archive.read() as uow:  # type: ignore[attr-defined]
                rows = uow._connection.exec_driver_sql(
                    "SELECT account, what FROM access_log WHERE number <> '' AND account = 'school' ORDER BY id"
                )
                return [(str(row[0]), str(row[1])) for row in rows]

        assert desk.inside(look) == [("school", what) for what in ("reveal", "read", "reveal", "read")]

    def test_not_yours(self, desk: Desk) -> None:
        """A case of others is answered as one that does not exist."""
        number = desk.case()
        assert desk.refused("case", "show", number, "--as", "judicial") == desk.refused(
            "case", "show", "QH-0", "--as", "school"
        )

    def test_list(self, desk: Desk) -> None:
        """The list has the same shape, tells nothing sealed, and is narrowed by state, unit and lateness."""
        number = desk.case()
        desk.tells("case", "act", number, "case.note", "--as", "school", "--field=text=保密的话")
        told = desk.tells("case", "list", "--as", "bureau")
        assert [each["number"] for each in told] == [number]
        assert set(told[0]) >= SHOWN
        assert set(told[0]["history"][0]) >= ENTRY
        assert "保密的话" not in json.dumps(told, ensure_ascii=False)
        assert desk.tells("case", "list", "--as", "bureau", "--state", "visited") == []
        assert desk.tells("case", "list", "--as", "bureau", "--unit", "QH-02") == []
        assert len(desk.tells("case", "list", "--as", "bureau", "--unit", "QH-01", "--state", "detected")) == 1
        assert desk.tells("case", "list", "--as", "bureau", "--overdue") == []
        desk.at("2026-09-20 10:00")
        assert desk.tells("case", "list", "--as", "bureau", "--overdue")[0]["overdue"]
        assert "已逾期" in desk.says("case", "list", "--as", "bureau")
        assert desk.tells("case", "list", "--as", "judicial") == []

    def test_unknown_state(self, desk: Desk) -> None:
        """A state that no workflow has is wrong usage, and those that there are are named."""
        desk.case()
        desk.says("case", "list", "--as", "bureau", "--state", "visitd", code=2)
        assert "没有状态「visitd」" in desk.err
        assert "visited（已家访）" in desk.err

    def test_plain(self, desk: Desk) -> None:
        """For people a case is a page of lines: deadlines, what comes, what is possible, history."""
        number = desk.case()
        told = desk.says("case", "show", number, "--as", "school")
        for words in ("期限", "系统将做", "可以办理", "contact_family", "历史", "均已验证"):
            assert words in told
        assert "共1件" in desk.says("case", "list", "--as", "school")
