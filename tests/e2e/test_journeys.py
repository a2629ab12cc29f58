"""Journeys through a town in a real browser, with the sign-ins that the demonstration prints.

Each is played twice: by people whose browser has script and by people whose browser has none.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Response

from engine.cli.demo_script import GOES_ON, SCENES
from engine.paths import config_dir
from engine.services.model import ActRequest
from tests.e2e.town import Person, Town

Enter = Callable[[str], Person]

STAYS = "QH-2026-0003"
FAR = "QH-2026-0002"
CONTACT = {"persons": ["father"], "way": "phone", "result": "suspected", "reason": "说在家帮忙"}
VISIT: Mapping[str, object] = {
    "visitors": ["周强", "苏晓"],
    "met": ["pupil", "father"],
    "result": "agrees",
    "place": "学生家中",
    "begins_at": "9:30",
    "ends_at": "10:20",
    "returns": "2026-10-23",
    "reasons": "孩子说跟不上",
    "child_words": "想上学",
    "danger": {"harm": "absent", "work": "absent", "marriage": "absent", "missing": "absent"},
    "advice": "讲解义务教育法",
    "answer": "明天送来",
    "signed": "signed",
}
BEFORE_THE_ORDER = ("offer_help", "decide_help", "persuade", "persuade_again", "report_upward", "bureau_decide",
                    "educate", "hear_guardian", "judge_reason")  # fmt: skip


@pytest.fixture(scope="module")
def opened() -> dict[str, str]:
    """Case numbers by their part in the journeys."""
    return {}


def found_case(person: Person) -> str:
    """The number of the case that has just been opened from a finding."""
    return re.findall(r"QH-2026-\d{4}", person.page.inner_text("main .done, main .notice"))[-1]


def absent_roster(folder: Path) -> Path:
    """The sample roster a day after, with one more child away."""
    book = openpyxl.load_workbook(config_dir() / "sample" / "roster.xlsx")
    for sheet in book.worksheets:
        sheet["A1"] = str(sheet["A1"].value).replace("9月1日", "10月22日")
    book.worksheets[0]["D4"] = "×"
    book.save(folder / "roster.xlsx")
    return folder / "roster.xlsx"


class TestFirstVisit:
    def test_weighs_little(self, town: Town, enter: Enter) -> None:
        """A page with everything it loads is at most 150 KB, sign-in and case alike."""
        person = enter("township")
        for path in ("/sign-in", f"/cases/{STAYS}"):
            answers: list[Response] = []
            fresh = person.context.new_page()
            fresh.on("response", lambda answer, answers=answers: answers.append(answer))
            fresh.goto(town.address + path, wait_until="networkidle")
            sizes = [len(answer.body()) for answer in answers]
            assert len(sizes) > 2
            assert sum(sizes) <= 150 * 1024
        person.look("today")


class TestFromFileToReturn:
    def test_list_becomes_a_case_and_the_child_is_back(
        self, town: Town, enter: Enter, opened: dict[str, str], tmp_path: Path
    ) -> None:
        """A roster is imported, its finding confirmed; contact, a visit of two pages, and the child is at school."""
        school = enter("school")
        self.bring_in(school, absent_roster(tmp_path))
        school.go("/findings")
        school.look("findings")
        school.page.locator('main [name="finding"]').last.check()
        school.click("main button.primary")
        number = opened["returns"] = found_case(school)
        town.settle()
        school.do(number, "contact_family", CONTACT)
        school.look("result")
        township = enter("township")
        township.go(f"/cases/{number}")
        township.look("case")
        township.go(f"/cases/{number}/acts/record_visit")
        assert "周强" in township.page.input_value('[name="visitors"]')
        township.fill({**VISIT, "visitors": ["周强"]})
        township.look("visit-1")
        township.press("next")
        assert "第2页，共2页" in township.text
        township.look("visit-2")
        township.fill(VISIT)
        township.press("act")
        assert "第1页，共2页" in township.text
        township.click("text=家访应由两人以上进行，现填1人 >> nth=0")
        assert township.page.evaluate("location.hash") == "#f-visitors"
        township.fill(VISIT)
        township.press("next")
        township.press("act")
        assert "已登记" in township.text
        back = {"back_on": "今天", "seen_by": ["班主任"], "checked_by": ["校长"]}
        school.do(number, "child_is_back", {**back, "back_on": "2026.10.22"})
        assert "返校观察" in school.text

    def bring_in(self, school: Person, file: Path) -> None:
        """A list from the page that takes it, over its columns and its trial, to the one yes."""
        school.go("/imports")
        school.look("import")
        school.page.select_option('[name="kind"]', "roster")
        school.page.select_option('[name="unit"]', "QH-S1")
        school.page.set_input_files('[name="file"]', file)
        school.click("main button.primary")
        school.look("import-columns")
        school.click("main button.primary")
        school.page.wait_for_selector('[action$="/keep"]', timeout=60_000)
        school.page.wait_for_load_state()
        school.look("import-trial")
        if school.page.locator('[name="accept_missing"]').count():
            school.page.check('[name="accept_missing"]')
        school.click("main button.primary")
        school.page.wait_for_selector('main [role=status]:has-text("已导入")', timeout=60_000)


class TestAccidents:
    def test_nothing_typed_is_lost(self, town: Town, enter: Enter) -> None:
        """A wrong form, a draft, a session that ran out, a second press and an open page that grew old."""
        school = enter("school")
        school.go("/findings")
        school.page.locator('main [name="finding"]').first.check()
        school.click("main button.primary")
        number = found_case(school)
        town.settle()
        form = f"/cases/{number}/acts/contact_family"
        self.wrong(school, form)
        self.draft(school, form)
        self.late(town, school, form)
        self.twice(school, form)
        self.stale(school, enter("township"), number)

    def wrong(self, school: Person, form: str) -> None:
        """422 keeps everything, and the summary has the focus."""
        school.go(form)
        school.fill({"reason": "写了半页<b>"})
        school.press("act")
        assert school.page.title().startswith("错误：")
        assert school.page.input_value('[name="reason"]') == "写了半页<b>"
        assert school.page.evaluate("document.activeElement.className") == "errors"
        school.look("wrong")

    def draft(self, school: Person, form: str) -> None:
        """What is typed is kept: by the script without being asked, else by its button."""
        school.page.fill('[name="reason"]', "写了整页<b>")
        if school.town.script:
            school.page.wait_for_selector("text=草稿已自动保存")
        else:
            school.press("draft")
            assert "你 2026-10-22" in school.text
        school.go("/")
        school.go(form)
        assert school.page.input_value('[name="reason"]') == "写了整页<b>"
        school.look("draft")

    def late(self, town: Town, school: Person, form: str) -> None:
        """After the session ran out the form waits behind the sign-in."""
        school.page.fill('[name="reason"]', "会话到期之前写的")
        with sqlite3.connect(town.data / "yingfan.db") as database:
            database.execute("UPDATE session SET seen_at = '2026-01-01T00:00:00.000000Z'")
        school.press("act")
        assert "登录已过期" in school.text
        school.click("text=登录并回到这张表")
        school.sign_in()
        assert school.page.url.endswith(form)
        assert school.page.input_value('[name="reason"]') == "会话到期之前写的"

    def twice(self, school: Person, form: str) -> None:
        """The same form sent twice has one result."""
        school.fill(CONTACT)
        sent: dict[str, object] = dict(
            school.page.eval_on_selector("form.act", "form => [...new FormData(form).entries()]")
        )
        sent["go"] = "act"
        answers = [
            school.context.request.post(school.town.address + form, form=sent, max_redirects=0)
            for _ in range(2)  # type: ignore[arg-type]  # texts
        ]
        assert [303, 303] == [answer.status for answer in answers]
        first, again = (answer.headers["location"] for answer in answers)
        assert first + "?again=1" == again
        school.go(again)
        assert "已登记，不必重复提交" in school.text

    def stale(self, school: Person, township: Person, number: str) -> None:
        """Whose page grew old sees what happened, keeps the words, and adds them as a note."""
        township.go(f"/cases/{number}/acts/record_visit")
        township.fill(VISIT)
        township.press("next")
        other = {**VISIT, "result": "refuses", "answer": "再想想"}
        self.visited(township.context.new_page(), township, number, other)
        township.fill(VISIT)
        township.press("act")
        assert "页面打开后个案有变动" in township.text
        assert "明天送来" in township.text
        township.look("stale")
        township.click("text=把这些内容作为备注加上")
        assert "/results/" in township.page.url
        assert "已登记" in township.text
        foreign = school.context.new_page()
        assert foreign.goto(school.town.address + "/cases/QH-2026-9999").status == 404  # type: ignore[union-attr]  # answered

    def visited(self, page: object, township: Person, number: str, fields: Mapping[str, object]) -> None:
        """Somebody records the visit on another page meanwhile."""
        kept, township.page = township.page, page  # type: ignore[assignment]  # another page of the same browser
        township.do(number, "record_visit", fields)
        township.page = kept


class TestFindingAndCorrecting:
    def test_a_slip_is_corrected_with_its_deadlines_shown(self, town: Town, enter: Enter) -> None:
        """Found by its number, a visit is recorded and then corrected, and the page shows its deadlines before."""
        school = enter("school")
        school.go("/findings")
        school.page.locator('main [name="finding"]').first.check()
        school.click("main button.primary")
        number = found_case(school)
        town.settle()
        school.do(number, "contact_family", CONTACT)
        township = enter("township")
        township.page.fill("#find", number)
        township.click(".find button")
        township.click(f"text={number}")
        township.do(number, "record_visit", {**VISIT, "result": "refuses"})
        township.go(f"/cases/{number}")
        township.click("text=更正 登记家访")
        township.fill({"entry": "record_visit", "field": "signed"})
        township.press("next")
        township.fill({"value": "refused", "reason": "看错"})
        township.press("preview")
        assert "登记后的期限" in township.text
        township.look("correction-preview")
        township.press("act")
        township.go(f"/cases/{number}?history=correction")
        assert "已签名 → 拒绝签名" in township.text


class TestAuditor:
    def test_walks_through_a_history(self, enter: Enter) -> None:
        """Both times, role and rule stand there, the chain is verified; documents are read and nothing can be done."""
        auditor = enter("auditor")
        auditor.go("/searches")
        auditor.look("search")
        auditor.page.fill("#f-q", FAR)
        auditor.click("main button.primary")
        auditor.click(f"main >> text={FAR} >> nth=0")
        assert auditor.page.locator("form.act, .acts a.primary").count() == 0
        auditor.click("text=核查全部记录")
        for words in ("登记时间", "发生日期", "链条完整", "均已验证", "教体局领导", "规则"):
            assert words in auditor.text
        auditor.look("history")
        auditor.click("nav.filters >> text=文书送达")
        assert "登记送达" in auditor.text
        auditor.go(f"/cases/{FAR}")
        auditor.click("main a:has-text('责令限期改正决定书') >> nth=0")
        auditor.look("document")


class TestOrderAndReferral:
    def test_order_is_approved_by_two_and_served(self, town: Town, enter: Enter) -> None:
        """The bureau proposes, law and head approve, the township serves by the chosen method and sees the last day."""
        town.stop()
        prepare(town)
        town.run("2026-11-03 09:00")
        bureau = enter("bureau")
        order = {"issuer": "QH-JT", "limit_kind": "relative", "limit": "10 workdays", "evidence": "到校名册"}
        bureau.do(STAYS, "order_correction", order, look="order")
        assert "报批" in bureau.text
        approve(enter("reviewer"), "责令限期改正", look="proposal")
        approve(enter("bureau_head"), "责令限期改正")
        township = enter("township")
        township.go(f"/cases/{STAYS}")
        township.click("main a:has-text('责令限期改正决定书') >> nth=0")
        township.click("main td.do >> text=登记送达 >> nth=0")
        township.fill({"method": "direct"})
        township.look("service-1")
        township.press("next")
        assert township.page.locator('[name="tracking_no"]').count() == 0
        township.fill({"servers": ["周强", "邓平"], "receipt": "yes"})
        township.press("preview")
        assert "2026年11月17日" in township.text
        township.look("service-2")
        township.press("act")
        assert "已登记" in township.text
        township.go(f"/cases/{STAYS}")
        township.look("ordered")

    def test_referral_and_observed_return(self, town: Town, enter: Enter, opened: dict[str, str]) -> None:
        """Not complied with: referred with two approving and acknowledged; the other child closes as returned."""
        town.run("2026-11-20 15:00")
        township = enter("township")
        township.do(STAYS, "check_compliance", {"result": "not_complied", "how": "到校查看", "checkers": ["周强"]})
        bureau = enter("bureau")
        refer = next(scene for scene in SCENES if (scene.case, scene.did) == (GOES_ON, "refer")).form
        bureau.do(STAYS, "refer", {**refer, "reply_by": "2026-12-18"}, look="referral")
        reviewer, head = enter("reviewer"), enter("bureau_head")
        approve(reviewer, "移送", look="referral-proposal")
        approve(head, "移送")
        judicial = enter("judicial")
        judicial.click("text=签收回执")
        judicial.fill({"taken_by": ["沈平"], "receipt_no": "收〔2026〕9号"})
        judicial.look("receipt")
        judicial.press("act")
        assert "已登记" in judicial.text
        number, school = opened["returns"], enter("school")
        for day in ("2026.10.29", "2026年11月5日", "20261112", "昨天"):
            school.do(number, "confirm_attendance", {"present": "yes", "days_absent": "0"}, on=day)
        closing = {"issuer": "QH-01", "evidence": "到校名册、四周在校确认", "register": "normal"}
        school.do(number, "close_returned", closing)
        approve(enter("township_head"), "复学")
        school.go(f"/cases/{number}")
        assert "已复学" in school.text


def approve(person: Person, words: str, *, look: str = "") -> None:
    """Read the proposal from the day's list and approve it."""
    person.go("/")
    person.click(f"tr:has-text('{words}') >> text=审阅 >> nth=0")
    if look:
        person.look(look)
    person.click("main .yes button.primary")
    assert "已登记" in person.text


def prepare(town: Town) -> None:
    """Bring the visited case to the order, as the demonstration did with another, on later days."""
    day = 22
    for scene in SCENES:
        if scene.case != GOES_ON or scene.did not in BEFORE_THE_ORDER:
            continue
        day += 1
        at = f"2026-10-{day} 10:00" if day <= 31 else f"2026-11-{day - 31:02d} 10:00"
        form = {name: text for name, text in scene.form.items() if name != "asked_back"}
        if "asked_back" in scene.form:
            form["asked_back"] = "2026-11-30"
        with town.inside(at) as app:
            request = ActRequest(case=STAYS, trigger=scene.did, account=scene.who, fields=form)
            app.cases.advance(replace(request, request_id=f"prepare-{day}"))
