"""Acting through services: accepted once and whole, or refused whole; proposals, service, timers, linked cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.cases.model import Decision
from engine.cli.demo_script import BUREAU, SCENES, Scene
from engine.definitions.workflow import BlockSource
from engine.errors import InstallationError, RightRefused, RuleRefused, StaleRefused
from engine.services import acting
from engine.services.model import ActRequest
from engine.services.refusals import ActRefused, RightAct, RuleAct, StaleAct
from engine.storage.timers import TimerStore
from engine.storage.unit_of_work import Conflict, DueCase
from engine.worker import sweep_awaited
from tests.services.acts import CONTACT, ELSEWHERE, ORDER, PERSUASION, SERVED, VISIT
from tests.services.conftest import House
from tests.storage.keeping import by_hand


def play_until(house: House, number: str, part: str, last: str) -> None:
    """Play one part of the demonstration on a case, up to an act."""
    scenes: list[Scene] = [scene for scene in SCENES if scene.case == part]
    for scene in scenes:
        if scene.did == last:
            return
        house.at(scene.at).act(scene.who, number, scene.did, **scene.form)


class TestAccepting:
    """An accepted act."""

    def test_once(self, house: House) -> None:
        """The same request again gives the first answer and does nothing."""
        number = house.case()
        request = ActRequest(case=number, trigger="contact_family", account="school", fields=CONTACT, request_id="r1")
        first, again = house.app.cases.advance(request), house.app.cases.advance(request)
        assert (first.repeated, again.repeated) == (False, True)
        assert (again.seq, again.version) == (first.seq, first.version)
        assert len(house.app.cases.show(number, "auditor").history) == 2

    def test_other_content(self, house: House) -> None:
        """The same request id with other content is refused."""
        number = house.case()
        request = {"case": number, "trigger": "contact_family", "account": "school", "request_id": "r1"}
        house.app.cases.advance(ActRequest(**request, fields=CONTACT))  # type: ignore[arg-type]
        with pytest.raises(RuleRefused, match="请求编号"):
            house.app.cases.advance(ActRequest(**request, fields={**CONTACT, "way": "message"}))  # type: ignore[arg-type]

    def test_without_id(self, house: House) -> None:
        """A request without an id gets one of its own."""
        number = house.case()
        for _ in range(2):
            house.app.cases.advance(
                ActRequest(case=number, trigger="case.note", account="school", fields={"text": "记"})
            )
        assert len(house.app.cases.show(number, "auditor").history) == 3

    def test_lost_race(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A lost race is run again; when it is lost for ever, the machine is blamed and nothing is saved."""
        number = house.case()
        real, lost = acting.Acting._once, [1]

        def once(self: acting.Acting, request: ActRequest) -> object:
            if lost[0]:
                lost[0] -= 1
                raise Conflict(number)
            return real(self, request)

        monkeypatch.setattr(acting.Acting, "_once", once)
        assert house.act("school", number, "case.note", text="记").seq == 2
        lost[0] = 99
        with pytest.raises(InstallationError, match="稍后再试"):
            house.act("school", number, "case.note", text="记")


class TestRefusing:
    """A refused act."""

    def test_nothing_changed(self, house: House) -> None:
        """Every reason is told, and no row changed."""
        number = house.case()
        before = house.app.cases.show(number, "auditor")
        with pytest.raises(RuleAct) as refused:
            house.at("2026-09-02 10:00").act(
                "township", number, "record_visit", **{**VISIT, "result": "agrees"}, fly="x"
            )
        names = refused.value.refusal.names
        assert names[0] == "fly"
        assert "returns" in names
        assert house.app.cases.show(number, "auditor").version == before.version
        assert house.act("school", number, "contact_family", **CONTACT).seq == 2

    def test_unreadable(self, house: House) -> None:
        """Text that cannot be read is told even when everything else is well."""
        number = house.case()
        with pytest.raises(RuleAct, match="方式"):
            house.act("school", number, "contact_family", **{**CONTACT, "way": "pigeon"})
        with pytest.raises(RuleAct, match="内容"):
            house.act("school", number, "case.note", text=5)

    def test_unknown_act(self, house: House) -> None:
        """An act that does not exist is refused with those that do."""
        with pytest.raises(RuleAct, match="没有「fly」这个动作"):
            house.act("school", house.case(), "fly")

    def test_right(self, house: House) -> None:
        """Somebody without the role is refused."""
        with pytest.raises(RightAct):
            house.act("auditor", house.case(), "contact_family", **CONTACT)

    def test_stale(self, house: House) -> None:
        """An act made on an older version is refused and told what happened meanwhile."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        request = ActRequest(case=number, trigger="contact_family", account="school", fields=CONTACT, version=1)
        with pytest.raises(StaleAct) as refused:
            house.app.cases.advance(request)
        assert [row.trigger for row in refused.value.happened] == ["contact_family"]

    def test_not_yours(self, house: House) -> None:
        """A case that is not yours answers like one that does not exist, and the attempt is recorded."""
        number = house.case()
        told = []
        for case, account in ((number, "subdistrict"), ("QH-1999-0001", "township"), (number, "admin")):
            with pytest.raises(RightRefused) as refused:
                house.app.cases.show(case, account)
            told.append(str(refused.value))
        assert len(set(told)) == 1
        with by_hand(house.app.archive) as database:
            rows = database.execute("SELECT account, number FROM access_log WHERE what = 'refused'").fetchall()
        assert ("subdistrict", number) in rows

    def test_unknown_account(self, house: House) -> None:
        """An account that does not exist does nothing."""
        with pytest.raises(RightRefused, match="没有账号"):
            house.app.cases.worklist("nobody")


class TestProposing:
    """Proposals, drafts and approvals."""

    def test_numbers(self, house: House) -> None:
        """Numbers are taken at the last approval, without gap, and the issued text is the draft's."""
        house.lists()
        found = [each for each in house.app.roster.findings("school") if each.kind_zh == "应到未到"][:2]
        numbers = house.app.roster.confirm([each.id for each in found], "school")
        told = []
        for number in numbers:
            play_until(house, number, "referred", "refer") if number == numbers[0] else None
        page = house.app.cases.show(numbers[0], "auditor")
        order = next(row for row in page.documents if row.kind == "correction_order")
        told.append(order.number)
        assert told == ["宣和教体责改〔2026〕1号"]
        with house.app.archive.read() as uow:
            stored = uow.documents.get(numbers[0], order.id)
        assert stored is not None
        assert "〔编号待定〕" in stored.filled.draft_text
        assert "宣和教体责改〔2026〕1号" in stored.filled.text

    def test_changed_fact(self, house: House) -> None:
        """A draft whose printed facts changed since it was proposed cannot be approved."""
        number = house.case()
        play_until(house, number, "referred", "order_correction")
        house.at("2026-09-20 10:00").act("bureau", number, "order_correction", **ORDER)
        house.at("2026-09-20 11:00").act("township", number, "persuade_again", **PERSUASION)
        house.act("reviewer", number, "proposal.approve", proposal="order_correction")
        with pytest.raises(StaleRefused, match="草稿"):
            house.act("bureau_head", number, "proposal.approve", proposal="order_correction")

    def test_returned(self, house: House) -> None:
        """A returned proposal takes its draft with it."""
        number = house.case()
        house.act("township", number, "close_elsewhere", **ELSEWHERE)
        page = house.app.cases.proposal(number, "P2", "township_head")
        assert (page.row.mine, page.drafts[0].status) == (True, "draft")
        assert page.on_yes.startswith("同意后立即生效")
        house.act("township_head", number, "proposal.return", proposal="P2", reason="证明不全")
        assert house.app.cases.show(number, "auditor").documents == ()
        with pytest.raises(RuleRefused, match="办结或退回"):
            house.app.cases.proposal(number, "P2", "township_head")

    def test_worklist(self, house: House) -> None:
        """Who must approve finds it on the work list; others see what they wait for."""
        number = house.case()
        house.act("township", number, "close_elsewhere", **ELSEWHERE)
        assert [row.id for row in house.app.cases.worklist("township_head").to_approve] == ["P2"]
        mine = house.app.cases.worklist("township")
        assert (mine.to_approve, mine.waiting[0].waits_for) == ((), "外地就读或者转学：等待乡镇长")

    def test_chain(self, house: House) -> None:
        """The approver reads who approved before, and what comes next."""
        number = house.case()
        play_until(house, number, "referred", "order_correction")
        house.at("2026-09-20 10:00").act("bureau", number, "order_correction", **ORDER)
        proposal = house.app.cases.show(number, "reviewer").proposals[0]
        assert "送下一级审批" in house.app.cases.proposal(number, proposal.id, "reviewer").on_yes
        house.act("reviewer", number, "proposal.approve", proposal="order_correction", opinion="可")
        page = house.app.cases.proposal(number, proposal.id, "bureau_head")
        assert "法制审核" in page.approvals[0]

    def test_conditional_block(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A block with a condition stands in the document exactly when the condition holds."""
        number = house.case()
        workflow = house.app.workflows["dropout-case"]
        notice = workflow.notices["closing_record"]
        extra = [
            BlockSource(kind="paragraph", text=(name,), when=name) for name in ("criticised", "issuer_has_authority")
        ]
        told = replace(notice, blocks=(*notice.blocks, *extra))
        monkeypatch.setitem(workflow.notices, "closing_record", told)  # type: ignore[arg-type]  # a dict behind the mapping
        house.act("township", number, "close_elsewhere", **ELSEWHERE)
        text = house.app.cases.proposal(number, "P2", "township_head").drafts[0].body_html
        assert ("criticised" in text, "issuer_has_authority" in text) == (False, True)

    def test_unprintable(self, house: House) -> None:
        """A character that cannot be printed stops the proposal, with its place."""
        number = house.case()
        with pytest.raises(RuleAct, match=r"无法生成.*U\+E001"):
            house.act("township", number, "close_elsewhere", **{**ELSEWHERE, "evidence": "证明\ue001"})


class TestTimers:
    """Time that acts."""

    def test_escalation(self, house: House, tmp_path: Path) -> None:
        """A passed deadline escalates through the scheduler once, and its messages go out once."""
        number = house.case()
        house.at("2026-09-05 00:30")
        swept = sweep_awaited(house.app)
        assert swept.timers >= 1
        assert swept.delivered >= 2
        files = list((house.app.settings.data / "outbox").glob("*.json"))
        assert {json.loads(file.read_text("utf-8"))["subject"] for file in files} == {number}
        sweep_awaited(house.app)
        again = sweep_awaited(house.app)
        assert (again.timers, again.delivered) == (0, 0)
        page = house.app.cases.show(number, "auditor")
        assert any(row.trigger == "timer.overdue" for row in page.history)
        assert house.app.cases.worklist("township").overdue[0].case == number

    def test_a_row_that_claims_a_timer_it_has_not(self, house: House) -> None:
        """A case whose row and deadlines do not fit fails alone; the others act."""
        numbers = house.cases(2)
        with house.app.archive.begin() as uow:
            broken = text("UPDATE case_file SET clock = '[[],[]]' WHERE number = :number")
            uow._connection.execute(broken, {"number": numbers[0]})
            uow.commit()
        house.at("2026-09-03 00:30")
        swept = house.app.timers.sweep()
        assert (1, True) == (swept.failed, swept.timers >= 1)
        house.spoiled = True

    def test_a_batch_with_a_case_that_cannot_be_written(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A case that spoils its batch is left alone at the end, and all others act."""
        numbers = house.cases(3)
        real = TimerStore.write

        def refuse(self: TimerStore, done: list[tuple[DueCase, Decision]]) -> None:
            if any(due.case.identity.number == numbers[1] for due, _ in done):
                raise Conflict(numbers[1])
            real(self, done)

        monkeypatch.setattr(TimerStore, "write", refuse)
        house.at("2026-09-03 00:30")
        swept = house.app.timers.sweep()
        acted = [n for n in numbers if any(r.trigger.startswith("timer.") for r in house.history(n))]
        assert ([numbers[0], numbers[2]], 1) == (acted, swept.failed)

    def test_limit(self, house: House) -> None:
        """A sweep that may do only so much does the oldest first and leaves the rest to the next."""
        house.cases(3)
        house.at("2026-09-03 00:30")
        assert (2, True) == (house.app.timers.sweep(2).timers, house.app.timers.sweep().timers >= 1)

    def test_blocked_channel(self, house: House) -> None:
        """A message that cannot go out stays and is tried again later."""
        house.case()
        (house.app.settings.data / "outbox").write_text("x")
        house.at("2026-09-05 00:30")
        assert house.app.timers.sweep().failed >= 2
        (house.app.settings.data / "outbox").unlink()
        house.at("2026-09-05 02:30")
        assert house.app.timers.sweep().delivered >= 2


class TestWholeLadder:
    """From the served order to the judicial office."""

    def test_referral(self, house: House) -> None:
        """Service starts the limit, the referral opens a case for its receiver, whose answer comes back."""
        number = house.case()
        play_until(house, number, "referred", "document.serve")
        house.at("2026-09-23 10:00").act("township", number, "document.serve", **SERVED, to="father")
        page = house.app.cases.show(number, "township")
        waiting = next(row for row in page.deadlines if row.name == "compliance")
        assert (waiting.due_on, waiting.waits_for) == (None, "等《责令限期改正决定书》送达")
        house.at("2026-09-24 10:00").act("township", number, "document.serve", **SERVED, to="mother")
        page = house.app.cases.show(number, "township", reveal=True)
        limit = next(row for row in page.deadlines if row.name == "compliance")
        assert str(limit.due_on) == "2026-10-15"
        assert limit.steps
        for scene in [s for s in SCENES if s.case == "referred" and s.at >= "2026-10-16" and not s.link]:
            house.at(scene.at).act(scene.who, number, scene.did, **scene.form)
        parent = house.app.cases.show(number, "judicial") if False else house.app.cases.show(number, "auditor")
        link = parent.links[0]
        assert link[2] == "已发出"
        house.act("judicial", link[1], "acknowledge", taken_by=["沈平"], receipt_no="1")
        after = house.app.cases.show(number, "auditor")
        assert (after.version, after.links[0][2]) == (parent.version, "已收件")
        told = [dict(row.fields) for row in after.history if row.trigger == "link.changed"]
        assert told[0] == {"关联个案": link[1], "状态": "已收件（办理中）"}
        assert after.history[0].trigger == "link.changed"
        assert BUREAU == "QH-JT"
        row = house.app.notices.document(
            number, next(d.id for d in after.documents if d.kind == "referral_letter"), "bureau"
        )
        assert "青禾司法所" in row.body_html

    def test_refusals_are_errors(self) -> None:
        """Every kind of refusal is an error of its own family."""
        assert issubclass(RuleAct, RuleRefused)
        assert issubclass(RightAct, RightRefused)
        assert issubclass(StaleAct, StaleRefused)
        assert issubclass(StaleAct, ActRefused)
