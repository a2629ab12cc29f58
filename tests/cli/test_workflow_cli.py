"""yingfan workflow: what scripts call."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import run
from engine.paths import workflows_dir

SAMPLES = Path(__file__).parents[1] / "definitions" / "samples"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES, tmp_path / "workflows")
    path = tmp_path / "workflows" / "small-case" / "workflow.yaml"
    path.write_text(path.read_text("utf-8").replace("    to: watched", "    to: wached"), "utf-8")
    return tmp_path / "workflows"


class TestCheck:
    """yingfan workflow check."""

    def test_own_workflows(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The workflows of this installation have nothing wrong with them."""
        assert run(["workflow", "check"]) == 0, capsys.readouterr().out

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With --json stdout is one JSON list, empty when nothing is wrong."""
        assert run(["workflow", "check", "--json", str(SAMPLES / "small-case")]) == 0
        assert json.loads(capsys.readouterr().out) == []

    def test_complaints(self, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Each complaint is a line file:line:column: message, and the exit is 1."""
        assert run(["workflow", "check", str(broken)]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert f"{broken}/small-case/workflow.yaml:81:9: 没有状态「wached」；是否应为「watched」" in lines

    def test_complaints_as_json(self, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """As JSON each complaint has file, line, column, code and message."""
        assert run(["workflow", "check", str(broken / "small-case" / "notices" / "visit_record.yaml"), "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
        assert {"file", "line", "column", "code", "message"} == set(found[0])
        assert "unknown_name" in [each["code"] for each in found]

    @pytest.mark.parametrize("inner", ["", "workflow.yaml", "stories/returns.yaml"])
    def test_paths(self, inner: str) -> None:
        """A path may be a folder or any file in it."""
        assert run(["workflow", "check", str(SAMPLES / "small-case" / inner)]) == 0

    def test_path_given_twice(self, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder that several paths mean is checked once."""
        notices = [str(path) for path in (broken / "small-case" / "notices").iterdir()]
        assert run(["workflow", "check", *notices]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == len(set(lines))

    def test_stories(self, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """With --stories the stories are looked at too."""
        story = broken / "small-case" / "stories" / "returns.yaml"
        story.write_text("story: 甲\n", "utf-8")
        assert run(["workflow", "check", "--stories", str(broken / "small-case")]) == 1
        assert "returns.yaml:1:1: 少了「law」" in capsys.readouterr().out

    def test_stories_of_a_right_workflow(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What a story of a right workflow names is looked up there and, as far as they are right, in linked ones."""
        shutil.copytree(SAMPLES, tmp_path / "workflows")
        folder = tmp_path / "workflows" / "small-case"
        assert run(["workflow", "check", "--stories", str(folder)]) == 1
        assert "没有叫「seen_by_two」" in capsys.readouterr().out
        (tmp_path / "workflows" / "small-report" / "workflow.yaml").write_text("workflow: small-report\n", "utf-8")
        assert run(["workflow", "check", "--stories", str(folder)]) == 0

    def test_empty_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder without a workflow is complained about."""
        assert run(["workflow", "check", str(tmp_path)]) == 1
        assert "没有这个文件" in capsys.readouterr().out

    def test_no_such_path(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A path that is not there is wrong usage, in one line."""
        assert run(["workflow", "check", "/no/such/path"]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_imports(self) -> None:
        """A cold check waits for no database, web framework, printer or settings."""
        code = (
            "import sys; from engine.cli import run; assert run(['workflow', 'check']) == 0; heavy = "
            "'sqlalchemy sqlmodel fastapi starlette typst jinja2 transitions pydantic_settings asyncio'.split(); "
            "print([n for n in heavy if n in sys.modules])"
        )
        root = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
        assert done.stdout.splitlines()[-1] == "[]"


class TestListShowDraw:
    """yingfan workflow list, show, draw and schema."""

    def test_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Every workflow is listed with its version."""
        assert run(["workflow", "list"]) == 0
        assert run(["workflow", "list", "--json"]) == 0
        *lines, text = capsys.readouterr().out.splitlines()
        rows = json.loads(text)
        assert [row["name"] for row in rows] == [line.split()[0] for line in lines]
        assert all(row["hash"].startswith(line.split()[2]) for row, line in zip(rows, lines, strict=True))

    def test_show(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One workflow is shown with its hash, in words or as JSON."""
        name = min(each.name for each in workflows_dir().iterdir() if each.is_dir())
        assert run(["workflow", "show", name]) == 0
        shown = capsys.readouterr().out
        assert run(["workflow", "show", name, "--json"]) == 0
        definition = json.loads(capsys.readouterr().out)
        assert definition["hash"] in shown
        assert (name, 64) == (definition["name"], len(definition["hash"]))

    @pytest.mark.parametrize(("format_", "start"), [("mermaid", "stateDiagram-v2"), ("svg", "<svg ")])
    def test_draw(self, format_: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
        """One workflow is drawn, as Mermaid or SVG."""
        name = min(each.name for each in workflows_dir().iterdir() if each.is_dir())
        assert run(["workflow", "draw", name, "--format", format_]) == 0
        assert capsys.readouterr().out.startswith(start)

    def test_unknown_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An unknown workflow is wrong usage, and the known ones are named."""
        assert run(["workflow", "show", "nope"]) == 2
        assert "dropout-case" in capsys.readouterr().err

    def test_schema(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The schema of each kind of file is printed; an unknown kind is wrong usage."""
        assert run(["workflow", "schema"]) == 0
        assert json.loads(capsys.readouterr().out)["title"] == "WorkflowSource"
        assert run(["workflow", "schema", "recipe"]) == 2


class TestPlay:
    """yingfan workflow play."""

    def test_agrees(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The stories of a workflow are played, and each that comes out as it was written is told."""
        assert run(["workflow", "play", str(workflows_dir() / "mandatory-report")]) == 0
        *lines, last = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ["相符"] * len(lines)
        assert last == f"演了{len(lines)}个故事，{len(lines)}个相符，0个不符"

    def test_differs(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A story that comes out otherwise is told with its line, what was expected and what came; exit 1."""
        folder = tmp_path / "mandatory-report"
        shutil.copytree(workflows_dir() / "mandatory-report", folder)
        path = min((folder / "stories").iterdir())
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"state: \w+", "state: reported_nowhere", text, count=1), "utf-8")
        assert run(["workflow", "play", str(folder)]) == 1
        assert "state: 应为 reported_nowhere，实为 " in capsys.readouterr().out
        assert run(["workflow", "play", str(folder), "--json"]) == 1
        rows = json.loads(capsys.readouterr().out)
        assert [row["file"] for row in rows if row["differences"]] == [path.name]
