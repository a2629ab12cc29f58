"""Cases as bytes: whatever deciding can make comes back equal, and recorded changes rebuild it exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cases.model import Decision
from engine.definitions.facts import (
    Act,
    Addressee,
    CaseView,
    Document,
    Link,
    Pause,
    Proposal,
    Running,
    Tally,
)
from engine.storage.case_row import body_of, clock_from, clock_of
from engine.storage.codec import value_bytes, value_from
from engine.storage.delta import applied, change
from engine.storage.record import entry_public
from engine.workdays import Hold, Span
from tests.cases.little import BUREAU, HEAD, OFFICER, REVIEWER, SCHOOL, TEACHER, Play, opened
from tests.storage.keeping import opening

EXAMPLES = settings(max_examples=150)
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
NAME = st.text("abcdefgh_", min_size=1, max_size=6)
DAY = st.dates(date(1990, 1, 1), date(2100, 1, 1))
INSTANT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | DAY | INSTANT,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
VALUES = st.dictionaries(NAME, VALUE, max_size=3)
SPAN = st.sampled_from([Span.parse(text) for text in ("10 workdays", "1 week", "6 months", "6 hours")])
ADDRESSEE = st.builds(Addressee, key=NAME, method=NAME, served_on=st.none() | DAY, failed=st.lists(NAME).map(tuple))
DOCUMENT = st.builds(
    Document,
    id=NAME,
    kind=NAME,
    status=NAME,
    issued_on=st.none() | DAY,
    addressees=st.lists(ADDRESSEE, max_size=2).map(tuple),
    limit=st.none() | SPAN,
    fixed_on=st.none() | DAY,
)
ACT = st.builds(Act, NAME, st.integers(1, 9), DAY, INSTANT, NAME, NAME, st.integers(0, 3), VALUES)
RUNNING = st.builds(
    Running, NAME, st.integers(0, 9), st.integers(0, 9), NAME, st.none() | DAY | INSTANT, st.none() | DAY,
    st.none() | INSTANT, st.booleans(), st.none() | DAY, st.none() | DAY, st.integers(0, 9), st.none() | INSTANT, NAME,
)  # fmt: skip
PAUSE = st.builds(Pause, NAME, st.builds(Hold, first=DAY, last=st.none()), TEXT, st.none() | DAY)
PROPOSAL = st.builds(
    Proposal, id=NAME, trigger=NAME, proposed_by=NAME, proposed_role=NAME, made_on=DAY, happened_on=DAY,
    epoch=st.integers(0, 9), values=VALUES, facts_hash=TEXT,
    approvals=st.lists(st.tuples(NAME, NAME, DAY), max_size=2).map(tuple),
)  # fmt: skip
LINK = st.builds(Link, name=NAME, workflow=NAME, reference=NAME, state=NAME, ended=st.booleans())
BARE = st.builds(
    opened()._replace,
    state=NAME,
    seq=st.integers(1, 99),
    tallies=st.dictionaries(
        NAME, st.builds(Tally, st.integers(0, 9), st.lists(DAY, max_size=2).map(tuple)), max_size=2
    ),
    acts=st.dictionaries(NAME, ACT, max_size=2),
    deadlines=st.lists(RUNNING, max_size=2).map(lambda every: {each.name: each for each in every}),
    documents=st.lists(DOCUMENT, max_size=2).map(tuple),
    proposals=st.lists(PROPOSAL, max_size=2).map(tuple),
    links=st.lists(LINK, max_size=2).map(tuple),
    pauses=st.lists(PAUSE, max_size=2).map(tuple),
    watchers=st.lists(NAME, max_size=2).map(tuple),
)
CASE = st.builds(lambda case, previous: case._replace(previous=previous), BARE, st.none() | BARE)

ACTS = (
    (OFFICER, "visit", {"result": "agrees", "returns": date(2026, 12, 1), "visitors": ("甲", "乙")}),
    (OFFICER, "visit", {"result": "nobody_home", "visitors": ("甲", "乙")}),
    (TEACHER, "visit", {"result": "nobody_home", "visitors": ("甲", "乙")}),
    (OFFICER, "proposal.approve", {"proposal": "visit"}),
    (OFFICER, "order", {"issuer": "township", "limit": "10 workdays"}),
    (REVIEWER, "proposal.approve", {"proposal": "order"}),
    (HEAD, "proposal.approve", {"proposal": "order"}),
    (REVIEWER, "proposal.return", {"proposal": "order", "reason": "事实不清"}),
    (OFFICER, "case.undo", {}),
    (OFFICER, "case.note", {"text": "备注"}),
    (OFFICER, "case.hold", {"deadline": "first_visit", "reason": "停电", "review_on": date(2026, 12, 1)}),
    (OFFICER, "case.release", {"deadline": "first_visit"}),
    (OFFICER, "case.hand_over", {"owner": "head", "reason": "休假"}),
    (OFFICER, "case.correct", {"entry": "visit", "field": "visitors", "value": ("丙", "丁"), "reason": "笔误"}),
    (SCHOOL, "back", {}),
    (SCHOOL, "relapse", {}),
    (BUREAU, "close_error", {}),
    (BUREAU, "case.reopen", {"reason": "仍未返校"}),
)


class TestRoundTrip:
    """Values and cases as bytes."""

    @given(CASE)
    @EXAMPLES
    def test_cases(self, case: CaseView) -> None:
        """Any case comes back equal, whole or in the parts of its row."""
        body = (case.tallies, case.acts, case.documents, case.proposals, case.links, case.pauses)
        assert case == value_from(value_bytes(case))
        assert (body, (case.deadlines, case.watchers)) == (value_from(body_of(case)), clock_from(clock_of(case)))

    @given(VALUE)
    @EXAMPLES
    def test_values(self, value: object) -> None:
        """Any value of a form comes back equal and of its own type: days stay days, tuples tuples."""
        back = value_from(value_bytes(value))
        assert (value, type(value)) == (back, type(back))

    def test_mappings_that_look_like_our_marks(self) -> None:
        """A form's mapping with keys such as our own marks stays what it was."""
        value = {"$d": "x", "$o": "CaseView", "f": (1,), "": {"$m": ()}}
        assert value == value_from(value_bytes(value))

    def test_unknown_types(self) -> None:
        """What a case cannot hold is refused when it is written."""
        with pytest.raises(TypeError, match="a case cannot hold a float"):
            value_bytes({"a": (1.5,)})

    def test_older_values(self) -> None:
        """What was written before a class got another field is read with that field's default."""
        older = value_bytes(Addressee(key="father")).replace(b",[]]}", b"]}")
        assert Addressee(key="father") == value_from(older)


class TestChange:
    """`change` and `applied`."""

    @given(BARE, CASE)
    @EXAMPLES
    def test_any_two_cases(self, before: CaseView, after: CaseView) -> None:
        """The change between any two views, read back from bytes, leads from one to the other."""
        told = value_from(value_bytes(change(before, after)))
        assert after._replace(head="", previous=None) == applied(before, told)._replace(head="")

    @given(st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 2)), max_size=14))
    @settings(max_examples=60)
    def test_any_walk(self, walk: list[tuple[int, int]]) -> None:
        """Along any walk over the ladder the recorded changes rebuild every moment of the case."""
        decision = opening()
        play = Play(decision.case)
        rebuilt = applied(None, value_from(value_bytes(change(None, decision.case))))
        for at, hours in walk:
            actor, trigger, values = ACTS[at]
            play.now = play.now.replace(hour=(play.now.hour + hours) % 9)
            outcome = play.try_(actor, trigger, **values)
            if isinstance(outcome, Decision):
                rebuilt = applied(rebuilt, value_from(value_bytes(change(outcome.before, outcome.case))))
                play.case = outcome.case
            assert play.case._replace(previous=None) == rebuilt

    def test_long_cases_do_not_repeat_themselves(self) -> None:
        """An entry records the acts that changed, not all that ever happened."""
        play = Play()
        first = play.act(OFFICER, "visit", result="nobody_home", visitors=("甲", "乙"))
        second = play.act(SCHOOL, "back")
        assert (["visit"], ["back"]) == tuple(
            list(change(each.before, each.case)["put"]["acts"]) for each in (first, second)
        )

    @pytest.mark.parametrize(("undo", "undoable"), [("before", 2), ("same", 7), ("nothing", 0)])
    def test_entries_of_the_first_release(self, undo: str, undoable: int) -> None:
        """Entries that told how the case before the act stood still say which act may be undone."""
        before = opened()._replace(undoable=7)
        told = {"set": {"seq": 2}, "put": {}, "cut": {}, "undo": undo}
        assert (2, undoable) == (applied(before, told).seq, applied(before, told).undoable)

    def test_needs_the_case_before(self) -> None:
        """Only an opening needs no case before it."""
        case = opened()
        with pytest.raises(ValueError, match="opens it"):
            applied(None, change(case, case._replace(seq=2)))


class TestEntryPublic:
    """`entry_public`."""

    def test_texts_that_guards_used_stay_out(self) -> None:
        """Counts, truths and days that guards used stand open; their texts, which may be personal, do not."""
        decision = opening()
        seen = {"visits": 2, "served": True, "on": date(2026, 9, 1), "said": "欧阳小明", "who": ("欧阳小明",)}
        public = entry_public(decision._replace(entry=decision.entry._replace(seen=seen)), (), "hash")
        assert b'"seen":{"on":"2026-09-01","served":true,"visits":2}' in public
        assert "欧阳小明".encode() not in public
