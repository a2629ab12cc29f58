"""Drawing pages: templates, the catalogue of interface words in two languages, and how days and moments are written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from engine.clock import LOCAL_ZONE

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
LANGUAGE_COOKIE = "yingfan_lang"
ASSETS: Mapping[str, str] = {
    "yingfan.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "yingfan.js": "text/javascript; charset=utf-8",
}

_WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


class Pages:
    """The templates of both languages; one for each application, used by all its threads."""

    def __init__(self, *, demo: bool) -> None:
        self.demo = demo
        self.assets = {name: (HERE / "static" / name).read_bytes() for name in ASSETS}
        self.version = hashlib.sha256(b"".join(self.assets.values())).hexdigest()[:12]
        self._words = {language: read_words(language) for language in LANGUAGES}
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def render(self, request: Request, template: str, /, status: int = 200, **context: object) -> HTMLResponse:
        """One page; a language asked for in the address is remembered by the browser."""
        language = language_of(request)
        drawn = self._environments[language].get_template(template)
        other = "zh" if language == "en" else "en"
        kept = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
        frame = {"path": request.url.path, "readable": request.method in ("GET", "HEAD")}
        page = drawn.render(**frame, elsewise=urlencode([*kept, ("lang", other)]), **context)
        response = HTMLResponse(page, status_code=status)
        if request.query_params.get("lang") in LANGUAGES:
            secure = request.url.scheme == "https"
            response.set_cookie(
                LANGUAGE_COOKIE,
                language,
                max_age=31536000,
                httponly=True,
                samesite="lax",
                secure=secure,
            )
        return response

    def problem(self, request: Request, key: str, status: int, **context: object) -> Response:
        """A page that says what is wrong and what to do; it names no person, so it is the same for everybody.

        Programs get the same in JSON.
        """
        if request.url.path.startswith("/api/"):
            title = self._words[language_of(request)][f"problem.{key}.title"]
            told = {"error": title, "reference": context["reference"]} if "reference" in context else {"error": title}
            return JSONResponse(told, status)
        shown = {
            "typed": (),
            "reasons": (),
            "reference": "",
            "person": None,
            "csrf": "",
            "back": "",
            "again": (),
            **context,
        }
        response = self.render(request, "problem.html", status, key=key, **shown)
        if status == 503:
            response.headers["retry-after"] = "60"
        return response

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        words = self._words[language]
        environment.filters.update(day=_day_in(language), moment=moment, zh_day=zh_day)
        environment.globals.update(t=_teller(words), language=language, demo=self.demo, assets=self.version)
        return environment


def read_words(language: str) -> Mapping[str, str]:
    """The catalogue of one language: key → text, perhaps with {places}."""
    found: dict[str, str] = json.loads((HERE / f"messages.{language}.json").read_text(encoding="utf-8"))
    return found


def language_of(request: Request) -> str:
    """zh or en: as the address asks, else as chosen before, else as the browser prefers; Chinese when it is silent."""
    for wish in (
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
    ):
        if wish in LANGUAGES:
            return str(wish)
    tags = [part.partition(";") for part in request.headers.get("accept-language", "").split(",")]
    ranked = sorted(tags, key=lambda tag: -_weight(tag[2]))
    primary = (tag[0].strip().lower().partition("-")[0] for tag in ranked)
    return next((each for each in primary if each in LANGUAGES), "zh")


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def _teller(words: Mapping[str, str]) -> Callable[..., str]:
    def tell(key: str, **values: object) -> str:
        return words[key].format_map(values) if values else words[key]

    return tell


def zh_day(day: date) -> str:
    """2026年9月14日 星期一."""
    return f"{day.year}年{day.month}月{day.day}日 {_WEEKDAYS[day.weekday()]}"


def _day_in(language: str) -> Callable[[date | None], str]:
    def written(day: date | None) -> str:
        if day is None:
            return "—"
        return f"{day:%a} {day.day} {day:%b} {day.year}" if language == "en" else zh_day(day)

    return written


def moment(instant: datetime) -> str:
    """An aware instant in the installation's zone, to the second: 2026-09-14 15:02:10."""
    return f"{instant.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}"
