"""Loading: what comes out of good folders, and what decides the hash of a version."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.definitions.complaints import BadDefinition
from engine.definitions.load import check_workflow, load_all, load_workflow, overlay_of, predicates
from engine.definitions.workflow import Workflow
from engine.errors import DefinitionError
from engine.workdays import Roll, Span

SAMPLES = Path(__file__).parent / "samples"
SMALL = SAMPLES / "small-case"


def copied(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES, tmp_path / "workflows", dirs_exist_ok=True)
    return tmp_path / "workflows" / "small-case"


@pytest.fixture(scope="module")
def small() -> Workflow:
    return load_workflow(SMALL)


class TestGoodDefinitions:
    """The good controls: nothing is complained about."""

    @pytest.mark.parametrize("name", ["small-case", "small-report"])
    def test_samples(self, name: str) -> None:
        """The samples have nothing wrong with them."""
        assert check_workflow(SAMPLES / name, known=frozenset({"small-case", "small-report"})) == ()

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            ("workflow.yaml", "[nobody_met]", "[nobody_met, {field_is: {field: result, one_of: [refuses]}}]"),
            ("workflow.yaml", "[nobody_met]", "[nobody_met, {field_is: {field: result, one_of: refuses}}]"),
            ("workflow.yaml", "[nobody_met]", "[nobody_met, {observed_long_enough: {weeks: 4 weeks}}]"),
            ("workflow.yaml", "[nobody_met]", "[nobody_met, {observed_long_enough: {weeks: $weeks}}]"),
            ("workflow.yaml", "[nobody_met]", "[nobody_met, {check_day_has_come: {deadline: compliance}}]"),
            ("workflow.yaml", "type: long_text, most: 500", "type: long_text, required_when: {issuer: x}"),
            ("workflow.yaml", "then_after: 2 workdays", "then_after: $first_visit"),
            ("notices/visit_record.yaml", "{{ values_zh.result }}", "{{ values_zh.result or '无' }}"),
            ("notices/visit_record.yaml", "结果：{% if values.result %}", "{% if values.result %}甲{% else %}"),
            ("notices/visit_record.yaml", "title: 家访记录\nissuer", "title: 元旦前一单元的家访记录\nissuer"),
        ],
    )
    def test_variations(self, file: str, old: str, new: str, tmp_path: Path) -> None:
        """What the language allows beyond the samples is not complained about."""
        folder = copied(tmp_path)
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        found = [each for each in check_workflow(folder) if each.code != "fact_not_collected"]
        assert found == []

    def test_documents_of_other_kinds(self, tmp_path: Path) -> None:
        """A kind of document without an entry in the table of legal parts is free; a public notice names no child."""
        folder = copied(tmp_path)
        path = folder / "workflow.yaml"
        text = path.read_text("utf-8").replace(
            "counts: [attempts]}", "counts: [attempts], documents: [slip, public_notice]}"
        )
        text = text.replace("forms:\n  visit:\n", "forms:\n  visit:\n    - {field: whom, zh: 谁, type: text}\n")
        path.write_text(
            text.replace("documents: [visit_record, corr", "documents: [slip, public_notice, visit_record, corr"),
            "utf-8",
        )
        (folder / "notices" / "slip.yaml").write_text(
            "document: slip\ntitle: 便条\nissuer: school\naddressees: file\nblocks: [{title: 便条}]\n", "utf-8"
        )
        (folder / "notices" / "public_notice.yaml").write_text(
            "document: public_notice\ntitle: 公告\nissuer: township_government\naddressees: guardians\nblocks:\n"
            '  - {paragraph: "{{ guardians | names }}", part: [order, addressee, collect, period, effect, issuer, seal, date]}\n',
            "utf-8",
        )
        assert check_workflow(folder) == ()
        path = folder / "notices" / "public_notice.yaml"
        path.write_text(path.read_text("utf-8").replace("guardians | names", "child.name"), "utf-8")
        assert [("name_in_public", 6)] == [(each.code, each.line) for each in check_workflow(folder)]

    def test_closings_are_transitions(self, small: Workflow) -> None:
        """Each closing code is a transition of its own."""
        closing = small.closings["deceased"]
        assert closing.trigger == "close_deceased"
        assert closing.stops_letters
        transition = small.transitions["close_deceased"]
        assert ("deceased", ("township_head",)) == (transition.closes_as, transition.approvals)
        assert small.transitions["close_missing"].edges[0].to == ""

    def test_groups_are_expanded(self, small: Workflow) -> None:
        """Words for groups of states stand for their states."""
        assert frozenset({"detected", "ordered"}) == small.transitions["child_is_back"].sources
        assert frozenset({"detected", "ordered", "watched"}) == small.transitions["report_danger"].sources

    def test_parameters_are_put_in(self, small: Workflow) -> None:
        """A name with a dollar sign stands for its value, in deadlines and in guards."""
        assert Span.parse("3 workdays") == small.deadlines["first_visit"].span
        assert small.transitions["order_correction"].when[1].args == {"count": "visits", "times": 2}

    def test_deadlines(self, small: Workflow) -> None:
        """A deadline says from what it starts, what it prints, whom it protects and what it does."""
        rule = small.deadlines["compliance"]
        assert ("served", "correction_order") == (rule.starts.kind, rule.starts.of)
        assert rule.printed_in == "correction_order"
        assert rule.roll is Roll.NEXT_WORKDAY
        assert rule.in_session
        assert small.deadlines["observation"].roll is Roll.NONE
        assert small.deadlines["demand"].statutory
        assert ["entered", "passed", "after"] == [
            small.deadlines[name].starts.kind for name in ("first_visit", "demand", "observation")
        ]
        level = small.deadlines["first_visit"].levels[1]
        assert (Span.parse("2 workdays"), "order_correction") == (level.after, level.propose)

    def test_outcomes_are_edges(self, small: Workflow) -> None:
        """Each outcome is an edge with its guards, documents and counts."""
        seen, missed = small.transitions["record_visit"].edges
        assert (("visit_record",), ("visits",), "见到人") == (seen.documents, seen.counts, seen.zh)
        assert ((), ("attempts",), 1) == (missed.documents, missed.counts, missed.index)

    def test_authority_follows_approvals(self, small: Workflow) -> None:
        """An act with approvals is one of authority unless the file says otherwise."""
        assert small.transitions["order_correction"].act_of_authority
        assert not small.transitions["record_visit"].act_of_authority

    def test_authority_can_be_said(self, tmp_path: Path) -> None:
        """An act can be made one of authority, and an outcome adds to what its act leaves behind."""
        folder = copied(tmp_path)
        path = folder / "workflow.yaml"
        text = path.read_text("utf-8").replace(
            "    draft_by: [class_teacher]\n", "    authority: true\n    counts: [acts]\n"
        )
        path.write_text(text, "utf-8")
        transition = load_workflow(folder).transitions["record_visit"]
        assert transition.act_of_authority
        assert [("acts", "visits"), ("acts", "attempts")] == [edge.counts for edge in transition.edges]

    def test_law_by_issuer(self, small: Workflow) -> None:
        """An act can rest on other articles for each kind of issuer."""
        assert small.transitions["order_correction"].law == {
            "township_government": ("义教法58",),
            "county_education_department": ("义教法58", "未保法83"),
        }

    def test_notices(self, small: Workflow) -> None:
        """A notice keeps its blocks, their legal parts and who may issue it."""
        notice = small.notices["correction_order"]
        assert ("责改", True, True) == (notice.series, notice.printed, notice.serves)
        assert ("list", ("facts",), "persuasions", 1) == (
            notice.blocks[4].kind,
            notice.blocks[4].parts,
            notice.blocks[4].each,
            notice.blocks[4].least,
        )
        assert small.notices["visit_record"].blocks[1].text == ("时间、地点", "{{ today | date_zh }}，家中")

    def test_predicates_are_versioned(self, small: Workflow) -> None:
        """The workflow names every predicate that it asks, with its version."""
        assert {
            "at_least@1",
            "issuer_has_authority@1",
            "nobody_met@1",
            "recorded@1",
            "seen_by_two@1",
            "somebody_met@1",
        } == {*small.predicates}
        assert predicates()["at_least"].id in small.predicates

    def test_is_frozen(self, small: Workflow) -> None:
        """A loaded workflow cannot be changed."""
        with pytest.raises(FrozenInstanceError):
            small.name = "other"  # type: ignore[misc]

    def test_numbers_are_no_lengths(self, small: Workflow) -> None:
        """Resolving a draft that was never checked stops at a number where a span belongs."""
        from engine.definitions.resolve import _span

        class Unchecked:
            values = {"times": 2}

        with pytest.raises(TypeError, match="only spans"):
            _span(Unchecked(), "$times")  # type: ignore[arg-type]


class TestHash:
    """One meaning, one hash."""

    @given(st.randoms(use_true_random=False))
    @settings(max_examples=25, deadline=None)
    def test_order_of_keys(self, shuffle: random.Random) -> None:
        """The order of keys changes nothing, save which state comes first."""

        def mixed(value: object, name: str = "") -> object:
            if isinstance(value, list):
                return [mixed(each) for each in value]
            if not isinstance(value, dict):
                return value
            items = list(value.items())
            head = items[:1] if name == "states" else []
            tail = items[len(head) :]
            shuffle.shuffle(tail)
            return {key: mixed(each, key) for key, each in head + tail}

        import tempfile

        with tempfile.TemporaryDirectory() as place:
            folder = copied(Path(place))
            for path in [folder / "workflow.yaml", *folder.glob("notices/*.yaml")]:
                data = yaml.safe_load(path.read_text("utf-8"))
                path.write_text(yaml.safe_dump(mixed(data), allow_unicode=True, sort_keys=False, width=10_000), "utf-8")
            assert load_workflow(SMALL).hash == load_workflow(folder).hash

    @pytest.mark.parametrize(
        "change",
        [
            lambda raw: b"\xef\xbb\xbf" + raw,
            lambda raw: raw.replace(b"\n", b"\r\n"),
            lambda raw: b"# a comment\n" + raw.replace(b"\n", b"   # said\n", 1),
            lambda raw: raw + b"\n\n",
            lambda raw: raw.replace(b"    from: [detected]\n", b"    from: detected\n"),
        ],
        ids=["byte-order mark", "CRLF", "comments", "blank lines", "a word for a list of one"],
    )
    def test_writing(self, change: object, tmp_path: Path) -> None:
        """How a file is written down changes nothing."""
        folder = copied(tmp_path)
        for path in [folder / "workflow.yaml", *folder.glob("notices/*.yaml")]:
            path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
        assert load_workflow(SMALL).hash == load_workflow(folder).hash

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            ("workflow.yaml", "value: 3 workdays", "value: 4 workdays"),
            ("workflow.yaml", "quote: 应当家访", "quote: 应当多次家访"),
            ("workflow.yaml", "zh: 登记家访", "zh: 登记一次家访"),
            ("workflow.yaml", "[legal_reviewer, issuer_head]", "[issuer_head, legal_reviewer]"),
            ("workflow.yaml", "- issuer_has_authority\n", "- issuer_has_authority\n      - seen_by_two\n"),
            ("workflow.yaml", "- not: {recorded: {act: report_danger}}", "- recorded: {act: report_danger}"),
            ("notices/correction_order.yaml", "没有正当理由", "确无正当理由"),
        ],
    )
    def test_meaning(self, file: str, old: str, new: str, tmp_path: Path) -> None:
        """Whatever a rule means or prints changes the hash."""
        folder = copied(tmp_path)
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        if "seen_by_two" in new:
            grown = path.read_text("utf-8").replace(
                "  order:\n",
                "  order:\n    - {field: seen_by, zh: 甲, type: people}\n    - {field: checked_by, zh: 乙, type: people}\n",
            )
            path.write_text(grown, "utf-8")
        assert load_workflow(SMALL).hash != load_workflow(folder).hash

    def test_canonical(self, small: Workflow) -> None:
        """The canonical text is tight JSON with sorted keys; it holds what the hash covers and not the hash."""
        import hashlib

        data = json.loads(small.canonical)
        assert json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")) == small.canonical
        assert hashlib.sha256(small.canonical.encode()).hexdigest() == small.hash
        assert "hash" not in data
        assert data["parameters"]["order_limit"] == "10 workdays"


class TestOverlay:
    """An installation's own values."""

    def loaded(self, tmp_path: Path, text: str) -> Workflow:
        path = tmp_path / "config" / "workflows" / "small-case.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
        return load_workflow(SMALL, overlay=path)

    def test_within_bounds(self, tmp_path: Path) -> None:
        """A value within bounds takes the place of the file's, and makes another version."""
        found = self.loaded(
            tmp_path, "parameters: {first_visit: 5 workdays, order_limit: 30 calendar days, visits_wanted: 3}\n"
        )
        assert (Span.parse("5 workdays"), Span.parse("30 calendar days"), 3) == (
            found.deadlines["first_visit"].span,
            found.deadlines["compliance"].span,
            found.parameters["visits_wanted"],
        )
        assert load_workflow(SMALL).hash != found.hash

    def test_missing(self, tmp_path: Path) -> None:
        """Without a file the values of the workflow hold."""
        assert load_workflow(SMALL).hash == load_workflow(SMALL, overlay=tmp_path / "none.yaml").hash

    @pytest.mark.parametrize(
        ("text", "code", "line"),
        [
            ("parameters:\n  first_visit: 9 workdays\n", "out_of_bounds", 2),
            ("parameters:\n  first_visit: 3 weeks\n", "out_of_bounds", 2),
            ("parameters:\n  first_visit: 3\n", "out_of_bounds", 2),
            ("parameters:\n  visits_wanted: 3 weeks\n", "out_of_bounds", 2),
            ("parameters:\n  visits_wanted: many\n", "wrong_value", 2),
            ("parameters:\n  demand_limit: 20 workdays\n", "locked", 2),
            ("parameters:\n  first_visits: 3 workdays\n", "unknown_parameter", 2),
            ("states:\n  detected: {zh: 甲}\n", "unknown_key", 1),
            ("parameters: yes\n", "ambiguous", 1),
            ("", "empty", 1),
        ],
    )
    def test_refused(self, text: str, code: str, line: int, tmp_path: Path) -> None:
        """A locked, unknown or unbounded value is refused at its line in the overlay."""
        with pytest.raises(BadDefinition) as caught:
            self.loaded(tmp_path, text)
        assert [(code, line, "small-case.yaml")] == [
            (each.code, each.line, Path(each.file).name) for each in caught.value.complaints
        ]

    def test_beside_a_broken_workflow(self, tmp_path: Path) -> None:
        """With a workflow that cannot be read, only the shape of the overlay is looked at."""
        folder = copied(tmp_path)
        (folder / "workflow.yaml").write_text("a: [", "utf-8")
        overlay = tmp_path / "o.yaml"
        overlay.write_text("parameters: {first_visit: 900 workdays}\n", "utf-8")
        assert ["syntax"] == [each.code for each in check_workflow(folder, overlay=overlay)]


class TestLoadAll:
    """All workflows of an installation."""

    def test_loads(self, tmp_path: Path) -> None:
        """Every folder is a workflow, save hidden ones."""
        copied(tmp_path)
        (tmp_path / "workflows" / "_old").mkdir()
        found = load_all(tmp_path / "workflows", tmp_path)
        assert ["small-case", "small-report"] == list(found)

    def test_overlay_is_found(self, tmp_path: Path) -> None:
        """The installation's values are taken from its configuration."""
        copied(tmp_path)
        overlay = overlay_of(tmp_path, "small-case")
        overlay.parent.mkdir(exist_ok=True)
        if overlay.parent != tmp_path / "workflows":
            pytest.fail("the overlay moved")
        overlay.write_text("parameters: {visits_wanted: 4}\n", "utf-8")
        assert load_all(tmp_path / "workflows", tmp_path)["small-case"].parameters["visits_wanted"] == 4

    def test_all_or_none(self, tmp_path: Path) -> None:
        """One bad folder keeps all from starting, and its complaints are told."""
        folder = copied(tmp_path)
        (folder.parent / "broken").mkdir()
        with pytest.raises(BadDefinition) as caught:
            load_all(folder.parent, tmp_path)
        assert ["missing_file"] == [each.code for each in caught.value.complaints]
        assert "broken" in str(caught.value)

    def test_no_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is a fault of its own."""
        with pytest.raises(DefinitionError, match="流程文件夹"):
            load_all(tmp_path / "none", tmp_path)

    def test_link_to_nothing(self, tmp_path: Path) -> None:
        """A link may only open a workflow that is there."""
        folder = copied(tmp_path)
        shutil.rmtree(folder.parent / "small-report")
        with pytest.raises(BadDefinition, match="small-report"):
            load_all(folder.parent, tmp_path)
