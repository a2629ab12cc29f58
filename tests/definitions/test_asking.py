"""Guards and predicates as they are asked, and the small questions that facts answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from engine.definitions import general
from engine.definitions.facts import (
    Act,
    Actor,
    Addressee,
    Answer,
    CaseView,
    Document,
    Facts,
    HeldRole,
    Identity,
    SubjectFacts,
    Tally,
    UnitFacts,
)
from engine.definitions.predicates import predicate, registry
from engine.definitions.workflow import Guard, Transition
from engine.workdays import Calendar

DAY = date(2026, 9, 1)
SCHOOL = UnitFacts(code="S1", name="青禾中学", kind="school", relation="school")


def case(**changes: object) -> CaseView:
    identity = Identity(
        number="X1",
        workflow="w",
        district="d",
        subject=SubjectFacts(kind="pupil", reference="p"),
        units=(SCHOOL,),
        opened_on=DAY,
    )
    empty = CaseView(identity, "detected", "", 1, 1, 1, "", DAY, "S1", "", {}, {}, {}, (), (), (), (), (), "", None)
    return empty._replace(**changes)


def facts(view: CaseView | None = None, **values: object) -> Facts:
    calendar: Calendar = SimpleNamespace()  # type: ignore[assignment]
    return Facts(view or case(), values, DAY, DAY, calendar, Actor(user="u", roles=()), "school_officer")


class TestGeneral:
    """Predicates that any workflow can use."""

    def test_recorded(self) -> None:
        """Holds once the act was accepted; otherwise says which is missing."""
        act = Act("visit", 3, DAY, datetime(2026, 9, 1, tzinfo=UTC), "u", "r", 0, {})
        assert (True, {"visit": 3}, "") == general.recorded.test(facts(case(acts={"visit": act})), act="visit")
        assert "visit" in general.recorded.test(facts(), act="visit").why
        assert ("visit",) == general.recorded.offers({"act": "visit"})
        assert frozenset({("act", "visit")}) == general.recorded.reads({"act": "visit"})

    def test_at_least(self) -> None:
        """Holds when something counted often enough."""
        view = case(tallies={"visits": Tally(2, (DAY,))})
        assert general.at_least.test(facts(view), count="visits", times=2).holds
        assert "现有2次" in general.at_least.test(facts(view), count="visits", times=3).why
        assert "现有0次" in general.at_least.test(facts(), count="visits", times=3).why

    def test_on_days(self) -> None:
        """Holds when something counted on enough different days."""
        view = case(tallies={"visits": Tally(2, (DAY,))})
        assert general.on_days.test(facts(view), count="visits", days=1).holds
        assert "现有1个" in general.on_days.test(facts(view), count="visits", days=2).why
        assert "现有0个" in general.on_days.test(facts(), count="visits", days=2).why

    def test_field_is(self) -> None:
        """Holds when the field has, or contains, one of the values."""
        assert general.field_is.test(facts(result="agrees"), field="result", one_of=("agrees",)).holds
        assert general.field_is.test(facts(met=("father", "pupil")), field="met", one_of=("pupil",)).holds
        assert "agrees" in general.field_is.test(facts(), field="result", one_of=("agrees",)).why


@predicate("总是")
def always(facts: Facts) -> Answer:
    return Answer(True, {"a": 1})


@predicate("从不", version=2)
def never(facts: Facts) -> Answer:
    return Answer(False, {"b": 2}, "因为从不")


class TestGuard:
    """How a guard answers."""

    def test_plain_and_negated(self) -> None:
        """A guard answers as its predicate; a negated one the other way, with a reason."""
        assert Answer(True, {"a": 1}) == Guard(predicate=always).ask(facts())
        assert Answer(False, {"a": 1}, "不应出现：总是") == Guard(predicate=always, negated=True).ask(facts())
        assert Answer(True, {"b": 2}) == Guard(predicate=never, negated=True).ask(facts())

    def test_any(self) -> None:
        """Of several, one must hold; none: all reasons are told."""
        both = Guard(any_of=(Guard(predicate=never), Guard(predicate=always)))
        assert Answer(True, {"a": 1, "b": 2}) == both.ask(facts())
        none = Guard(any_of=(Guard(predicate=never), Guard(predicate=always, negated=True)))
        assert "因为从不；或者不应出现：总是" == none.ask(facts()).why

    def test_empty(self) -> None:
        """A guard that asks nothing holds."""
        assert Guard().ask(facts()).holds

    def test_label(self) -> None:
        """A guard is called as it is written."""
        guard = Guard(any_of=(Guard(predicate=never), Guard(predicate=always, negated=True)))
        assert ("any(never, not always)", "") == (guard.label, Guard().label)
        assert never.id == "never@2"

    def test_roles(self) -> None:
        """With approvals an act is started by those who propose it, otherwise by those who do it."""
        acts = {
            "name": "a",
            "zh": "甲",
            "sources": frozenset({"s"}),
            "edges": (),
            "by": frozenset({"x"}),
            "propose_by": frozenset({"y"}),
        }
        assert frozenset({"x"}) == Transition(**acts).roles
        assert frozenset({"y"}) == Transition(**acts, approvals=("z",)).roles


class TestDeclaring:
    """How predicates are declared and found."""

    def test_defaults(self) -> None:
        """A predicate reads and offers nothing unless it says so."""
        assert (frozenset(), ()) == (always.reads({}), always.offers({}))

    def test_arguments_that_yaml_cannot_give(self) -> None:
        """An argument of another type is refused where it is declared."""

        def odd(facts: Facts, *, at: date) -> Answer:
            raise AssertionError

        with pytest.raises(TypeError, match="at"):
            predicate("怪")(odd)

    def test_names_are_unique(self) -> None:
        """Two predicates of one name are a fault; the same one imported twice is not."""
        other = predicate("另一个")(always.test)
        assert {"always": always} == registry([SimpleNamespace(x=always), SimpleNamespace(y=always, z=3)])
        with pytest.raises(ValueError, match="always"):
            registry([SimpleNamespace(x=always), SimpleNamespace(x=other)])


class TestFacts:
    """What facts answer."""

    def test_units(self) -> None:
        """A unit is found by its relation to the case and by its code."""
        view = case()
        assert (SCHOOL, None) == (view.unit_of("school"), view.unit_of("household"))
        assert (SCHOOL, None) == (view.unit_by_code("S1"), view.unit_by_code("S2"))

    def test_documents(self) -> None:
        """A document is found by id, and by kind when it stands: the newest one."""
        old, new = (Document(id=id_, kind="order", status="issued") for id_ in ("1", "2"))
        draft = Document(id="3", kind="order", status="draft")
        view = case(documents=(old, new, draft))
        assert (draft, None) == (view.document("3"), view.document("4"))
        assert (new, None) == (view.latest("order"), view.latest("letter"))

    def test_service(self) -> None:
        """Time runs from the latest service, once nobody waits."""
        served = Addressee(key="father", status="served", served_on=DAY)
        later = Addressee(key="mother", status="served", served_on=date(2026, 9, 9))
        dispensed = Addressee(key="guardian", status="dispensed")
        waiting = Addressee(key="mother")
        document = {"id": "1", "kind": "order", "status": "issued"}
        assert date(2026, 9, 9) == Document(**document, addressees=(served, later, dispensed)).served_on
        assert Document(**document, addressees=(served, waiting)).served_on is None
        assert Document(**document, addressees=(dispensed,)).served_on is None

    def test_roles(self) -> None:
        """A role counts on its days, in units that have standing."""
        held = HeldRole(role="r", unit="S1", first=DAY, last=DAY)
        actor = Actor(user="u", roles=(held,))
        assert held is actor.role_in(frozenset({"r"}), frozenset({"S1"}), DAY)
        for wanted, scope, day in (("x", "S1", DAY), ("r", "S2", DAY), ("r", "S1", date(2026, 9, 2))):
            assert actor.role_in(frozenset({wanted}), frozenset({scope}), day) is None
