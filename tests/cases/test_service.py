"""Service: each method with its proof and its day, each addressee with an own row, deadlines that wait for all."""

from __future__ import annotations

from datetime import date

import pytest

from engine.cases.model import Refusal
from engine.cases.page_forms import page_form
from engine.definitions.facts import Document
from tests.cases.little import AUDITOR, BUREAU, BUREAU_HEAD, HEAD, OFFICER, SCHOOL, Play, little
from tests.cases.test_decide import SERVED, ordered

BY_HAND = {"receipt": "yes"}
PROOFS = {
    "direct": {"receipt": "yes"},
    "family": {"person_name": "王某", "relation": "spouse", "lives_together": "yes", "adult": "yes", "receipt": "yes"},
    "lien": {"refused": "yes", "reason": "当面拒收", "witness": "yes"},
    "entrusted": {"letter": "yes", "receipt": "yes"},
    "mail": {"tracking_no": "E1", "slip": "yes"},
    "electronic": {"consent": "yes", "log": "yes"},
    "forwarded": {"body": "prison", "letter": "yes", "receipt": "yes"},
    "public_notice": {
        "posted_on": date(2026, 9, 8),
        "where": "村公告栏",
        "reason": "下落不明",
        "unknown_whereabouts": "yes",
    },
}
SERVERS = ("甲", "乙")


def served(play: Play, to: str = "father", method: str = "direct", **more: object) -> None:
    """Serve the order on one guardian."""
    values = {"document": "correction_order", "to": to, "method": method, "servers": SERVERS}
    play.act(OFFICER, "document.serve", **{**values, **PROOFS[method], **more})


class TestMethods:
    """Each method of service."""

    @pytest.mark.parametrize("method", sorted(PROOFS))
    def test_accepted(self, method: str) -> None:
        """Each method is accepted with its own proof."""
        play = ordered().on("2026-09-08")
        served(play, method=method)
        found = play.case.latest("correction_order")
        assert found is not None
        assert found.addressees[0].method == method

    @pytest.mark.parametrize("method", sorted(PROOFS))
    def test_proof(self, method: str) -> None:
        """Each method is refused without its proof, which it names."""
        play = ordered().on("2026-09-08")
        values = {"document": "correction_order", "to": "father", "method": method, "servers": SERVERS}
        kind, names = play.refused(OFFICER, "document.serve", **values)
        assert kind == "rule"
        assert set(names) <= {*PROOFS[method], "reason", "public_notice_allowed"}
        assert names

    def test_unknown_method(self) -> None:
        """A method that the law does not know is refused with those it knows."""
        assert ordered().refused(OFFICER, "document.serve", document="correction_order", to="father", method="chat")[
            1
        ] == ("method",)

    def test_two_servers(self) -> None:
        """One server is not enough."""
        values = {**SERVED, "to": "father", "servers": ("甲",)}
        assert ordered().refused(OFFICER, "document.serve", **values)[1] == ("servers",)

    @pytest.mark.parametrize("relation", ["child", "teacher", "neighbour", "cadre"])
    def test_wrong_person(self, relation: str) -> None:
        """The child, a teacher, a neighbour, a cadre are never family that may sign."""
        values = {**SERVED, "to": "father", "method": "family", **PROOFS["family"], "relation": relation}
        assert ordered().refused(OFFICER, "document.serve", **values)[1] == ("relation",)

    def test_lien_by_video(self) -> None:
        """A lien service is proved by witness or by video."""
        play = ordered()
        served(play, method="lien", witness="no", video="yes")
        assert play.case.documents[-1].addressees[0].status == "served"

    def test_returned_mail(self) -> None:
        """Mail that comes back is an honest attempt, not a service."""
        play = ordered()
        failed = {"result": "failed", "reason": "查无此人"}
        play.act(OFFICER, "document.serve", **{**SERVED, "to": "father", "method": "mail", **failed})
        assert play.case.documents[-1].addressees[0].failed == ("mail",)
        assert play.case.documents[-1].served_on is None

    def test_failed_needs_reason(self) -> None:
        """An attempt that failed says why."""
        assert ordered().refused(OFFICER, "document.serve", **{**SERVED, "to": "father", "result": "failed"})[1] == (
            "reason",
        )

    def test_public_notice_is_last(self) -> None:
        """A public notice needs two failed methods, or proof of unknown whereabouts."""
        play = ordered().on("2026-09-08")
        known = {**PROOFS["public_notice"], "unknown_whereabouts": "no"}
        values = {
            "document": "correction_order",
            "to": "mother",
            "method": "public_notice",
            "servers": SERVERS,
            **known,
        }
        assert play.refused(OFFICER, "document.serve", **values)[1] == ("public_notice_allowed",)
        for method in ("direct", "mail"):
            failed = {"to": "mother", "method": method, "result": "failed", "reason": "无人"}
            play.act(OFFICER, "document.serve", **{**SERVED, **failed})
        play.act(OFFICER, "document.serve", **values)
        served(play)
        found = play.case.documents[-1].addressees[1]
        assert (found.status, found.served_on) == ("posted", date(2026, 10, 8))
        assert play.case.deadlines["compliance"].due_on == date(2026, 10, 21)


class TestAddressees:
    """One row a guardian."""

    def test_waits_for_all(self) -> None:
        """The limit waits until every addressee is served, then runs from the latest day."""
        play = ordered()
        served(play, "father")
        assert play.case.deadlines["compliance"].status == "waiting"
        play.on("2026-09-09")
        served(play, "mother")
        assert play.case.deadlines["compliance"].anchor == date(2026, 9, 9)
        assert play.case.deadlines["court"].anchor == play.case.deadlines["suit"].due_on

    def test_dispensed(self) -> None:
        """A dispensed addressee is waited for no more; the reason is coded."""
        play = ordered()
        served(play, "father")
        dispense = {"document": "correction_order", "to": "mother"}
        assert play.refused(BUREAU, "document.dispense", **dispense, reason="busy")[1] == ("reason",)
        assert play.refused(OFFICER, "document.dispense", **dispense, reason="died")[0] == "right"
        assert play.refused(BUREAU, "document.dispense", document="x", to="mother", reason="died")[1] == ("document",)
        assert play.refused(BUREAU, "document.dispense", document="correction_order", to="x", reason="died")[1] == (
            "to",
        )
        play.act(BUREAU, "document.dispense", **dispense, reason="died")
        assert play.case.deadlines["compliance"].status == "running"

    def test_all_dispensed(self) -> None:
        """When nobody is left to serve, no limit runs."""
        play = ordered()
        for to in ("father", "mother"):
            play.act(BUREAU, "document.dispense", document="correction_order", to=to, reason="died")
        assert play.case.deadlines["compliance"].status == "waiting"

    def test_wrong_addressee(self) -> None:
        """Somebody to whom the document does not go is refused with those to whom it does."""
        assert ordered().refused(OFFICER, "document.serve", **SERVED, to="uncle")[1] == ("to",)

    def test_twice(self) -> None:
        """Who is served is served; a slip is corrected, not repeated."""
        play = ordered()
        served(play)
        assert play.refused(OFFICER, "document.serve", **SERVED, to="father")[1] == ("to",)

    def test_unissued(self) -> None:
        """A draft cannot be served, nor what is not there."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.act(OFFICER, "order", issuer="bureau")
        draft = play.case.documents[-1]
        assert isinstance(draft, Document)
        assert play.refused(OFFICER, "document.serve", **{**SERVED, "document": draft.id}, to="father")[1] == (
            "document",
        )
        assert play.refused(OFFICER, "document.serve", **{**SERVED, "document": "none"}, to="father")[1] == (
            "document",
        )

    def test_days(self) -> None:
        """A service is never before the issue and never in the future."""
        play = ordered().on("2026-09-10")
        assert play.refused(OFFICER, "document.serve", happened="2026-09-05", **SERVED, to="father")[1] == (
            "happened_on",
        )
        assert play.refused(OFFICER, "document.serve", happened="2026-09-11", **SERVED, to="father")[1] == (
            "happened_on",
        )

    def test_role(self) -> None:
        """An auditor serves nothing."""
        assert ordered().refused(AUDITOR, "document.serve", **SERVED, to="father")[0] == "right"


class TestFixedDate:
    """An order that prints a day instead of a span."""

    def play(self) -> Play:
        """A case whose order says: by 16 September."""
        play = Play().on("2026-09-03")
        play.act(OFFICER, "visit", result="refuses")
        play.on("2026-09-07").act(OFFICER, "order", issuer="bureau", fixed_on=date(2026, 9, 16))
        play.act(_reviewer(), "proposal.approve", proposal="order")
        play.act(BUREAU_HEAD, "proposal.approve", proposal="order")
        return play

    def test_due_as_printed(self) -> None:
        """The printed day is the due day."""
        play = self.play()
        served(play, "father")
        served(play, "mother")
        assert play.case.deadlines["compliance"].due_on == date(2026, 9, 16)

    def test_too_late(self) -> None:
        """A service on or after the printed day leaves no time and is refused."""
        play = self.play().on("2026-09-16")
        assert play.refused(OFFICER, "document.serve", **SERVED, to="father")[1] == ("happened_on",)


class TestCorrectedDay:
    """The day of a service, corrected."""

    def corrected(self, play: Play, day: object, to: str = "father", **more: object) -> tuple[str, tuple[str, ...]]:
        """How a correction is refused."""
        values = {"entry": f"correction_order/{to}", "field": "happened_on", "value": day, "reason": "笔误", **more}
        return play.refused(OFFICER, "case.correct", **values)

    def test_waits(self) -> None:
        """While somebody still waits for service the day is corrected, and nothing runs yet."""
        play = ordered().on("2026-09-09")
        served(play)
        values = {"entry": "correction_order/father", "field": "happened_on", "value": date(2026, 9, 8), "reason": "x"}
        entry = play.act(OFFICER, "case.correct", **values).entry
        order = play.case.latest("correction_order")
        assert order is not None
        assert (date(2026, 9, 8), None) == (order.addressees[0].served_on, order.served_on)
        assert (date(2026, 9, 9), "waiting") == (entry.sealed["before"], play.case.deadlines["compliance"].status)
        assert ("rule", ("value",)) == self.corrected(play, date(2026, 9, 10))
        assert ("rule", ("entry",)) == self.corrected(play, date(2026, 9, 8), to="mother")

    def test_public_notice(self) -> None:
        """The day of a public notice follows from its posting and is not corrected by itself."""
        play = ordered().on("2026-09-08")
        served(play, method="public_notice")
        assert ("rule", ("entry",)) == self.corrected(play, date(2026, 9, 8))

    def test_fixed(self) -> None:
        """A service may not come to lie on the day that the order prints."""
        play = TestFixedDate().play().on("2026-09-15")
        served(play)
        play.on("2026-09-17")
        assert ("rule", ("value",)) == self.corrected(play, date(2026, 9, 16))

    def test_page(self) -> None:
        """A page asks for the new day of a service alone, and tells the old one."""
        play = ordered().on("2026-09-08")
        served(play)
        order = play.case.latest("correction_order")
        assert order is not None
        raw = {"entry": f"{order.id}/father"}
        (field,) = [each for each in page_form("case.correct", play.case, little(), raw=raw) if each.name == "field"]
        assert (("happened_on", "送达日期（现为：2026-09-08）"),) == field.options
        assert ["entry"] == [each.name for each in page_form("case.correct", play.case, little(), raw={})]


def _reviewer() -> object:
    from tests.cases.little import REVIEWER

    return REVIEWER


class TestWithdrawing:
    """Taking back an issued document."""

    def test_withdrawn(self) -> None:
        """A head withdraws with a reason; what ran from the document ends."""
        play = ordered()
        served(play, "father")
        assert play.refused(OFFICER, "document.withdraw", document="correction_order", reason="x")[0] == "right"
        assert play.refused(HEAD, "document.withdraw", document="correction_order")[1] == ("reason",)
        assert play.refused(HEAD, "document.withdraw", document="none", reason="x")[1] == ("document",)
        play.act(HEAD, "document.withdraw", document="correction_order", reason="送错人")
        assert play.case.latest("correction_order") is None
        assert "compliance" not in play.case.deadlines
        assert play.refused(OFFICER, "document.serve", **SERVED, to="mother")[1] == ("document",)

    def test_comes_back(self) -> None:
        """A case that comes back to its rung goes on from the order that was served."""
        play = ordered()
        served(play, "father")
        served(play, "mother")
        due = play.case.deadlines["compliance"].due_on
        play.act(SCHOOL, "back")
        assert "compliance" not in play.case.deadlines
        play.act(SCHOOL, "relapse")
        assert (play.case.state, play.case.deadlines["compliance"].due_on) == ("ordered", due)

    def test_comes_back_unserved(self) -> None:
        """A case that comes back with an unserved order waits for its service."""
        play = ordered()
        play.act(SCHOOL, "back")
        play.act(SCHOOL, "relapse")
        assert play.case.deadlines["compliance"].status == "waiting"
        outcome = play.try_(SCHOOL, "confirm")
        assert isinstance(outcome, Refusal)
