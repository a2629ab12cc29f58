"""The history checker finds what it is there for: every kind of doctored history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.history import Diary, Kept, Line, check, lines_of, told

GOOD_LINES = (
    Line(1, "invoke", "a", "1", 1),
    Line(2, "ok", "a", "1", 2, 2),
    Line(3, "invoke", "b", "1", 2),
    Line(4, "invoke", "c", "1", 2),
    Line(5, "ok", "b", "1", 3, 3),
    Line(6, "refused", "c", "1"),
    Line(7, "read", "", "1", 3),
    Line(8, "invoke", "unknown", "1", 3),
)
GOOD = (Kept("1", 1, 1, "open"), Kept("1", 2, 2, "a"), Kept("1", 3, 3, "b"), Kept("1", 4, 4, "unknown"))
LOST, TWICE, SWAPPED = GOOD[:2], (*GOOD, Kept("1", 5, 5, "b")), (GOOD[0], GOOD[1]._replace(request="b"))


class TestChecker:
    """Histories, true and doctored."""

    def test_good(self) -> None:
        """A true history passes, whether an unanswered act took effect or not."""
        assert check(GOOD_LINES, GOOD) == []
        assert check(GOOD_LINES, GOOD[:3]) == []

    @pytest.mark.parametrize(
        ("lines", "kept", "what"),
        [
            (GOOD_LINES, LOST, "b: acknowledged and lost"),
            (GOOD_LINES, TWICE, "b: entered twice"),
            (GOOD_LINES, (*GOOD, Kept("1", 5, 5, "c")), "c: refused and entered"),
            ((*GOOD_LINES, Line(9, "ok", "a", "1", 2, 7)), GOOD, "a: answered 7/2, kept 2/2"),
            (GOOD_LINES, (*GOOD[:2], *GOOD[3:]), "1: entry 4 follows 2"),
            ((Line(1, "invoke", "a", "1", 9),), GOOD, "a: made on version 9, entered on 1"),
            ((*GOOD_LINES, Line(9, "read", "", "1", 2)), GOOD, "1: shown at version 2 after 3"),
        ],
    )
    def test_doctored(self, lines: tuple[Line, ...], kept: tuple[Kept, ...], what: str) -> None:
        """Each kind of fault is named."""
        assert [each for each in check(lines, kept) if each.startswith(what)] != []

    def test_order(self) -> None:
        """An act that was acknowledged before another was sent stands before it."""
        lines = (Line(1, "invoke", "a", "1"), Line(2, "ok", "a", "1", 3, 3), Line(3, "invoke", "b", "1"))
        kept = (Kept("1", 1, 1, "open"), Kept("1", 2, 2, "b"), Kept("1", 3, 3, "a"))
        assert check(lines, kept) == ["b: sent after a later entry of 1 was acknowledged"]


class TestDiary:
    """A client's file."""

    def test_torn(self, tmp_path: Path) -> None:
        """A line that its client did not finish is not read."""
        diary = Diary(tmp_path / "d")
        diary.note("invoke", "a", "1", version=2, form={"text": "记"})
        with (tmp_path / "d").open("a", encoding="utf-8") as file:
            file.write('{"at": 1, "ki')
        assert [line.key for line in lines_of([tmp_path / "d"])] == ["a"]
        assert told(tmp_path / "d")[0]["form"] == {"text": "记"}
        assert told(tmp_path / "none") == []
