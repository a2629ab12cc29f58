"""Every story of every workflow, played; and what they exercise together, printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cases.methods import METHODS
from engine.cases.stories import play
from engine.definitions.stories import load_story
from tests.cases.little import calendar
from tests.cases.said_no import guards_of, main, played, said_no, stories, workflows


class TestStories:
    """The law officer's specification."""

    @pytest.mark.parametrize("key", sorted(stories()))
    def test_story(self, key: str) -> None:
        """A story comes out as it was written."""
        assert played(key).differences == []

    def test_enough(self) -> None:
        """At least thirty stories run."""
        assert len(stories()) >= 30

    @pytest.mark.parametrize("name", sorted(workflows()))
    def test_every_transition(self, name: str) -> None:
        """Every transition of every workflow is taken in some story."""
        accepted = {trigger for key in stories() for workflow, trigger in played(key).accepted if workflow == name}
        assert sorted(set(workflows()[name].transitions) - accepted) == []

    @pytest.mark.parametrize("name", sorted(workflows()))
    def test_every_guard_says_no(self, name: str) -> None:
        """Every guard says no in some story."""
        assert sorted(guards_of(workflows()[name]) - said_no(name)) == []

    def test_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The list of guards that said no is printed, with none that never did."""
        main()
        told = capsys.readouterr().out
        assert "dropout-case" in told
        assert "NEVER" not in told

    def test_every_closing(self) -> None:
        """Every closing code is reached, but the one that leaves its case open."""
        reached = {code for key in stories() for code in played(key).closed_as}
        codes = {code for code, closing in workflows()["dropout-case"].closings.items() if not closing.stays_open}
        assert sorted(codes - reached) == []

    def test_every_method(self) -> None:
        """Every method of service is used."""
        assert set(METHODS) == {method for key in stories() for method in played(key).methods}

    def test_only_returned_counts(self) -> None:
        """No closing code but one counts as returned."""
        closings = workflows()["dropout-case"].closings.values()
        assert [each.code for each in closings if each.counts_as_returned] == ["returned"]


WRONG = """\
story: 一个处处写错的例子
law: [义教法58]
calendar: 2026
opened: {day: 2026-09-01, by: register, kind: absent_at_return_check}
cast:
  register: {role: school_officer, unit: school}
pupil: {birth: 2013-05-04}
steps:
  - day: 2026-09-01
    register: contact_family
    with: {persons: [father], way: phone, result: suspected, reason: 说不清}
    expect: {refused: [state]}
  - day: 2026-09-01
    register: contact_family
    expect: {refused: [persons], offered: [fly]}
  - day: 2026-09-01
    register: contact_family
    with: {persons: [father], way: pigeon, result: suspected, reason: 说不清}
    expect: {refused: [way]}
  - day: 2026-09-01
    register: contact_family
  - day: 2026-09-02
    register: fly
    expect: {refused: [fly]}
  - day: 2026-09-03
    register: case.note
    in: danger
    with: {text: 没有这件关联个案}
  - time: 2026-09-05 00:30
    expect: {state: visited, counts: {visits: 1}, due: {first_visit: none, nothing: waits}, provisional: [first_visit], check_on: {first_visit: 2026-09-07, nothing: 2026-09-07}, overdue: [nothing], told: [auditor], tasks: [fly], proposed: refer, documents: {visit_record: issued}, closed_as: returned, counts_as_returned: true, linked: {refer: {state: sent}}, possible: [refer], history: [fly]}
"""


class TestDifferences:
    """A story that does not come out."""

    def test_all_told(self, tmp_path: Path) -> None:
        """Every difference is told with file, line, what was expected and what came."""
        path = tmp_path / "wrong.yaml"
        path.write_text(WRONG, "utf-8")
        workflow = workflows()["dropout-case"]
        found = play(load_story(path), workflow, workflows(), calendar=calendar())
        told = {line.split(": ")[1] for line in found.differences}
        assert told == {
            "refused", "offered", "state", "counts.visits", "due.first_visit", "due.nothing", "provisional.first_visit",
            "check_on.first_visit", "check_on.nothing", "overdue", "told", "tasks", "proposed", "documents.visit_record",
            "closed_as", "counts_as_returned", "linked", "linked.refer", "possible", "history",
        }  # fmt: skip
        assert all("wrong.yaml:" in line for line in found.differences)
