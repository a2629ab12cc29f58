"""A list through the pages: uploaded, columns confirmed, tried, kept once; by its own person alone, without script."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from io import BytesIO
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

import openpyxl
import pytest
from starlette.responses import Response, StreamingResponse

from engine.app import App
from engine.cli.demo_play import moment
from engine.clock import SteppedClock
from engine.services import uploads
from engine.services.importing import Importing
from engine.web import create_web, waiting
from engine.web.guard import UPLOADS
from engine.web.pages import moment as moment_zh
from tests.district import LITTLE
from tests.faults.ground import opened
from tests.roster.test_lists import HEADER, book, row
from tests.settled import FIRST, PASSWORD, settled
from tests.web.conftest import HERE, token_in

with __import__("warnings").catch_warnings():
    __import__("warnings").simplefilter("ignore")  # starlette would like another client than the one in the lock
    from starlette.testclient import TestClient


class Counter:
    """A house with its people, and browsers of theirs."""

    def __init__(self, app: App, clock: SteppedClock) -> None:
        self.app = app
        self.clock = clock
        self.web = create_web(app)

    def browser(self, account: str) -> TestClient:
        """A browser in which this person is signed in."""
        found = TestClient(self.web, base_url=HERE, follow_redirects=False)
        found.cookies.set("yingfan", self.app.people.sign_in(account, PASSWORD, "127.0.0.1"))
        return found

    @property
    def kept(self) -> list[Path]:
        """The files that wait on disk."""
        return sorted((self.app.settings.data / "uploads").glob("*"))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A house of its own for each test."""
    clock = SteppedClock(moment(FIRST))
    with settled("sqlite", tmp_path) as ground, opened(ground, clock) as app:
        yield Counter(app, clock)


def upload(browser: TestClient, path: Path, **fields: str) -> Any:
    """Send the upload form as it stands on its page."""
    page = browser.get("/imports")
    units = re.findall(r'<option value="(QH[^"]*)"', page.text)
    data = {"csrf": token_in(page.text), "kind": "register", "unit": units[0], "covers": "", "day": "", **fields}
    return browser.post("/imports", data=data, files={"file": (path.name, path.read_bytes())})


def form_of(page: str, action: str) -> dict[str, str]:
    """The fields of a form as a browser without script would send them."""
    text = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)
    assert text is not None, page
    fields = {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', text[0])}
    for name, options in re.findall(r'<select id="[^"]*" name="([^"]+)">(.*?)</select>', text[0], re.DOTALL):
        chosen = re.search(r"<option selected>([^<]*)<", options)
        fields[name] = unescape(chosen[1]) if chosen else ""
    fields.pop("accept_missing", None)
    return fields


class TestPages:
    """The way of a list."""

    def test_way(self, counter: Counter) -> None:
        """Upload, columns, trial, yes: the list is kept once, the file is not, and a second yes does nothing."""
        bureau = counter.browser("bureau")
        place = upload(bureau, LITTLE / "register.xlsx").headers["location"]
        sealed = counter.kept[-1].read_bytes()
        assert (b"PK" == sealed[:2], counter.kept[-1].stat().st_mode & 0o077) == (False, 0)
        columns = form_of(bureau.get(place).text, place + "/check")
        assert columns["column-身份证号"] == "身份证号"
        tried = bureau.post(place + "/check", data=columns)
        assert ("还没有写入任何内容" in tried.text, "导入正确的 62 行" in tried.text) == (True, True)
        assert counter.app.roster.findings("bureau") == ()
        yes = form_of(tried.text, place + "/keep")
        answers = [bureau.post(place + "/keep", data=yes).headers["location"] for _ in range(2)]
        assert answers == [place, place]
        done = bureau.get(place).text
        assert ("已导入" in done, "<dd>62</dd>" in done) == (True, True)
        assert bureau.post(place + "/check", data=columns).headers["location"] == place
        assert len(counter.kept[-1].read_bytes()) < 1000

    def test_roster(self, counter: Counter) -> None:
        """A roster shows its findings first; errors stand in a table with row and guidance."""
        school = counter.browser("school")
        place = upload(school, LITTLE / "roster.xlsx", kind="roster", day="2026-09-01").headers["location"]
        tried = school.post(place + "/check", data=form_of(school.get(place).text, place + "/check")).text
        assert ("新的疑点" in tried, "变动" in tried, "不在这次导入的单位里" in tried) == (True, False, True)
        assert school.post(place + "/discard", data=form_of(tried, place + "/discard")).status_code == 303
        assert school.get(place).status_code == 404

    def test_same_file_before(self, counter: Counter, tmp_path: Path) -> None:
        """A file that was imported before, under any name, is told with when, by whom and with what result."""
        school = counter.browser("bureau")
        (tmp_path / "again.xlsx").write_bytes((LITTLE / "register.xlsx").read_bytes())
        assert "导入过" not in school.get(upload(school, tmp_path / "again.xlsx").headers["location"]).text
        counter.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau", dry_run=True)
        assert "导入过" not in school.get(upload(school, tmp_path / "again.xlsx").headers["location"]).text
        counter.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        again = school.get(upload(school, tmp_path / "again.xlsx").headers["location"]).text
        when = moment_zh(counter.clock.now())
        assert f"同一个文件已于 {when} 由 林芳 导入过（行数 62，新增 62，变动 0，" in again

    def test_short(self, counter: Counter, tmp_path: Path) -> None:
        """When much is missing, one says so, or nothing is kept and the page says why."""
        counter.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        school = counter.browser("school")
        path = book(tmp_path / "r.xlsx", [["姓名", "到校情况"], ["张小明", "√"]], title="名册")
        place = upload(school, path, kind="roster", covers="青禾中学/七(2)").headers["location"]
        tried = school.post(place + "/check", data=form_of(school.get(place).text, place + "/check")).text
        yes = form_of(tried, place + "/keep")
        refused = school.post(place + "/keep", data=yes)
        assert (refused.status_code, "没有列入的有11名" in refused.text) == (422, True)
        assert school.post(place + "/keep", data={**yes, "accept_missing": "yes"}).status_code == 303

    def test_many_errors(self, counter: Counter, tmp_path: Path) -> None:
        """Errors of one kind are listed as far as a page goes, and the rest counted; markup in the file is text."""
        bureau = counter.browser("bureau")
        rows = [row(f"G{at}", "<script>", "123") for at in range(25)]
        place = upload(bureau, book(tmp_path / "<b>r.xlsx", [HEADER, *rows])).headers["location"]
        tried = bureau.post(place + "/check", data=form_of(bureau.get(place).text, place + "/check")).text
        assert ("同样的错误还有 5 处" in tried, "<b>r.xlsx" in tried) == (True, False)

    def test_wrong_columns(self, counter: Counter, tmp_path: Path) -> None:
        """A column that is not there is told before any row is looked at, with what was chosen kept."""
        bureau = counter.browser("bureau")
        path = book(tmp_path / "r.xlsx", [[*HEADER[:1], "某名", *HEADER[2:]], row()])
        place = upload(bureau, path).headers["location"]
        columns = form_of(bureau.get(place).text, place + "/check")
        answer = bureau.post(place + "/check", data=columns)
        assert (answer.status_code, "缺少「姓名」" in answer.text) == (422, True)
        assert bureau.post(place + "/check", data={**columns, "column-姓名": "某名"}).status_code == 200
        assert bureau.post(place + "/check", data={**columns, "column-别的": "x"}).status_code == 422


class Blank:
    """A visit whose pages hold what grows, and nothing else."""

    def page(self, *_: object, **__: object) -> Response:
        """A page."""
        return Response(f"<main>{waiting.ROWS}{waiting.ANSWER}</main>")


def pieces(answer: StreamingResponse) -> Iterator[str]:
    """The pieces of a growing page, each as it comes."""

    async def piece() -> str:
        return str(await anext(aiter(answer.body_iterator), ""))

    with asyncio.Runner() as runner:
        yield from iter(lambda: runner.run(piece()), "")


class TestLongLists:
    """Lists that are not read in a moment."""

    def test_page_grows(self, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The page begins as accepted, tells the rows as they are read, and ends in the trial, its errors or the way to it."""
        monkeypatch.setattr(waiting, "PATIENCE", 0)
        bureau = counter.browser("bureau")
        place = upload(bureau, LITTLE / "register.xlsx").headers["location"]
        columns = form_of(bureau.get(place).text, place + "/check")
        tried = bureau.post(place + "/check", data=columns)
        assert (tried.status_code, tried.headers["x-accel-buffering"]) == (202, "no")
        page = tried.text
        assert re.search(r"已读的行数：[ ·\d]* 62\b", page)
        assert "还没有写入任何内容" in page
        assert (page.count("<main"), page.count("</main>"), "http-equiv" in page) == (1, 1, False)
        wrong = bureau.post(place + "/check", data={**columns, "column-姓名": "没有的列"}).text
        assert ("缺少「姓名」" in wrong, wrong.count("</main>")) == (True, 1)
        done = bureau.post(place + "/keep", data=form_of(page, place + "/keep")).text
        assert f'<meta http-equiv="refresh" content="0;url={place}">' in done
        assert "已导入" in bureau.get(place).text

    def test_not_read_before_the_page_begins(self, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        """Columns are looked for where they are proposed; what is done with them reads the list once, in sight."""
        bureau = counter.browser("bureau")
        place = upload(bureau, LITTLE / "register.xlsx").headers["location"]
        columns = form_of(bureau.get(place).text, place + "/check")
        monkeypatch.setattr(uploads, "columns_of", lambda *_: 1 / 0)
        tried = bureau.post(place + "/check", data=columns)
        assert tried.status_code == 200
        kept = form_of(tried.text, place + "/keep")
        assert bureau.post(place + "/errors", data=kept).status_code == 200
        assert bureau.post(place + "/keep", data=kept).headers["location"] == place

    def test_page_moves_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each time after a moment the page tells the newest rows, however few, or that the work goes on."""
        monkeypatch.setattr(waiting, "PATIENCE", 0)
        monkeypatch.setattr(waiting, "EVERY", 0.01)
        read, go = SimpleQueue[int](), Event()

        def work(watch: waiting.Watch) -> Response:
            for rows in iter(read.get, 0):
                watch(rows)
                go.set()
            return Response("<main>做完了</main>")

        answer = waiting.in_sight(Blank(), work, name="名册", result="/imports/1")  # type: ignore[arg-type]  # a visit's page
        assert isinstance(answer, StreamingResponse)
        page = pieces(answer)
        assert next(page) == "<main>"
        for rows in (1, 31, 62):
            read.put(rows)
            assert go.wait(10)
            go.clear()
            assert f" {rows}" in islice(page, 100)
        assert next(page) == waiting.STILL
        read.put(0)
        assert "".join(page).lstrip(waiting.STILL) == "做完了</main>"

    def test_fault_breaks_the_page_off(self, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the work fails the page has no outcome; it says from the start where to look for one."""
        monkeypatch.setattr(waiting, "PATIENCE", 0)
        bureau = counter.browser("bureau")
        place = upload(bureau, LITTLE / "register.xlsx").headers["location"]
        columns = form_of(bureau.get(place).text, place + "/check")
        monkeypatch.setattr(Importing, "_register", lambda *_: 1 / 0)
        page = bureau.post(place + "/check", data=columns).text
        assert (f'<a href="{place}">看结果</a>' in page, "</main>" in page) == (True, False)

    def test_errors_as_a_workbook(self, counter: Counter, tmp_path: Path) -> None:
        """All errors can be taken away as a workbook of one row each, with Excel's row numbers, nothing a formula."""
        bureau = counter.browser("bureau")
        rows = [row(f"G{at}", "=1+1", "123") for at in range(25)]
        place = upload(bureau, book(tmp_path / "r.xlsx", [HEADER, *rows])).headers["location"]
        tried = bureau.post(place + "/check", data=form_of(bureau.get(place).text, place + "/check")).text
        assert f'formaction="{place}/errors"' in tried
        sent = form_of(tried, place + "/keep")
        answer = bureau.post(place + "/errors", data=sent)
        assert answer.headers["content-disposition"] == 'attachment; filename="errors.xlsx"'
        found = openpyxl.load_workbook(BytesIO(answer.content)).active
        lines = list(found.iter_rows(values_only=True))
        count = re.search(r"要改正的 (\d+) 处", tried)
        assert count is not None
        assert (lines[0], len(lines) - 1) == (("表", "行号", "列", "问题", "怎么改"), int(count[1]))
        assert {line[1] for line in lines[1:]} >= set(range(5, 28))
        assert {cell.data_type for each in found.iter_rows() for cell in each} == {"s", "n"}
        assert bureau.post(place + "/errors", data={**sent, "column-姓名": "没有的列"}).status_code == 422
        bureau.post(place + "/keep", data=sent)
        assert bureau.post(place + "/errors", data=sent).headers["location"] == place

    def test_mended(self, counter: Counter, tmp_path: Path) -> None:
        """The workbook of errors holds the faulty lines under their header; mended there and uploaded as it is, they are brought in."""
        bureau = counter.browser("bureau")
        lines = [
            row("G1"),
            row("G2", "<b>=", 123),
            row("G3", "李四", "99010120130504001"),
            row("G4", "", None, 班级=""),
        ]
        path = book(tmp_path / "r.xlsx", [HEADER, *lines], name="学籍")
        place = upload(bureau, path).headers["location"]
        tried = bureau.post(place + "/check", data=form_of(bureau.get(place).text, place + "/check")).text
        sent = form_of(tried, place + "/keep")
        made = openpyxl.load_workbook(BytesIO(bureau.post(place + "/errors", data=sent).content))
        sheet = made["学籍"]
        cells = list(sheet.iter_rows(values_only=True))
        assert (cells[0][3], cells[2][:4]) == ("某校学籍册", ("行号", "问题", "怎么改", "学籍号"))
        assert [line[0] for line in cells[3:]] == [5, 6, 7]
        assert (cells[3][4], cells[3][6], "末三位已丢失" in str(cells[3][1])) == ("<b>=", 123, True)
        faulty = {cell.column_letter for cell in sheet[6] if cell.fill.fgColor.rgb == "FFFFC7CE"}
        assert (faulty, "没有填写姓名；没有填写班级" in str(cells[5][1])) == ({"E", "I"}, True)
        again = tmp_path / "errors.xlsx"
        made.save(again)
        place = upload(bureau, again).headers["location"]
        checked = bureau.post(place + "/check", data=form_of(bureau.get(place).text, place + "/check")).text
        assert "要改正的 4 处" in checked
        sheet["G4"], sheet["G5"], sheet["E6"], sheet["I6"] = "", "", "王五", "七(3)"
        made.save(again)
        place = upload(bureau, again).headers["location"]
        checked = bureau.post(place + "/check", data=form_of(bureau.get(place).text, place + "/check")).text
        assert ("要改正的" in checked, "导入正确的 3 行" in checked) == (False, True)

    def test_mended_roster(self, counter: Counter, tmp_path: Path) -> None:
        """Of a roster all lines of all classes are there, with their titles: nobody is missing from what comes back."""
        counter.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        bureau, path = counter.browser("bureau"), tmp_path / "r.xlsx"
        made = openpyxl.load_workbook(LITTLE / "roster.xlsx")
        made.worksheets[0]["D9"] = "?"
        made.create_sheet("说明")["A1"] = "各班填写"
        made.save(path)

        def tried(path: Path) -> tuple[str, str, str]:
            place = upload(bureau, path, kind="roster").headers["location"]
            text = bureau.post(place + "/check", data=form_of(bureau.get(place).text, place + "/check")).text
            found = re.search(r"待核实的疑点.*?<dd>(\d+)", text, re.DOTALL) or re.search(r"(疑点)", text)
            return place, text, found[1] if found else ""

        place, text, _ = tried(path)
        assert "不认识标记「?」" in text
        made = openpyxl.load_workbook(
            BytesIO(bureau.post(place + "/errors", data=form_of(text, place + "/keep")).content)
        )
        assert made.sheetnames[0] == "错误"
        assert len(made.sheetnames) == 1 + 6
        made.worksheets[1]["G9"] = "√"
        made.save(path)
        plain = tried(LITTLE / "roster.xlsx")
        _, text, found = tried(path)
        assert ("要改正的" in text, found) == (False, plain[2])


class TestRefusals:
    """What is not taken."""

    def test_bad(self, counter: Counter, tmp_path: Path) -> None:
        """No file, a file that is no list, a day that is none, a unit of others: the form again, nothing kept."""
        bureau = counter.browser("bureau")
        before = counter.kept
        (tmp_path / "x.xlsx").write_text("no workbook")
        (tmp_path / "e.xlsx").write_bytes(b"")
        register = LITTLE / "register.xlsx"
        told = [
            upload(bureau, tmp_path / "x.xlsx"),
            upload(bureau, tmp_path / "e.xlsx"),
            upload(bureau, register, day="九月一日"),
            upload(bureau, register, covers="/七(2)"),
            upload(bureau, register, kind="poem"),
            upload(counter.browser("school"), register, unit="QH-02"),
        ]
        assert [each.status_code for each in told] == [422, 422, 422, 422, 422, 403]
        page = bureau.get("/imports").text
        assert bureau.post("/imports", data={"csrf": token_in(page)}).status_code == 422
        broken = {"content-type": "multipart/form-data"}
        assert bureau.post("/imports", content=b"--x\r\nno", headers=broken).status_code == 400
        assert counter.kept == before

    def test_others(self, counter: Counter) -> None:
        """What another person uploaded is not there, nor is a made-up id; both for reading and for keeping."""
        place = upload(counter.browser("bureau"), LITTLE / "register.xlsx").headers["location"]
        school = counter.browser("school")
        token = token_in(school.get("/imports").text)
        for path in (place, "/imports/..%2fyingfan.db", "/imports/" + "0" * 32):
            assert school.get(path).status_code == 404
        for verb in ("check", "keep", "discard"):
            assert school.post(f"{place}/{verb}", data={"csrf": token}).status_code == 404

    def test_size(self, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file beyond the limit is refused at the door; the other forms keep their own limit."""
        monkeypatch.setitem(UPLOADS, ("POST", "/imports"), 100)  # type: ignore[arg-type]  # a dict at heart
        assert upload(counter.browser("bureau"), LITTLE / "register.xlsx").status_code == 413

    def test_day(self, counter: Counter) -> None:
        """After a day, and when its key is gone, a file is let go of."""
        bureau = counter.browser("bureau")
        upload(bureau, LITTLE / "register.xlsx")
        now = counter.app.uploads.office.now()
        files = counter.app.archive.pending(counter.app.settings.data / "uploads")
        stray = counter.app.settings.data / "uploads" / ("f" * 32)
        stray.write_bytes(b"A1")
        assert files.clear(now) == 1
        assert files.clear(now + timedelta(days=2)) >= 1
        assert (counter.kept, files.clear(now)) == ([], 0)
