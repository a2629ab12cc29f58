"""Documents as pages: the same blocks as the text, escaped, with a head and a place for the seal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from notifications.documents import Block, Filled

LAYOUTS = Path(__file__).parent / "layouts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What stands around a document: its issuer, whom to call, the mark of a draft."""

    issuer: str
    contact: str = ""
    draft: bool = False


@cache
def _pages() -> Environment:
    return Environment(loader=FileSystemLoader(LAYOUTS), undefined=StrictUndefined, autoescape=True)


def _rows(filled: Filled) -> list[Block | list[Block]]:
    """The blocks, with neighbouring table rows and list items gathered."""
    gathered: list[Block | list[Block]] = []
    for block in filled.blocks:
        last = gathered[-1] if gathered else None
        if block.kind in ("table", "list") and isinstance(last, list) and last[0].kind == block.kind:
            last.append(block)
        elif block.kind in ("table", "list"):
            gathered.append([block])
        else:
            gathered.append(block)
    return gathered


def html_body(filled: Filled) -> Markup:
    """The document as an escaped fragment for a page."""
    return Markup(_pages().get_template("body.jinja").render(rows=_rows(filled)))  # noqa: S704  autoescaped above


def html(filled: Filled, *, letterhead: Letterhead) -> str:
    """The document as a page of its own, to be opened or printed."""
    page = _pages().get_template("page.jinja")
    return page.render(title=filled.title, head=letterhead, body=html_body(filled))
