"""Pictures and schemas of a workflow."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from engine.definitions.draw import clocks, mermaid, moves_of, staying
from engine.definitions.draw_svg import svg
from engine.definitions.load import load_workflow
from engine.definitions.schema import MODELS, schema_of
from engine.definitions.workflow import Workflow

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def small() -> Workflow:
    return load_workflow(SAMPLES / "small-case")


class TestMoves:
    """What becomes an arrow."""

    def test_arrows(self, small: Workflow) -> None:
        """Acts that share sources and target are one arrow; acts that move nothing are none."""
        assert [
            ("detected",),
            ("detected", "ordered"),
            ("watched",),
            ("watched",),
            ("detected", "ordered", "watched"),
        ] == [move.sources for move in moves_of(small)]

    def test_staying(self, small: Workflow) -> None:
        """Acts that move nothing are listed in the state."""
        assert ("登记家访", "遇险即报", "失踪") == staying(small, "detected")

    def test_clocks(self, small: Workflow) -> None:
        """Each deadline is told with its length, its start and what it does before and after."""
        assert [
            "◷ 首次家访：3个工作日，自进入本状态起",
            "　届满前1个工作日：提醒",
            "　逾期：告知乡镇专干；待办「登记家访」",
            "　逾期再过2个工作日：提出「责令限期改正」；转由乡镇专干负责",
        ] == list(clocks(small, "detected"))
        told = "\n".join([*clocks(small, "ordered"), *clocks(small, "watched")])
        for words in (
            "以责令限期改正决定书所载为准",
            "送达起",
            "自动办理",
            "10个工作日(法定)",
            "「限期改正」届满",
            "自「登记返校」起",
        ):
            assert words in told

    def test_outcomes_are_named(self, tmp_path: Path) -> None:
        """An arrow names the outcome; an act that may stay is also listed; a clock may start from a built-in act."""
        import shutil

        shutil.copytree(SAMPLES / "small-case", tmp_path / "small-case")
        path = tmp_path / "small-case" / "workflow.yaml"
        text = path.read_text("utf-8").replace("zh: 见到人, ", "zh: 见到人, to: ordered, ")
        text = text.replace("starts: {after: child_is_back}", "starts: {after: document.serve}")
        text = text.replace("{passed: compliance}", "{issued: correction_order}")
        path.write_text(text, "utf-8")
        changed = load_workflow(tmp_path / "small-case")
        assert ("登记家访（见到人）", "责令限期改正") == moves_of(changed)[0].names
        assert "登记家访" in staying(changed, "detected")
        assert "自「document.serve」起" in "".join(clocks(changed, "watched"))
        assert "签发起" in "".join(clocks(changed, "ordered"))

    def test_target_among_sources(self, small: Workflow, tmp_path: Path) -> None:
        """An arrow from a state to itself is left out."""
        import shutil

        shutil.copytree(SAMPLES / "small-case", tmp_path / "small-case")
        path = tmp_path / "small-case" / "workflow.yaml"
        text = path.read_text("utf-8")
        for old, new in (
            ("    from: any_open\n    to: watched", "    from: any_unfinished\n    to: watched"),
            ("    from: ordered\n    by: [system", "    from: ordered\n    to: ordered\n    by: [system"),
            ("fire: look_again", "task: look_again"),
        ):
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
        changed = load_workflow(tmp_path / "small-case")
        assert [move.names for move in moves_of(small)] == [move.names for move in moves_of(changed)]


class TestMermaid:
    """The ladder as Mermaid text."""

    def test_diagram(self, small: Workflow) -> None:
        """States, arrows, ends, and the deadlines as notes stand in the diagram."""
        lines = mermaid(small).splitlines()
        assert lines[0] == "stateDiagram-v2"
        for line in (
            '    state "发现" as detected',
            "    [*] --> detected",
            "    detected --> ordered : 责令限期改正",
            "    watched --> former_state : 再次离校",
            "    closed --> [*]",
            "    note right of watched",
            "        ◷ 观察期：4周，自「登记返校」起",
        ):
            assert line in lines

    def test_without_relapse(self) -> None:
        """A ladder without a way back has no former state."""
        assert "former_state" not in mermaid(load_workflow(SAMPLES / "small-report"))


class TestSvg:
    """The ladder as an SVG of our own."""

    @pytest.mark.parametrize("name", ["small-case", "small-report"])
    def test_is_svg(self, name: str) -> None:
        """The picture is well-formed, holds every state, act and deadline, and no style or script."""
        workflow = load_workflow(SAMPLES / name)
        root = ET.fromstring(svg(workflow))
        told = "".join(root.itertext())
        for each in (*workflow.states.values(), *workflow.deadlines.values()):
            assert each.zh in told
        assert all(transition.zh in told for transition in workflow.transitions.values())
        assert all("style" not in each.attrib and "script" not in each.tag for each in root.iter())

    def test_lines_are_wrapped(self) -> None:
        """A long line is cut to the width of a box; no line begins with a comma."""
        from engine.definitions.draw_svg import COLUMNS, _wrapped

        assert ["字" * COLUMNS + "、", "　　字"] == list(_wrapped("字" * COLUMNS + "、字"))

    def test_nothing_lies_outside(self, small: Workflow) -> None:
        """Every box lies inside the picture and no two overlap."""
        root = ET.fromstring(svg(small))
        boxes = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("rx")]
        ends = [(int(each.attrib["y"]), int(each.attrib["y"]) + int(each.attrib["height"])) for each in boxes]
        assert len(small.states) + 1 == len(boxes)
        assert all(first[1] < second[0] for first, second in pairwise(ends))
        assert ends[-1][1] <= int(root.attrib["height"])


class TestSchema:
    """Schemas for editors."""

    @pytest.mark.parametrize("kind", sorted(MODELS))
    def test_schema(self, kind: str) -> None:
        """Each kind of file has a schema that refuses unknown keys."""
        schema = schema_of(kind)
        assert schema["additionalProperties"] is False
        assert schema["$schema"].startswith("https://json-schema.org/")

    def test_keys_are_those_of_the_language(self) -> None:
        """Keys that are words of Python stand in the schema as the language writes them."""
        text = str(schema_of("workflow"))
        assert "'from'" in text
        assert "'while'" in text
        assert "from_" not in text
