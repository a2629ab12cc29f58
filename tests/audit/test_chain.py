"""The chain: canonical bytes as RFC 8785 has them, hashes, and everything that verification must notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audit.chain import LARGEST, START, Link, canonical, entry_hash, plain, verify

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
KEYS = st.text(st.characters(max_codepoint=127), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


class Colour(StrEnum):
    """An enumeration such as definitions use."""

    RED = "red"


class TestCanonical:
    """`canonical`."""

    @given(VALUES)
    @settings(max_examples=200)
    def test_bytes_of_rfc_8785(self, value: object) -> None:
        """The bytes are those of the RFC's reference implementation."""
        assert rfc8785.dumps(value) == canonical(value)  # type: ignore[arg-type]  # any JSON value

    def test_control_characters(self) -> None:
        """Every control character is written as the RFC writes it."""
        text = "".join(map(chr, range(0x20))) + '\x7f"\\/\u2028'
        assert rfc8785.dumps(text) == canonical(text)

    def test_days_and_instants(self) -> None:
        """Days are ISO text; an instant has one text, whatever zone it came in."""
        east = datetime(2026, 9, 1, 18, tzinfo=timezone(timedelta(hours=8)))
        told = canonical([date(2026, 9, 1), east, east.astimezone(UTC)])
        assert b'["2026-09-01","2026-09-01T10:00:00+00:00","2026-09-01T10:00:00+00:00"]' == told

    def test_tuples_sets_and_enumerations(self) -> None:
        """Tuples are lists, sets sorted lists, enumerations and their keys plain text."""
        assert b'{"red":[["a","b"],"red"]}' == canonical({Colour.RED: (frozenset({"b", "a"}), Colour.RED)})

    @pytest.mark.parametrize("value", [1.0, b"x", object(), {1}, [{"a": 0.5}], timedelta(1)])
    def test_refuses_other_types(self, value: object) -> None:
        """Floats above all, and whatever else JSON has not, are refused."""
        with pytest.raises(TypeError):
            canonical(value)

    @pytest.mark.parametrize(
        "value", [LARGEST + 1, -LARGEST - 1, {"键": 1}, {1: 1}, datetime(2026, 9, 1), "\ud800"], ids=repr
    )
    def test_refuses_values_that_others_read_otherwise(self, value: object) -> None:
        """Large integers, keys that are not ASCII text, naive instants and half characters are refused."""
        with pytest.raises(ValueError):
            canonical(value)

    def test_plain_leaves_json_alone(self) -> None:
        """JSON's own values stay as they are, truth values among them."""
        assert [None, True, 1, "x", {"a": []}] == plain([None, True, 1, "x", {"a": ()}])


class TestEntryHash:
    """`entry_hash`."""

    def test_names_its_algorithm(self) -> None:
        """The text of a hash names its algorithm."""
        assert ("sha256:", 71) == (entry_hash("", b"", b"")[:7], len(entry_hash("", b"", b"")))

    def test_parts_cannot_flow_into_each_other(self) -> None:
        """A byte that moves from one part to the next gives another hash."""
        hashes = {entry_hash("a", b"b", b"c"), entry_hash("ab", b"", b"c"), entry_hash("a", b"", b"bc")}
        assert 3 == len(hashes)

    def test_is_fixed(self) -> None:
        """The hash of an entry never changes: what was printed in an earlier year still compares."""
        expected = "sha256:089953aea23c83a89137d1d8176d7601c79f546f38a7f9dda05aa573f6bb029b"
        assert expected == entry_hash(START, b"{}", b"x")


def chain(case: str, count: int) -> list[Link]:
    """An honest chain."""
    links, head = [], START
    for seq in range(1, count + 1):
        public = canonical({"case": case, "seq": seq, "text": f"entry {seq}"})
        sealed = bytes([seq]) * 40
        links.append(Link(case, seq, head, public, sealed, entry_hash(head, public, sealed)))
        head = links[-1].hash
    return links


def _rehash(link: Link, **changes: object) -> Link:
    changed = link._replace(**changes)
    return changed._replace(hash=entry_hash(changed.previous, changed.public, changed.sealed))


BROKEN: dict[str, tuple[Callable[[list[Link]], list[Link]], set[str]]] = {
    "public part edited": (lambda x: [x[0], x[1]._replace(public=x[1].public + b" "), *x[2:]], {"changed"}),
    "sealed part edited": (lambda x: [x[0], x[1]._replace(sealed=b"other"), *x[2:]], {"changed"}),
    "edited with a fresh hash": (lambda x: [x[0], _rehash(x[1], sealed=b"other"), *x[2:]], {"broken"}),
    "entry removed": (lambda x: [x[0], *x[2:]], {"gap", "broken"}),
    "first entry removed": (lambda x: x[1:], {"gap", "broken"}),
    "entry doubled": (lambda x: [x[0], x[0], *x[1:]], {"gap", "broken"}),
    "entries swapped": (lambda x: [x[1], x[0], *x[2:]], {"gap", "broken"}),
    "seq relabelled": (lambda x: [*x[:-1], x[-1]._replace(seq=9)], {"gap", "moved"}),
    "taken from another case": (lambda x: [_rehash(chain("B", 1)[0], case="A"), *x[1:]], {"moved", "broken"}),
    "no JSON": (lambda x: [_rehash(x[0], public=b"\xff{"), *x[1:]], {"moved", "broken"}),
    "no mapping": (lambda x: [_rehash(x[0], public=b"[1]"), *x[1:]], {"moved", "broken"}),
}


class TestVerify:
    """`verify`."""

    def test_honest_chains(self) -> None:
        """Honest chains of several cases give no problem, and neither does nothing at all."""
        assert ([], []) == (verify([*chain("A", 4), *chain("B", 1), *chain("C", 2)]), verify([]))

    def test_side_by_side(self) -> None:
        """Chains may be given side by side, and the end of each is told."""
        one, other, ends = chain("A", 3), chain("B", 2), {}
        assert [] == verify([one[0], other[0], one[1], other[1], one[2]], ends)
        assert {"A": (3, one[-1].hash), "B": (2, other[-1].hash)} == ends

    @given(
        st.dictionaries(st.sampled_from(["actor", "case", "fields", "remarks", "seq", "to", "version"]), VALUES),
        st.sampled_from(["A", "B", 'A","case":"B', "A\\"]),
        st.integers(1, 12),
        st.sampled_from(["", "x", '","seq":3}', "\\", '\\","case":"B"']),
    )
    def test_place(self, told: dict[str, object], case: str, seq: int, text: str) -> None:
        """Whatever else an entry tells, and however it is quoted, its case and seq are its own and no other."""
        public = canonical(
            {"fields": {"case": "B", "seq": 3}, **told, "actor": text, "to": text, "case": case, "seq": seq}
        )
        link = Link(case, 1, START, public, b"", entry_hash(START, public, b""))
        assert (seq == 1) == (verify([link]) == [])
        other = link._replace(case="B" if case != "B" else "A")
        assert "moved" in {problem.code for problem in verify([other])}

    @pytest.mark.parametrize("how", BROKEN)
    def test_notices(self, how: str) -> None:
        """Every kind of change is noticed, with its kind, and never by a crash."""
        spoil, codes = BROKEN[how]
        assert codes == {problem.code for problem in verify(spoil(chain("A", 4)))}

    def test_names_case_and_entry(self) -> None:
        """A problem names its case and entry, with a sentence for people."""
        links = [*chain("A", 2), *chain("B", 3)]
        links[3] = links[3]._replace(sealed=b"")
        assert [("B", 2, "changed", "内容与登记时不符")] == [tuple(problem) for problem in verify(links)]
