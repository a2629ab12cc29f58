"""A demonstration town served on loopback by its own commands, and a browser before it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page

from engine.app import App, open_app
from engine.cli.demo_play import moment
from engine.clock import Clock, SteppedClock
from engine.settings import Settings

BUILD = Path(__file__).parents[2] / "build" / "e2e"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
OFFICE = {"review_authority": "宣和区人民政府", "contact": "电话000-00000000"}
YINGFAN = [str(Path(sys.executable).with_name("yingfan"))]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Town:
    """One demonstration database and the program that serves it at the moment."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "town"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.said = folder / "said.txt"
        facts = {f"YINGFAN_{name.upper()}": text for name, text in OFFICE.items()}
        self.environment = {**os.environ, **facts, "YINGFAN_DATA": str(self.data), "PYTHONUNBUFFERED": "1"}
        self.serving: subprocess.Popen[bytes] | None = None
        self.password = ""
        self.script = True

    def twin(self, folder: Path, *, script: bool) -> Town:
        """The same town at rest once more, served for browsers with script or without."""
        twin = Town(folder)
        shutil.copytree(self.data, twin.data)
        twin.password, twin.script = self.password, script
        twin._serve("run", "--port", str(twin.port))
        return twin

    def demo(self) -> None:
        """Play and serve the demonstration; its sign-ins are those that it prints."""
        self._serve("demo", "--out", str(self.data), "--port", str(self.port))
        found = re.search(r"登录密码（[^）]*）：(\S+)", self.said.read_text(encoding="utf-8"))
        assert found is not None
        self.password = found[1]

    def run(self, day: str) -> None:
        """Serve the same town on another day, with `yingfan web`: whoever acts there is no clock."""
        self.stop()
        with self.inside(day) as app:
            app.timers.sweep()
            app.archive.set_offset(moment(day) - Clock().now() + timedelta(0))
        self._serve("web", "--port", str(self.port))

    @contextmanager
    def inside(self, day: str) -> Iterator[App]:
        """The town's own services on a day, while nobody serves it."""
        with open_app(self._settings(), clock=SteppedClock(moment(day))) as app:
            yield app

    def settle(self) -> None:
        """Let everything that is due happen now: a case that is found late has deadlines that passed."""
        with open_app(self._settings()) as app:
            while app.timers.sweep().timers:
                pass

    def stop(self) -> None:
        """Let the serving program finish and leave."""
        if self.serving is not None:
            self.serving.send_signal(signal.SIGTERM)
            self.serving.wait(30)
            self.serving = None

    def _settings(self) -> Settings:
        return Settings.read(data=self.data, **OFFICE)

    def _serve(self, *words: str) -> None:
        with self.said.open("wb") as said:
            self.serving = subprocess.Popen([*YINGFAN, *words], env=self.environment, stdout=said, stderr=said)
        for _ in range(1200):
            if self.serving.poll() is not None:
                break
            with suppress(OSError), urllib.request.urlopen(self.address + "/sign-in", timeout=5):
                return
            time.sleep(0.1)
        raise AssertionError(self.said.read_text(encoding="utf-8"))


class Person:
    """Somebody with a browser of their own, signed in."""

    def __init__(self, town: Town, browser: Browser, account: str) -> None:
        self.town = town
        self.account = account
        self.browser = browser
        self.context = self._window(script=town.script)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.sign_in()

    def _window(self, *, script: bool) -> BrowserContext:
        return self.browser.new_context(viewport=DESKTOP, java_script_enabled=script, locale="zh-CN")  # type: ignore[arg-type]  # a mapping of its shape

    def sign_in(self) -> None:
        """Sign in on the page that asks for it, or on the first one."""
        if "/sign-in" not in self.page.url:
            self.go("/sign-in")
        self.page.fill("#account", self.account)
        self.page.fill("#password", self.town.password)
        self.click("main button.primary")

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.town.address + path)

    @property
    def text(self) -> str:
        """What the page says."""
        return self.page.inner_text("body")

    def fill(self, fields: Mapping[str, object]) -> None:
        """Fill those of these fields that the page offers, as a person would."""
        for name, value in fields.items():
            box = self.page.locator(f'main [name="{name}"]:not([type=hidden])')
            several = self.page.locator(f'main [name="{name}[]"]:not([type=hidden])')
            if several.count():
                for each in value if isinstance(value, list) else [value]:
                    self.page.check(f'main [name="{name}[]"][value="{each}"]')
            elif isinstance(value, dict):
                for row, answer in value.items():
                    if self.page.locator(f'main [type=radio][name="{name}.{row}"]').count():
                        self.page.check(f'main [name="{name}.{row}"][value="{answer}"]')
            elif box.count():
                self._one(name, "、".join(value) if isinstance(value, list) else str(value))

    def _one(self, name: str, text: str) -> None:
        box = self.page.locator(f'main [name="{name}"]:not([type=hidden])').first
        kind = box.evaluate("box => box.type")
        if kind == "radio":
            self.page.check(f'main [name="{name}"][value="{text}"]')
        elif kind.startswith("select"):
            box.select_option(text)
        else:
            box.fill(text)

    def press(self, go: str) -> None:
        """Press a button of the form: next, preview, act, draft."""
        self.click(f'form.act button[name="go"][value="{go}"]')

    def click(self, what: str) -> None:
        """Click what leads to another page, and wait until that is there: the old one would be looked at meanwhile."""
        with self.page.expect_navigation(timeout=60_000):
            self.page.click(what)

    def do(self, case: str, trigger: str, fields: Mapping[str, object], *, on: str = "", look: str = "") -> None:
        """An act from its form to its result, page by page, deadlines looked at where they are offered."""
        if not self.page.url.endswith(trigger):
            self.go(f"/cases/{case}/acts/{trigger}")
        for _ in range(4):
            self.fill(fields)
            if on and self.page.locator('main [name="happened_on"][value="other"]').count():
                self.page.check('main [name="happened_on"][value="other"]')
                self.page.fill("#happened-text", on)
            assert self.page.locator("form.act").count(), self.text
            if look:
                self.look(look)
                look = ""
            offered = [each.get_attribute("value") for each in self.page.locator('form.act button[name="go"]').all()]
            self.press(str(offered[0]))
            if offered[0] == "act":
                break
        assert "/results/" in self.page.url, self.text

    def look(self, name: str) -> None:
        """Take the page's picture in both sizes, and let axe look at it: it must find nothing."""
        BUILD.mkdir(parents=True, exist_ok=True)
        for size, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
            self.page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a mapping of its shape
            if self.town.script:
                self.page.screenshot(path=BUILD / f"{name}-{size}.png", full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            assert not wide, f"{name} is wider than the {size}"
        if self.town.script:
            self._axe(self.page, name)
            return
        # axe needs script: the page that came without it is laid before a browser that has it, word for word.
        with self._window(script=True) as window:
            page, html = window.new_page(), self.page.content()
            page.route(self.page.url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
            page.goto(self.page.url)
            self._axe(page, name)

    def _axe(self, page: Page, name: str) -> None:
        page.evaluate(AXE)
        told = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        found = [f"{each['id']}: {node['html']}" for each in told["violations"] for node in each["nodes"]]
        assert found == [], f"{name}: " + "\n".join(found)

    def leave(self) -> None:
        """Close the browser's window."""
        self.context.close()
