"""Stories: dated examples, read strictly into frozen values."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.definitions.check_stories import check_stories
from engine.definitions.complaints import BadDefinition
from engine.definitions.load import load_all
from engine.definitions.stories import Story, load_stories, load_story

SAMPLE = Path(__file__).parent / "samples" / "small-case" / "stories" / "returns.yaml"

BROKEN = [
    ("no title", "story: 一次未遇，一次家访，返校", "storey: 一次", "unknown_key", "storey"),
    ("a day that is none", "happened: 2026-09-02", "happened: 2026-02-30", "wrong_value", "happened: 2026-02-30"),
    ("a moment that is none", "time: 2026-09-05 00:30", "time: 2026-09-05 24:30", "wrong_value", "time: 2026-09-05 24"),
    (
        "a moment in another form",
        "time: 2026-09-05 00:30",
        "time: 2026-09-05T00:30",
        "wrong_value",
        "time: 2026-09-05T",
    ),
    ("a due date that is none", "first_visit: 2026-09-04", "first_visit: tomorrow", "wrong_value", "due:"),
    (
        "day and time",
        "  - time: 2026-09-05 00:30",
        "  - time: 2026-09-05 00:30\n    day: 2026-09-05",
        "wrong_time",
        "- time:",
    ),
    ("neither day nor time", "  - time: 2026-09-05 00:30", "  - in: danger", "wrong_time", "- in: danger"),
    ("values without an actor", "    officer: record_visit\n", "", "no_actor", "- day: 2026-09-03"),
    (
        "two actors",
        "    officer: record_visit\n",
        "    officer: record_visit\n    register: record_visit\n",
        "two_actors",
        "- day: 2026-09-03",
    ),
    (
        "an act that is no name",
        "officer: record_visit\n",
        "officer: [record_visit]\n",
        "wrong_value",
        "officer: [record",
    ),
    ("an actor outside the cast", "officer: record_visit\n", "oficer: record_visit\n", "unknown_key", "oficer"),
    ("a role that is none", "role: school_officer", "role: school_oficer", "unknown_name", "school_oficer"),
    (
        "a unit that is none",
        "role: school_officer, unit: school",
        "role: school_officer, unit: schools",
        "wrong_value",
        "unit: schools",
    ),
    (
        "a person with a step's name",
        "cast:\n",
        "cast:\n  day: {role: school_head, unit: school}\n",
        "wrong_name",
        "day: {role",
    ),
    ("opened by a stranger", "by: register,", "by: registrar,", "unknown_name", "opened:"),
    ("steps out of order", "time: 2026-09-05 00:30", "time: 2026-09-01 00:30", "wrong_order", "- time: 2026-09-01"),
    (
        "a step that is no mapping",
        "  - time: 2026-09-05 00:30\n    expect: {state: detected}\n",
        "  - 3\n",
        "wrong_value",
        "  - 3",
    ),
    ("an expectation that is none", "tasks: record_visit", "task: record_visit", "unknown_key", "task:"),
    ("a count in words", "counts: {attempts: 1}", "counts: {attempts: once}", "wrong_value", "counts:"),
    ("broken YAML", "calendar: 2026", "calendar: 02026", "ambiguous", "calendar"),
    ("no YAML", "calendar: 2026", "calendar: {", "syntax", "cast:"),
]


@pytest.fixture(scope="module")
def story() -> Story:
    return load_story(SAMPLE)


class TestStory:
    """A story as it is read."""

    def test_people(self, story: Story) -> None:
        """The cast has roles in units of the synthetic district, the child its guardians."""
        assert ("register_clerk", "school") == (story.cast["register"].role, story.cast["register"].unit)
        assert (date(2013, 5, 4), ("father", "mother"), "township") == (
            story.pupil.birth,
            story.pupil.guardians,
            story.pupil.residence,
        )
        assert ("一次未遇，一次家访，返校", ("方案4",), 2026) == (story.title, story.law, story.calendar)

    def test_opening(self, story: Story) -> None:
        """A story may say how its case was opened."""
        assert story.opened is not None
        assert (date(2026, 9, 1), "register", {"note": "无", "seen": ("a", "b")}) == (
            story.opened.day,
            story.opened.by,
            story.opened.fields,
        )

    def test_step(self, story: Story) -> None:
        """A step that names its day happens at ten in the morning, local time; its values are frozen."""
        step = story.steps[0]
        assert datetime(2026, 9, 3, 2, 0, tzinfo=UTC) == step.at
        assert ("officer", "record_visit", date(2026, 9, 2), "danger") == (
            step.actor,
            step.trigger,
            step.happened,
            step.link,
        )
        assert step.values["visitors"] == ("甲", "乙")
        assert step.line == 10

    def test_clock(self, story: Story) -> None:
        """A step without an actor only moves the clock; what it does not say is not expected."""
        step = story.steps[1]
        assert (datetime(2026, 9, 4, 16, 30, tzinfo=UTC), "", "") == (step.at, step.actor, step.trigger)
        assert (None, "detected") == (step.expect.overdue, step.expect.state)

    def test_expectations(self, story: Story) -> None:
        """Expected days are days, words stay words, a word for a list is a list of one."""
        expect = story.steps[0].expect
        assert expect.due == {"first_visit": date(2026, 9, 4), "compliance": "none", "demand": "waits"}
        assert expect.check_on == {"compliance": date(2026, 10, 9)}
        assert expect.tasks == ("record_visit",)
        assert expect.linked == {"danger": "sent"}
        assert expect.counts_as_returned

    def test_without_extras(self, tmp_path: Path) -> None:
        """Opening, calendar, expectations and the child's home may be left out; nothing expected is an empty list."""
        path = tmp_path / "s.yaml"
        path.write_text(
            "story: 甲\nlaw: 方案4\ncast: {}\npupil: {birth: 2013-05-04}\n"
            "steps:\n  - day: 2026-09-03\n  - {day: 2026-09-04, expect: {overdue: [], refused: []}}\n",
            "utf-8",
        )
        story = load_story(path)
        assert (None, None) == (story.opened, story.calendar)
        assert (None, ()) == (story.steps[0].expect.overdue, story.steps[1].expect.overdue)
        assert story.pupil.guardians == ("father", "mother")


class TestBrokenStories:
    """A story that cannot be played never passes for one that can."""

    @pytest.mark.parametrize(
        ("old", "new", "code", "at"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN]
    )
    def test_is_refused_at_its_line(self, old: str, new: str, code: str, at: str, tmp_path: Path) -> None:
        """Each broken story is refused with the right code at the right line."""
        text = SAMPLE.read_text("utf-8")
        assert old in text
        text = text.replace(old, new, 1)
        path = tmp_path / "s.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(BadDefinition) as caught:
            load_story(path)
        line = text[: text.index(at)].count("\n") + 1
        assert (code, line) in [(each.code, each.line) for each in caught.value.complaints], str(caught.value)

    def test_all_of_a_folder(self, tmp_path: Path) -> None:
        """The stories of a folder are loaded together, and the complaints of all are told at once."""
        shutil.copytree(SAMPLE.parent, tmp_path / "stories")
        assert len(load_stories(tmp_path)) == 1
        assert check_stories(tmp_path) == ()
        (tmp_path / "stories" / "a.yaml").write_text("", "utf-8")
        (tmp_path / "stories" / "b.yaml").write_text("", "utf-8")
        with pytest.raises(BadDefinition) as caught:
            load_stories(tmp_path)
        assert ["empty", "empty"] == [each.code for each in caught.value.complaints]
        assert caught.value.complaints == check_stories(tmp_path)


class TestNames:
    """What a story names, against the workflow that it is about."""

    def checked(self, tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
        """What is wrong with the sample's story after these changes, each with its line."""
        text = SAMPLE.read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        folder = tmp_path / "small-case"
        (folder / "stories").mkdir(parents=True, exist_ok=True)
        (folder / "stories" / "s.yaml").write_text(text, "utf-8")
        at = text[: text.index("refused:")].count("\n") + 1
        told = check_stories(folder, load_all(SAMPLE.parents[2], tmp_path))
        assert {(each.code, each.line) for each in told} <= {("unknown_name", at)}
        return [each.message for each in told]

    def test_refused_by_what_is_not_there(self, tmp_path: Path) -> None:
        """A guard, field or reason that does not exist is refused at its line with the names that do, the act's first."""
        said = ("refused: [seen_by_two]", "refused: [somebody_met, result, guard, servers, seen_by_tow, 天气]")
        near, listed = self.checked(tmp_path, ("    in: danger\n", ""), said)
        assert near == "没有叫「seen_by_tow」的条件、栏目或事由可以拒绝这一步；是否应为「seen_by_two」"
        assert listed.startswith(
            "没有叫「天气」的条件、栏目或事由可以拒绝这一步；可用：somebody_met、nobody_met、visitors、"
        )

    def test_in_a_linked_case(self, tmp_path: Path) -> None:
        """In a linked case the names are those of its workflow; of a link that is none, or a workflow unknown, nothing is said."""
        assert len(self.checked(tmp_path)) == 1
        assert self.checked(tmp_path, ("refused: [seen_by_two]", "refused: state")) == []
        assert self.checked(tmp_path, ("in: danger", "in: dangers")) == []
        assert check_stories(SAMPLE.parents[1]) == ()

    def test_unknown_act(self, tmp_path: Path) -> None:
        """An act that does not exist is refused under its own name."""
        fly = (("officer: record_visit", "officer: fly"), ("[seen_by_two]", "[fly]"))
        assert self.checked(tmp_path, *fly) == []
