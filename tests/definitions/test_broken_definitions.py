"""Definitions that are YAML and yet wrong: each is one change to a good sample, refused at the line of the change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.definitions.complaints import BadDefinition, Complaint
from engine.definitions.load import check_workflow, load_all, load_workflow
from engine.errors import DefinitionError
from tests.definitions.broken import VISIT, Broken
from tests.definitions.broken_acts import ACTS, FORMS, GUARDS
from tests.definitions.broken_papers import LADDER, NOTICES, TIME
from tests.definitions.broken_shapes import NAMES, SHAPE

SAMPLES = Path(__file__).parent / "samples"
KNOWN = frozenset({"small-case", "small-report"})


CASES = [*SHAPE, *NAMES, *GUARDS, *FORMS, *ACTS, *LADDER, *TIME, *NOTICES]


def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("stories"))
    return folder / "small-case"


def changed(folder: Path, old: str, new: str, file: str = "workflow.yaml") -> str:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text, old
    text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return text


def found_by(case: Broken, tmp_path: Path) -> tuple[tuple[Complaint, ...], int]:
    """The complaints about the broken sample, and the line at which one is expected."""
    folder = copy(tmp_path)
    path = folder / case.file
    text = path.read_text("utf-8")
    same = next(
        (n for n, (x, y) in enumerate(zip(case.old, case.new, strict=False)) if x != y),
        min(len(case.old), len(case.new)),
    )
    place = text.index(case.old) + same
    text = changed(folder, case.old, case.new, case.file)
    if case.at:  # the change is in one line and shows in another, perhaps of another file
        if case.at not in text:
            text = next(p.read_text("utf-8") for p in sorted(folder.rglob("*.yaml")) if case.at in p.read_text("utf-8"))
        place = text.index(case.at)
    if case.at or same < len(case.new):
        place += len(text[place:]) - len(text[place:].lstrip())
    line = text[:place].count("\n") + 1
    checked = (folder / case.file).parent if case.file.endswith("workflow.yaml") else folder
    return check_workflow(checked.resolve(), known=KNOWN), line


class TestBrokenDefinitions:
    """A definition that says something else than its author meant."""

    @pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
    @pytest.mark.timeout(20)
    def test_is_refused_at_its_line(self, case: Broken, tmp_path: Path) -> None:
        """Each broken definition is refused with the right code at the right line, in Chinese."""
        found, line = found_by(case, tmp_path)
        assert (case.code, line) in [(each.code, each.line) for each in found], "\n".join(map(str, found))
        mine = [each for each in found if (each.code, each.line) == (case.code, line)]
        assert any(case.says in each.message for each in mine)
        assert all("\u4e00" <= max(each.message) and each.column >= 1 for each in found)

    @pytest.mark.parametrize("misspelt", ["signaturs", "signature"])
    def test_is_told_once(self, misspelt: str, tmp_path: Path) -> None:
        """A misspelt legal part is told at its line alone, also when it is a part of another kind, never as missing too."""
        folder = copy(tmp_path)
        text = changed(folder, "part: signatures", f"part: {misspelt}", VISIT)
        line = text[: text.index(f"part: {misspelt}")].count("\n") + 1
        message = f"没有法定内容「{misspelt}」；是否应为「signatures」"
        assert [(each.line, each.message) for each in check_workflow(folder, known=KNOWN)] == [(line, message)]

    def test_part_of_another_kind(self, tmp_path: Path) -> None:
        """A legal part of another kind of document may be named too where nothing is missing that it could mean."""
        folder = copy(tmp_path)
        changed(folder, "part: signatures", "part: [signatures, seal]", VISIT)
        assert check_workflow(folder, known=KNOWN) == ()

    def test_are_many(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The list holds at least seventy broken definitions, each under a name of its own; the test prints how many."""
        with capsys.disabled():
            print(f"\nbroken definitions: {len(CASES)}")
        assert len(CASES) >= 70
        assert len(CASES) == len({case.why for case in CASES})

    def test_never_start(self, tmp_path: Path) -> None:
        """Loading raises with every complaint; nothing half-loaded comes out."""
        folder = copy(tmp_path)
        changed(folder, "    to: watched", "    to: wached")
        with pytest.raises(BadDefinition) as caught:
            load_workflow(folder)
        assert caught.value.complaints == check_workflow(folder)
        assert isinstance(caught.value, DefinitionError)
        with pytest.raises(BadDefinition):
            load_all(folder.parent, tmp_path)
