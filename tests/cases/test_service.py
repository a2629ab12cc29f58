"""Service: each method with its proof and its day, each addressee with an own row, deadlines that wait for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.cases.methods import NOT_FAMILY
from engine.cases.model import Decision, Refusal
from engine.cases.page_forms import page_form
from engine.definitions.facts import Document
from tests.cases.little import AUDITOR, BUREAU, BUREAU_HEAD, HEAD, OFFICER, SCHOOL, Play, little
from tests.cases.test_decide import SERVED, ordered

ADDRESS = "mail-0001@example.invalid"
AT_HOME = {"lives_together": "yes", "adult": "yes"}
PROOFS: dict[str, dict[str, object]] = {
    "direct": {"receipt": "yes"},
    "family": {"absent": "yes", "person_name": "王某", "relation": "spouse", **AT_HOME, "receipt": "yes"},
    "lien": {
        "refused": "addressee",
        "reason": "当面拒收",
        "left_at": "residence",
        "witness": ("丁",),
        "witness_body": "grassroots",
    },
    "entrusted": {"receipt": "yes"},
    "mail": {
        "tracking_no": "E1",
        "mailed_on": date(2026, 9, 7),
        "slip": "received",
        "slip_date": date(2026, 9, 8),
        "reason": "在外地",
    },
    "electronic": {"address": ADDRESS, "log": "yes", "review_channel": "yes"},
    "forwarded": {"body": "prison", "letter": "yes", "receipt": "yes"},
    "public_notice": {
        "posted_on": date(2026, 9, 8),
        "where": "村公告栏",
        "reason": "下落不明",
        "unknown_whereabouts": "committee",
    },
}
WRONG: list[tuple[str, dict[str, object], str, str]] = [
    ("direct", {"receipt": "no"}, "receipt", "签收"),
    ("family", {"absent": "no"}, "absent", "直接送达"),
    ("family", {"person_name": ""}, "person_name", "姓名"),
    *(("family", {"relation": each}, "relation", "同住的成年亲属") for each in NOT_FAMILY),
    ("family", {"relation": "friend"}, "relation", "配偶"),
    ("family", {"relation": "grandfather", "lives_together": "no"}, "lives_together", "同住"),
    ("family", {"adult": "no"}, "adult", "成年"),
    ("lien", {"refused": "nobody"}, "refused", "不在家不是拒收"),
    ("lien", {"refused": "family", "relation": "teacher", **AT_HOME}, "relation", "配偶"),
    ("lien", {"reason": ""}, "reason", "事由"),
    ("lien", {"left_at": "school"}, "left_at", "residence"),
    ("lien", {"witness": ("甲",)}, "witness", "送达人以外"),
    ("lien", {"witness_body": "other"}, "witness", "基层组织"),
    ("entrusted", {"receipt": "no"}, "receipt", "退回"),
    ("mail", {"tracking_no": ""}, "tracking_no", "邮件号"),
    ("mail", {"slip": "unclaimed"}, "slip", "result=failed"),
    ("mail", {"slip": "refused"}, "slip", "不是送达"),
    ("mail", {"slip": "unknown"}, "slip", "不是送达"),
    ("mail", {"slip": ""}, "slip", "received"),
    ("mail", {"slip_date": date(2026, 9, 7)}, "slip_date", "应为2026-09-07"),
    ("mail", {"slip_date": None}, "slip_date", "收件日期"),
    ("mail", {"mailed_on": None}, "mailed_on", "交寄"),
    ("mail", {"mailed_on": date(2026, 9, 6)}, "mailed_on", "签发之日2026-09-07"),
    ("mail", {"reason": ""}, "reason", "困难"),
    ("electronic", {"log": "no"}, "log", "已读"),
    ("electronic", {"review_channel": "no"}, "review_channel", "复议"),
    ("electronic", {"address": "微信"}, "address", "确认的电子地址"),
    ("forwarded", {"body": "factory"}, "body", "prison"),
    ("forwarded", {"letter": "no"}, "letter", "转交函"),
    ("public_notice", {"posted_on": date(2026, 9, 6)}, "posted_on", "2026-09-07"),
    ("public_notice", {"posted_on": date(2026, 9, 9)}, "posted_on", "今天2026-09-08"),
    ("public_notice", {"posted_on": None}, "posted_on", "张贴"),
    ("public_notice", {"where": ""}, "where", "地点"),
    ("public_notice", {"unknown_whereabouts": "no"}, "public_notice_allowed", "两种以上"),
]
SERVERS = ("甲", "乙")


def prepared() -> Play:
    """An order of the seventh, with every paper that a service of the father may rest on; the day after."""
    play = ordered()
    play.act(OFFICER, "confirm_address", whom="father", consent="agreed", electronic_address=ADDRESS)
    play.act(OFFICER, "entrust", whom="father")
    play.act(OFFICER, "announce", whom="father")
    return play.on("2026-09-08")


def served(play: Play, to: str = "father", method: str = "direct", **more: object) -> None:
    """Serve the order on one guardian."""
    values = {"document": "correction_order", "to": to, "method": method, "servers": SERVERS}
    play.act(OFFICER, "document.serve", **{**values, **PROOFS[method], **more})


class TestMethods:
    """Each method of service."""

    @pytest.mark.parametrize("method", sorted(PROOFS))
    def test_accepted(self, method: str) -> None:
        """Each method is accepted with its own proof; the day is the one entered, or the thirtieth after posting."""
        play = prepared()
        served(play, method=method)
        found = play.case.latest("correction_order")
        assert found is not None
        day = date(2026, 10, 8) if method == "public_notice" else date(2026, 9, 8)
        assert (found.addressees[0].method, found.addressees[0].served_on) == (method, day)

    @pytest.mark.parametrize(("method", "change", "name", "says"), WRONG)
    def test_proof(self, method: str, change: dict[str, object], name: str, says: str) -> None:
        """Each method is refused without a part of its proof, and says what would be accepted."""
        values = {"document": "correction_order", "to": "father", "method": method, "servers": SERVERS}
        outcome = prepared().try_(OFFICER, "document.serve", **{**values, **PROOFS[method], **change})
        assert isinstance(outcome, Refusal)
        assert [(each.name, says in each.message) for each in outcome.reasons] == [(name, True)]

    def test_papers_first(self) -> None:
        """Consent, letter and notice stand on record before, name this addressee, and are no older than they may be."""
        play = ordered().on("2026-09-08")
        asked = {"entrusted": "entrustment_issued", "electronic": "electronic_agreed"}
        asked["public_notice"] = "public_notice_issued"
        values = {"document": "correction_order", "servers": SERVERS}
        for method, name in asked.items():
            tried = {**values, "to": "father", "method": method, **PROOFS[method]}
            assert play.refused(OFFICER, "document.serve", **tried)[1] == (name,)
            failed = {**tried, "result": "failed", "reason": "没有送到"}
            assert name in play.refused(OFFICER, "document.serve", **failed)[1]
            mother = {**tried, "to": "mother"}
            assert prepared().refused(OFFICER, "document.serve", **mother)[1] == (name,)
        late = ordered().on("2026-09-08")
        late.act(OFFICER, "confirm_address", whom="father", consent="agreed", electronic_address=ADDRESS)
        late.act(OFFICER, "entrust", whom="father")
        for method in ("entrusted", "electronic"):
            tried = {**values, "to": "father", "method": method, **PROOFS[method]}
            assert late.refused(OFFICER, "document.serve", happened="2026-09-07", **tried)[1] == (asked[method],)

    def test_consent_taken_back(self) -> None:
        """The newest confirmation counts: who took the consent back is served in another way."""
        play = prepared()
        play.act(OFFICER, "confirm_address", whom="father", consent="taken_back")
        values = {**SERVED, "to": "father", "method": "electronic", **PROOFS["electronic"]}
        assert play.refused(OFFICER, "document.serve", **values)[1] == ("electronic_agreed",)

    def test_notice_never_fails(self) -> None:
        """A public notice takes effect by itself and is never an attempt that failed."""
        values = {**SERVED, "to": "father", "method": "public_notice", "result": "failed", "reason": "被撕"}
        assert prepared().refused(OFFICER, "document.serve", **values)[1] == ("result",)

    def test_overtaken_notice(self) -> None:
        """Until its day a public notice may be overtaken by a service in person; from its day on it has served."""
        play = prepared()
        served(play, method="public_notice")
        assert play.on("2026-10-08").refused(OFFICER, "document.serve", **SERVED, to="father")[1] == ("to",)
        served(play.on("2026-10-07"))
        assert play.case.documents[0 - 4].addressees[0].method == "direct"

    def test_unknown_method(self) -> None:
        """A method that the law does not know is refused with those it knows."""
        assert ordered().refused(OFFICER, "document.serve", document="correction_order", to="father", method="chat")[
            1
        ] == ("method",)

    def test_two_servers(self) -> None:
        """One server is not enough, nor the same one twice."""
        for servers in (("甲",), ("甲", "甲"), "甲、乙"):
            values = {**SERVED, "to": "father", "servers": servers}
            assert ordered().refused(OFFICER, "document.serve", **values)[1] == ("servers",)

    def test_lien_by_video(self) -> None:
        """A lien service is proved by witness or by video."""
        play = ordered()
        served(play, "mother", method="lien", refused="family", relation="sibling", **AT_HOME)
        served(play, method="lien", witness=(), video="yes")
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
        play = ordered()
        play.act(OFFICER, "announce", whom="mother")
        play.on("2026-09-08")
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
        order = play.case.latest("correction_order")
        assert order is not None
        found = order.addressees[1]
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
        for whom in ("uncle", "carer", "child"):
            assert ordered().refused(OFFICER, "document.serve", **SERVED, to=whom)[1] == ("to",)

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
    """The day of a service, corrected where no act of the workflow asks for approval."""

    @pytest.fixture(autouse=True)
    def unapproved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The little ladder without its approved correction."""
        kept = {name: each for name, each in little().transitions.items() if name != "amend"}
        workflow = replace(little(), transitions=kept)
        for room in ("little", "test_service"):
            monkeypatch.setattr(f"tests.cases.{room}.little", lambda: workflow)

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

    def test_moves(self) -> None:
        """A later day moves what runs from the service; what has an anchor of its own stays."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play, "mother")
        play.on("2026-09-09")
        values = {"entry": "correction_order/father", "field": "happened_on", "value": date(2026, 9, 9), "reason": "x"}
        before = play.case.deadlines["compliance"].due_on
        play.act(OFFICER, "case.correct", **values)
        assert play.case.deadlines["compliance"].anchor == date(2026, 9, 9)
        assert play.case.deadlines["compliance"].due_on != before
        play.act(OFFICER, "case.correct", **{**values, "value": date(2026, 9, 8)})
        assert play.case.deadlines["compliance"].anchor == date(2026, 9, 8)
        assert ("rule", ("field",)) == self.corrected(play, date(2026, 9, 8), field="receipt")

    def test_public_notice(self) -> None:
        """The day of a public notice follows from its posting and is not corrected by itself."""
        play = prepared()
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
        """The head of the office that issued withdraws with a reason, by a document; what ran from the order ends."""
        play = ordered()
        served(play, "father")
        assert play.refused(OFFICER, "document.withdraw", document="correction_order", reason="x")[0] == "right"
        assert play.refused(HEAD, "document.withdraw", document="correction_order", reason="x")[0] == "right"
        assert play.refused(BUREAU_HEAD, "document.withdraw", document="correction_order")[1] == ("reason",)
        assert play.refused(HEAD, "document.withdraw", document="none", reason="x")[1] == ("document",)
        done = play.act(BUREAU_HEAD, "document.withdraw", document="correction_order", reason="送错人")
        assert [(each.kind, each.issuer, each.addressees) for each in done.orders] == [
            ("withdrawal", "bureau", ("father", "mother"))
        ]
        assert play.case.latest("correction_order") is None
        assert "compliance" not in play.case.deadlines
        assert play.refused(OFFICER, "document.serve", **SERVED, to="mother")[1] == ("document",)
        served_letter = {**SERVED, "document": "withdrawal", "to": "mother"}
        play.act(OFFICER, "document.serve", **served_letter)
        assert play.act(BUREAU_HEAD, "document.withdraw", document="withdrawal", reason="x").orders == ()

    def test_record(self) -> None:
        """A record without a number is withdrawn without a letter, by any head of the case."""
        play = Play().on("2026-09-03")
        play.act(SCHOOL, "visit", result="refuses")
        assert play.act(HEAD, "document.withdraw", document="visit_record", reason="写错").orders == ()

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


class TestCorrecting:
    """The day of a service was entered wrongly."""

    def play(self) -> Play:
        """Both guardians are served on the eighth and the ninth; it is the tenth."""
        play = ordered().on("2026-09-08")
        served(play, "father")
        served(play.on("2026-09-09"), "mother")
        return play.on("2026-09-10")

    def corrected(self, play: Play, day: date) -> Decision:
        """The mother's day corrected with the head's approval."""
        play.act(OFFICER, "amend", to="mother", served_on=day)
        return play.act(HEAD, "proposal.approve", proposal="amend")

    def test_later(self) -> None:
        """A later day moves the limit and what is chained to it; the old day stays in the entry."""
        play = self.play()
        due = play.case.deadlines["compliance"].due_on
        told = self.corrected(play, date(2026, 9, 10)).entry.result
        assert (told["was"], told["served_on"]) == (date(2026, 9, 9), date(2026, 9, 10))
        assert play.case.deadlines["compliance"].anchor == date(2026, 9, 10)
        assert due is not None
        assert due < play.case.deadlines["compliance"].due_on  # type: ignore[operator]  # it runs
        assert play.case.deadlines["court"].anchor == play.case.deadlines["suit"].due_on
        assert play.case.undoable == 0

    def test_earlier(self) -> None:
        """An earlier day never shortens what a citizen was told."""
        play = self.play()
        before = {name: each.due_on for name, each in play.case.deadlines.items()}
        self.corrected(play, date(2026, 9, 8))
        assert before == {name: each.due_on for name, each in play.case.deadlines.items()}
        assert play.case.deadlines["compliance"].anchor == date(2026, 9, 8)

    def test_waiting_for_others(self) -> None:
        """While somebody is not served, a correction starts nothing."""
        play = ordered().on("2026-09-08")
        served(play, "mother")
        self.corrected(play.on("2026-09-10"), date(2026, 9, 9))
        assert play.case.deadlines["compliance"].status == "waiting"

    def test_posting(self) -> None:
        """Of a public notice the day of posting is corrected; it serves on the thirtieth day after that."""
        play = prepared()
        served(play, "father", method="public_notice")
        served(play, "mother")
        play.on("2026-09-09").act(OFFICER, "amend", to="father", served_on=date(2026, 9, 9))
        play.act(HEAD, "proposal.approve", proposal="amend")
        order = play.case.latest("correction_order")
        assert order is not None
        assert (order.addressees[0].status, order.addressees[0].served_on) == ("posted", date(2026, 10, 9))

    def test_refused(self) -> None:
        """Not for one who was not served, not to the same day, not before the issue, not in the future."""
        play = self.play()
        for to, day in (("child", 8), ("mother", 9), ("mother", 6), ("mother", 11)):
            assert play.refused(OFFICER, "amend", to=to, served_on=date(2026, 9, day))[1] == ("service_day_fits",)
        slip = {"entry": "correction_order/mother", "field": "happened_on", "value": date(2026, 9, 8), "reason": "x"}
        outcome = play.try_(OFFICER, "case.correct", **slip)
        assert isinstance(outcome, Refusal)
        assert (outcome.names, outcome.accepted) == (("entry",), ("amend",))

    def test_withdrawn_meanwhile(self) -> None:
        """A correction of an order that is gone is refused at the approval."""
        play = self.play()
        play.act(OFFICER, "amend", to="mother", served_on=date(2026, 9, 10))
        play.act(BUREAU_HEAD, "document.withdraw", document="correction_order", reason="写错")
        assert play.refused(HEAD, "proposal.approve", proposal="amend")[1] == ("service_day_fits",)
