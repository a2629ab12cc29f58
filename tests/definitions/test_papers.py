"""Papers on which a service rests: their legal parts, the fields they are issued with, the guards over them."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.definitions import general, ladder, papers
from engine.definitions.facts import Document
from engine.definitions.legal_parts import LEGAL_PARTS
from engine.definitions.load import check_workflow
from engine.definitions.predicates import registry
from engine.paths import workflows_dir
from tests.definitions.test_ladder import Given, order, to

KNOWN = frozenset({"dropout-case", "referral", "mandatory-report"})
DAY = date(2026, 9, 8)
NEW = ("parent_letter", "address_confirmation", "entrustment_letter")


def folder(tmp_path: Path) -> Path:
    """A copy of the ladder, to break."""
    found = tmp_path / "dropout-case"
    shutil.copytree(workflows_dir() / "dropout-case", found, ignore=shutil.ignore_patterns("stories"))
    return found


def changed(path: Path, *changes: tuple[str, str]) -> None:
    """A file with these changes, each made once."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


class TestLegalParts:
    """The locked table against the templates."""

    def test_every_part_is_demanded(self, tmp_path: Path) -> None:
        """A template that leaves parts out is refused at load, each part named with its law."""
        broken = folder(tmp_path)
        for kind in NEW:
            path = broken / "notices" / f"{kind}.yaml"
            path.write_text(re.sub(r"\n    part: .*", "", path.read_text("utf-8")), "utf-8")
        missing: dict[str, list[str]] = {}
        for each in check_workflow(broken, known=KNOWN):
            assert each.code == "missing_part"
            missing.setdefault(Path(each.file).stem, []).append(each.message)
        assert set(NEW) == set(missing)
        for kind in NEW:
            told = " ".join(missing[kind])
            assert len(LEGAL_PARTS[kind].parts) == len(missing[kind])
            assert all(what in told for what in LEGAL_PARTS[kind].parts.values())

    def test_no_fine_in_a_letter(self, tmp_path: Path) -> None:
        """A letter to parents threatens no fine; an entrustment is issued by approval, numbered, by an office that may."""
        broken = folder(tmp_path)
        changed(broken / "notices" / "parent_letter.yaml", ("您好！", "您好！不送孩子上学要罚款。"))
        changed(
            broken / "notices" / "entrustment_letter.yaml",
            ("number: {series: 委送, by: [issuer, year]}\n", ""),
            ("[township_government, county", "[school, township_government, county"),
        )
        found = {(Path(each.file).stem, each.code) for each in check_workflow(broken, known=KNOWN)}
        letter = "entrustment_letter"
        assert found == {("parent_letter", "money"), (letter, "no_number"), (letter, "no_authority")}


class TestChecks:
    """What the loader asks of the acts around service."""

    def test_fields(self, tmp_path: Path) -> None:
        """A paper on which a service rests is issued with the fields that the service reads."""
        broken = folder(tmp_path)
        changed(
            broken / "workflow.yaml",
            ("    form: confirmation\n    when: [guardians_are_named, {", "    form: absence\n    when: [{"),
            ("{field_is: {field: signed, one_of: [self]}}", "{field_is: {field: since, one_of: [x]}}"),
        )
        found = [each for each in check_workflow(broken, known=KNOWN) if each.code == "no_field"]
        assert sorted(LEGAL_PARTS["address_confirmation"].asks) == sorted(each.message.split()[1] for each in found)

    def test_correction(self, tmp_path: Path) -> None:
        """A correction of a service is approved, guarded, about a document of the workflow, and issues nothing."""
        broken = folder(tmp_path)
        old = "    when: [service_day_fits, issuer_is_that_of_the_order]\n    corrects: correction_order\n"
        new = "    when: [issuer_is_that_of_the_order]\n    corrects: order\n    documents: [visit_record]\n"
        text = (broken / "workflow.yaml").read_text("utf-8")
        at = text.index("  correct_service:")
        act = text[at:].replace(old, new, 1)
        act = act.replace(
            "propose_by: [township_officer, bureau_officer]\n    approvals: [issuer_head]\n", "by: school_officer\n", 1
        )
        (broken / "workflow.yaml").write_text(text[:at] + act, "utf-8")
        codes = {each.code for each in check_workflow(broken, known=KNOWN)}
        assert {"unknown_name", "no_approvals", "no_correction_guard", "corrects_and_issues"} <= codes


def issued(*addressees: Any, **more: Any) -> tuple[Document, ...]:
    """An order of the bureau, issued on the seventh."""
    fields = {"issuer": "bureau", "issued_on": date(2026, 9, 7), **more}
    return (Document(id="9-1", kind="correction_order", status="issued", addressees=addressees, **fields),)


SERVED = issued(to("father", DAY, "served"), to("mother"))
FIXED = issued(to("father", DAY, "served"), fixed_on=date(2026, 9, 10))
YES = [
    ("named_wait_for_service", Given(documents=SERVED, values={"whom": "mother"})),
    ("named_wait_for_service", Given(documents=SERVED, values={"whom": ("mother",)})),
    ("issuer_is_that_of_the_order", Given(documents=SERVED, values={"issuer": "bureau"})),
    ("service_day_fits", Given(documents=SERVED, values={"to": "father", "served_on": date(2026, 9, 7)})),
    ("service_day_fits", Given(documents=FIXED, values={"to": "father", "served_on": date(2026, 9, 9)})),
]
NO = [
    ("guardians_are_named", Given(values={"whom": "carer"}), "「carer」不是本案登记的监护人"),
    ("guardians_are_named", Given(), "不是本案登记的监护人"),
    (
        "guardians_are_named",
        Given(values={"whom": ("mother", "father")}),
        "「母亲、父亲」不是本案登记的监护人；监护人：没有",
    ),
    ("named_wait_for_service", Given(documents=SERVED, values={"whom": ("mother", "father")}), "等候送达的：母亲"),
    ("named_wait_for_service", Given(values={"whom": "father"}), "等候送达的：没有"),
    ("issuer_is_that_of_the_order", Given(values={"issuer": "bureau"}), "没有有效的"),
    ("issuer_is_that_of_the_order", Given(documents=SERVED, values={"issuer": "township"}), "（bureau）办理"),
    ("issuer_is_that_of_the_order", Given(documents=issued(issuer="gone")), "签发单位gone（gone）"),
    ("service_day_fits", Given(values={"to": "father", "served_on": DAY}), "已送达的：没有"),
    ("service_day_fits", Given(documents=SERVED, values={"to": "mother", "served_on": DAY}), "已送达的：father"),
    ("service_day_fits", Given(documents=SERVED, values={"to": "father", "served_on": DAY}), "不用更正"),
    ("service_day_fits", Given(documents=SERVED, values={"to": "father"}), "签发之日2026-09-07"),
    ("service_day_fits", Given(documents=SERVED, values={"to": "father", "served_on": date(2026, 9, 6)}), "2026-09-07"),
    ("service_day_fits", Given(documents=FIXED, values={"to": "father", "served_on": date(2026, 9, 10)}), "限定"),
]


class TestPredicates:
    """Guards over papers."""

    @pytest.mark.parametrize(("name", "given"), YES)
    def test_holds(self, name: str, given: Given) -> None:
        """Each holds for what it asks for."""
        answer = registry([papers])[name].test(given.facts())
        assert (answer.holds, answer.why) == (True, "")

    @pytest.mark.parametrize(("name", "given", "why"), NO)
    def test_says_why(self, name: str, given: Given, why: str) -> None:
        """Each says in Chinese what would be accepted."""
        answer = registry([papers])[name].test(given.facts())
        assert (answer.holds, why in answer.why) == (False, True), answer.why

    def test_named_guardians(self) -> None:
        """A guardian of this child is one; the names do not meet those of other rooms, and all are played here."""
        facts = Given(values={"whom": ("father", "mother")}).facts()
        subject = type(facts.case.identity.subject)(kind="pupil", reference="G1", guardians=("father", "mother"))
        identity = type(facts.case.identity)(
            number="1", workflow="x", district="QH", subject=subject, units=(), opened_on=DAY
        )
        facts = facts._replace(case=facts.case._replace(identity=identity))
        assert registry([papers])["guardians_are_named"].test(facts).holds
        known = registry([papers])
        assert {*(name for name, _ in YES), "guardians_are_named"} == {name for name, *_ in NO} == set(known)
        assert len(registry([general, ladder, papers])) == len(registry([general, ladder])) + len(known)
        assert {kind for each in known.values() for kind, _ in each.reads({})} == {"document", "field"}
        assert order(to("father"))[0].served_on is None
