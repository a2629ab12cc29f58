"""What officers see and hand in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from starlette.testclient import TestClient

from engine.access import ROLES
from engine.definitions.workflow import Field
from engine.services.model import FailedRow, ReadingRow, WorkList
from engine.web import create_web
from engine.web.pages import HERE, read_words
from tests.web.conftest import own_script_alone, token_in
from tests.web.fake_app import CASE, HEAD, HOSTILE, OTHERS_CASE, TODAY, WORK, FakeApp, entry

CASE_URL = f"/cases/{CASE}"
VISIT = f"{CASE_URL}/acts/record_visit"
GOOD: dict[str, str | list[str]] = {
    "version": "7",
    "request_id": "0f0e0d0c-0b0a-4908-8706-050403020100",
    "happened_on": "2026-09-13",
    "happened_on.text": "",
    "visitors": "李娟、王强",
    "met[]": ["nobody"],
    "result": "nobody_home",
    "heard": "no",
}


class TestToday:
    def test_shows_duties_in_order_with_one_button_each(self, officer: TestClient) -> None:
        """Overdue stands before today, today before what may be approved and what comes later."""
        page = officer.get("/").text
        places = [
            page.index(word)
            for word in ("<caption>逾期 1", "<caption>今天到期 1", "<caption>报批 2", "疑点 1</h2>", "<caption>以后")
        ]
        assert sorted(places) == places
        assert page.count('/acts/record_visit">登记家访') == 2
        assert "系统将自动做的事" in page
        assert "9月16日 00:30" in page
        assert "2027年1月8日 星期五（暂定）" in page
        assert "等待：审批" in page

    def test_empty_day_is_said(self, officer: TestClient, house: FakeApp) -> None:
        """Nothing to do is a sentence, not an empty page."""
        nothing: tuple[()] = ()
        house.cases.work = WorkList(
            today=TODAY,
            overdue=nothing,
            due_today=nothing,
            later=nothing,
            to_approve=nothing,
            findings=nothing,
            will_happen=nothing,
        )
        page = officer.get("/").text
        assert ("今天没有等你办的事" in page, "下面列出" in page) == (True, False)

    def test_each_kind_of_work_has_its_list(self, officer: TestClient, house: FakeApp) -> None:
        """This week, what waits for others, and messages that did not arrive; the working days are counted out."""
        row = replace(WORK, overdue=False)
        house.cases.work = replace(
            house.cases.worklist(""),
            overdue=(replace(WORK, late_by=1, late_why="9月11日到期，工作日1天（9月14日）"),),
            this_week=(row,),
            waiting=(replace(row, waits_for="教体局审批"),),
            failed=(FailedRow(case=CASE, line="给村居干部的消息没有送到，已试3次"),),
        )
        page = officer.get("/").text
        for words in ("逾期1个工作日", "工作日1天（9月14日）", "<caption>本周 1", "<caption>等待他人 1", "已试3次"):
            assert words in page

    def test_pages(self, officer: TestClient, house: FakeApp) -> None:
        """Where there are more cases than one page holds, it leads to the next one and back, and tells no sums."""
        house.cases.work = replace(house.cases.worklist(""), next="2026-09-14.QH-2026-0007")
        page = officer.get("/").text
        assert ('href="/?after=2026-09-14.QH-2026-0007"' in page, 'class="counts"' in page) == (True, False)
        house.cases.work = replace(house.cases.work, next="", first=False)
        page = officer.get("/?after=2026-09-14.QH-2026-0007").text
        assert ('rel="next"' in page, "回到第一页" in page) == (False, True)

    def test_row_without_known_day_is_shown(self, officer: TestClient, house: FakeApp) -> None:
        """A duty that waits for something has no day yet."""
        house.cases.work = replace(
            house.cases.worklist(""), overdue=(), later=(replace(WORK, due_on=None, overdue=False),)
        )
        assert officer.get("/").status_code == 200


class TestSearch:
    def test_query_stands_in_no_address(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A name comes by POST, the address has an opaque word that another session cannot open."""
        answer = officer.post("/searches", data={"csrf": csrf, "q": " 张小明 "})
        where = answer.headers["location"]
        assert (303, True) == (answer.status_code, where.startswith("/searches/"))
        page = officer.get(where).text
        assert (["张小明"], True) == (house.search.asked, f"/cases/{CASE}" in page)
        assert "张小明" not in where
        house.people.sessions["another-living-session"] = HEAD
        officer.cookies.set("yingfan", "another-living-session")
        assert officer.get(where).status_code == 404

    @pytest.mark.parametrize(
        ("text", "status", "words"),
        [("王五", 200, "没有找到"), ("", 422, "没有填写"), ("x" * 101, 422, "最多100字"), ("?", 422, "请填写姓名")],
    )
    def test_nothing_found_and_nothing_asked_are_said(
        self, officer: TestClient, csrf: str, text: str, status: int, words: str
    ) -> None:
        """An empty answer is a sentence; a query that cannot be looked up keeps its text."""
        answer = officer.post("/searches", data={"csrf": csrf, "q": text})
        if answer.status_code == 303:
            answer = officer.get(answer.headers["location"])
        assert (status, True) == (answer.status_code, words in answer.text)


class TestHistoryFilters:
    def test_one_heading_at_a_time(self, officer: TestClient, house: FakeApp) -> None:
        """The address names what is shown; an unknown name shows all; correcting and undoing hang on their entry."""
        system, late, opened = house.cases.pages[CASE].history
        rows = (replace(system, kind="system"), replace(late, corrects=True, undoes=True), opened)
        house.cases.pages[CASE] = replace(house.cases.pages[CASE], history=rows)
        shown = {name: officer.get(f"{CASE_URL}?history={name}").text for name in ("system", "document", "late", "x")}
        assert ("到期提醒" in shown["system"], "立案</strong>" in shown["system"]) == (True, False)
        assert "没有这一类记录" in shown["document"]
        assert "事后补登" in shown["late"]
        assert f"{CASE_URL}/acts/case.correct?entry=record_visit" in shown["x"]
        assert f"{CASE_URL}/acts/case.undo" in shown["x"]
        assert officer.get(f"{CASE_URL}/history?history=late").text.count("<tr>") == 2


class TestEveryPage:
    @pytest.mark.parametrize("path", ["/", "/findings", CASE_URL, VISIT, f"{CASE_URL}/history", "/sign-in", "/nowhere"])
    def test_has_the_common_frame(self, officer: TestClient, path: str) -> None:
        """Banner, language, skip link, one first heading; the own script alone and nothing from elsewhere."""
        page = officer.get(path).text
        assert '<html lang="zh-CN">' in page
        assert 'href="#main"' in page
        assert page.count("<h1>") == 1
        assert "演示库" in page
        assert own_script_alone(page)
        assert "http://" not in page
        assert "https://" not in page

    def test_banner_is_for_demonstrations_alone(self, house: FakeApp) -> None:
        """A working installation shows no banner."""
        house.demo = False
        browser = TestClient(create_web(house), base_url="http://127.0.0.1")
        assert "演示库" not in browser.get("/sign-in").text

    @pytest.mark.parametrize("path", [VISIT, "/sign-in", "/findings", f"{CASE_URL}/proposals/8"])
    def test_every_input_has_a_label(self, officer: TestClient, path: str) -> None:
        """Each box is named by a label of its own or stands inside one."""
        page = officer.get(path).text
        for tag in re.findall(r"<(?:input|textarea|select)[^>]*>", page):
            id_ = re.search(r'\bid="([^"]+)"', tag)
            hidden = 'type="hidden"' in tag
            inside = id_ is None and re.search(r'<label class="option">' + re.escape(tag), page)
            assert hidden or inside or (id_ and f'for="{id_[1]}"' in page), tag

    @pytest.mark.parametrize("path", ["/", CASE_URL, f"{CASE_URL}/history", "/findings", VISIT])
    def test_every_table_has_a_caption(self, officer: TestClient, path: str) -> None:
        """Each table says what it lists."""
        page = officer.get(path).text
        assert page.count("<table") == page.count("<caption")


class TestCase:
    def test_shows_state_duties_and_history(self, officer: TestClient) -> None:
        """The ladder in a line, what is missing, the reckoning of each deadline, the history newest first."""
        page = officer.get(CASE_URL).text
        for words in (
            "第1步 共5步：发现",
            "劝返不足3次：现有1次",
            "怎么算的",
            "发现之日不计入",
            "宣教责改〔2026〕12号",
            "YS-2026-0003",
        ):
            assert words in page
        assert page.index("到期提醒") < page.index("立案</strong>")
        assert "等待：母亲送达" in page
        assert "核查日 2027年2月22日" in page
        assert "张小明" not in page

    def test_full_names_cost_a_recorded_click(self, officer: TestClient, csrf: str) -> None:
        """Names are masked until the button is pressed; the answer says that the reading is recorded."""
        answer = officer.post(f"{CASE_URL}/reveal", data={"csrf": csrf})
        assert (answer.status_code, "张小明" in answer.text, "本次查看已留痕" in answer.text) == (200, True, True)
        assert officer.get(f"{CASE_URL}/reveal").status_code == 405
        assert officer.post(f"{CASE_URL}/reveal", data={"csrf": csrf, "all": "1"}).status_code == 422

    def test_nothing_missing_is_said(self, officer: TestClient, house: FakeApp) -> None:
        """A case without gaps, links, documents and proposals is a page too; who may do nothing lacks nothing."""
        page = house.cases.pages[CASE]
        bare = replace(page, documents=(), proposals=(), links=(), deadlines=(), will_happen=())
        house.cases.pages[CASE] = replace(bare, acts=tuple(each for each in page.acts if not each.missing))
        assert "没有缺项" in officer.get(CASE_URL).text
        house.cases.pages[CASE] = replace(bare, acts=())
        assert "还差什么" not in officer.get(CASE_URL).text

    def test_day_that_nobody_knows_yet_is_a_dash(self, officer: TestClient, house: FakeApp) -> None:
        """A deadline without a day is shown without inventing one."""
        page = house.cases.pages[CASE]
        house.cases.pages[CASE] = replace(page, deadlines=(replace(page.deadlines[0], due_on=None),))
        assert "应于 —" in officer.get(CASE_URL).text

    def test_auditor_sees_both_times_and_the_chain(self, officer: TestClient) -> None:
        """Recorded and happened stand side by side with who, what, change, law and the chain's check."""
        page = officer.get(f"{CASE_URL}/history").text
        for words in (
            "链条完整",
            "3/3 条已验证",
            "2026-09-04 15:02:10",
            "事后补登",
            "乡镇专干",
            "发现 → 已家访",
            "方案三4",
            "02abab",
        ):
            assert words in page

    def test_history_as_of_a_day(self, officer: TestClient, house: FakeApp) -> None:
        """What was recorded and read by the end of a day, with the state of that day; a day that is none is refused."""
        page = house.cases.pages[CASE]
        later = datetime(2026, 9, 5, 1, 0, tzinfo=UTC)
        last = replace(page.history[0], recorded_at=later, change="已家访 → 已结案", state_zh="已结案")
        first, visit = page.history[2], replace(page.history[1], change="更正：甲 → 乙")
        readings = tuple(
            ReadingRow(at=at, who="任重", role_zh="审计", zh="查看文书") for at in (later, visit.recorded_at)
        )
        house.cases.pages[CASE] = replace(page, history=(last, visit, first), readings=readings)
        then = officer.get(f"{CASE_URL}/history?as_of=2026.9.4").text
        words = (
            "截至 2026年9月4日 星期五：已家访",
            "全部记录 2 条",
            "查看记录 1 条",
            "?history=late&amp;as_of=2026-09-04",
        )
        assert [each for each in words if each not in then] == []
        assert ("到期提醒" in then, 'value="2026-09-04"' in then) == (False, True)
        assert "查看记录 2 条" in officer.get(f"{CASE_URL}/history?history=late").text
        assert "截至 2026年9月3日 星期四：</p>" in officer.get(f"{CASE_URL}/history?as_of=2026-09-03").text

    def test_day_that_is_none_stays_on_its_page(self, officer: TestClient) -> None:
        """A day that cannot be read is told on the page that asked for it, with what was typed."""
        answer = officer.get(f"{CASE_URL}/history", params={"as_of": "昨天<吧>", "history": "late"})
        words = (
            "<title>错误：核查",
            'href="#f-as_of"',
            'value="昨天&lt;吧&gt;"',
            'name="history" value="late"',
            "全部记录",
        )
        assert (422, []) == (answer.status_code, [each for each in words if each not in answer.text])


class TestForm:
    def test_has_a_control_of_each_type(self, officer: TestClient) -> None:
        """Every type of field has its control; files wait; who needs an answer is said in words."""
        page = officer.get(VISIT).text
        for control in (
            '<textarea id="f-visitors" name="visitors"',
            '<input type="checkbox" name="met[]" value="pupil">',
            '<input type="radio" name="result" value="agrees">',
            '<input type="radio" name="result" value="不清楚">',
            'id="f-returns" name="returns"',
            'id="f-arrived" name="arrived"',
            'name="persons" value="" autocomplete="off" spellcheck="false" aria-describedby="" inputmode="numeric"',
            '<input type="radio" name="heard" value="yes"> <span>是</span>',
            '<input type="radio" name="danger.harm" value="present">',
            'id="f-limit" name="limit"',
            '<option value="QH">青禾镇</option>',
            'id="f-child_words" name="child_words"',
            '<textarea id="f-course" name="course"',
            "「结果」为同意返校时必填",
            "除「见到了谁」为没有见到人且「是否听取陈述」为否外必填",
            "也可以填：不愿说",
            "常用：李娟、王强",
            'value="2026-09-14" checked> <span>今天 2026年9月14日 星期一',
            'value="2026-09-13"> <span>昨天 2026年9月13日 星期日',
            'value="act">登记家访</button>',
            "个案到「已家访」",
        ):
            assert control in page, control
        assert 'name="photo"' not in page

    def test_draft_is_put_back(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """What was kept by the button or the script stands in the form again, days written out, until it is discarded."""
        typed = {"csrf": csrf, "version": "6", "request_id": GOOD["request_id"], "step": "0", "happened_on": "other"}
        typed |= {"happened_on.text": "2026.9.3", "visitors": "李娟、王强", "returns": "2026-09-20", "met[]": "pupil"}
        assert officer.post(VISIT, data={**typed, "danger.harm": "absent", "go": "keep"}).status_code == 204
        kept = officer.post(VISIT, data={**typed, "danger.harm": "absent", "go": "draft"})
        assert (303, VISIT) == (kept.status_code, kept.headers["location"])
        (place,) = house.drafts.kept_ones
        house.drafts.kept_ones[place] = replace(house.drafts.kept_ones[place], since=(entry(3, "到期提醒"),))
        text = officer.get(VISIT).text
        for words in (
            "李娟、王强</textarea>",
            'value="2026-09-20"',
            "2026年9月20日 星期日",
            'name="danger.harm" value="absent" checked',
            'value="pupil" checked',
            'value="2026.9.3"',
            "2026-09-14 14:32:00 存的草稿",
            "存草稿之后个案有变动",
            'name="version" value="7"',
        ):
            assert words in text
        assert GOOD["request_id"] not in text
        assert officer.post(VISIT, data={**typed, "go": "discard"}).status_code == 303
        assert house.drafts.kept_ones == {}
        assert "昨天" in officer.get(VISIT).text

    def test_refused_form_is_kept_too(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A wrong form and a stale one stand in the drafts of their person; an accepted one asks that it go."""
        officer.post(VISIT, data={"csrf": csrf, "version": "7", "request_id": GOOD["request_id"], "course": "写了半页"})
        (place,) = house.drafts.kept_ones
        assert (("lijuan", CASE, "record_visit"), {"course": "写了半页"}) == (
            place,
            house.drafts.kept_ones[place].content["raw"],
        )
        house.drafts.kept_ones.clear()
        officer.post(VISIT, data={**GOOD, "csrf": csrf, "version": "6"})
        assert list(house.drafts.kept_ones) == [place]
        officer.post(VISIT, data={**GOOD, "csrf": csrf})
        assert house.cases.asked[-1].ends_draft

    def test_case_that_is_lost_meanwhile_keeps_the_text(self, officer: TestClient, csrf: str) -> None:
        """Who may no longer see the case gets back what was typed, and learns nothing else."""
        answer = officer.post(f"/cases/{OTHERS_CASE}/acts/record_visit", data={**GOOD, "csrf": csrf, "course": "写完"})
        assert (404, True) == (answer.status_code, "写完" in answer.text)

    def test_good_form_leads_to_its_result(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """Accepted: 303 to the result, and the house got what was typed, the day and the version."""
        plain = {"visitors": "李娟、王强", "result": "nobody_home", "heard": "no"}
        grid = {"danger.harm": "absent", "danger.work": "unknown"}
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, "course": "", **grid})
        assert (303, f"{CASE_URL}/results/3") == (answer.status_code, answer.headers["location"])
        request = house.cases.asked[0]
        assert {**plain, "met": ["nobody"], "danger": {"harm": "absent", "work": "unknown"}} == request.fields
        assert (7, date(2026, 9, 13), "lijuan") == (request.version, request.happened_on, request.account)
        page = officer.get(answer.headers["location"]).text
        assert "第2步 共5步：已家访" in page
        assert "已登记，不必重复提交" not in page

    def test_repeated_form_leads_to_the_same_result(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """Twice the same is once: also when the act is no longer open."""
        first = officer.post(VISIT, data={**GOOD, "csrf": csrf})
        again = officer.post(VISIT, data={**GOOD, "csrf": csrf})
        house.cases.pages[CASE] = replace(house.cases.pages[CASE], state="closed")
        late = officer.post(VISIT, data={**GOOD, "csrf": csrf})
        assert [answer.status_code for answer in (first, again, late)] == [303, 303, 303]
        assert first.headers["location"] + "?again=1" == again.headers["location"] == late.headers["location"]
        assert "已登记，不必重复提交" in officer.get(again.headers["location"]).text

    def test_form_of_a_recorded_one_changed_is_another(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """Gone back to and changed, a recorded form is refused once and may then be recorded: its id is a new one."""
        officer.post(VISIT, data={**GOOD, "csrf": csrf})
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, "version": "8", "course": "改过"})
        assert (422, False) == (answer.status_code, f'value="{GOOD["request_id"]}"' in answer.text)
        assert re.search(r'name="request_id" value="[0-9a-f]{32}"', answer.text)

    def test_wrong_form_keeps_everything_and_names_each_fault(self, officer: TestClient, csrf: str) -> None:
        """422: the same request id, the typed values, a summary whose lines link to the fields."""
        wrong = {
            **GOOD,
            "csrf": csrf,
            "result": "agrees",
            "persons": "许多",
            "course": "第一行\n第二行",
            "happened_on": "other",
        }
        answer = officer.post(VISIT, data={**wrong, "happened_on.text": "2026.9.12"})
        assert answer.status_code == 422
        assert "<title>错误：登记家访" in answer.text
        assert "有问题需要改正" in answer.text
        for words in (
            '<a href="#f-persons">家中人数：「许多」不是整数</a>',
            '<a href="#f-returns">约定返校日期：没有填写</a>',
            'id="f-persons-error"',
            'value="许多"',
            "第一行\n第二行</textarea>",
            f'value="{GOOD["request_id"]}"',
            'value="other" checked',
            'value="2026.9.12"',
            "2026年9月12日 星期六",
        ):
            assert words in answer.text, words

    @pytest.mark.parametrize(
        ("day", "text", "words"),
        [("other", "昨晚", "「昨晚」不是日期"), ("other", "", "没有填写"), ("2026-13-01", "", "不是日期")],
    )
    def test_wrong_day_is_named_with_the_other_faults(
        self, officer: TestClient, house: FakeApp, csrf: str, day: str, text: str, words: str
    ) -> None:
        """A day nobody can read is a fault beside the others, and the house is not asked."""
        form = {**GOOD, "csrf": csrf, "happened_on": day, "happened_on.text": text, "visitors": "李娟", "persons": "x"}
        answer = officer.post(VISIT, data=form)
        assert (answer.status_code, house.cases.asked) == (422, [])
        assert words in answer.text
        assert 'href="#f-happened_on"' in answer.text
        assert "至少2人，现有1人" in answer.text
        assert 'href="#f-persons"' in answer.text

    @pytest.mark.parametrize("frame", [{"version": ""}, {"version": "x"}, {"request_id": ""}, {"request_id": "短" * 9}])
    def test_form_without_its_frame_is_refused(
        self, officer: TestClient, house: FakeApp, csrf: str, frame: dict[str, str]
    ) -> None:
        """Without version or request id nothing is recorded."""
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, **frame})
        assert (answer.status_code, house.cases.asked) == (422, [])
        assert "这张表不完整" in answer.text

    def test_unknown_fields_are_refused(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A name that the page never offered stops the form; files are not offered yet."""
        for name in ("state", "photo", "danger.other", "met"):
            answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, name: "x"})
            assert (answer.status_code, f"<li>{name}</li>" in answer.text) == (422, True)
            assert "李娟、王强" in answer.text
        assert house.cases.asked == []

    def test_unreadable_value_is_said(self, officer: TestClient, csrf: str) -> None:
        """An error of reading is shown like any other fault."""
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, "child_words": "读不出"})
        assert (answer.status_code, "「读不出」不能读" in answer.text) == (422, True)

    def test_guard_leads_to_the_field_it_looks_at(self, officer: TestClient, csrf: str) -> None:
        """A refusal by what was filled in links to that field, on whichever page it stands; another is told alone."""
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, "child_words": "邻居的话"})
        assert answer.status_code == 422
        assert '<li><a href="#f-met">没有见到家人</a></li>' in answer.text
        assert 'id="f-met-error"' in answer.text
        assert "<li>别的原因</li>" in answer.text

    def test_result_says_who_has_it_and_what_is_done(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A deadline that is met waits for nobody; the unit and the person stand under their names."""
        page = house.cases.pages[CASE]
        met = replace(page.deadlines[0], waits_for="已办", met=True)
        house.cases.pages[CASE] = replace(page, deadlines=(met, *page.deadlines[1:]))
        told = officer.get(officer.post(VISIT, data={**GOOD, "csrf": csrf}).headers["location"]).text
        assert "等待：已办" not in told
        assert "已办" in told
        for words in (f"<dt>责任单位</dt><dd>{page.unit}</dd>", f"<dt>负责人</dt><dd>{page.owner}</dd>"):
            assert words in told, words

    def test_refusal_says_what_would_be_accepted(self, officer: TestClient, csrf: str) -> None:
        """What is open now is a link, what is not is a name."""
        form = {"csrf": csrf, "version": "7", "request_id": "r" * 12}
        answer = officer.post(f"{CASE_URL}/acts/order_correction", data=form)
        assert answer.status_code == 422
        assert "劝返不足3次" in answer.text
        assert "现在可以办：" in answer.text
        assert f'<a href="{VISIT}">登记家访</a>' in answer.text
        assert "<li>中止计时</li>\n<li>hear_guardian</li>" in answer.text

    def test_way_out_that_is_closed_itself_is_none(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A refusal offers no act that lacks something as well."""
        page = house.cases.pages[CASE]
        acts = tuple(replace(each, missing=("没有到期",)) for each in page.acts)
        house.cases.pages[CASE] = replace(page, acts=acts)
        form = {"csrf": csrf, "version": "7", "request_id": "r" * 12}
        answer = officer.post(f"{CASE_URL}/acts/order_correction", data=form).text
        assert (">登记家访<" in answer, "<li>hear_guardian</li>" in answer) == (False, True)

    def test_closed_act_is_a_page(self, officer: TestClient) -> None:
        """An act that the state does not allow answers with a page, not with a field's error."""
        answer = officer.get(f"{CASE_URL}/acts/unknown")
        assert (answer.status_code, "个案现为「发现」，不能办理" in answer.text) == (422, True)
        assert f'<a href="{VISIT}">登记家访</a>' in answer.text

    def test_missing_right_is_a_page(self, officer: TestClient, csrf: str) -> None:
        """Who may do it instead is said, with 403."""
        answer = officer.get(f"{CASE_URL}/acts/refer")
        assert (answer.status_code, "应由教体局专干办理" in answer.text) == (403, True)

    def test_served_document_and_addressee_are_filled_in(self, officer: TestClient) -> None:
        """A link from the document names the addressee by place, and the form has him chosen."""
        serve = f"{CASE_URL}/acts/document.serve"
        page = officer.get(f"{serve}?document=7-1&nth=2").text
        assert 'value="7-1" checked' in page
        assert 'value="mother" checked' in page
        for query in (
            "document=7-1",
            "document=7-1&nth=0",
            "document=7-1&nth=9",
            "document=7-1&nth=x",
            "nth=1",
            "to=father",
        ):
            assert 'father" checked' not in officer.get(f"{serve}?{query}").text


class TestPages:
    """A long form over several pages."""

    LONG = (
        *(Field(name=f"t{n}", zh=f"文字{n}", type="text", required=n == 3) for n in range(9)),
        Field(name="met", zh="见到了谁", type="choices", options=(("pupil", "学生"), ("father", "父亲"))),
        Field(name="danger", zh="危险", type="grid", rows=(("harm", "伤害"),), options=(("absent", "无"),)),
    )

    @pytest.fixture
    def long(self, house: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
        """A form of nine typed fields and two that are pressed."""
        page = replace(house.cases.act_page(CASE, "record_visit", ""), form=self.LONG, previews=True)
        monkeypatch.setattr(house.cases, "act_page", lambda *_, **__: page)
        monkeypatch.setattr(house.cases, "_check", lambda *_: None)

    @pytest.mark.usefixtures("long")
    def test_eight_typed_fields_a_page_and_the_rest_is_carried(
        self, officer: TestClient, house: FakeApp, csrf: str
    ) -> None:
        """Next checks this page alone and carries it; back brings it again; the last page shows the deadlines first."""
        first = officer.get(VISIT).text
        assert ("第1页，共2页" in first, 'name="t7"' in first, 'name="t8"' in first) == (True, True, False)
        assert 'value="next">下一步' in first
        frame = {"csrf": csrf, "version": "7", "request_id": GOOD["request_id"]}
        typed = {**frame, "happened_on": "other", "happened_on.text": "昨天", "step": "0", "t0": "一<b>"}
        wrong = officer.post(VISIT, data={**typed, "go": "next"})
        assert (422, True) == (wrong.status_code, "文字3：没有填写" in wrong.text)
        typed |= {"t3": "三"}
        second = officer.post(VISIT, data={**typed, "go": "next"}).text
        assert 'type="hidden" name="t0" value="一&lt;b&gt;"' in second
        assert 'type="hidden" name="happened_on.text" value="昨天"' in second
        rest = {**typed, "step": "1", "t8": "八", "met[]": ["pupil", "father"], "danger.harm": "absent"}
        back = officer.post(VISIT, data={**rest, "go": "back"}).text
        for hidden in ('name="t8" value="八"', 'name="met[]" value="father"', 'name="danger.harm" value="absent"'):
            assert f'type="hidden" {hidden}' in back
        shown = officer.post(VISIT, data={**rest, "go": "preview"}).text
        for words in ("登记后的期限", "原为", "新的期限", "不变", "已告知当事人的期限不缩短", 'value="act">登记家访'):
            assert words in shown
        assert officer.post(VISIT, data={**rest, "go": "act"}).status_code == 303
        assert (date(2026, 9, 13), "一<b>") == (house.cases.asked[0].happened_on, house.cases.asked[0].fields["t0"])

    @pytest.mark.usefixtures("long")
    def test_fault_on_an_earlier_page_is_shown_there(self, officer: TestClient, csrf: str) -> None:
        """The first page that something is wrong on comes up, with what was typed on the others."""
        form = {"csrf": csrf, "version": "7", "request_id": GOOD["request_id"], "step": "1", "go": "act", "t8": "八"}
        answer = officer.post(VISIT, data={**form, "happened_on": "other", "happened_on.text": "gestern"})
        assert (422, True) == (answer.status_code, "第1页，共2页" in answer.text)
        assert "「gestern」不是日期" in answer.text
        assert 'type="hidden" name="t8" value="八"' in answer.text

    def test_second_act_of_a_day_is_asked_about_once(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """The earlier entry is shown and nothing recorded; pressing again records it."""
        house.cases.twin = entry(2)
        asked = officer.post(VISIT, data={**GOOD, "csrf": csrf, "go": "act"})
        assert (200, True) == (asked.status_code, "这一天已有同样的登记" in asked.text)
        assert 'name="sure" value="yes"' in asked.text
        assert house.cases.asked == []
        assert officer.post(VISIT, data={**GOOD, "csrf": csrf, "go": "act", "sure": "yes"}).status_code == 303

    def test_service_chooses_its_method_first(self, officer: TestClient, csrf: str) -> None:
        """The first page asks what, to whom and how; the day belongs to the second."""
        where = f"{CASE_URL}/acts/document.serve"
        first = officer.get(where + "?document=7-1").text
        assert ("第1页，共2页" in first, "发生在哪一天" in first) == (True, False)
        chosen = {"csrf": csrf, "version": "7", "request_id": GOOD["request_id"], "step": "0", "go": "next"}
        second = officer.post(where, data={**chosen, "document": "7-1", "to": "father", "method": "direct"}).text
        assert 'type="hidden" name="method" value="direct"' in second
        assert "发生在哪一天" in second


class TestStale:
    def test_shows_both_sides_and_what_is_possible(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """409: what happened meanwhile, what was typed, what may be done, and the form on today's version."""
        house.cases.happened = (entry(4, who="王强"),)
        answer = officer.post(
            VISIT,
            data={
                **GOOD,
                "csrf": csrf,
                "version": "6",
                "course": "写了半页",
                "happened_on": "other",
                "happened_on.text": "2026-9-12",
            },
        )
        assert answer.status_code == 409
        for words in (
            "王强于9月14日14:20登记了家访",
            "这期间的登记",
            "你填的内容",
            "写了半页",
            "现在可以办",
            "放弃",
            "仍按你填的办理：登记家访",
        ):
            assert words in answer.text
        assert 'name="version" value="7"' in answer.text
        assert f'value="{GOOD["request_id"]}"' in answer.text
        typed = answer.text[answer.text.index('id="typed"') : answer.text.index('id="possible"')]
        assert '<dt>发生日期</dt><dd class="long">2026-9-12</dd>' in typed
        assert "other" not in typed
        assert "没有见到人" in typed
        assert "家中无人" in typed

    def test_pressing_again_records_it(self, officer: TestClient, csrf: str) -> None:
        """The refused form consumed nothing: the same request on the new version is accepted."""
        officer.post(VISIT, data={**GOOD, "csrf": csrf, "version": "6"})
        assert officer.post(VISIT, data={**GOOD, "csrf": csrf, "version": "7"}).status_code == 303

    def test_act_that_closed_meanwhile_keeps_the_text(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """When the new state no longer has the act, the words stand under their labels."""
        house.cases.pages[CASE] = replace(house.cases.pages[CASE], state="closed", version=8)
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, "danger.harm": "present"})
        assert answer.status_code == 409
        assert "<dt>有无伤害或其他危险：伤害</dt>" in answer.text
        assert "仍按你填的" not in answer.text

    def test_refused_after_closing_keeps_the_text_too(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A plain no on a closed form is a page with what was typed."""
        house.cases.pages[CASE] = replace(house.cases.pages[CASE], state="closed", workflow="unknown")
        answer = officer.post(VISIT, data={**GOOD, "csrf": csrf, "course": "写了半页"})
        assert (answer.status_code, "个案已经办结" in answer.text, "写了半页" in answer.text) == (422, True, True)

    def test_what_was_typed_is_told_in_words(self, visitor: TestClient, house: FakeApp) -> None:
        """A page that can offer no form names fields, units and documents' acts as the form did, in no engine's word."""
        posted = {"method": "direct", "to": "father", "servers": "李娟、王强"}
        late = visitor.post(f"{CASE_URL}/acts/document.serve", data=posted).text
        for line in (
            '<dt>送达方式</dt><dd class="long">直接送达',
            "<dt>送达人</dt>",
            '<dt>受送达人</dt><dd class="long">父亲',
        ):
            assert line in late
        letter = {"receiver": "QH-P1", "q": "张小明"}
        assert (
            '<dt>接收单位</dt><dd class="long">青禾派出所' in visitor.post(f"{CASE_URL}/acts/refer", data=letter).text
        )
        assert "<dt>要找的内容</dt>" in visitor.post("/searches", data=letter).text
        house.units.broken = True
        assert '<dt>接收单位</dt><dd class="long">QH-P1' in visitor.post(f"{CASE_URL}/acts/refer", data=letter).text


class TestApproval:
    URL = f"{CASE_URL}/proposals/8"

    def test_shows_all_that_an_approver_needs(self, officer: TestClient) -> None:
        """Facts, history, law, draft, approvals so far, and what happens on yes and on no."""
        page = officer.get(self.URL).text
        for words in (
            "9月4日、9月6日、9月9日",
            "三（4）",
            "<h1>责令限期改正决定书</h1>",
            "吴桐",
            "取号签发决定书",
            "退回李娟",
            "到期提醒",
            "同意责令限期改正",
        ):
            assert words in page

    def test_who_may_not_decide_sees_no_button(self, officer: TestClient, house: FakeApp) -> None:
        """Others read whom it waits for and what stands against it."""
        house.cases.mine = False
        page = officer.get(self.URL).text
        assert "现在不由你审批" in page
        assert "/approve" not in page
        assert "监护人陈述尚未听取" in page

    def test_yes_and_no_are_acts_like_any_other(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """Each is one request on one version with its own id."""
        form = {"csrf": csrf, "request_id": "a" * 12}
        yes = officer.post(f"{self.URL}/approve", data={**form, "version": "7", "opinion": ""})
        no = officer.post(
            f"{self.URL}/return", data={**form, "version": "8", "request_id": "b" * 12, "reason": "缺笔录"}
        )
        assert [yes.status_code, no.status_code] == [303, 303]
        asked = [(request.trigger, dict(request.fields)) for request in house.cases.asked]
        expected = [("proposal.approve", {"proposal": "8"}), ("proposal.return", {"proposal": "8", "reason": "缺笔录"})]
        assert expected == asked

    def test_return_needs_a_reason(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """Nothing goes back without a word."""
        answer = officer.post(
            f"{self.URL}/return", data={"csrf": csrf, "version": "7", "request_id": "a" * 12, "reason": " "}
        )
        assert (answer.status_code, house.cases.asked) == (422, [])
        assert '<a href="#f-reason">退回理由：没有填写</a>' in answer.text

    @pytest.mark.parametrize(
        ("opinion", "status", "words"),
        [("越权", 403, "不能审批自己报批的事项"), ("变了", 422, "文稿所印的事实已经变动")],
    )
    def test_refusals(self, officer: TestClient, csrf: str, opinion: str, status: int, words: str) -> None:
        """A missing right is a page; a guard is shown on the proposal with the opinion kept."""
        form = {"csrf": csrf, "version": "7", "request_id": "a" * 12, "opinion": opinion}
        answer = officer.post(f"{self.URL}/approve", data=form)
        assert (status, True, True) == (answer.status_code, words in answer.text, opinion in answer.text)

    def test_stale_and_settled(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A page from yesterday gets 409; a settled proposal says so; a broken form is refused."""
        form = {"csrf": csrf, "version": "6", "request_id": "a" * 12, "opinion": "同意意见"}
        stale = officer.post(f"{self.URL}/approve", data=form)
        assert (stale.status_code, "同意意见" in stale.text) == (409, True)
        assert officer.post(f"{self.URL}/approve", data={**form, "version": "x"}).status_code == 422
        assert officer.post(f"{self.URL}/approve", data={**form, "trigger": "x"}).status_code == 422
        house.cases.pages[CASE] = replace(house.cases.pages[CASE], state="closed")
        for answer in (officer.get(self.URL), officer.post(f"{self.URL}/approve", data={**form, "version": "7"})):
            assert (answer.status_code, "办结" in answer.text) == (422, True)


class TestDocuments:
    def test_page_shows_text_and_service(self, officer: TestClient) -> None:
        """The filled text, who has it, and a button for each addressee."""
        page = officer.get(f"{CASE_URL}/documents/7-1").text
        for words in (
            "宣教责改〔2026〕12号",
            "已签发",
            "等待送达",
            "经查，张*明",
            "acts/document.serve?document=7-1&amp;nth=2",
        ):
            assert words in page
        draft = officer.get(f"{CASE_URL}/documents/8-1").text
        assert "未签发，不能送达" in draft
        assert "document.serve" not in draft

    def test_files_are_kept_not_shown(self, officer: TestClient) -> None:
        """PDF and HTML come as attachments whose names tell no child."""
        pdf, html = (officer.get(f"{CASE_URL}/documents/7-1.{suffix}") for suffix in ("pdf", "html"))
        assert (pdf.headers["content-type"], pdf.content[:4]) == ("application/pdf", b"%PDF")
        assert f'attachment; filename="{CASE}-7-1.pdf"' == pdf.headers["content-disposition"]
        assert html.headers["content-type"].startswith("text/html")
        assert "决定书" in html.text
        assert f'attachment; filename="{CASE}-7-1.html"' == html.headers["content-disposition"]


class TestFindings:
    def test_open_ones_stand_first(self, officer: TestClient, house: FakeApp) -> None:
        """What is still to be settled stands before what was settled, each as old as it is."""
        house.roster.rows = tuple(reversed(house.roster.rows))
        page = officer.get("/findings").text
        assert page.rindex('name="finding"') < page.index("已排除")

    def test_confirmed_findings_become_cases(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """The chosen ones are opened once and the page names their cases."""
        answer = officer.post("/findings/confirm", data={"csrf": csrf, "request_id": "q" * 32, "finding": ["17", "18"]})
        assert answer.status_code == 303
        page = officer.get(answer.headers["location"]).text
        assert "XZ-2026-0117" in page
        assert "XZ-2026-0118" in page
        assert "已立案：" in page
        assert house.roster.confirmed == [((17, 18), "q" * 32)]
        assert "已立案" not in officer.get("/findings?opened=XZ-2026-0117").text

    @pytest.mark.parametrize(
        ("chosen", "status", "words"),
        [
            ([], 422, "没有选中疑点"),
            (["x"], 422, "没有选中疑点"),
            (["99"], 403, "不在你的职责范围内"),
            (["98"], 422, "疑点98已经排除"),
        ],
    )
    def test_confirming_may_be_refused(
        self, officer: TestClient, house: FakeApp, csrf: str, chosen: list[str], status: int, words: str
    ) -> None:
        """Nothing chosen, not yours, settled meanwhile: each is said and nothing is opened."""
        answer = officer.post("/findings/confirm", data={"csrf": csrf, "request_id": "q" * 32, "finding": chosen})
        assert (status, True, []) == (answer.status_code, words in answer.text, house.roster.confirmed)

    def test_dismissing_needs_a_reason(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """A finding goes without a case only with a reason; a refused one keeps the reason."""
        blank = officer.post("/findings/17/dismiss", data={"csrf": csrf, "reason": " "})
        assert (blank.status_code, '<a href="#f-reason-17">' in blank.text) == (422, True)
        refused = officer.post("/findings/98/dismiss", data={"csrf": csrf, "reason": "已转学"})
        assert (refused.status_code, "疑点98已经立案" in refused.text) == (422, True)
        done = officer.post("/findings/17/dismiss", data={"csrf": csrf, "reason": " 已转学 "})
        assert (done.status_code, house.roster.dismissed) == (303, [(17, "已转学")])

    def test_looking_on(self, officer: TestClient, house: FakeApp) -> None:
        """Who settles nothing sees findings without a button, and no way to lists that others bring in."""
        assert 'href="/imports"' in officer.get("/").text
        house.people.sessions["a-living-session-token"] = HEAD
        page = officer.get("/findings").text
        assert ("待核实" in page, 'name="finding"' in page, 'name="reason"' in page) == (True, False, False)
        assert ('href="/findings"' in officer.get("/").text, 'href="/imports"' in officer.get("/").text) == (
            True,
            False,
        )

    def test_no_findings_is_said(self, officer: TestClient, house: FakeApp) -> None:
        """An empty list is a sentence."""
        house.roster.rows = ()
        assert "没有待核实的疑点" in officer.get("/findings").text


class TestLanguage:
    @pytest.mark.parametrize(
        ("accept", "english"),
        [
            ("", False),
            ("en", True),
            ("en-GB,en;q=0.8,zh;q=0.5", True),
            ("zh-CN,zh;q=0.9,en;q=0.8", False),
            ("en;q=0.2, zh;q=0.9", False),
            ("fr, en;q=0.1", True),
            ("en;q=x, zh", False),
            ("fr", False),
        ],
    )
    def test_follows_the_browser(self, officer: TestClient, accept: str, *, english: bool) -> None:
        """The first known language by weight is taken; Chinese when the browser names none."""
        page = officer.get("/", headers={"accept-language": accept}).text
        assert english == ("My work today" in page) == ("今日待办" not in page)
        assert "登记家访" in page

    def test_choice_is_remembered(self, officer: TestClient) -> None:
        """A language asked for in the address stays for the next page."""
        answer = officer.get("/?lang=en", headers={"accept-language": "zh"})
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert '<html lang="en">' in answer.text
        assert "Mon 14 Sep 2026" in officer.get("/", headers={"accept-language": "zh"}).text
        assert "今日待办" in officer.get("/?lang=zh").text
        assert "今日待办" in officer.get("/?lang=xx").text

    def test_catalogues_say_the_same_things(self) -> None:
        """Both languages have every key with the same places, and templates use none that is missing."""
        zh, en = read_words("zh"), read_words("en")
        assert list(zh) == list(en)
        places = {key: (set(re.findall(r"{\w+}", zh[key])), set(re.findall(r"{\w+}", en[key]))) for key in zh}
        assert {key: pair for key, pair in places.items() if pair[0] != pair[1]} == {}
        used = set()
        for template in (HERE / "templates").glob("*.html"):
            used |= set(re.findall(r"\bt\('([\w.]+)'[,)]", template.read_text(encoding="utf-8")))
        assert set() == used - set(zh)
        roles = {f"role.{name}": text for name, text in ROLES.items() if name not in ("issuer_head", "system")}
        assert roles == {key: text for key, text in zh.items() if key.startswith("role.")}

    def test_templates_trust_nothing(self) -> None:
        """No template switches escaping off or carries a script or a style of its own."""
        for template in (HERE / "templates").glob("*.html"):
            text = template.read_text(encoding="utf-8")
            assert not re.search(r"\|\s*safe\b|autoescape|<script(?! src=./static/yingfan.js)|style=|\son\w+=", text), (
                template.name
            )


class TestFieldErrors:
    @pytest.mark.parametrize(
        "kind",
        [
            "text",
            "long_text",
            "date",
            "time",
            "number",
            "yes_no",
            "choice",
            "choices",
            "grid",
            "people",
            "span",
            "unit",
        ],
    )
    def test_every_type_keeps_hostile_text_and_shows_its_fault(
        self, officer: TestClient, house: FakeApp, csrf: str, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        """Whatever the type, the fault stands beside the field and the words stay words."""
        field = Field(
            name="it",
            zh="此项",
            type=kind,
            required=True,
            hint="提示",
            options=(("a", HOSTILE),),
            rows=(("r", "行"),),
            least=2,
            most=3,
        )
        page = replace(house.cases.act_page(CASE, "record_visit", ""), form=(field,))
        monkeypatch.setattr(house.cases, "act_page", lambda *_, **__: page)
        name = {"choices": "it[]", "grid": "it.r"}.get(kind, "it")
        answer = officer.post(VISIT, data={"csrf": csrf, "happened_on": "other", name: HOSTILE})
        assert answer.status_code == 422
        assert own_script_alone(answer.text)
        assert 'id="f-it"' in answer.text
        assert "提示" in answer.text
        if kind in ("text", "long_text", "date", "time", "number", "people", "span"):
            assert "&lt;script&gt;alert(1)" in answer.text


class TestTokens:
    """Tokens against forged requests."""

    def test_token_changes_with_each_page(self, officer: TestClient) -> None:
        """The token is masked: no two pages carry the same."""
        assert token_in(officer.get("/").text) != token_in(officer.get("/").text)
