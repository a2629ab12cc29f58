"""Folders as they lie about, and the words that a complaint is made of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine import access
from engine.definitions import vocabulary
from engine.definitions.complaints import suggest
from engine.definitions.load import LARGEST_NOTICES, check_workflow

SAMPLES = Path(__file__).parent / "samples"


def copied(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES, tmp_path / "workflows", dirs_exist_ok=True)
    return tmp_path / "workflows" / "small-case"


class TestFolders:
    """What may lie about in a folder."""

    def test_strange_file(self, tmp_path: Path) -> None:
        """A file among the notices that is no .yaml is complained about, for it would silently say nothing."""
        folder = copied(tmp_path)
        (folder / "notices" / "demand.yml").write_text("x", "utf-8")
        assert ["not_a_notice"] == [each.code for each in check_workflow(folder)]

    def test_hidden_file(self, tmp_path: Path) -> None:
        """Hidden files of editors are passed over."""
        folder = copied(tmp_path)
        (folder / "notices" / ".demand.yaml.swp").write_bytes(b"\0")
        assert check_workflow(folder) == ()

    @pytest.mark.timeout(20)
    def test_too_much(self, tmp_path: Path) -> None:
        """Templates of many megabytes are not all read."""
        folder = copied(tmp_path)
        for number in range(10):
            (folder / "notices" / f"big{number}.yaml").write_text("a: |\n" + "  x\n" * (LARGEST_NOTICES // 16), "utf-8")
        assert "too_large" in [each.code for each in check_workflow(folder)]

    def test_several_files_at_once(self, tmp_path: Path) -> None:
        """Complaints about all files of a folder are told at once, one a line where one explains the other."""
        folder = copied(tmp_path)
        for name, old, new in (
            ("workflow.yaml", "title: 小个案", "title: 012"),
            ("workflow.yaml", "subject: pupil", "subject: 12"),
            ("notices/visit_record.yaml", "issuer: school", "isuer: school"),
        ):
            path = folder / name
            path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
        found = [(Path(each.file).name, each.line, each.code) for each in check_workflow(folder)]
        assert [
            ("visit_record.yaml", 1, "missing_key"),
            ("visit_record.yaml", 3, "unknown_key"),
            ("workflow.yaml", 2, "ambiguous"),
            ("workflow.yaml", 3, "wrong_value"),
        ] == found

    @pytest.mark.timeout(20)
    def test_many_faults(self, tmp_path: Path) -> None:
        """A file of nothing but faults is refused without taking long."""
        folder = copied(tmp_path)
        path = folder / "workflow.yaml"
        text = path.read_text("utf-8")
        acts = "".join(
            f"  act{n}: {{zh: 甲, from: [{', '.join(f's{n}x{m}' for m in range(60))}], by: nobody, when: [a{n}, b{n}], law: x}}\n"
            for n in range(190)
        )
        path.write_text(text.replace("transitions:\n", "transitions:\n" + acts), "utf-8")
        assert len(check_workflow(folder)) >= 300

    def test_unknown_keys_by_the_thousand(self, tmp_path: Path) -> None:
        """Thousands of unknown keys are cut off at a few hundred complaints."""
        folder = copied(tmp_path)
        path = folder / "workflow.yaml"
        path.write_text(path.read_text("utf-8") + "".join(f"k{n}: 1\n" for n in range(5000)), "utf-8")
        assert len(check_workflow(folder)) == 300

    @pytest.mark.timeout(20)
    def test_too_much_to_compile(self, tmp_path: Path) -> None:
        """Templates that would keep Jinja2 busy for seconds are refused without it."""
        folder = copied(tmp_path)
        line = '  - {paragraph: "' + "{{ number or limit }}" * 39 + '"}\n'
        path = folder / "notices" / "visit_record.yaml"
        path.write_text(path.read_text("utf-8").replace("blocks:\n", "blocks:\n" + line * 100), "utf-8")
        assert "rich_templates" in [each.code for each in check_workflow(folder)]


class TestVocabulary:
    """Words that stand in two rooms of one floor."""

    def test_equals_access(self) -> None:
        """Roles, kinds of unit, issuers and built-in acts are those of the access room."""
        assert dict(access.ROLES) == dict(vocabulary.ROLES)
        assert frozenset(access.UNIT_KINDS) == vocabulary.UNIT_KINDS
        assert access.ISSUERS == vocabulary.ISSUERS
        assert frozenset(access.RESERVED) == vocabulary.BUILT_IN


class TestSuggestions:
    """What a complaint says beside the fault."""

    def test_near(self) -> None:
        """A near name is suggested."""
        assert "；是否应为「visited」" == suggest("visted", ["visited", "ordered"])

    def test_far(self) -> None:
        """Without a near name a few known ones are listed."""
        assert "；可用：a、b" == suggest("zzz", ["a", "b"])
        assert suggest("zzz", [f"n{n}" for n in range(20)]).endswith("等")
        assert "还没有" in suggest("zzz", [])
