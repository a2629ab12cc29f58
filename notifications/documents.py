"""Documents: blocks of a template filled with facts, fixed, and hashed.

The filled blocks are what is canonical; text, page and PDF are drawn from them. Values are put in block by block,
after the structure is fixed, so no value can change the structure.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from jinja2 import StrictUndefined, UndefinedError, meta
from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment

from notifications.characters import check_text
from notifications.errors import MissingFact, TemplateError
from notifications.filters import FILTERS, date_zh

KINDS = frozenset(
    {"title", "number", "addressee", "paragraph", "heading", "list", "table", "signature", "date", "annex"}
)
"""Every kind of block."""

PLACES: Mapping[str, str] = {"number": "〔编号待定〕", "date": "〔日期待定〕"}
"""Named places that a draft leaves open, and what stands there until the document is issued."""

HEADINGS = "一二三四五六七八九十"
SEPARATOR = "\t"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockTemplate:
    """One block as written: its kind, its text (or one a cell), its legal parts, when and for what it stands."""

    kind: str
    text: str | tuple[str, ...]
    parts: tuple[str, ...] = ()
    when: str | None = None
    each: str | None = None
    min: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A document's template."""

    document: str
    title: str
    blocks: tuple[BlockTemplate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTemplate:
    """A template whose texts are compiled once; `variables` are the facts that it asks for."""

    template: Template
    texts: tuple[tuple[Any, ...], ...] = field(repr=False)
    variables: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One filled block; a table row has several cells; `place` names a place that the draft left open."""

    kind: str
    cells: tuple[str, ...]
    place: str = ""

    @property
    def text(self) -> str:
        """The block as one line."""
        return SEPARATOR.join(self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A filled document; equal blocks give equal text, hash, page and PDF."""

    document: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The canonical text: NFC, one block a line, cells split by a tab, a final newline."""
        return _canonical(block.text for block in self.blocks)

    @property
    def draft_text(self) -> str:
        """The text with its named places open: equal in the draft and in the document issued from it."""
        return _canonical(PLACES.get(block.place, block.text) for block in self.blocks)

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def draft_hash(self) -> str:
        """SHA-256 of the draft text, hexadecimal."""
        return hashlib.sha256(self.draft_text.encode()).hexdigest()

    def to_json(self) -> str:
        """The blocks as canonical JSON."""
        blocks = [{"cells": list(b.cells), "kind": b.kind, "place": b.place} for b in self.blocks]
        whole = {"blocks": blocks, "document": self.document, "schema": 1, "title": self.title}
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Filled:
        """The document that `to_json` wrote."""
        whole = json.loads(text)
        blocks = tuple(Block(kind=b["kind"], cells=tuple(b["cells"]), place=b["place"]) for b in whole["blocks"])
        return cls(document=whole["document"], title=whole["title"], blocks=blocks)


def _canonical(lines: Iterator[str] | Any) -> str:
    return unicodedata.normalize("NFC", "\n".join(lines) + "\n")


def commitment(text: str, salt: bytes) -> str:
    """SHA-256 over salt and text, with its algorithm: stands in the public history without telling a guessable text."""
    return "sha256:" + hashlib.sha256(salt + text.encode()).hexdigest()


class _Sandbox(SandboxedEnvironment):
    """Jinja2 without reach: no attribute that begins with an underscore, no call of anything."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, LoopContext):
            return attr in ("index", "first", "last", "length")
        return not attr.startswith("_") and isinstance(obj, (Mapping, str, date, list, tuple)) and not callable(value)

    def call(self, *arguments: Any, **named: Any) -> Any:
        raise SecurityError("通知模板里不能调用函数")


def _printed(value: object) -> object:
    """What an expression prints; nothing at all is a missing fact, never the word None."""
    if value is None:
        raise UndefinedError("空值")
    return value


def _heading(count: int) -> str:
    """The mark of a heading: 一 to 十, then in digits."""
    return HEADINGS[count - 1] if count <= len(HEADINGS) else str(count)


def _environment() -> SandboxedEnvironment:
    environment = _Sandbox(undefined=StrictUndefined, autoescape=False, finalize=_printed)
    environment.globals.clear()
    environment.filters = {
        name: each
        for name, each in environment.filters.items()
        if name in ("join", "length", "default", "first", "last")
    }
    environment.filters.update(FILTERS)
    return environment


def compile_template(template: Template) -> CompiledTemplate:
    """The template with every text compiled; raises TemplateError that names the block and what is wrong."""
    environment = _environment()
    compiled: list[tuple[Any, ...]] = []
    variables: set[str] = set()
    for at, block in enumerate(template.blocks, start=1):
        where = f"{template.document} 第{at}块（{block.kind}）"
        if block.kind not in KINDS:
            raise TemplateError(f"{where}：不认识这种块；可用：{'、'.join(sorted(KINDS))}")
        texts = block.text if isinstance(block.text, tuple) else (block.text,)
        try:
            for text in texts:
                names = meta.find_undeclared_variables(environment.parse(text))
                variables |= names - {"item"} if block.each else names
            compiled.append(tuple(environment.from_string(text) for text in texts))
        except JinjaError as error:
            raise TemplateError(f"{where}：{error}") from None
        if block.each:
            variables.add(block.each)
    return CompiledTemplate(template=template, texts=tuple(compiled), variables=frozenset(variables))


def fill(
    compiled: CompiledTemplate, facts: Mapping[str, object], *, conditions: Mapping[str, bool] | None = None
) -> Filled:
    """The document that these facts give; pure.

    Without `number` or `issued_on` the document is a draft and its named places stay open. Raises MissingFact for a
    fact that is not there or a list that is too short, BadText for a character that must not be printed.
    """
    known = {name: _checked(value, name) for name, value in facts.items()}
    blocks: list[Block] = []
    headings = 0
    for at, block in enumerate(compiled.template.blocks):
        if block.when and not _holds(compiled, block.when, conditions or {}):
            continue
        if block.kind == "heading":
            headings += 1
        for scope in _scopes(compiled, at, known):
            blocks.extend(_block(compiled, at, scope, headings))
    return Filled(document=compiled.template.document, title=compiled.template.title, blocks=tuple(blocks))


def _holds(compiled: CompiledTemplate, condition: str, conditions: Mapping[str, bool]) -> bool:
    if condition not in conditions:
        raise TemplateError(f"{compiled.template.document}：没有条件「{condition}」")
    return conditions[condition]


def _checked(value: object, name: str) -> object:
    """The value with every text in it checked; the dot rule holds for values under the key ``name``."""
    if isinstance(value, str):
        return check_text(value, name, name=name == "name" or name.endswith(".name"))
    if isinstance(value, Mapping):
        return {key: _checked(each, f"{name}.{key}") for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_checked(each, name) for each in value]
    return value


def _scopes(compiled: CompiledTemplate, at: int, facts: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The facts for one block, once; or once for each item of its list."""
    block = compiled.template.blocks[at]
    if not block.each:
        return [facts]
    where = f"{compiled.template.document} 第{at + 1}块"
    items = facts.get(block.each)
    if not isinstance(items, (list, tuple)):
        raise MissingFact(f"{where}：缺少「{block.each}」")
    if len(items) < block.min:
        raise MissingFact(f"{where}：「{block.each}」至少{block.min}项，现有{len(items)}项")
    return [{**facts, "item": item} for item in items]


def _block(compiled: CompiledTemplate, at: int, scope: Mapping[str, object], headings: int) -> list[Block]:
    """The filled blocks of one template block: several where a value held line breaks."""
    block = compiled.template.blocks[at]
    place = _place(block.kind, scope)
    if place:
        return [Block(kind=block.kind, cells=(PLACES[place],), place=place)]
    try:
        cells = tuple(text.render(scope) for text in compiled.texts[at])
    except UndefinedError as error:
        raise MissingFact(
            f"{compiled.template.document} 第{at + 1}块（{block.kind}）：缺少事实：{error.message}"
        ) from None
    except (JinjaError, TypeError, KeyError, AttributeError) as error:
        raise TemplateError(f"{compiled.template.document} 第{at + 1}块（{block.kind}）：{error}") from None
    open_place = {"number": "number", "date": "date"}.get(block.kind, "")
    if block.kind == "date":
        cells = (date_zh(scope["issued_on"]),)
    if block.kind == "heading":
        cells = (f"{_heading(headings)}、{cells[0]}", *cells[1:])
    if block.kind in ("paragraph", "annex") and "\n" in cells[0]:
        return [Block(kind=block.kind, cells=(line,)) for line in cells[0].split("\n") if line]
    flat = tuple(" ".join(cell.split("\n")) for cell in cells)
    return [Block(kind=block.kind, cells=flat, place=open_place)]


def _place(kind: str, scope: Mapping[str, object]) -> str:
    """The named place that stays open in a draft, or nothing."""
    if kind == "number" and not scope.get("number"):
        return "number"
    if kind == "date" and not scope.get("issued_on"):
        return "date"
    return ""
