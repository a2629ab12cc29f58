"""The stores one by one: timers, documents, outbox, requests, subjects, findings."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from engine.cases.decide import decide
from engine.cases.model import Command, Decision
from engine.cases.passing import timer_values
from engine.clock import at_local
from engine.definitions.facts import SYSTEM, CaseView
from engine.errors import StaleRefused
from engine.roster.findings import Finding
from engine.storage.case_row import derived
from engine.storage.listing import Place
from engine.storage.types import Day, Flag, Instant, instant_text
from engine.storage.unit_of_work import Archive, Conflict
from tests.cases.little import OFFICER, UNITS, calendar, little
from tests.storage.keeping import NUMBER, VERSION, Story, kept, opening

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)


def acted(case: CaseView, now: datetime) -> Decision:
    """What the first timer of a case does."""
    running = next(each for each in case.deadlines.values() if each.next_at)
    command = Command("t", case.identity.number, "timer.act", SYSTEM, timer_values(running))
    decided = decide(little(), case, command, now, calendar())
    assert isinstance(decided, Decision)
    return decided


def visited(archive: Archive) -> Story:
    """A case with one visit."""
    story = Story(archive)
    story.act(OFFICER, "visit", result="agrees", returns=date(2026, 9, 3), visitors=("甲", "乙"))
    return story


class TestTypes:
    """Column types."""

    def test_instants_sort_as_text(self) -> None:
        """An instant is text of one width in UTC, whatever zone it came in, and comes back aware."""
        east = datetime(2026, 9, 1, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))
        stored = Instant().process_bind_param(east, None)
        assert ("2026-09-01T02:00:00.000005Z", east) == (stored, Instant().process_result_value(stored, None))

    def test_naive_instants(self) -> None:
        """A naive instant is never stored."""
        with pytest.raises(ValueError, match="naive"):
            Instant().process_bind_param(datetime(2026, 9, 1), None)

    def test_an_instant_is_no_day(self) -> None:
        """An instant in a day's place is refused: only the zone decides which day it is."""
        with pytest.raises(ValueError, match="zone"):
            Day().process_bind_param(NOW, None)

    @pytest.mark.parametrize("kind", [Instant(), Day(), Flag()], ids=lambda each: type(each).__name__)
    def test_nothing(self, kind: Instant | Day | Flag) -> None:
        """Nothing stays nothing, in and out."""
        assert (None, None) == (kind.process_bind_param(None, None), kind.process_result_value(None, None))

    def test_truths_and_days(self) -> None:
        """Truth values are 0 and 1, days ISO text."""
        flag, day = Flag(), Day()
        assert (1, False) == (flag.process_bind_param(True, None), flag.process_result_value(0, None))
        assert ("2026-09-01", date(2026, 9, 1)) == (
            day.process_bind_param(date(2026, 9, 1), None),
            day.process_result_value("2026-09-01", None),
        )


class TestCases:
    """`CaseStore`, as lists use it."""

    def test_listed_by_due_date(self, archive: Archive) -> None:
        """Cases are listed by due date; those without one stand last."""
        for number in ("QH-3", "QH-1", "QH-2"):
            kept(archive, opening(number))
        late = opening("QH-0")
        kept(archive, late._replace(case=late.case._replace(deadlines={})))
        with archive.read() as uow:
            assert ["QH-1", "QH-2", "QH-3", "QH-0"] == uow.cases.listed(None)
            assert ["QH-3", "QH-1", "QH-2", "QH-0"] == uow.cases.numbers()

    def test_pages(self, archive: Archive) -> None:
        """Pages follow one another without gap and repeat, over the border to cases without a due date."""
        for at in range(5):
            decision = opening(f"QH-{at}")
            bare = decision._replace(case=decision.case._replace(deadlines={}))
            kept(archive, bare if at % 2 else decision)
        pages: list[list[str]] = []
        last: Place | None = None
        with archive.read() as uow:
            due = min(each.due_on for each in decision.case.deadlines.values() if each.due_on)
            while page := uow.cases.listed(["school"], after=last, limit=2):
                pages.append(page)
                last = Place(None if page[-1] in ("QH-1", "QH-3") else due, page[-1])
            assert [] == uow.cases.listed(None, after=Place(None, "QH-9"))
        assert [["QH-0", "QH-2"], ["QH-4", "QH-1"], ["QH-3"]] == pages

    def test_only_units_with_standing(self, archive: Archive) -> None:
        """A unit sees its own cases, each once, and no other's."""
        kept(archive, opening())
        every = [unit.code for unit in UNITS]
        with archive.read() as uow:
            seen = [uow.cases.listed([code]) for code in (*every, "elsewhere")]
            assert ([[NUMBER]] * len(every) + [[]], [NUMBER], []) == (
                seen, uow.cases.listed(every), uow.cases.listed([]),
            )  # fmt: skip

    def test_two_units_with_a_case_each(self, archive: Archive) -> None:
        """Of two schools with a case each, neither sees the other's."""
        for number, code in (("QH-1", "here"), ("QH-2", "there")):
            decision = opening(number)
            units = (replace(UNITS[0], code=code),)
            own = decision.case._replace(identity=replace(decision.case.identity, units=units))
            kept(archive, decision._replace(case=own))
        with archive.read() as uow:
            assert (["QH-1"], ["QH-2"]) == (uow.cases.listed(["here"]), uow.cases.listed(["there"]))

    def test_a_case_without_units(self, archive: Archive) -> None:
        """A case in which no unit stands is in no unit's list."""
        decision = opening()
        bare = decision.case._replace(identity=replace(decision.case.identity, units=()))
        kept(archive, decision._replace(case=bare))
        with archive.read() as uow:
            assert (set(), [NUMBER]) == (uow.cases.standing(NUMBER), uow.cases.listed(None))

    def test_nearest_deadline(self) -> None:
        """The nearest running deadline stands for the case, also where a day is shared and an instant missing."""
        case = opening().case
        one = case.deadlines["first_visit"]
        same = one._replace(name="same", late_after=None)
        met = one._replace(name="met", status="met", due_on=date(2026, 1, 1))
        told = derived(case._replace(deadlines={"met": met, "same": same, "one": one}))
        assert one.due_on
        assert one.late_after
        assert (one.due_on.isoformat(), instant_text(one.late_after)) == (told["due_on"], told["late_after"])

    def test_two_deadlines_without_instant(self) -> None:
        """Two deadlines of one day that both lack their instant compare without a fault."""
        case = opening().case
        one = case.deadlines["first_visit"]._replace(late_after=None)
        told = derived(case._replace(deadlines={"a": one, "b": one._replace(name="b")}))
        assert one.due_on
        assert (one.due_on.isoformat(), None) == (told["due_on"], told["late_after"])


class TestTimers:
    """`TimerStore`."""

    def test_claims_what_is_due_oldest_first(self, archive: Archive) -> None:
        """Only timers whose moment has come are claimed, oldest first, as many as asked for."""
        story = visited(archive)
        other = kept(archive, opening("QH-2"))
        moment = max(each.next_at for each in story.case.deadlines.values() if each.next_at)
        with archive.begin() as uow:
            early = uow.timers.claim(NOW - timedelta(days=9), 10)
            every = uow.timers.claim(moment, 10)
            first = uow.timers.claim(moment, 1)
        assert ([], every[:1]) == (early, first)
        assert ["QH-2", NUMBER] == [each.case.identity.number for each in every]
        assert (other.deadlines, other.head, VERSION) == (
            every[0].case.deadlines,
            every[0].case.head,
            every[0].definition,
        )

    def test_batch(self, archive: Archive) -> None:
        """A batch of acts of timers is written as one: entries chained, rows moved on, nothing sealed."""
        kept(archive, opening())
        kept(archive, opening("QH-2"))
        now = at_local(date(2026, 9, 30), 8)
        with archive.begin() as uow:
            due = uow.timers.claim(now, 10)
            done = [(each, acted(each.case, now)) for each in due]
            uow.timers.write(done)
            uow.timers.write([])
            uow.commit()
        with archive.read() as uow:
            entries = [uow.log.of(each.case.identity.number)[-1] for each in due]
            again = [uow.cases.load(each.case.identity.number) for each in due]
        assert ["timer.remind", "timer.remind"] == [each.trigger for each in entries]
        assert [d.case.deadlines for _, d in done] == [case.deadlines for case in again if case]
        assert [] == archive.invariants()

    def test_a_case_that_moved_on(self, archive: Archive) -> None:
        """A batch that was decided on a case that moved on is refused as a whole."""
        story = Story(archive)
        now = at_local(date(2026, 9, 30), 8)
        with archive.begin() as uow:
            (due,) = uow.timers.claim(now, 10)
        story.act(OFFICER, "case.note", text="备注")
        with archive.begin() as uow, pytest.raises(Conflict):
            uow.timers.write([(due, acted(due.case, now))])


class TestDocuments:
    """`DocumentStore`."""

    def test_comes_back(self, archive: Archive) -> None:
        """A document comes back with its blocks, salt and commitment."""
        visited(archive)
        with archive.read() as uow:
            every = uow.documents.of(NUMBER)
            assert (every[0], None, []) == (
                uow.documents.get(NUMBER, every[0].id), uow.documents.get(NUMBER, "9-9"), uow.documents.of("QH-9"),
            )  # fmt: skip
        assert ("visit_record", "issued", 32) == (every[0].kind, every[0].status, len(every[0].salt))
        assert "欧阳小明" in every[0].filled.text

    def test_order_of_making(self, archive: Archive) -> None:
        """Documents are listed in the order in which they were made, the tenth after the second."""
        story = Story(archive)
        for _ in range(11):
            story.act(OFFICER, "visit", result="agrees", returns=date(2026, 9, 3), visitors=("甲", "乙"))
        with archive.read() as uow:
            assert [f"{seq}-1" for seq in range(2, 13)] == [each.id for each in uow.documents.of(NUMBER)]

    def test_numbers_by_issuer_series_and_year(self, archive: Archive) -> None:
        """Each issuer, series and year counts for itself from one; a number not committed is given again."""
        with archive.begin() as uow:
            uow.documents.next_number("a", "责改", 2026)
        with archive.begin() as uow:
            taken = [
                uow.documents.next_number(*each)
                for each in (("a", "责改", 2026), ("a", "责改", 2026), ("b", "责改", 2026), ("a", "移送", 2026))
            ]
            assert [1, 2, 1, 1, 1] == [*taken, uow.documents.next_number("a", "责改", 2027)]


class TestOutbox:
    """`OutboxStore` and `RequestStore`."""

    def test_names_no_person(self, archive: Archive) -> None:
        """A message names the case only, has a key of its own, and waits for its moment."""
        case = kept(archive, opening())
        with archive.begin() as uow:
            uow.outbox.put([(case, "visit", "township_head")], at=NOW)
            assert [] == uow.outbox.due(NOW - timedelta(seconds=1), 9)
            (message,) = uow.outbox.due(NOW, 9)
        assert (f"{NUMBER}:1:visit:township_head", f"个案 {NUMBER} 有新的事项，请登录查看") == (
            message.key,
            message.body,
        )

    def test_a_message_that_fails_for_long(self, archive: Archive) -> None:
        """The wait doubles up to six hours and never overflows; a message that went out is not due again."""
        case = kept(archive, opening())
        waits, now = [], NOW
        with archive.begin() as uow:
            uow.outbox.put([(case, "visit", "township_head")], at=NOW)
            for _ in range(60):
                (message,) = uow.outbox.due(now, 9)
                uow.outbox.mark(message.id, now, good=False, detail="no answer")
                since = now
                wait = 1 + bisect_left(
                    range(1, 1000), True, key=lambda m: bool(uow.outbox.due(since + timedelta(minutes=m), 9))
                )
                waits.append(wait)
                now += timedelta(minutes=wait)
            uow.outbox.mark(message.id, now, good=True, detail="")
            assert [] == uow.outbox.due(now + timedelta(days=99), 9)
        assert ([2, 4, 8, 16, 32, 64, 128, 256, 360], {360}) == (waits[:9], set(waits[9:]))

    def test_requests(self, archive: Archive) -> None:
        """An accepted request is found by its id with what it asked and got."""
        with archive.begin() as uow:
            uow.requests.put("r1", NUMBER, 1, content="digest", answer="{}")
            assert (("digest", "{}"), None) == (uow.requests.find("r1"), uow.requests.find("r2"))


def finding(name: str = "欧阳小明", register_no: str = "G1") -> Finding:
    """A pupil who did not come."""
    return Finding(
        kind="absent_at_return_check", register_no=register_no, name=name, school="青禾中学", class_name="七1",
        detail="未到", sheet="名册", row=4,
    )  # fmt: skip


class TestRoster:
    """`RosterStore` and `SubjectStore`."""

    def test_subjects(self, archive: Archive) -> None:
        """A profile comes back, is brought up to date, and is empty for an unknown subject."""
        profile = {"name": "欧阳小明", "birth": date(2013, 5, 4), "guardians": ({"key": "father"},)}
        with archive.begin() as uow:
            uow.subjects.put("G1", "pupil", profile)
            uow.subjects.put("G1", "pupil", {**profile, "name": "欧阳明"})
            assert ({**profile, "name": "欧阳明"}, {}) == (uow.subjects.get("G1"), uow.subjects.get("G2"))

    def test_empty(self, archive: Archive) -> None:
        """An archive without lists has no pupils and no findings, and needs no key to say so."""
        with archive.read() as uow:
            assert ([], [], None, {}) == (
                uow.roster.pupils(), uow.roster.findings(), uow.roster.finding(1), uow.roster.pupil("G1"),
            )  # fmt: skip

    def test_pupils(self, archive: Archive) -> None:
        """Rows of the register are new, changed or unchanged, and come back by number."""
        with archive.begin() as uow:
            first = uow.roster.put_pupils([("G2", {"name": "乙"}), ("G1", {"name": "甲"})])
            second = uow.roster.put_pupils([("G1", {"name": "甲"}), ("G2", {"name": "丙"}), ("G3", {"name": "丁"})])
            third = uow.roster.put_pupils([("G1", {"name": "甲"})])
            assert ((2, 0, 0), (1, 1, 1), (0, 0, 1)) == (first, second, third)
            assert ([{"name": "甲"}, {"name": "丙"}, {"name": "丁"}], {"name": "丙"}) == (
                uow.roster.pupils(), uow.roster.pupil("G2"),
            )  # fmt: skip

    def test_findings_once(self, archive: Archive) -> None:
        """The same finding of the same day is stored once, also within one list; another day's is new."""
        day = date(2026, 9, 1)
        with archive.begin() as uow:
            counts = [
                uow.roster.put_findings([(finding(), "school"), (finding(), "school")], day=day).new,
                uow.roster.put_findings([(finding(), "school"), (finding("王小红", "G2"), "school")], day=day).new,
                uow.roster.put_findings([(finding(), "school")], day=date(2026, 9, 2)).new,
                uow.roster.put_findings([], day=day).new,
            ]
            found = uow.roster.findings()
        assert ([1, 1, 1, 0], ["欧阳小明", "王小红", "欧阳小明"]) == (counts, [each.name for each in found])
        assert ("open", "school", "青禾中学", "七1", "未到", "") == (
            found[0].status, found[0].school, found[0].school_name, found[0].class_name, found[0].detail, found[0].case,
        )  # fmt: skip

    def test_settling(self, archive: Archive) -> None:
        """A finding is dismissed or confirmed with its case; once confirmed nobody takes its case away."""
        with archive.begin() as uow:
            uow.roster.put_findings([(finding(), "school")], day=date(2026, 9, 1))
            id_ = uow.roster.findings()[0].id
            uow.roster.settle(id_, "dismissed", "", account="head", at=NOW, reason="已转学")
            dismissed = uow.roster.finding(id_)
            uow.roster.settle(id_, "confirmed", NUMBER, account="head", at=NOW)
            confirmed = uow.roster.finding(id_)
            for late in (id_, 99):
                with pytest.raises(StaleRefused, match="已由他人处理"):
                    uow.roster.settle(late, "dismissed", "", account="head", at=NOW)
        assert dismissed is not None
        assert confirmed is not None
        assert ("dismissed", "confirmed", NUMBER) == (dismissed.status, confirmed.status, confirmed.case)
        assert ("欧阳小明", "未到") == (confirmed.name, confirmed.detail)
