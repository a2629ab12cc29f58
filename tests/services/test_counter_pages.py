"""What pages of people need beside the case itself: lists of the day, forms that know what was chosen, search."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.cli.demo_script import GOES_ON
from engine.errors import InputError, RightRefused
from engine.services import worklist
from engine.services.lateness import overdue_by
from engine.services.model import ActRequest
from engine.services.office import as_of, as_of_all
from engine.services.words import masked_number
from tests.services.acts import CONTACT, VISIT
from tests.services.conftest import House
from tests.services.test_advancing import play_until
from tests.settled import PASSWORD


def names(house: House, number: str, trigger: str, **raw: object) -> list[str]:
    """The fields of a page, given what was chosen so far."""
    return [each.name for each in house.app.cases.act_page(number, trigger, "township", raw=raw).form]


class TestLateness:
    """By how much something is overdue."""

    @pytest.mark.parametrize(
        ("due", "today", "days", "words"),
        [
            ((2026, 9, 11), (2026, 9, 14), 1, "工作日1天（9月14日），休息日和节假日2天不计"),
            ((2026, 9, 11), (2026, 9, 12), 0, "工作日0天"),
            ((2026, 9, 1), (2026, 9, 14), 9, "共13天：工作日9天，"),
            ((2026, 9, 7), (2026, 9, 8), 1, "工作日1天（9月8日）"),
        ],
    )
    def test_counts_working_days(
        self, house: House, due: tuple[int, ...], today: tuple[int, ...], days: int, words: str
    ) -> None:
        """A Friday's duty is one working day late on Monday, and the counting is told."""
        counted, why = overdue_by(date(*due), date(*today), house.app.calendar)
        assert (days, True) == (counted, words in why)


class TestDay:
    """The lists of the day."""

    def test_each_case_in_one_list(self, house: House) -> None:
        """Due today, this week, overdue, waiting for others, later, and messages that did not arrive."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)

        def listed(account: str = "township") -> dict[str, tuple[str, ...]]:
            work = house.app.cases.worklist(account)
            lists = ("overdue", "due_today", "this_week", "waiting", "later")
            return {name: tuple(row.case for row in getattr(work, name)) for name in lists if getattr(work, name)}

        assert listed() == {"this_week": (number,)}
        house.at("2026-09-04 09:00")
        assert listed() == {"due_today": (number,)}
        house.at("2026-09-07 09:00")
        assert listed() == {"overdue": (number,)}
        row = house.app.cases.worklist("township").overdue[0]
        assert (1, True) == (row.late_by, "9月4日到期" in row.late_why)
        house.act("township", number, "record_visit", **VISIT)
        assert listed() == {"later": (number,)}
        with house.app.archive.begin() as uow:
            case = uow.cases.load(number)
            assert case is not None
            uow.outbox.put([(case, "remind", "village_cadre")], at=house.app.cases.office.now())
            told = uow.outbox.waiting(number)[-1]
            uow.outbox.mark(told.id, house.app.cases.office.now(), good=False, detail="号码停机")
            uow.commit()
        assert house.app.outbox.counts()[1:] == (0, 1)
        failed = house.app.cases.worklist("township").failed
        assert (1, True) == (len(failed), "已试1次（号码停机）" in failed[0].line)

    def test_page_after_page(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Many cases come page by page, each once; a place that is none is told."""
        monkeypatch.setattr(worklist, "PAGE", 2)
        numbers = house.cases(3)
        first = house.app.cases.worklist("township")
        second = house.app.cases.worklist("township", after=first.next)
        shown = [row.case for page in (first, second) for row in (*page.this_week, *page.later, *page.due_today)]
        assert (sorted(numbers), True, False, "") == (sorted(shown), first.first, second.first, second.next)
        with house.app.archive.read() as uow:
            day = house.app.today()
            cases = uow.cases.load_all(numbers)
            assert [as_of(uow, case, day) for case in cases] == as_of_all(uow, cases, day)
        assert worklist.place_from("-.QH-2026-0007") == (None, "QH-2026-0007")
        assert worklist.place_text(worklist.Place(None, "QH-2026-0007")) == "-.QH-2026-0007"
        for wrong in ("x", "2026-09-31.1", "2026-09-01."):
            with pytest.raises(InputError, match="第一页"):
                house.app.cases.worklist("township", after=wrong)


class TestForms:
    """Forms that know what was chosen."""

    def test_service_asks_for_the_chosen_method_alone(self, house: House) -> None:
        """Nothing before the method, its proof after it, the reason alone of a failed attempt; the rest is let go. Of
        the outside offices a referral offers those that take one of its channels."""
        number = house.case()
        play_until(house, number, GOES_ON, "document.serve")
        first = ["document", "to", "method", "result"]
        assert first == names(house, number, "document.serve")
        assert [*first, "servers", "tracking_no", "slip"] == names(house, number, "document.serve", method="mail")
        failed = names(house, number, "document.serve", method="mail", result="failed")
        assert [*first, "servers", "reason"] == failed
        page = house.app.cases.act_page(number, "document.serve", "township", raw={"method": "lien"})
        assert page.previews
        assert "tracking_no" in page.passed
        assert {"refused": True, "witness": False} == {
            field.name: field.required for field in page.form if field.name in ("refused", "witness")
        }
        issued = next(each.number for each in house.app.cases.show(number, "auditor").documents if each.number)
        typed = issued.replace("〔", "[").replace("〕", "]")
        assert [hit.case for hit in house.app.search.exact(typed, "township")] == [number]
        (receiver,) = (
            each for each in house.app.cases.act_page(number, "refer", "township").form if each.type == "unit"
        )
        assert receiver.options == (("QH-J1", "青禾司法所"), ("QH-P1", "青禾派出所"))
        assert [hit.case for hit in house.app.search.exact(number.lower(), "township")] == [number]

    def test_correction_shows_what_stands(self, house: House) -> None:
        """The entry first, then its fields with their values, then the new value; the history tells both."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        assert names(house, number, "case.correct") == ["entry"]
        assert names(house, number, "case.correct", entry="fly") == ["entry"]
        page = house.app.cases.act_page(number, "case.correct", "township", raw={"entry": "contact_family"})
        options = dict(next(each for each in page.form if each.name == "field").options)
        assert ("方式（现为：电话）", "发生日期（现为：2026-09-01）") == (options["way"], options["happened_on"])
        chosen = names(house, number, "case.correct", entry="contact_family", field="way")
        assert chosen == ["entry", "field", "value", "reason"]
        house.act("school", number, "case.correct", entry="contact_family", field="way", value="message", reason="记错")
        row = house.history(number)[0]
        assert ("联系家长·方式：电话 → 信息", "correction") == (row.change, row.kind)
        empty = {"entry": "contact_family", "field": "happened_on", "value": "2026-09-01", "reason": "核对"}
        house.act("school", number, "case.correct", **empty)
        assert "联系家长·发生日期：" in house.history(number)[0].change

    def test_forms_begin_with_what_is_known(self, house: House) -> None:
        """The person's own name and the child's home are given; who may take a case is a choice."""
        number = house.case()
        page = house.app.cases.act_page(number, "record_visit", "township")
        assert page.given["visitors"] == ["周强"]
        assert page.given["place"]
        (owner, _) = house.app.cases.act_page(number, "case.hand_over", "township").form
        assert (owner.type, True) == ("choice", ("school", "李娟（学校专干）") in owner.options)

    def test_second_entry_of_a_day_is_noticed_once(self, house: House) -> None:
        """The same act on the same day is found, on another day not, nor for a request that was accepted."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        request = ActRequest(case=number, trigger="contact_family", account="school", request_id="r9")
        found = house.app.cases.same_day(request)
        assert found is not None
        known = ActRequest(case=number, trigger="contact_family", account="school", request_id=f"t{house.count}")
        assert house.app.cases.same_day(known) is None
        yesterday = date(2026, 9, 1) - timedelta(days=1)
        other = ActRequest(
            case=number, trigger="contact_family", account="school", request_id="r9", happened_on=yesterday
        )
        assert house.app.cases.same_day(other) is None


class TestHistory:
    """What a reader may still do with an entry."""

    def test_own_last_act_can_be_taken_back_for_half_an_hour(self, house: House) -> None:
        """Undo hangs on the entry of who made it; later and for others it is gone; names stay masked in texts."""
        number = house.case()
        name = house.app.cases.show(number, "school", reveal=True).subject
        house.act("school", number, "contact_family", **{**CONTACT, "reason": f"{name}说头痛"})
        mine, other = (house.app.cases.show(number, who) for who in ("school", "township"))
        assert (mine.history[0].undoes, other.history[0].undoes) == (True, False)
        assert (mine.history[0].corrects, other.history[1].corrects) == (True, False)
        assert "case.undo" in [act.trigger for act in mine.acts]
        assert "case.undo" not in [act.trigger for act in other.acts]
        assert name not in str(mine.history)
        assert name in str(house.app.cases.show(number, "school", reveal=True).history)
        house.at("2026-09-01 14:31")
        assert not house.app.cases.show(number, "school").history[0].undoes
        assert ("G990********0011", "****") == (masked_number("G990100000000011"), masked_number("1234"))


class TestDrafts:
    """What was typed and not handed in."""

    def test_belongs_to_one_person_and_goes_when_it_is_handed_in(self, house: House) -> None:
        """Sealed, for its person alone, with what happened since; gone in the transaction of the act, or with the child."""
        number, drafts = house.case(), house.app.drafts
        mine, other = (("school", number, "contact_family"), ("township", number, "contact_family"))
        content = {"raw": {"reason": "草稿里的话"}, "version": 1, "request_id": "once-1"}
        assert drafts.kept(mine) is None
        assert all(drafts.keep(mine, each) for each in ({"raw": {}}, content))
        assert drafts.kept(other) is None
        with house.app.archive.read() as uow:
            rows = uow._connection.exec_driver_sql("SELECT sealed FROM draft").all()
        assert (1, False) == (len(rows), "草稿里的话".encode() in bytes(rows[0][0]))
        house.act("township", number, "contact_family", **CONTACT)
        kept = drafts.kept(mine)
        assert kept is not None
        assert (content, 1, number) == (kept.content, len(kept.since), mine[1])
        request = ActRequest(case=number, trigger="contact_family", account="school", fields=CONTACT)
        house.app.cases.advance(replace(request, request_id="once-1", ends_draft=True))
        assert drafts.kept(mine) is None
        assert not drafts.keep(mine, content)
        assert drafts.keep(mine, {"raw": {}})
        bare = drafts.kept(mine)
        assert bare is not None
        assert bare.since == ()
        drafts.drop(mine)
        assert drafts.kept(mine) is None
        with pytest.raises(RightRefused):
            drafts.keep(("admin", number, "contact_family"), content)

    def test_goes_with_the_child(self, house: House) -> None:
        """Erasing a subject leaves no draft about it."""
        number = house.case()
        house.app.drafts.keep(("school", number, "case.note"), {"raw": {"text": "话"}})
        with house.app.archive.read() as uow:
            case = uow.cases.load(number)
        assert case is not None
        house.app.archive.erase(case.identity.subject.reference)
        with house.app.archive.read() as uow:
            assert uow._connection.exec_driver_sql("SELECT count(*) FROM draft").scalar() == 0
        house.spoiled = True


class TestSessions:
    """Sessions and offices."""

    def test_end_of_office_ends_the_session(self, house: House) -> None:
        """With the last role the session goes, and nobody signs in without one; who it was is known for a day."""
        people = house.app.people
        token = people.sign_in("township", PASSWORD, "a")
        assert people.who(token) is not None
        house.at("2026-09-01 15:00")
        assert people.who(token) is None
        assert (people.former(token), people.former("none")) == ("township", "")
        again = people.sign_in("township", PASSWORD, "a")
        people.sign_out(again)
        assert people.former(again) == ""
        last = people.sign_in("township", PASSWORD, "a")
        house.at("2199-09-01 15:00")
        with house.app.archive.begin() as uow:
            uow.people.open_session(hashlib.sha256(b"t").hexdigest(), "township", house.app.cases.office.now())
            uow.commit()
        assert people.who("t") is None
        assert (people.former("t"), people.former(last)) == ("", "")
        with pytest.raises(RightRefused, match="没有任何岗位"):
            people.sign_in("township", PASSWORD, "a")
