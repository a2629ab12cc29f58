"""The facts that notices are filled with, and the forms of reserved acts."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest

from engine.access import RESERVED
from engine.cases.model import DocumentOrder
from engine.cases.notices import NoticeContext, Past, label, notice_facts
from engine.cases.reserved_forms import by_id, reserved_form
from engine.definitions.facts import CaseView, Values
from engine.definitions.vocabulary import REFUSAL_KINDS, REFUSAL_NAMES
from engine.definitions.workflow import Field
from tests.cases.little import BUREAU_HEAD, OFFICER, Play, little
from tests.cases.test_decide import ordered

PROFILE = {
    "name": "张小明",
    "sex": "男",
    "birth": date(2013, 5, 4),
    "register_no": "G990000000001",
    "school": "青禾中学",
    "class_name": "七(2)",
    "guardians": ({"key": "father", "name": "张大山"}, {"key": "uncle", "name": "张二"}),
}


def facts(
    case: CaseView,
    *,
    trigger: str = "order",
    values: Values | None = None,
    history: tuple[Past, ...] = (),
    **more: object,
) -> dict[str, object]:
    """The facts of a notice about a case."""
    order = DocumentOrder("1-1", "correction_order", True, trigger, "bureau", ("father",))
    base: dict[str, object] = {
        "workflow": little(),
        "case": case,
        "order": order,
        "values": values or {},
        "profile": PROFILE,
        "history": history,
        "officers": ("周强",),
        "today": date(2026, 9, 8),
        "offices": {"court": "有管辖权的人民法院"},
        "units": {"judicial": "青禾司法所"},
        "numbers": {"3-1": "宣和教体责改〔2026〕1号"},
    }
    return notice_facts(NoticeContext(**{**base, **more}))  # type: ignore[arg-type]


class TestFacts:
    """What a template may ask for."""

    def test_people_and_offices(self) -> None:
        """Child, guardians and offices stand under their names; the register number is masked."""
        found = facts(Play().case)
        assert found["child"] == {
            "name": "张小明",
            "sex": "男",
            "birth": date(2013, 5, 4),
            "class_name": "七(2)",
            "residence": "",
            "register_no_masked": "G9900****0001",
            "school": "青禾中学",
        }
        guardians = found["guardians"]
        assert isinstance(guardians, list)
        assert [each["relation"] for each in guardians] == ["父亲", "监护人"]
        assert found["township"] == {"name": "青禾镇人民政府", "kind": "township_government"}
        assert found["court"] == "有管辖权的人民法院"

    def test_receiver_outside(self) -> None:
        """A receiver that stands outside the case is named from the list of units."""
        assert facts(Play().case, values={"receiver": "judicial"})["receiver"] == {"name": "青禾司法所", "kind": ""}

    def test_unknown_profile(self) -> None:
        """What is not known is blank, and a unit that does not stand in the case has no name."""
        case = Play().case
        bare = case._replace(identity=case.identity.__class__(**{**_fields(case), "units": ()}))
        found = facts(bare, profile={})
        assert (found["guardians"], found["township"]) == ([], {"name": "", "kind": ""})

    def test_draft_and_issue(self) -> None:
        """Number and date are there only once the document is issued."""
        assert "number" not in facts(Play().case)
        found = facts(Play().case, number="宣和教体责改〔2026〕1号", issued_on=date(2026, 9, 9))
        assert (found["number"], found["issued_on"]) == ("宣和教体责改〔2026〕1号", date(2026, 9, 9))

    def test_basis_by_issuer(self) -> None:
        """The legal basis is that of the unit that issues."""
        play = ordered()
        order = DocumentOrder("1-1", "correction_order", True, "order", "township", ())
        assert facts(play.case, order=order)["legal_basis"] == ["义务教育法 第五十八条"]
        gone = DocumentOrder("1-1", "x", True, "gone", "township", ())
        assert facts(play.case, order=gone)["legal_basis"] == []

    def test_limit(self) -> None:
        """A limit is printed in the words of an order."""
        assert facts(Play().case, values={"limit": "10 workdays"})["limit"] == "10个工作日"

    def test_evidence(self) -> None:
        """Visits and persuasions are counted into the evidence; what the form names is added."""
        past = (Past(trigger="visit", happened_on=date(2026, 9, 3), values={"result": "refuses"}),)
        assert facts(Play().case, history=past)["evidence"] == ["到校名册"]
        assert facts(Play().case, values={"evidence": "照片"})["evidence"] == ["照片"]
        assert facts(Play().case, values={"evidence": ("照片", "录音")})["evidence"] == ["照片", "录音"]

    def test_listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Earlier visits are told in one line each."""
        monkeypatch.setattr("engine.cases.notices.VISITS", frozenset({"visit"}))
        monkeypatch.setattr("engine.cases.notices.PERSUASIONS", frozenset({"visit"}))
        past = (Past(trigger="visit", happened_on=date(2026, 9, 3), values={"result": "refuses"}),)
        found = facts(Play().case, history=past)
        assert found["visits"] == [{"happened_on": date(2026, 9, 3), "summary": "登记家访，结果：不同意"}]
        assert found["evidence"] == ["家访记录1份", "劝返记录1份"]

    def test_order(self) -> None:
        """The order that stands is told with number and days."""
        found = facts(ordered().case)["order"]
        assert isinstance(found, dict)
        assert (found["number"], found["served_on"]) == ("宣和教体责改〔2026〕1号", "")

    def test_withdrawal(self) -> None:
        """A withdrawal names what it takes back and goes to whom that went; a paper names whom it is about."""
        play = ordered()
        play.act(BUREAU_HEAD, "document.withdraw", document="correction_order", reason="x")
        found = facts(play.case, trigger="document.withdraw", values={"document": "3-1", "whom": ("father",)})
        order = next(each for each in play.case.documents if each.kind == "correction_order")
        taken = facts(play.case, trigger="document.withdraw", values={"document": order.id}, numbers={order.id: "1号"})
        assert taken["withdrawn"] == {"title": "correction_order", "number": "1号", "issued_on": date(2026, 9, 7)}
        assert (found["withdrawn"], found["concerned"]) != (taken["withdrawn"], taken["concerned"])
        assert [each["name"] for each in taken["recipients"]] == ["张大山"]  # type: ignore[attr-defined]  # a list
        office = DocumentOrder("1-1", "x", False, "order", "bureau", ("judicial",))
        assert facts(play.case, order=office)["recipients"] == [{"key": "judicial", "name": "青禾司法所"}]

    def test_closing(self) -> None:
        """A closing record names its code in words."""
        order = DocumentOrder("1-1", "x", True, "close_error", "bureau", ())
        assert facts(Play().case, order=order)["closing"] == {"code": "error", "zh": "误报"}


def _fields(case: CaseView) -> dict[str, object]:
    names = ("number", "workflow", "district", "subject", "opened_on", "scope")
    return {name: getattr(case.identity, name) for name in names}


class TestLabels:
    """Values in words."""

    def test_each_kind(self) -> None:
        """Options, days, grids, lists, spans and units are written out."""
        options = (("a", "甲"), ("b", "乙"))
        cases = [
            (Field(name="f", zh="项", type="choice", options=options), "a", "甲"),
            (Field(name="f", zh="项", type="choices", options=options), ("a", "b"), "甲、乙"),
            (Field(name="f", zh="项", type="date"), date(2026, 9, 1), "2026年9月1日"),
            (Field(name="f", zh="项", type="grid", options=options, rows=(("r", "行"),)), {"r": "a"}, "行：甲"),
            (Field(name="f", zh="项", type="span"), "3 workdays", "3个工作日"),
            (Field(name="f", zh="项", type="yes_no"), "yes", "是"),
            (Field(name="f", zh="项", type="unit"), "u", "单位"),
            (Field(name="f", zh="项", type="text"), "x", "x"),
        ]
        assert [told for _, _, told in cases] == [label(field, value, {"u": "单位"}) for field, value, _ in cases]


class TestReservedForms:
    """Forms of reserved acts."""

    def test_choices_of_the_case(self) -> None:
        """Documents, addressees, deadlines, acts and proposals are those of the case."""
        play = ordered()
        play.on("2026-09-08").act(OFFICER, "check")
        play.act(OFFICER, "refer", receiver="x")
        form = {each.name: each for each in reserved_form("document.serve", play.case, little())}
        assert [key for key, _ in form["document"].options] == ["3-1"]
        assert form["to"].options == (("father", "父亲"), ("mother", "母亲"))
        hold = reserved_form("case.hold", play.case, little())[0]
        assert ("service", "送达") in hold.options
        correct = reserved_form("case.correct", play.case, little())[0]
        assert ("check", "复核改正情况") in correct.options
        assert reserved_form("proposal.approve", play.case, little())[0].options == (("P7", "移送"),)
        named = by_id(play.case, {"document": "correction_order", "proposal": "refer", "method": "mail"})
        assert named == {"document": "3-1", "proposal": "P7", "method": "mail"}
        assert by_id(play.case, {"document": "9-9"}) == {"document": "9-9"}

    def test_every_reserved_act(self) -> None:
        """Every reserved act has a form; a name that is none has not."""
        case = Play().case
        for trigger in (
            "case.note",
            "case.undo",
            "case.release",
            "case.hand_over",
            "case.reopen",
            "document.dispense",
            "document.withdraw",
            "proposal.return",
        ):
            assert isinstance(reserved_form(trigger, case, little()), tuple)
        with pytest.raises(KeyError):
            reserved_form("fly", case, little())


class TestNamesOfRefusals:
    """What stands against an act, by name."""

    def test_equals_vocabulary(self) -> None:
        """The kinds and names that a story may write are those that deciding uses, beside guards and fields of workflows."""
        kinds, names = (
            set(),
            {each.name for trigger in RESERVED for each in reserved_form(trigger, Play().case, little())},
        )
        for path in (Path(__file__).parents[2] / "engine" / "cases").glob("*.py"):
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Reason":
                    kind, name = call.args[:2]
                    kinds |= {kind.value} if isinstance(kind, ast.Constant) else set()
                    names |= {name.value} if isinstance(name, ast.Constant) else set()
        assert (REFUSAL_KINDS, REFUSAL_NAMES) == (kinds, names)
