"""The chain of a case: canonical bytes, hashes, verification. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

LARGEST = 2**53 - 1
DOMAIN = b"yingfan entry 1\n"
ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)
"""Writes the canonical form of what is in JSON's own types already."""
_SAME = frozenset((type(None), bool, str))
START = ""
"""What stands before the first entry of a case."""


class Link(NamedTuple):
    """One entry as stored: its case and place, what came before, the bytes that were hashed, and the hash."""

    case: str
    seq: int
    previous: str
    public: bytes
    sealed: bytes
    hash: str


Stored = tuple[str, int, str, bytes, bytes, str]
"""The same without its names, as a database gives it."""


class Problem(NamedTuple):
    """Something that does not hold: case, entry, a code for programs, a sentence for people."""

    case: str
    seq: int
    code: str
    message: str


def plain(value: object) -> object:
    """The value in JSON's own types: days and instants (in UTC) as ISO text, tuples as lists, sets as sorted lists.

    Raises TypeError for anything else, floats above all; ValueError for integers beyond 2^53, naive instants, and keys
    that are not ASCII text.
    """
    if type(value) in _SAME:
        return value
    if type(value) is dict:
        return {_key(key): each if type(each) in _SAME else plain(each) for key, each in value.items()}
    return _unlike(value)


def _unlike(value: object) -> object:
    """The same for what looks otherwise in JSON's own types, or is none of them."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, date):
        return _moment(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(each) for key, each in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(_text(each) for each in value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    raise TypeError(f"an entry cannot hold a {type(value).__name__}")


def _integer(value: int) -> int:
    if abs(value) > LARGEST:
        raise ValueError(f"{value} is beyond 2^53: write identifiers as text")
    return int(value)


def _moment(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None:
        raise ValueError(f"the instant {value} has no zone")
    # One instant has one text, whatever zone it came in: the bytes are hashed again from what was stored.
    return value.astimezone(UTC).isoformat()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a set in an entry holds text only, not a {type(value).__name__}")
    return str(value)


def _key(key: object) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise ValueError(f"the key {key!r} of an entry is not ASCII text")
    return str(key)


def canonical(value: object) -> bytes:
    """The bytes that are hashed and stored: JSON with sorted ASCII keys, tight separators, UTF-8 (RFC 8785's bytes)."""
    return ENCODER.encode(plain(value)).encode()


def entry_hash(previous: str, public: bytes, sealed: bytes) -> str:
    """The hash of an entry over what came before and both its parts, with its algorithm."""
    before = previous.encode()
    whole = (
        DOMAIN,
        len(before).to_bytes(8, "big"),
        before,
        len(public).to_bytes(8, "big"),
        public,
        len(sealed).to_bytes(8, "big"),
        sealed,
    )
    return "sha256:" + hashlib.sha256(b"".join(whole)).hexdigest()


def verify(links: Iterable[Stored], ends: dict[str, tuple[int, str]] | None = None) -> list[Problem]:
    """Everything that does not hold in chains, each given in order of seq, one after the other or side by side.

    `ends` is filled with the last seq and hash of each case.
    """
    problems: list[Problem] = []
    ends = {} if ends is None else ends
    for link in links:
        case, seq, previous, public, sealed, told = link
        before, head = ends.get(case, _BEGINNING)
        if (
            seq != before + 1
            or previous != head
            or entry_hash(previous, public, sealed) != told
            or not _stands_at(public, case, seq)
        ):
            problems.extend(_check(Link(*link), before + 1, head))
        ends[case] = seq, told
    return problems


_BEGINNING = (0, START)
_CASE = re.compile(rb'\{(?:"actor":"(?:[^"\\]|\\.)*",)?"case":"([^"\\]*)"')


def _stands_at(public: bytes, case: str, seq: int) -> bool:
    """Whether the public part tells this case and seq: read where they stand, and only else with all the rest.

    Keys are sorted: before the entry's own case stands the actor alone. A comma and a quote never follow each other
    inside a text, and where no brace or bracket opens behind a seq, the last brace closes the mapping that it is in.
    """
    found = _CASE.match(public)
    if found and found[1] == case.encode():
        rest = public[public.rfind(b',"seq":%d,' % seq) :]
        if rest[:1] == b"," and rest.count(b"}") == 1 and rest[-1:] == b"}" and b"{" not in rest and b"[" not in rest:
            return True
    return _place(public) == (case, seq)


def _check(link: Link, expected: int, head: str) -> list[Problem]:
    found = []
    if link.seq != expected:
        found.append(Problem(link.case, link.seq, "gap", f"应为第{expected}条，却是第{link.seq}条"))
    if link.previous != head:
        found.append(Problem(link.case, link.seq, "broken", "与上一条不相连"))
    if entry_hash(link.previous, link.public, link.sealed) != link.hash:
        found.append(Problem(link.case, link.seq, "changed", "内容与登记时不符"))
    if not _stands_at(link.public, link.case, link.seq):
        found.append(Problem(link.case, link.seq, "moved", "记录所在的个案或序号与内容不符"))
    return found


def _place(public: bytes) -> tuple[object, object]:
    """Case and seq as the public part tells them; nothing for bytes that somebody put there and that are no entry."""
    try:
        told = json.loads(public)
    except ValueError:
        return None, None
    return (told.get("case"), told.get("seq")) if isinstance(told, dict) else (None, None)
