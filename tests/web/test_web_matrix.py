"""Every role before every route of the real house: who gets in, who does not, and what the records say of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import pytest

from engine.app import open_app
from engine.cli.demo_play import moment, settle
from engine.cli.demo_script import GOES_ON
from engine.clock import SteppedClock
from engine.errors import InstallationError
from engine.settings import Settings
from engine.web import api, create_web
from engine.web.application import ROUTES
from engine.web.guard import HEADERS
from engine.web.tokens import form_token
from tests.district import LITTLE
from tests.services.conftest import House
from tests.services.test_advancing import play_until
from tests.settled import PASSWORD
from tests.storage.keeping import by_hand

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would like another client than the one in the lock
    from starlette.testclient import TestClient

OPEN, SIGNED, SIGHT, OWN = "open", "signed in", "sight of the case", "one's own upload"

RULES: Mapping[tuple[str, str], str] = {
    ("GET", "/sign-in"): OPEN,
    ("POST", "/sign-in"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/static/{name}"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("POST", "/api/v1/sessions"): OPEN,
    ("DELETE", "/api/v1/sessions"): SIGNED,
    ("GET", "/api/v1/cases"): SIGNED,
    ("POST", "/api/v1/cases"): SIGNED,
    ("GET", "/api/v1/cases/{number}"): SIGHT,
    ("POST", "/api/v1/cases/{number}/acts/{trigger}"): SIGHT,
    ("POST", "/sign-out"): SIGNED,
    ("GET", "/"): SIGNED,
    ("GET", "/searches"): SIGNED,
    ("POST", "/searches"): SIGNED,
    ("GET", "/searches/{query}"): OWN,
    ("GET", "/findings"): SIGNED,
    ("POST", "/findings/confirm"): SIGNED,
    ("POST", "/findings/{finding_id}/dismiss"): SIGNED,
    ("GET", "/imports"): SIGNED,
    ("POST", "/imports"): SIGNED,
    ("GET", "/imports/{upload_id}"): OWN,
    ("POST", "/imports/{upload_id}/check"): OWN,
    ("POST", "/imports/{upload_id}/errors"): OWN,
    ("POST", "/imports/{upload_id}/keep"): OWN,
    ("POST", "/imports/{upload_id}/discard"): OWN,
    ("GET", "/cases/{number}"): SIGHT,
    ("POST", "/cases/{number}/reveal"): SIGHT,
    ("GET", "/cases/{number}/history"): SIGHT,
    ("GET", "/cases/{number}/acts/{trigger}"): SIGHT,
    ("POST", "/cases/{number}/acts/{trigger}"): SIGHT,
    ("GET", "/cases/{number}/results/{seq}"): SIGHT,
    ("GET", "/cases/{number}/proposals/{proposal_id}"): SIGHT,
    ("POST", "/cases/{number}/proposals/{proposal_id}/approve"): SIGHT,
    ("POST", "/cases/{number}/proposals/{proposal_id}/return"): SIGHT,
    ("GET", "/cases/{number}/documents/{document_id}.pdf"): SIGHT,
    ("GET", "/cases/{number}/documents/{document_id}.html"): SIGHT,
    ("GET", "/cases/{number}/documents/{document_id}"): SIGHT,
}
"""What each route asks of who comes: a route that is not here fails the test below."""

WITHOUT_SIGHT = ("subdistrict", "subdistrict_head", "judicial", "police", "admin")
WITH_SIGHT = (
    "bureau_head", "teacher", "clerk", "school", "principal", "village", "township", "township_head", "bureau",
    "inspector", "auditor", "reviewer",
)  # fmt: skip
ACTS: Mapping[str, tuple[str, ...]] = {
    "/cases/{number}/acts/{trigger}": tuple(each for each in WITH_SIGHT if each != "auditor"),
    "/api/v1/cases/{number}/acts/{trigger}": tuple(each for each in WITH_SIGHT if each != "auditor"),
}
"""Who may write a note: for everybody else the history stays as it is."""

APPROVE = "/cases/{number}/proposals/{proposal_id}/approve"
CHAIN = ("reviewer", "bureau_head")
"""Who approves the order, one after the other; who comes out of turn changes nothing."""


def acting(route: str, approved: int) -> tuple[str, ...]:
    """Whose post changes the history, when so many have approved: the roles come in any order."""
    return CHAIN[approved : approved + 1] if route == APPROVE else ACTS.get(route, ())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case with an order that waits for its first approval."""
    clock = SteppedClock(moment("2026-09-01 14:00"))
    settings = Settings.read(data=tmp_path_factory.mktemp("matrix"), contact="电话000")
    with open_app(settings, clock=clock) as app:
        settle(app, LITTLE, PASSWORD)
        yield House(app, clock)


@pytest.fixture(scope="module")
def number(house: House) -> str:
    """The case's number."""
    number = house.case()
    play_until(house, number, GOES_ON, "proposal.approve")
    return number


class Caller:
    """One account before all routes."""

    def __init__(self, house: House, number: str, account: str) -> None:
        self.house, self.number, self.account = house, number, account
        self.token = house.app.people.sign_in(account, PASSWORD, "here") if account else ""
        self.browser = TestClient(create_web(house.app), base_url="http://127.0.0.1", follow_redirects=False)
        if account:
            self.browser.cookies.set("yingfan", self.token)
        page = house.app.cases.show(number, "auditor")
        self.places = {
            "number": number,
            "trigger": "case.note",
            "seq": "1",
            "proposal_id": page.proposals[0].id if page.proposals else "gone",
            "document_id": page.documents[0].id,
            "finding_id": "9999",
            "upload_id": "none",
            "query": "none",
            "name": "yingfan.css",
        }
        self.version = str(page.version)

    def ask(self, method: str, route: str) -> int:
        """The status of a route, asked as its page would; every answer carries the headers."""
        if route.startswith("/api/"):
            return self.call(method, route)
        data = {"csrf": form_token(self.token) if self.token else ""}
        if "acts" in route or "proposals" in route:
            data |= {
                "version": self.version,
                "request_id": f"{self.account}-{route[-7:].strip('/}')}-1".replace("_", "-"),
            }
        if "acts" in route:
            data |= {"text": "备注", "go": "act"}
        if route == "/searches":
            data |= {"q": self.number}
        answer = self.browser.request(method, route.format(**self.places), data=data if method == "POST" else None)
        assert dict(HEADERS) == {name: answer.headers[name] for name in HEADERS}
        return answer.status_code

    def call(self, method: str, route: str) -> int:
        """The status of a route for programs, asked with the session as bearer token."""
        headers = {"idempotency-key": f"{self.account}-by-program".replace("_", "-")}
        if self.token:
            headers |= {"authorization": f"Bearer {self.token}"}
        body = {"fields": {"text": "备注"}} if "acts" in route else {}
        answer = self.browser.request(
            method, route.format(**self.places), headers=headers, json=body if method == "POST" else None
        )
        assert dict(HEADERS) == {name: answer.headers[name] for name in HEADERS}
        return answer.status_code


def refusals(house: House, account: str) -> int:
    """How many attempts of an account were recorded as refused."""
    with by_hand(house.app.archive) as database:
        found = database.execute("SELECT count(*) FROM access_log WHERE account = ? AND what = 'refused'", (account,))
        return int(found.fetchone()[0])


class TestMatrix:
    def test_every_route_has_a_rule(self) -> None:
        """A new way in without a rule of who may take it fails here."""
        ways = {(method, path) for method, path, _ in ROUTES} | {(method, path) for method, path, _ in api.ROUTES}
        assert ways == set(RULES)

    @pytest.mark.parametrize("account", ["", *WITHOUT_SIGHT, *WITH_SIGHT])
    def test_every_role_before_every_route(self, house: House, number: str, account: str) -> None:
        """Open doors are open, the others ask for a session; what is not yours is not there, and that is recorded."""
        caller = Caller(house, number, account)
        for (method, route), rule in RULES.items():
            if route == "/sign-out" or method == "DELETE":
                continue
            hidden = rule == SIGHT and account in WITHOUT_SIGHT
            before = house.history(number) if method == "POST" else []
            known = refusals(house, account) if hidden else 0
            status = caller.ask(method, route)
            where = f"{account or 'nobody'} {method} {route}: {status}"
            if rule == OPEN:
                assert status in (200, 403, 503), where
            elif not account:
                asks_again = 401 if route.startswith("/api/") else 303
                assert status in ((asks_again,) if method == "GET" else (401, 403, 415)), where
            elif rule == OWN or hidden:
                assert status == 404, where
                assert not hidden or refusals(house, account) > known, where
            else:
                assert status in (200, 303, 400, 403, 415, 422), where
            if method == "POST":
                did = len(house.history(number)) - len(before)
                assert did == int(account in acting(route, sum(row.trigger == "proposal.approve" for row in before))), (
                    where
                )
        if account:
            assert caller.ask("POST", "/sign-out") == 303
            assert house.app.people.who(caller.token) is None


class TestPrograms:
    def test_act_is_done_once_for_its_key(self, house: House, number: str) -> None:
        """Sign in, read, act, repeat, sign out; every fault is JSON with its status, and nothing reads a cookie."""
        browser = TestClient(create_web(house.app), base_url="http://127.0.0.1")
        wrong = browser.post("/api/v1/sessions", json={"account": "school", "password": "x"})
        assert (403, "right") == (wrong.status_code, wrong.json()["refused"]["kind"])
        token = browser.post("/api/v1/sessions", json={"account": "school", "password": PASSWORD}).json()["token"]
        browser.cookies.set("yingfan", token)
        assert browser.get("/api/v1/cases").status_code == 401
        browser.headers["authorization"] = f"Bearer {token}"
        assert number in [each["number"] for each in browser.get("/api/v1/cases?overdue=false").json()]
        told = browser.get(f"/api/v1/cases/{number}").json()
        assert told["history"][0]["trigger"] == "case.open"
        act, key = f"/api/v1/cases/{number}/acts/case.note", {"idempotency-key": "a-key-of-a-program"}
        note = {"fields": {"text": "由程序登记"}, "version": told["version"]}
        first, again = (browser.post(act, json=note, headers=key).json() for _ in range(2))
        assert {**first, "repeated": True} == again
        assert first["deadlines"]
        for changed, headers, status in (
            ({"json": note}, {}, 400),
            ({"json": {**note, "version": 1}}, {"idempotency-key": "another-key"}, 409),
            ({"json": {**note, "version": "1"}}, key, 422),
            ({"json": {**note, "on": "gestern"}}, key, 422),
            ({"json": {**note, "who": "me"}}, key, 422),
            ({"json": {**note, "version": True}}, key, 422),
            ({"json": {"fields": {"text": [["甲"]]}}}, {"idempotency-key": "one-more-key"}, 422),
            ({"json": []}, key, 400),
            ({"content": b"[" * 100_000, "headers": {"content-type": "application/json"}}, key, 400),
            ({"content": b"{", "headers": {"content-type": "application/json"}}, key, 400),
            ({"content": b"a=b", "headers": {"content-type": "text/plain"}}, key, 415),
        ):
            answer = browser.post(act, **{**changed, "headers": {**changed.get("headers", {}), **headers}})
            assert (status, True) == (answer.status_code, bool(answer.json().get("error") or answer.json()["refused"]))
        for body in (b"[" * 9999, b'{"on": "\\ud800"}', b'{"fields": {"text": ["a\\u0000"]}}', b'{"\\udfff": 1}'):
            answer = browser.post(act, content=body, headers={**key, "content-type": "application/json"})
            assert (400, True) == (answer.status_code, bool(answer.json()["error"]))
        described = browser.get("/openapi.json").json()
        assert {path for _, path, _ in api.ROUTES if path != "/openapi.json"} == set(described["paths"])
        assert browser.delete("/api/v1/sessions").status_code == 204
        assert browser.get("/api/v1/cases").status_code == 401

    def test_case_is_opened_once_for_its_key(self, house: House, number: str) -> None:
        """A case is opened about one subject, once for each key; a second one, an unknown pupil and a bad body are refused."""
        browser = TestClient(create_web(house.app), base_url="http://127.0.0.1")
        token = browser.post("/api/v1/sessions", json={"account": "school", "password": PASSWORD}).json()["token"]
        browser.headers["authorization"] = f"Bearer {token}"
        pupil = browser.get(f"/api/v1/cases/{number}").json()["subject"].partition(":")[2]
        asked = {"workflow": "mandatory-report", "reference": pupil, "fields": {}}
        for changed, key, status in (
            ({}, "", 400),
            ({"workflow": "dropout-case"}, "the-key-of-a-second", 422),
            ({"workflow": "none"}, "the-key-of-nothing", 422),
            ({"reference": "S0"}, "the-key-of-nobody", 404),
            ({"number": "1"}, "the-key-of-both", 422),
            ({"fields": []}, "the-key-of-a-list", 422),
        ):
            answer = browser.post("/api/v1/cases", json={**asked, **changed}, headers={"idempotency-key": key})
            assert (status, key) == (answer.status_code, key)

    def test_list_comes_in_pages(self, house: House, number: str) -> None:
        """A list is bounded, and names its next page while there is one."""
        browser = TestClient(create_web(house.app), base_url="http://127.0.0.1")
        token = browser.post("/api/v1/sessions", json={"account": "auditor", "password": PASSWORD}).json()["token"]
        browser.headers["authorization"] = f"Bearer {token}"
        whole = [each["number"] for each in browser.get("/api/v1/cases").json()]
        found, place = [], "/api/v1/cases?limit=1"
        while place:
            answer = browser.get(place)
            found += [each["number"] for each in answer.json()]
            place = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert number in whole == found
        for limit in ("0", "201", "x"):
            assert browser.get(f"/api/v1/cases?limit={limit}").status_code == 422
        assert browser.get("/api/v1/cases?after=nowhere").status_code == 422

    def test_house_at_fault_is_said(self, house: House, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """503 in one sentence when the database is away."""

        def away(*_: object) -> None:
            raise InstallationError("disk")

        monkeypatch.setattr(type(house.app.people), "who", away)
        answer = TestClient(create_web(house.app), base_url="http://127.0.0.1").get(
            "/api/v1/cases", headers={"authorization": "Bearer x"}
        )
        assert (503, True) == (answer.status_code, "没有登记" in answer.json()["error"])
