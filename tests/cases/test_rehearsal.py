"""Cases in memory: opening, linked cases and what they tell each other, timers in their order."""

from __future__ import annotations

import gc
from datetime import date

import pytest

from engine.cases.model import Command, Decision, Refusal
from engine.cases.opening import child_identity, link_changed
from engine.cases.rehearsal import Rehearsal
from engine.clock import at_local
from engine.definitions.facts import SYSTEM, UnitFacts
from tests.cases.little import BUREAU, BUREAU_HEAD, FIRST, OFFICER, SCHOOL, calendar, identity, little
from tests.cases.test_decide import ordered

NUMBER = "QH-2026-0001"
JUDICIAL = UnitFacts(code="judicial", name="青禾司法所", kind="judicial_office", relation="receiver")


def stage(*, keep: bool = True) -> Rehearsal:
    """A store with one open case."""
    found = Rehearsal({"little": little()}, calendar(), units=(JUDICIAL,), keep=keep)
    command = Command("open", NUMBER, "case.open", SCHOOL, {"kind": "absent", "detail": "未到"})
    found.open(identity(), command, at_local(FIRST, 10), unit="school")
    return found


def act(store: Rehearsal, actor: object, trigger: str, day: str, **values: object) -> object:
    """One act at ten in the morning."""
    command = Command(f"{trigger}{day}", NUMBER, trigger, actor, values)  # type: ignore[arg-type]
    return store.act(command, at_local(date.fromisoformat(day), 10))


def referred(store: Rehearsal) -> None:
    """The case referred with one linked case."""
    store.cases[NUMBER] = ordered().case
    act(store, OFFICER, "check", "2026-09-08")
    act(store, OFFICER, "refer", "2026-09-08", channel="judicial_office", receiver="judicial")
    act(store, BUREAU_HEAD, "proposal.approve", "2026-09-08", proposal="refer")


class TestOpening:
    """A new case."""

    def test_classes_of_values(self) -> None:
        """The kind of the finding is public, the rest of the opening is sealed."""
        entry = stage().decisions[0].entry
        assert (entry.public, entry.sealed) == ({"kind": "absent"}, {"detail": "未到"})
        assert (entry.source, entry.target, entry.role) == ("", "detected", "school_officer")

    def test_by_system(self) -> None:
        """A case that nobody with a role opens is opened by the system."""
        store = Rehearsal({"little": little()}, calendar())
        decision = store.open(identity(), Command("o", NUMBER, "case.open", SYSTEM), at_local(FIRST), unit="school")
        assert decision.entry.role == "system"


class TestLinks:
    """Linked cases."""

    def test_opened(self) -> None:
        """A linked case has its parent's subject and units, the receiver beside them, and its channel."""
        store = stage()
        referred(store)
        child = store.child(NUMBER, "refer")
        assert (child.identity.parent, child.identity.channel, child.unit) == (NUMBER, "judicial_office", "judicial")
        assert "judicial" in child.identity.scope
        with pytest.raises(KeyError):
            store.child(NUMBER, "danger")

    def test_without_receiver(self) -> None:
        """A linked case without a receiver keeps its parent's units."""
        store = stage()
        referred(store)
        parent = store.cases[NUMBER]
        order = store.decisions[-2].opens or store.decisions[-3].opens
        assert order
        found = child_identity(parent, order[0], "X-1", receiver=None, now=at_local(FIRST))
        assert found.scope == parent.identity.scope

    def test_tells_parent(self) -> None:
        """What happens to the linked case is an entry of its parent, never a new version of it."""
        store = stage()
        referred(store)
        before = store.cases[NUMBER]
        child = store.child(NUMBER, "refer").identity.number
        command = Command("c", child, "close_error", BUREAU)
        store.act(command, at_local(date(2026, 9, 9), 10))
        after = store.cases[NUMBER]
        assert (after.seq, after.version) == (before.seq + 1, before.version)
        assert (after.links[0].ended, after.links[0].outcome) == (True, "closed")

    def test_nothing_new(self) -> None:
        """News that changes nothing is no entry."""
        store = stage()
        referred(store)
        parent = store.cases[NUMBER]
        values = {"link": parent.links[0].reference, "state": parent.links[0].state, "kind": "open"}
        command = Command("c", NUMBER, "link.changed", SYSTEM, values)
        assert link_changed(little(), parent, command, now=at_local(FIRST), calendar=calendar()) is None


class TestSweeping:
    """Timers in the heap."""

    def test_each_once(self) -> None:
        """Every timer acts once, and one that no longer fits is let go."""
        store = stage()
        assert store.next_at() == at_local(date(2026, 9, 3), 0, 30)
        assert len(store.sweep(at_local(date(2026, 9, 3), 0, 30))) == 1
        assert store.sweep(at_local(date(2026, 9, 3), 0, 30)) == []
        act(store, SCHOOL, "back", "2026-09-04")
        assert [each.entry.trigger for each in store.sweep(at_local(date(2026, 9, 8)))] == []

    def test_refused_timer(self) -> None:
        """A timer whose act is refused leaves the case as it was."""
        store = stage()
        case = store.cases[NUMBER]
        fired = case.deadlines["first_visit"]._replace(step=3)
        store.cases[NUMBER] = case._replace(state="watched", deadlines={"first_visit": fired})
        store._heap = [(fired.next_at, 0, NUMBER, "first_visit", 1, 1, 3)]  # type: ignore[list-item]
        store.cases[NUMBER] = store.cases[NUMBER]._replace(
            deadlines={"first_visit": fired._replace(next_at=at_local(date(2027, 1, 1)))}
        )
        assert store.sweep(at_local(date(2026, 9, 10))) == []

    def test_refusal_is_kept_out(self) -> None:
        """A refused act is no decision of the store."""
        store = stage(keep=False)
        outcome = act(store, OFFICER, "visit", "2026-09-02")
        assert isinstance(outcome, Refusal)
        assert (store.decisions, store.steps) == ([], 1)
        assert isinstance(act(store, OFFICER, "visit", "2026-09-02", result="refuses"), Decision)
        assert store.next_at() is not None

    def test_empty(self) -> None:
        """A store without cases has no next moment."""
        assert Rehearsal({}, calendar()).next_at() is None

    def test_undisturbed(self) -> None:
        """The collector is put back as it was."""
        with Rehearsal.undisturbed():
            assert not gc.isenabled()
            with Rehearsal.undisturbed():
                pass
            assert not gc.isenabled()
        assert gc.isenabled()
