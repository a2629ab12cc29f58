"""The acts that every case has: note, undo, correct, hold, release, hand over, reopen."""

from __future__ import annotations

from datetime import date

from engine.cases.model import Decision
from engine.workdays import Hold
from tests.cases.little import AUDITOR, BUREAU, OFFICER, SCHOOL, Play
from tests.cases.test_decide import ordered
from tests.cases.test_service import served


class TestNote:
    """A remark."""

    def test_version_stays(self) -> None:
        """A note grows the history and never the version, so that no open page goes stale."""
        play = Play()
        play.act(SCHOOL, "case.note", text="家长来电")
        assert (play.case.seq, play.case.version) == (2, 1)

    def test_blank(self) -> None:
        """A blank note is refused."""
        assert Play().refused(SCHOOL, "case.note")[1] == ("text",)

    def test_role(self) -> None:
        """An auditor writes nothing into a case."""
        assert Play().refused(AUDITOR, "case.note", text="x")[0] == "right"


class TestDay:
    """The day of an act that every case has."""

    def test_note_is_of_a_day_of_the_case(self) -> None:
        """A note may be written down later, but is of no day to come and of none before detection."""
        play = Play().on("2026-09-04")
        assert play.act(SCHOOL, "case.note", happened="2026-09-03", text="家长来电").entry.happened_on == date(
            2026, 9, 3
        )
        for day in ("2026-09-05", "9999-12-31", "2026-08-31"):
            assert play.refused(SCHOOL, "case.note", happened=day, text="x") == ("rule", ("happened_on",))

    def test_authority_is_dated_by_recording(self) -> None:
        """What keeps a case is dated by the day it is recorded: no reopening lets its deadlines begin another day."""
        play = Play().on("2026-09-04")
        given = {"case.hand_over": {"owner": "school", "reason": "调岗"}, "case.hold": {"deadline": "first_visit",
                 "reason": "住院", "review_on": date(2026, 9, 9)}}  # fmt: skip
        for trigger, values in given.items():
            for day in ("2026-09-03", "2026-09-05"):
                assert play.refused(BUREAU, trigger, happened=day, **values) == ("rule", ("happened_on",))
        assert play.act(BUREAU, "case.hand_over", happened="2026-09-04", owner="school", reason="调岗").case.owner
        assert play.refused(AUDITOR, "case.hand_over", happened="2026-09-05", owner="x", reason="y")[0] == "right"


class TestUndo:
    """Taking back the own last act."""

    def test_undone(self) -> None:
        """Within thirty minutes the case is as it was, under a new state epoch, and both lines stay in the history."""
        play = Play().on("2026-09-02")
        before = play.case
        play.act(SCHOOL, "back")
        play.on("2026-09-02", 10, 20)
        decision = play.act(SCHOOL, "case.undo")
        assert (play.case.state, play.case.epoch, play.case.seq) == ("detected", before.epoch + 2, before.seq + 2)
        assert play.case.deadlines["first_visit"].due_on == before.deadlines["first_visit"].due_on
        assert decision.entry.result == {"undone": 2}

    def test_too_late(self) -> None:
        """After thirty minutes a slip is corrected, not undone."""
        play = Play().on("2026-09-02")
        play.act(SCHOOL, "back")
        assert play.on("2026-09-02", 10, 31).refused(SCHOOL, "case.undo")[1] == ("undo",)

    def test_somebody_else(self) -> None:
        """Only the person who recorded it may undo it."""
        play = Play().on("2026-09-02")
        play.act(SCHOOL, "back")
        assert play.refused(OFFICER, "case.undo") == ("right", ("undo",))

    def test_nothing_to_undo(self) -> None:
        """An act that issued a document cannot be undone, nor can a case without acts."""
        play = Play().on("2026-09-03")
        assert play.refused(SCHOOL, "case.undo")[1] == ("undo",)
        play.act(OFFICER, "visit", result="refuses")
        assert play.refused(OFFICER, "case.undo")[1] == ("undo",)

    def test_once(self) -> None:
        """What was undone cannot be undone again."""
        play = Play().on("2026-09-02")
        play.act(SCHOOL, "back")
        play.act(SCHOOL, "case.undo")
        assert play.refused(SCHOOL, "case.undo")[1] == ("undo",)


class TestCorrect:
    """Old value, new value, reason."""

    def visited(self) -> Play:
        """A case visited on the third of September."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        return play.on("2026-09-04")

    def test_day(self) -> None:
        """A corrected day works the deadlines out again."""
        play = self.visited()
        assert play.case.deadlines["after_visit"].due_on == date(2026, 9, 18)
        decision = play.act(
            OFFICER, "case.correct", entry="visit", field="happened_on", value=date(2026, 9, 2), reason="笔误"
        )
        assert play.case.deadlines["after_visit"].due_on == date(2026, 9, 17)
        assert decision.entry.sealed["before"] == date(2026, 9, 3)
        assert play.case.entered_on == date(2026, 9, 2)

    def test_field(self) -> None:
        """A corrected field leaves the deadlines as they are."""
        play = self.visited()
        before = play.case.deadlines
        play.act(OFFICER, "case.correct", entry="visit", field="visitors", value=("甲", "乙"), reason="漏填")
        assert play.case.deadlines == before
        assert play.case.acts["visit"].values["visitors"] == ("甲", "乙")

    def test_entered(self) -> None:
        """The day of the act that entered a state moves the deadlines of that state."""
        play = Play().on("2026-09-03")
        play.act(SCHOOL, "back")
        play.on("2026-09-04").act(
            SCHOOL, "case.correct", entry="back", field="happened_on", value=date(2026, 9, 2), reason="笔误"
        )
        assert play.case.deadlines["weekly"].due_on == date(2026, 9, 9)

    def test_older_act(self) -> None:
        """The day of an older act moves nothing that ran from a later one."""
        play = Play().on("2026-09-03")
        play.act(SCHOOL, "back")
        play.on("2026-09-04").act(SCHOOL, "confirm")
        play.act(SCHOOL, "case.correct", entry="back", field="happened_on", value=date(2026, 9, 2), reason="笔误")
        assert play.case.deadlines["weekly"].due_on == date(2026, 9, 11)

    def test_refused(self) -> None:
        """Unknown lines, fields and impossible days are refused with what would be accepted."""
        play = self.visited()
        correct = {"value": date(2026, 9, 2), "reason": "x"}
        assert play.refused(OFFICER, "case.correct")[1] == ("entry", "field", "value", "reason")
        assert play.refused(OFFICER, "case.correct", entry="none", field="x", **correct)[1] == ("entry",)
        assert play.refused(OFFICER, "case.correct", entry="visit", field="none", **correct)[1] == ("field",)
        late = {"value": date(2026, 9, 9), "reason": "x"}
        assert play.refused(OFFICER, "case.correct", entry="visit", field="happened_on", **late)[1] == ("value",)

    def test_unknown_act(self) -> None:
        """An act that the workflow does not name has no fields to correct."""
        play = self.visited()
        act = play.case.acts["visit"]._replace(trigger="gone")
        play.case = play.case._replace(acts={"gone": act})
        assert play.refused(OFFICER, "case.correct", entry="gone", field="x", value="y", reason="z")[1] == ("field",)


class TestHold:
    """A clock that stands still."""

    HOLD = {"deadline": "first_visit", "reason": "汛期道路中断", "review_on": date(2026, 9, 10)}

    def test_held_and_released(self) -> None:
        """While held the due date is provisional and no timer acts; the held days are then not counted."""
        play = Play().on("2026-09-02")
        play.act(OFFICER, "case.hold", **self.HOLD)
        held = play.case.deadlines["first_visit"]
        assert (held.provisional, held.next_at, held.generation) == (True, None, 2)
        play.on("2026-09-04").act(OFFICER, "case.release", deadline="first_visit")
        assert play.case.deadlines["first_visit"].due_on == date(2026, 9, 8)
        assert play.case.pauses[0].hold == Hold(first=date(2026, 9, 2), last=date(2026, 9, 3))

    def test_same_day(self) -> None:
        """A hold released on its first day counts as that one day."""
        play = Play().on("2026-09-02")
        play.act(OFFICER, "case.hold", **self.HOLD)
        play.act(OFFICER, "case.release", deadline="first_visit")
        assert play.case.pauses[0].hold.last == date(2026, 9, 2)

    def test_refused(self) -> None:
        """A hold needs its reasons, one at a time, on a deadline that is there."""
        play = Play().on("2026-09-02")
        assert play.refused(OFFICER, "case.hold")[1] == ("deadline", "reason", "review_on")
        assert play.refused(OFFICER, "case.hold", **{**self.HOLD, "deadline": "none"})[1] == ("deadline",)
        assert play.refused(OFFICER, "case.hold", **{**self.HOLD, "review_on": date(2026, 9, 1)})[1] == ("review_on",)
        assert play.refused(OFFICER, "case.release", deadline="first_visit")[1] == ("deadline",)
        assert play.refused(OFFICER, "case.release", deadline="none")[1] == ("deadline",)
        play.act(OFFICER, "case.hold", **self.HOLD)
        assert play.refused(OFFICER, "case.hold", **self.HOLD)[1] == ("deadline",)

    def test_statutory(self) -> None:
        """No officer holds a period fixed by law."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        assert play.refused(OFFICER, "case.hold", **{**self.HOLD, "deadline": "suit"})[1] == ("statutory",)

    def test_citizen(self) -> None:
        """A hold on a family's limit needs a notice of its own."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        assert play.refused(OFFICER, "case.hold", **{**self.HOLD, "deadline": "compliance"})[1] == ("hold_notice",)

    def test_waiting(self) -> None:
        """A deadline whose clock has not started is held without a date."""
        play = ordered()
        play.case = play.case._replace(
            documents=(
                *play.case.documents,
                play.case.documents[-1].__class__(id="9-1", kind="hold_notice", status="issued"),
            )
        )
        play.act(OFFICER, "case.hold", **{**self.HOLD, "deadline": "compliance"})
        assert play.case.deadlines["compliance"].due_on is None


class TestHandOver:
    """Another owner."""

    def test_handed_over(self) -> None:
        """The new owner is told."""
        play = Play()
        assert play.refused(OFFICER, "case.hand_over")[1] == ("owner", "reason")
        decision = play.act(OFFICER, "case.hand_over", owner="officer2", reason="休假")
        assert (play.case.owner, decision.tells) == ("officer2", ("officer2",))


class TestReopen:
    """An ended case taken up again."""

    def test_reopened(self) -> None:
        """It goes back to the rung it left, with its counts, and the deadlines of that rung start."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        assert play.refused(BUREAU, "case.reopen", reason="x")[1] == ("state",)
        play.act(BUREAU, "close_error")
        assert play.refused(BUREAU, "case.reopen")[1] == ("reason",)
        decision = play.act(BUREAU, "case.reopen", reason="确有其人")
        assert (play.case.state, play.case.closed_as, play.case.tallies["visits"].times) == ("visited", "", 1)
        assert decision.entry.result == {"was": "error"}

    def test_from_order(self) -> None:
        """A case that was ordered waits again for service, or goes on from it."""
        for guardians in ((), ("father", "mother")):
            play = ordered()
            for to in guardians:
                served(play, to)
            play.act(BUREAU, "close_error")
            play.act(BUREAU, "case.reopen", reason="x")
            status = "running" if guardians else "waiting"
            assert play.case.deadlines["compliance"].status == status

    def test_first_rung(self) -> None:
        """A case closed from its first rung starts there again."""
        play = Play()
        play.act(BUREAU, "close_error")
        outcome = play.act(BUREAU, "case.reopen", reason="x")
        assert isinstance(outcome, Decision)
        assert play.case.deadlines["first_visit"].status == "running"
