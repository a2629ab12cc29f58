"""Names of proposals and documents on a command line: the case's number, a stroke, the id within it."""

from __future__ import annotations

from engine.errors import InputError


def parts_of(named: str, what: str, example: str) -> tuple[str, str]:
    """Case number and id; InputError says how it is written."""
    number, stroke, id_ = named.rpartition("/")
    if not stroke or not number or not id_:
        raise InputError(f"{what}「{named}」应写作 个案编号/{example}，例如 QH-2026-0001/{example}")
    return number, id_
