"""What commands print: one JSON document for programs, the refusal among them, lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from engine.audit.chain import plain
from engine.errors import Refused
from engine.services.refusals import refusal_told


def tell(document: object) -> None:
    """Print one JSON document; days and instants in ISO form."""
    json.dump(plain(document), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


@contextmanager
def answering(*, as_json: bool) -> Iterator[None]:
    """What is refused inside is told as one JSON document where that is asked for; the error goes on to the exit."""
    try:
        yield
    except Refused as error:
        if as_json:
            tell({"refused": refusal_told(error)})
        raise


def day_zh(day: date | None, *, provisional: bool = False) -> str:
    """A day for a line: with its mark where it can still change, a stroke where there is none."""
    return f"{day}{'（暂定）' if provisional else ''}" if day else "—"
