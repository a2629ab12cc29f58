"""Signing in, sessions, tokens, headers, hosts: what every request meets first."""

from __future__ import annotations

import logging
import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from engine.errors import DefinitionError, InputError, InstallationError, RuleRefused, StaleRefused
from engine.web import create_web
from engine.web.application import ROUTES
from engine.web.guard import BODY_LIMIT, HEADERS
from engine.web.tokens import form_token, form_token_fits, open_list, seal_list
from tests.web.conftest import HERE, own_script_alone, token_in
from tests.web.fake_app import CASE, HOSTILE_CASE, OTHERS_CASE, PASSWORD, FakeApp, FakePeople

VISIT = f"/cases/{CASE}/acts/record_visit"


def path_of(route: str) -> str:
    """A path that exists for a route."""
    values = {"number": CASE, "trigger": "record_visit", "seq": "2", "proposal_id": "8", "document_id": "7-1"}
    return route.format(**values, finding_id="17", upload_id="0" * 32, name="yingfan.css", query="none")


class TestSigningIn:
    def test_right_words_open_a_session_and_lead_to_the_wanted_page(self, visitor: TestClient, house: FakeApp) -> None:
        """After signing in the person stands where they wanted to go, with a cookie no script reads."""
        page = visitor.get("/sign-in", params={"next": f"/cases/{CASE}"})
        answer = visitor.post(
            "/sign-in",
            data={"csrf": token_in(page.text), "account": " lijuan ", "password": PASSWORD, "next": f"/cases/{CASE}"},
        )
        assert (303, f"/cases/{CASE}") == (answer.status_code, answer.headers["location"])
        cookie = answer.headers.get_list("set-cookie")[0]
        assert cookie.startswith("yingfan=session-token-0")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        assert visitor.get("/").status_code == 200
        assert house.people.addresses == ["testclient"]

    def test_wanted_page_keeps_what_was_chosen_in_it(self, visitor: TestClient) -> None:
        """Filters survive signing in, and another language on the way there."""
        answer = visitor.get(f"/cases/{CASE}/history?history=late&as_of=2026-09-04")
        place = answer.headers["location"]
        assert place == f"/sign-in?next=%2Fcases%2F{CASE}%2Fhistory%3Fhistory%3Dlate%26as_of%3D2026-09-04"
        assert f'href="?{place.partition("?")[2]}&amp;lang=en"' in visitor.get(place).text

    def test_wrong_words_keep_the_account_and_never_the_password(self, visitor: TestClient) -> None:
        """A wrong pair answers 422 with one message; the password is not on the page."""
        csrf = token_in(visitor.get("/sign-in").text)
        answer = visitor.post("/sign-in", data={"csrf": csrf, "account": "lijuan", "password": "not this one"})
        assert answer.status_code == 422
        assert "账号或密码不对" in answer.text
        assert "<title>错误：登录" in answer.text
        assert 'value="lijuan"' in answer.text
        assert "not this one" not in answer.text

    def test_behind_tls_the_cookie_belongs_to_this_host_alone(self, house: FakeApp) -> None:
        """Over https cookies are Secure and __Host-, and the browser is told to stay with https."""
        web = create_web(house, hosts=["Yingfan.example"])
        browser = TestClient(web, base_url="https://yingfan.example", follow_redirects=False)
        page = browser.get("/sign-in?lang=en")
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        answer = browser.post(
            "/sign-in", data={"csrf": token_in(page.text), "account": "lijuan", "password": PASSWORD, "next": ""}
        )
        cookies = answer.headers.get_list("set-cookie")
        assert cookies[0].startswith("__Host-yingfan=session")
        assert "Secure" in cookies[0]
        assert browser.get("/").status_code == 200

    def test_signing_in_anew_ends_the_former_session(self, officer: TestClient, house: FakeApp) -> None:
        """No session outlives another sign-in in the same browser."""
        csrf = token_in(officer.get("/sign-in").text)
        officer.post("/sign-in", data={"csrf": csrf, "account": "zhoumin", "password": PASSWORD})
        assert "a-living-session-token" not in house.people.sessions

    def test_sign_in_needs_its_own_token_and_knows_its_fields(self, visitor: TestClient) -> None:
        """A foreign page cannot sign anybody in; a field the form never had is refused."""
        forged = {"account": "lijuan", "password": PASSWORD}
        assert visitor.post("/sign-in", data=forged).status_code == 403
        csrf = token_in(visitor.get("/sign-in").text)
        assert visitor.post("/sign-in", data={**forged, "csrf": csrf[:-3] + "abc"}).status_code == 403
        assert visitor.post("/sign-in", data={**forged, "csrf": csrf, "role": "head"}).status_code == 422

    @pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil", "/sign-out", "/a\nb", ""])
    def test_nobody_is_led_away(self, visitor: TestClient, path: str) -> None:
        """A next page outside this counter is replaced by the first page."""
        csrf = token_in(visitor.get("/sign-in").text)
        form = {"csrf": csrf, "account": "lijuan", "password": PASSWORD, "next": path}
        assert visitor.post("/sign-in", data=form).headers["location"] == "/"

    def test_signing_out_ends_it_in_the_house_too(self, officer: TestClient, house: FakeApp, csrf: str) -> None:
        """After signing out the token is worth nothing."""
        answer = officer.post("/sign-out", data={"csrf": csrf})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert house.people.sessions == {}
        assert officer.get("/").headers["location"] == "/sign-in"


class TestWithoutSession:
    @pytest.mark.parametrize("route", [path for method, path, _ in ROUTES if method == "GET"])
    def test_reading_leads_to_the_sign_in_page(self, visitor: TestClient, route: str) -> None:
        """Every page but the open ones asks to sign in and remembers where to return to."""
        answer = visitor.get(path_of(route))
        if route in ("/sign-in", "/healthz", "/metrics", "/static/{name}"):
            assert answer.status_code == 200
        else:
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")

    def test_what_was_typed_stands_on_the_page(self, visitor: TestClient) -> None:
        """A form handed in after the session ended changes nothing and loses no text."""
        answer = visitor.post(VISIT, data={"csrf": "x", "course": "邻居说<b>明天</b>回来", "version": "7"})
        assert answer.status_code == 401
        assert "<dt>经过</dt>" in answer.text
        assert "邻居说&lt;b&gt;明天&lt;/b&gt;回来" in answer.text
        assert "在新窗口登录" in answer.text

    def test_late_form_waits_for_its_person(self, visitor: TestClient, house: FakeApp) -> None:
        """A form of a session that ran out is kept for whose it was; not without its token, nor for a case of others."""
        token = "a-session-that-ran-out"
        visitor.cookies.set("yingfan", token)
        typed = {"course": "写了半页", "version": "7", "request_id": "0f0e0d0c", "csrf": form_token(token)}
        answer = visitor.post(VISIT, data=typed)
        assert (401, True) == (answer.status_code, f"/sign-in?next={VISIT}" in answer.text)
        (place,) = house.drafts.kept_ones
        assert place == ("lijuan", CASE, "record_visit")
        for path, csrf in ((VISIT, form_token("other")), (VISIT.replace(CASE, OTHERS_CASE), form_token(token))):
            house.drafts.kept_ones.clear()
            assert "在新窗口登录" in visitor.post(path, data={**typed, "csrf": csrf}).text
            assert house.drafts.kept_ones == {}


class TestTokens:
    def test_token_fits_its_secret_alone(self) -> None:
        """A token is good for the browser it was made for, and each one looks different."""
        assert form_token_fits("secret-a", form_token("secret-a"))
        assert not form_token_fits("secret-b", form_token("secret-a"))
        assert not form_token_fits("secret-a", "")
        assert not form_token_fits("secret-a", "字")
        assert form_token("secret-a") != form_token("secret-a")

    def test_sealed_list_is_no_form_token(self) -> None:
        """What travels in a link cannot be used as a form's token, and opens only where it was made."""
        sealed = seal_list("secret-a", ("XZ-1", "XZ-2"))
        assert open_list("secret-a", sealed) == ("XZ-1", "XZ-2")
        assert open_list("secret-b", sealed) == ()
        assert not form_token_fits("secret-a", sealed)

    @pytest.mark.parametrize("route", [path for method, path, _ in ROUTES if method == "POST"])
    def test_every_form_needs_the_token(self, officer: TestClient, house: FakeApp, route: str) -> None:
        """Nothing that changes anything works without the token, or with the token of another session."""
        other = form_token("another-session")
        assert [officer.post(path_of(route), data=d).status_code for d in ({"a": "b"}, {"csrf": other, "a": "b"})] == [
            403,
            403,
        ]
        assert house.cases.asked == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:9999"},
            {"origin": "file://127.0.0.1"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ],
    )
    def test_foreign_origin_is_refused_even_with_the_token(
        self, officer: TestClient, csrf: str, headers: dict[str, str]
    ) -> None:
        """What the browser says about another site's form is believed."""
        assert officer.post("/sign-out", data={"csrf": csrf}, headers=headers).status_code == 403

    def test_own_origin_is_welcome(self, officer: TestClient, csrf: str) -> None:
        """The browser's own headers for our forms pass."""
        headers = {"origin": HERE, "sec-fetch-site": "same-origin"}
        assert officer.post("/sign-out", data={"csrf": csrf}, headers=headers).status_code == 303

    def test_behind_tls_a_plain_origin_is_foreign(self, house: FakeApp) -> None:
        """A page that came without TLS may not post to one that came with it."""
        browser = TestClient(create_web(house), base_url="https://localhost")
        assert browser.post("/sign-out", data={}, headers={"origin": "http://localhost"}).status_code == 403


class TestHeaders:
    @pytest.mark.parametrize(("method", "route"), [(method, path) for method, path, _ in ROUTES])
    def test_on_every_route_with_and_without_session(
        self, house: FakeApp, officer: TestClient, method: str, route: str
    ) -> None:
        """Each answer carries all the headers, and only the style sheet may be kept."""
        stranger = TestClient(create_web(house), base_url=HERE, follow_redirects=False)
        for browser in (officer, stranger):
            answer = browser.request(method, path_of(route))
            assert dict(HEADERS) == {name: answer.headers[name] for name in HEADERS}
            kept = "public, max-age=86400" if route.startswith("/static") else "no-store"
            assert kept == answer.headers["cache-control"]

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/nowhere", 404),
            (f"/cases/{OTHERS_CASE}", 404),
            ("/cases/XZ-2026-0500", 500),
            ("/static/../pages.py", 404),
            ("/static/x.css", 404),
            ("/docs", 404),
            ("/findings?opened=%00", 404),
            (f"/cases/{CASE}%00", 404),
            (f"/cases/{CASE}/results/abc", 404),
            (f"/cases/{CASE}/results/99", 404),
        ],
    )
    def test_on_errors_too(self, officer: TestClient, path: str, status: int) -> None:
        """Errors are plain pages with the same headers and never a word of the program."""
        answer = officer.get(path)
        assert status == answer.status_code
        assert dict(HEADERS) == {name: answer.headers[name] for name in HEADERS}
        assert answer.headers["cache-control"] == "no-store"
        assert "返回今日待办" in answer.text
        assert "Traceback" not in answer.text

    @pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/static/yingfan.css", f"/cases/{CASE}", "/nowhere"])
    def test_head_answers_as_reading_does(self, officer: TestClient, path: str) -> None:
        """Whoever asks for the head alone, as a monitor does, gets the status, the headers and the length of reading."""
        read, asked = officer.get(path), officer.head(path)
        assert (read.status_code, set(read.headers)) == (asked.status_code, set(asked.headers))
        assert read.headers["content-length"] == asked.headers["content-length"]

    def test_program_is_answered_in_json(self, officer: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """Under the API's address every fault is JSON, also one that comes before any route or behind all of them."""
        strange = officer.get("/api/v1/cases", headers={"host": "elsewhere.example"})
        told = [officer.get("/api/v1/nowhere"), officer.put("/api/v1/cases"), strange]
        assert ["没有这一页", "这一页不能这样打开", "地址不对"] == [each.json()["error"] for each in told]
        monkeypatch.setattr(FakePeople, "who", lambda *_: 1 / 0)
        failed = officer.get("/api/v1/cases", headers={"authorization": "Bearer x"})
        assert (500, 8) == (failed.status_code, len(failed.json()["reference"]))

    def test_wrong_method_names_the_right_one(self, officer: TestClient) -> None:
        """405 keeps its Allow header and says it in Chinese."""
        answer = officer.put("/findings")
        assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
        assert "这一页不能这样打开" in answer.text


class TestGuard:
    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:80:80"])
    def test_other_hosts_are_refused(self, visitor: TestClient, host: str) -> None:
        """Only names under which this counter is known are answered."""
        answer = visitor.get("/sign-in", headers={"host": host})
        assert (answer.status_code, "地址不对" in answer.text) == (400, True)

    @pytest.mark.parametrize("host", ["localhost:8000", "LOCALHOST", "[::1]:8000", "[::1]", "127.0.0.1"])
    def test_this_machine_is_known_by_its_names(self, visitor: TestClient, host: str) -> None:
        """The machine's own names work with and without port."""
        assert visitor.get("/sign-in", headers={"host": host}).status_code == 200

    def test_large_bodies_are_refused_however_they_come(self, officer: TestClient, csrf: str) -> None:
        """A declared length, a false one and a stream without one all meet the same limit."""
        big = f"csrf={csrf}&course=".encode() + b"x" * BODY_LIMIT
        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert officer.post(VISIT, content=big, headers=kind).status_code == 413
        pieces = (big[at : at + 65536] for at in range(0, len(big), 65536))
        answer = officer.post(VISIT, content=pieces, headers=kind)
        assert (answer.status_code, "没有登记" in answer.text) == (413, True)
        assert officer.post(VISIT, content=b"a", headers={**kind, "content-length": "-1"}).status_code == 413

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"{}", "application/json", 415),
            (b"a=1", "text/plain", 415),
            (b"a=%ff%fe", "application/x-www-form-urlencoded", 400),
            (b"a=\xff", "application/x-www-form-urlencoded", 400),
            (b"a=%00", "application/x-www-form-urlencoded", 400),
            (b"a=1&" * 500, "application/x-www-form-urlencoded", 400),
        ],
    )
    def test_only_forms_are_read(self, officer: TestClient, body: bytes, kind: str, status: int) -> None:
        """Another kind of body, or a broken one, is refused on a plain page."""
        answer = officer.post(VISIT, content=body, headers={"content-type": kind})
        assert (status, True) == (answer.status_code, "收到的表不完整" in answer.text)

    def test_failure_shows_a_reference_and_logs_no_names(
        self, officer: TestClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The page's reference stands in the log with the place of the failure, without the failure's text."""
        with caplog.at_level(logging.ERROR, logger="engine.web.guard"):
            answer = officer.get("/cases/XZ-2026-0500")
        line = caplog.records[0].getMessage()
        assert line.split()[2] in answer.text
        assert "ValueError" in line
        assert "fake_app.py:" in line
        assert "张小明" not in line + answer.text

    def test_failure_after_the_answer_began_is_not_answered_twice(self, house: FakeApp) -> None:
        """When an answer has begun, a late failure adds nothing to it."""
        web = create_web(house)

        async def late(scope: object, receive: object, send: object) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
            await send({"type": "http.response.body", "body": b"begun", "more_body": False})  # type: ignore[operator]
            raise ValueError

        web.mount("/late", late)
        assert TestClient(web, base_url=HERE).get("/late/x").text == "begun"

    def test_start_and_end_of_the_program_pass(self, house: FakeApp) -> None:
        """What is not a request goes through untouched."""
        with TestClient(create_web(house), base_url=HERE) as browser:
            assert browser.get("/healthz").status_code == 200


class TestMetrics:
    def test_figures_name_nobody(self, visitor: TestClient, house: FakeApp) -> None:
        """Prometheus reads numbers; where the database is away it reads that, with 503."""
        answer = visitor.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        told = dict(line.split() for line in answer.text.splitlines() if not line.startswith("#"))
        assert {"yingfan_up": "1", "yingfan_swept_lately": "1", "yingfan_cases": "2", "yingfan_entries": "42"} == {
            name: told[name] for name in ("yingfan_up", "yingfan_swept_lately", "yingfan_cases", "yingfan_entries")
        }
        assert ["3", "1", "2"] == [told[f"yingfan_messages_{name}"] for name in ("waiting", "held", "tried")]
        house.outbox.broken = True
        assert (503, True) == ((gone := visitor.get("/metrics")).status_code, "yingfan_up 0" in gone.text)


class TestNotYours:
    def test_looks_like_what_does_not_exist(self, officer: TestClient) -> None:
        """Another unit's case, an invented one and an invented page answer with the same bytes."""
        pages = [officer.get(f"/cases/{number}") for number in (OTHERS_CASE, "XZ-0", "%2e%2e")]
        pages += [
            officer.get(f"/cases/{OTHERS_CASE}/{rest}") for rest in ("history", "acts/record_visit", "documents/7-1")
        ]
        pages += [officer.get(f"/cases/{OTHERS_CASE}/documents/7-1.pdf"), officer.get("/nowhere")]
        assert {(404, pages[0].text)} == {(page.status_code, page.text) for page in pages}

    def test_acting_on_it_answers_the_same(self, officer: TestClient, csrf: str) -> None:
        """Handing in a form for it says no more than reading it."""
        form = {"csrf": csrf, "version": "1", "request_id": "r" * 12}
        answer = officer.post(f"/cases/{OTHERS_CASE}/acts/record_visit", data=form)
        assert answer.status_code == 404


class TestFaultsOfTheHouse:
    @pytest.mark.parametrize(
        ("error", "status", "words"),
        [
            (InstallationError("disk"), 503, "一分钟后再按一次"),
            (DefinitionError("law"), 503, "一分钟后再按一次"),
            (InputError("读不懂"), 422, "读不懂"),
            (RuleRefused("不可以"), 422, "不可以"),
            (StaleRefused("变了"), 409, "变了"),
        ],
    )
    def test_each_kind_has_its_page(
        self,
        officer: TestClient,
        house: FakeApp,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        status: int,
        words: str,
    ) -> None:
        """The status follows whose fault it is, and the page says what to do."""

        def fail(account: str, **_: object) -> None:
            raise error

        monkeypatch.setattr(house.cases, "worklist", fail)
        answer = officer.get("/")
        assert (status, True) == (answer.status_code, words in answer.text)
        assert (status == 503) == ("retry-after" in answer.headers)

    def test_form_that_found_the_house_away_is_pressed_again(
        self, officer: TestClient, house: FakeApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page of 503 carries everything that was typed, to be sent again by one button, under the same request id."""
        csrf = token_in(officer.get("/findings").text)
        form = {"version": "7", "request_id": "r" * 12, "go": "act", "course": "写了<半页>", "csrf": csrf}

        def away(*_: object, **__: object) -> None:
            raise InstallationError("disk")

        with monkeypatch.context() as patch:
            patch.setattr(house.cases, "act_page", away)
            page = officer.post(VISIT, data=form).text
        sent = {
            name: unescape(text) for name, text in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
        }
        assert (form | {"csrf": ""}, f'action="{VISIT}"' in page) == (sent | {"csrf": ""}, True)
        assert officer.post(VISIT, data=sent).status_code == 422
        assert 'type="hidden"' not in self.away_for_readers(officer, house, monkeypatch)

    def away_for_readers(self, officer: TestClient, house: FakeApp, monkeypatch: pytest.MonkeyPatch) -> str:
        """The page that a reader gets meanwhile."""
        monkeypatch.setattr(house.people, "broken", True)
        return officer.get("/").text

    def test_healthz_follows_the_database(self, visitor: TestClient, house: FakeApp) -> None:
        """200 while the database answers and a worker sweeps, 503 when one of them does not."""
        assert ((answer := visitor.get("/healthz")).status_code, answer.json()) == (200, {"status": "ok"})
        house.timers.awake = False
        assert 503 == visitor.get("/healthz").status_code
        house.timers.awake, house.people.broken = True, True
        assert ((answer := visitor.get("/healthz")).status_code, answer.json()) == (503, {"status": "unavailable"})


class TestStatic:
    def test_style_sheet_is_kept_until_it_changes(self, visitor: TestClient) -> None:
        """The tag answers 304; the sheet is small and calls nothing from elsewhere."""
        answer = visitor.get("/static/yingfan.css")
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert len(answer.content) <= 12 * 1024
        assert "url(" not in answer.text
        assert "@import" not in answer.text
        again = visitor.get("/static/yingfan.css", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


class TestHostileWords:
    @pytest.mark.parametrize(
        "path",
        [
            f"/cases/{HOSTILE_CASE}",
            f"/cases/{HOSTILE_CASE}/history",
            f"/cases/{HOSTILE_CASE}/acts/record_visit",
            f"/cases/{HOSTILE_CASE}/acts/refer",
            f"/cases/{HOSTILE_CASE}/documents/7-1",
            f"/cases/{HOSTILE_CASE}/results/2",
            f"/cases/{HOSTILE_CASE}/proposals/8",
            "/findings",
        ],
    )
    def test_stay_words(self, officer: TestClient, path: str) -> None:
        """Markup and template signs in names are shown as they are typed and do nothing."""
        answer = officer.get(path)
        assert own_script_alone(answer.text)
        assert "style=" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "{{7*191*7}}" in answer.text
