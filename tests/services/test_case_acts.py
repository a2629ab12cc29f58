"""The acts that every case has, through the services: once for a request, refused when stale, refused to who may not."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.errors import RightRefused, RuleRefused, StaleRefused
from engine.services import cases
from engine.services.model import ActRequest, Advanced, OpenRequest
from engine.services.refusals import ActRefused, StaleAct
from tests.services.acts import CONTACT, ELSEWHERE, SERVED, VISIT
from tests.services.conftest import House
from tests.services.test_advancing import play_until

ACTS: dict[str, tuple[str, dict[str, object]]] = {
    "case.note": ("school", {"text": "已约好周五上门"}),
    "case.undo": ("school", {}),
    "case.correct": (
        "township",
        {"entry": "record_visit", "field": "happened_on", "value": "2026.9.2", "reason": "日期写错"},
    ),
    "case.hold": ("township", {"deadline": "persuasion", "reason": "封路", "review_on": "2026-09-10"}),
    "case.hand_over": ("township", {"owner": "周强", "reason": "外出培训"}),
}


def ready(house: House, trigger: str) -> str:
    """A case on which the act makes sense: an act that issued nothing is undone, a visit corrected."""
    if trigger != "case.undo":
        return visited(house)
    number = house.case()
    house.act("school", number, "contact_family", **CONTACT)
    return number


def visited(house: House) -> str:
    """A case that was visited on the third of September."""
    number = house.case()
    house.act("school", number, "contact_family", **CONTACT)
    house.at("2026-09-03 14:00").act("township", number, "record_visit", **VISIT)
    return number


def request(house: House, number: str, trigger: str, **changed: object) -> ActRequest:
    """One of the acts as a person asks for it."""
    account, fields = ACTS[trigger]
    asked = ActRequest(case=number, trigger=trigger, account=account, fields=fields, request_id=f"once-{trigger}")
    return replace(asked, **changed)  # type: ignore[arg-type]  # fields by name


class TestEveryAct:
    """note, undo, correct, hold, hand over."""

    @pytest.mark.parametrize("trigger", ACTS)
    def test_once(self, house: House, trigger: str) -> None:
        """The same request again gives the first answer and writes nothing; with other content it is refused."""
        number = ready(house, trigger)
        done = house.app.cases.advance(request(house, number, trigger))
        again = house.app.cases.advance(request(house, number, trigger))
        assert replace(done, repeated=True) == again
        assert house.app.cases.record(number, "auditor").history[-1]["seq"] == done.seq
        with pytest.raises(RuleRefused, match="另一件"):
            house.app.cases.advance(request(house, number, trigger, happened_on=date(2026, 9, 3)))

    @pytest.mark.parametrize("trigger", ACTS)
    def test_stale(self, house: House, trigger: str) -> None:
        """On an older version it is refused with what happened meanwhile, and its request id is free."""
        number = ready(house, trigger)
        with pytest.raises(StaleAct) as told:
            house.app.cases.advance(request(house, number, trigger, version=1))
        assert "contact_family" in [row.trigger for row in told.value.happened]
        version = house.app.cases.show(number, "school").version
        assert not house.app.cases.advance(request(house, number, trigger, version=version)).repeated

    @pytest.mark.parametrize("trigger", ACTS)
    def test_rights(self, house: House, trigger: str) -> None:
        """Who has no such role is refused; who has nothing to do with the case is told that there is none."""
        number = ready(house, trigger)
        with pytest.raises(RightRefused):
            house.app.cases.advance(request(house, number, trigger, account="auditor"))
        with pytest.raises(RightRefused, match="没有这件个案"):
            house.app.cases.advance(request(house, number, trigger, account="judicial"))
        with house.app.archive.read() as uow:
            tried = [
                tuple(row)
                for row in uow._connection.exec_driver_sql(
                    "SELECT account, what, number FROM access_log WHERE what = 'refused'"
                )
            ]
        assert tried == [(account, "refused", number) for account in ("auditor", "judicial")]
        assert house.app.cases.show(number, "school").history[0].trigger in ("record_visit", "contact_family")


class TestUndo:
    """case.undo."""

    def test_back(self, house: House) -> None:
        """The case stands as before the act, its deadlines included, under a version of its own."""
        number = house.case()
        before = house.app.cases.record(number, "school")
        house.act("school", number, "contact_family", **CONTACT)
        undone = house.act("school", number, "case.undo")
        after = house.app.cases.record(number, "school")
        assert (after.state, undone.version) == ("detected", before.version + 2)
        days = [{each["name"]: each["due_on"] for each in record.deadlines} for record in (before, after)]
        assert days[0] == days[1]

    def test_late(self, house: House) -> None:
        """By another person, after thirty minutes, or once a document was issued, nothing is undone."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        with pytest.raises(RightRefused, match="本人"):
            house.act("township", number, "case.undo")
        house.at("2026-09-01 14:31")
        with pytest.raises(RuleRefused, match="30分钟"):
            house.act("school", number, "case.undo")
        house.act("township", number, "record_visit", **VISIT)
        with pytest.raises(RuleRefused, match="已签发文书"):
            house.act("township", number, "case.undo")


class TestCorrect:
    """case.correct."""

    def test_types(self, house: House) -> None:
        """The new value is read as its field is: a day as a day, a choice among its options, names as a list."""
        number = visited(house)
        self.corrects(house, number, "visitors", "周强、苏晓、方远")
        self.corrects(house, number, "result", "agrees")
        with pytest.raises(RuleRefused, match="不在选项内"):
            self.corrects(house, number, "result", "maybe")
        with pytest.raises(RuleRefused, match="不是日期"):
            self.corrects(house, number, "happened_on", "昨天")
        with pytest.raises(RuleRefused, match="当天或之后"):
            self.corrects(house, number, "next_date", "2026-09-02")
        with pytest.raises(RuleRefused, match="可更正"):
            self.corrects(house, number, "none", "x")
        corrections = house.app.cases.record(number, "township").history[-2:]
        assert [entry["fields"]["value"] for entry in corrections] == [["周强", "苏晓", "方远"], "agrees"]  # type: ignore[index]  # JSON
        assert corrections[0]["fields"]["before"] == ["周强", "苏晓"]  # type: ignore[index]  # JSON

    def corrects(self, house: House, number: str, field: str, value: str) -> Advanced:
        """One correction of the visit."""
        return house.act("township", number, "case.correct", entry="record_visit", field=field, value=value, reason="x")

    def test_preview(self, house: House) -> None:
        """The deadlines are shown before it is saved: before, after, and nothing is kept."""
        number = visited(house)
        shown = house.app.cases.preview(request(house, number, "case.correct"))
        assert house.app.cases.show(number, "school").history[0].trigger == "record_visit"
        house.app.cases.advance(request(house, number, "case.correct"))
        rows = house.app.cases.show(number, "township").deadlines
        assert shown.after == rows
        assert shown.before != rows
        assert shown.kept == ()


class TestToldDays:
    """What a citizen was told, in a preview."""

    def test_stays(self, house: House) -> None:
        """A limit that would fall earlier keeps its day, and the preview names it; an unchanged one it does not."""
        number = house.case()
        play_until(house, number, "referred", "document.serve")
        for whom, at in (("father", "2026-09-23 10:00"), ("mother", "2026-09-24 10:00")):
            house.at(at).act("township", number, "document.serve", **SERVED, to=whom)
        with house.app.archive.read() as uow:
            case = uow.cases.load(number)
        assert case is not None
        running = case.deadlines["compliance"]
        assert isinstance(running.anchor, date)
        earlier = running._replace(anchor=running.anchor - timedelta(days=3))
        after = case._replace(deadlines={**case.deadlines, "compliance": earlier})
        workflow, calendar = house.app.workflows["dropout-case"], house.app.calendar
        assert cases._kept(workflow, case, after, calendar=calendar) == ("compliance",)
        assert cases._kept(workflow, case, case, calendar=calendar) == ()


class TestHold:
    """case.hold and case.release."""

    def test_held(self, house: House) -> None:
        """A held deadline is provisional and does not act; released it runs on for the days that were left."""
        number = visited(house)
        due = next(
            each for each in house.app.cases.record(number, "township").deadlines if each["name"] == "persuasion"
        )
        house.app.cases.advance(request(house, number, "case.hold"))
        held = next(
            each for each in house.app.cases.record(number, "township").deadlines if each["name"] == "persuasion"
        )
        assert held["provisional"]
        assert held["holds"] == [
            {"from": date(2026, 9, 3), "to": None, "review_on": date(2026, 9, 10), "reason": "封路"}
        ]
        house.at("2026-09-12 00:30").app.timers.sweep()
        assert not any(row.trigger == "timer.overdue" for row in house.app.cases.show(number, "auditor").history)
        house.at("2026-09-14 09:00")
        house.act("township", number, "case.release", deadline="persuasion")
        again = next(
            each for each in house.app.cases.record(number, "township").deadlines if each["name"] == "persuasion"
        )
        assert (again["provisional"], again["due_on"] > due["due_on"]) == (False, True)  # type: ignore[operator]  # days
        with pytest.raises(RuleRefused, match="没有中止"):
            house.act("township", number, "case.release", deadline="persuasion")

    def test_wrong(self, house: House) -> None:
        """A deadline that is not there, a day gone by, a missing reason are refused, each by its name."""
        number = visited(house)
        with pytest.raises(ActRefused) as told:
            house.act("township", number, "case.hold", deadline="none", review_on="x")
        assert {"deadline", "review_on", "reason"} <= set(told.value.refusal.names)
        with pytest.raises(RuleRefused, match="当天或之后"):
            house.act("township", number, "case.hold", deadline="persuasion", reason="x", review_on="2026-09-01")


class TestHandOver:
    """case.hand_over."""

    def test_person(self, house: House) -> None:
        """A case goes to somebody who works in it, by account or name, or to the pool of a role."""
        number = visited(house)
        for owner, shown in (("principal", "方远"), ("李娟", "李娟"), ("bureau_officer", "教体局专干")):
            house.act("township", number, "case.hand_over", owner=owner, reason="休假")
            page = house.app.cases.show(number, "school")
            assert (page.owner, dict(page.history[0].fields)["新负责人"]) == (shown, shown)
            assert f"发出给{shown}的消息" in "".join(page.will_happen)

    @pytest.mark.parametrize("owner", ["nobody", "judicial", "admin", "receiver", "auditor"])
    def test_stranger(self, house: House, owner: str) -> None:
        """Somebody who is not there, sees no case, only reads, or has nothing to do with this one, is refused with who may."""
        number = visited(house)
        with pytest.raises(ActRefused, match=r"可移交：.*李娟") as told:
            house.act("township", number, "case.hand_over", owner=owner)
        assert told.value.refusal.names == ("owner", "reason")

    def test_namesakes(self, house: House) -> None:
        """A name that two people have is no answer."""
        from engine.definitions.facts import HeldRole, Person

        number = visited(house)
        with house.app.archive.begin() as uow:
            held = HeldRole(role="school_officer", unit="QH-S1", first=date(2026, 1, 1), last=date(2027, 1, 1))
            uow.people.add(Person(account="school2", name="李娟", roles=(held,)), "bureau_head")
            uow.commit()
        with pytest.raises(RuleRefused, match="同名"):
            house.act("township", number, "case.hand_over", owner="李娟", reason="休假")
        assert house.act("township", number, "case.hand_over", owner="school2", reason="休假").version


class TestReopen:
    """case.reopen."""

    def test_again(self, house: House) -> None:
        """A closed case goes on where it left, with its history; an open one is refused."""
        number = house.case()
        with pytest.raises(RuleRefused, match="没有办结"):
            house.act("school", number, "case.reopen", reason="x")
        house.act("township", number, "close_elsewhere", **ELSEWHERE)
        house.act("township_head", number, "proposal.approve", proposal="P2")
        assert house.app.cases.record(number, "school").kind == "final"
        done = house.act("school", number, "case.reopen", reason="又没来")
        after = house.app.cases.record(number, "school")
        assert (done.state, after.kind, after.closed_as) == ("detected", "open", "")
        assert after.deadlines


class TestOpen:
    """Opening by a person."""

    def test_at_once(self, house: House) -> None:
        """Two who open a case about one pupil at the same moment get one case, and one refusal."""
        house.lists()
        with house.app.archive.read() as uow:
            pupil = next(each for each in uow.roster.pupils() if each["school"] == "青禾中学")
        told: list[str] = []

        def opens(account: str) -> None:
            asked = OpenRequest(workflow="dropout-case", subject="pupil", reference=pupil["reference"], account=account)
            try:
                told.append(house.app.cases.open(asked).case)
            except RuleRefused:
                told.append("refused")

        both = [threading.Thread(target=opens, args=(account,)) for account in ("school", "principal")]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(told) == ["QH-2026-0001", "refused"]

    def test_again_after_the_end(self, house: House) -> None:
        """A pupil whose case has ended may have another one."""
        house.lists()
        with house.app.archive.read() as uow:
            pupil = next(each for each in uow.roster.pupils() if each["school"] == "青禾中学")
        asked = OpenRequest(workflow="dropout-case", subject="pupil", reference=pupil["reference"], account="school")
        number = house.app.cases.open(asked).case
        house.act("township", number, "close_elsewhere", **ELSEWHERE)
        with pytest.raises(RuleRefused, match=number):
            house.app.cases.open(asked)
        house.act("township_head", number, "proposal.approve", proposal="P2")
        assert house.app.cases.open(asked).case == "QH-2026-0002"

    def test_stale_is_refused(self) -> None:
        """A stale act is one of the refusals."""
        assert issubclass(StaleAct, StaleRefused)
