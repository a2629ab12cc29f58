"""Files that are no YAML that this project reads: each is refused at its line, none with a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.definitions.complaints import MOST
from engine.definitions.load import check_workflow
from engine.definitions.source import LARGEST, parse_source, read_source
from engine.definitions.syntax import in_chinese

BROKEN: list[tuple[str, bytes, str, int]] = [
    ("a file without anything", b"", "empty", 1),
    ("only blanks", b"  \n\n", "empty", 1),
    ("only a comment", b"# nothing\n", "empty", 1),
    ("not UTF-8", "a: 1\nb: 中\n".encode("gbk"), "not_utf8", 2),
    ("UTF-16", "a: 1\n".encode("utf-16"), "not_utf8", 1),
    ("binary", bytes(range(128, 256)), "not_utf8", 1),
    ("a NUL", b"a: 1\nb: x\x00y\n", "control_character", 2),
    ("an escape character", b"a: \x1b[31m\n", "control_character", 1),
    ("a lone carriage return", b"a: 1\rb: 2\n", "control_character", 1),
    ("a zero-width space", "a: 1\nb: 学\u200b生\n".encode(), "control_character", 2),
    ("text that runs backwards", "a: \u202eabc\n".encode(), "control_character", 1),
    ("a second byte-order mark", "\ufeff\ufeffa: 1\n".encode(), "control_character", 1),
    ("a line separator", "a: x\u2028y\n".encode(), "control_character", 1),
    ("an escaped control character", b'a: "x\\u0007"\n', "control_character", 1),
    ("an escaped tab", b'a: "x\\ty"\n', "control_character", 1),
    ("a tab as indentation", b"a:\n\tb: 1\n", "tab", 2),
    ("a tab after the colon", b"a:\t1\n", "tab", 1),
    ("a key twice", b"a: 1\nb: 2\na: 3\n", "duplicate_key", 3),
    ("a key twice further in", b"a:\n  b: 1\n  c: 2\n  b: {x: [1]}\n", "duplicate_key", 4),
    ("a key twice in braces", b"a: {b: 1, b: 2}\n", "duplicate_key", 1),
    ("a key twice, once in quotes", b"a: 1\n'a': 2\n", "duplicate_key", 2),
    ("an anchor", b"a: &x 1\n", "anchor", 1),
    ("an anchor on a mapping", b"a: &x\n  b: 1\n", "anchor", 1),
    ("an anchor on a key", b"&x a: 1\n", "anchor", 1),
    ("an alias", b"a: 1\nb: *a\n", "alias", 2),
    ("an alias as a key", b"*a : 1\n", "key_not_text", 1),
    ("a merge key", b"a:\n  <<: {b: 1}\n", "merge_key", 2),
    ("a tag", b"a: !!str 1\n", "tag", 1),
    ("a tag that runs code", b"a: !!python/object/apply:os.system [ls]\n", "tag", 1),
    ("a tag of one's own", b"a: !law x\n", "tag", 1),
    ("a lone tag mark", b"a: ! x\n", "tag", 1),
    ("a tagged key", b"!!str a: 1\n", "tag", 1),
    ("two documents", b"a: 1\n---\nb: 2\n", "second_document", 2),
    ("a YAML directive", b"%YAML 1.1\n---\na: 1\n", "directive", 1),
    ("a TAG directive", b"%TAG ! tag:x,2000:\n---\na: 1\n", "directive", 1),
    *[
        (f"the word {word}", f"a: 1\nb: {word}\n".encode(), "ambiguous", 2)
        for word in (
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "Yes",
            "NO",
            "True",
            "TRUE",
            "False",
            "null",
            "Null",
            "~",
            ".inf",
            ".NaN",
        )
    ],
    *[
        (f"the number {text}", f"a: {text}\n".encode(), "ambiguous", 1)
        for text in (
            "012",
            "0o12",
            "0x1F",
            "0b11",
            "1_000",
            "+3",
            "1.5",
            ".5",
            "1.",
            "1e3",
            "1:30",
            "15:30",
            "-0",
            "00",
            "1" * 61 + ".0",
        )
    ],
    ("the word = ", b"a: =\n", "ambiguous", 1),
    ("no value", b"a: 1\nb:\n", "empty_value", 2),
    ("no value in a list", b"a:\n  - 1\n  -\n", "empty_value", 3),
    ("no value in braces", b"a: {b: , c: 1}\n", "empty_value", 1),
    ("yes as a key", b"yes: 1\n", "ambiguous", 1),
    ("on as a key", b"a:\n  on: 1\n", "ambiguous", 2),
    ("a number as a key", b"a: 1\n2: 3\n", "key_not_text", 2),
    ("true as a key", b"true: 1\n", "key_not_text", 1),
    ("an empty key", b": 1\n", "syntax", 1),
    ("a list as a key", b"[a]: 1\n", "key_not_text", 1),
    ("a mapping as a key", b"? {a: 1}\n: 2\n", "key_not_text", 1),
    ("an ID number unquoted", b"a: 990101201305041234\n", "number_too_large", 1),
    ("a number beyond 2^53", b"a: 9007199254740992\n", "number_too_large", 1),
    ("a quote that never ends", b"a: 1\nb: 'x\nc: 2\n", "syntax", 2),
    ("a double quote that never ends", b'a: "x\n', "syntax", 1),
    ("a bracket that never ends", b"a: 1\nb: [1, 2\n", "syntax", 2),
    ("a brace that never ends", b"a: {b: 1\n", "syntax", 1),
    ("a bracket too many", b"a: [1]]\n", "syntax", 1),
    ("two colons", b"a: b: c\n", "syntax", 1),
    ("a nested value after a word", b"a: 1\n  b: 2\n", "syntax", 2),
    ("indentation that goes back halfway", b"a:\n  b: 1\n c: 2\n", "syntax", 3),
    ("a list item in the line of its key", b"a: - 1\n", "syntax", 1),
    ("a list among keys", b"a: 1\n- 2\n", "syntax", 2),
    ("an at sign", b"a: @x\n", "syntax", 1),
    ("a percent sign", b"a: %x\n", "syntax", 1),
    ("an unknown escape", b'a: "\\q"\n', "syntax", 1),
    ("a missing colon", b"a: 1\nb\nc: 2\n", "syntax", 3),
    ("a full-width colon", "a：1\nb: 2\n".encode(), "syntax", 2),
    ("forty-one brackets", b"a: " + b"[" * 41 + b"]" * 41, "too_deep", 1),
    ("ten thousand brackets", b"[" * 10_000, "too_deep", 1),
    ("ten thousand dashes", b"- " * 10_000, "too_deep", 1),
    ("ten thousand braces", b"{a: " * 10_000, "too_deep", 1),
    ("ten thousand question marks", b"? " * 10_000, "key_not_text", 1),
    ("deep indentation", b"".join(b" " * n + b"a:\n" for n in range(300)), "too_deep", 42),
    ("a bomb of aliases", b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "anchor", 1),
    ("one byte too many", b"a: " + b"x" * LARGEST, "too_large", 1),
]


class TestBrokenYaml:
    """A file that some YAML reader would take differently, or not at all."""

    @pytest.mark.parametrize(("raw", "code", "line"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
    def test_is_refused_at_its_line(self, raw: bytes, code: str, line: int) -> None:
        """Each broken file is refused with the right code at the right line, in Chinese."""
        found = parse_source(raw, "f.yaml").complaints
        assert (code, line) in [(each.code, each.line) for each in found]
        assert all("\u4e00" <= max(each.message) for each in found)

    @pytest.mark.parametrize("raw", [each[1] for each in BROKEN], ids=[each[0] for each in BROKEN])
    @pytest.mark.timeout(20)
    def test_never_starts(self, raw: bytes, tmp_path: Path) -> None:
        """As workflow.yaml, none gives a traceback, and each gives at least one complaint."""
        (tmp_path / "workflow.yaml").write_bytes(raw)
        assert check_workflow(tmp_path)

    def test_are_many(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The list holds at least fifty broken files, each under a name of its own; the test prints how many."""
        with capsys.disabled():
            print(f"\nbroken YAML files: {len(BROKEN)}")
        assert len(BROKEN) >= 50
        assert len(BROKEN) == len({name for name, *_ in BROKEN})

    def test_tells_all_at_once(self) -> None:
        """Several faults in one file are told together, each with its column."""
        found = parse_source(b"a: yes\nb: &x 012\na: 3\n", "f.yaml").complaints
        assert [(1, 4, "ambiguous"), (2, 4, "anchor"), (2, 4, "ambiguous"), (3, 1, "duplicate_key")] == [
            (each.line, each.column, each.code) for each in found
        ]

    def test_stops_after_many(self) -> None:
        """A file of nothing but faults is not read to its end."""
        source = parse_source(b"- ~\n" * 5000, "f.yaml")
        assert len(source.complaints) == MOST
        assert not source.whole

    @pytest.mark.timeout(20)
    def test_long_digits_are_quick(self) -> None:
        """A quarter of a megabyte of digits with an odd end costs no time."""
        source = parse_source(b"a: " + b"1_" * 100_000 + b"x\n", "f.yaml")
        assert source.complaints == ()

    @given(st.binary(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_bytes_never_raise(self, raw: bytes) -> None:
        """Whatever the bytes, reading gives a source."""
        assert parse_source(raw, "f.yaml").file == "f.yaml"

    @given(st.text(alphabet="ab:-?[]{},&*!|>'\"%@`# \n\t01~<=\\.", max_size=120))
    @settings(max_examples=200, deadline=None)
    def test_text_never_raises(self, text: str) -> None:
        """Whatever the marks, reading gives a source."""
        assert parse_source(text.encode(), "f.yaml").file == "f.yaml"


class TestGoodYaml:
    """What is read, and as what."""

    def test_values(self) -> None:
        """Words, whole numbers, true and false, and quoted text are read; dates and spans stay text."""
        raw = (
            "\ufeffa: 12\nb: -3\nc: true\nd: false\ne: 2026-09-01\nf: 3 workdays\ng: 'yes'\nh: \"012\"\ni: 2026-09-01 15:30\n"
            "j: []\nk: {}\nl: |\n  一\n  二\nm: ''\np: 1.2.3\no: 0\nq: $x\n"
        )
        expected = {
            "a": 12,
            "b": -3,
            "c": True,
            "d": False,
            "e": "2026-09-01",
            "f": "3 workdays",
            "g": "yes",
            "h": "012",
            "i": "2026-09-01 15:30",
            "j": [],
            "k": {},
            "l": "一\n二\n",
            "m": "",
            "p": "1.2.3",
            "o": 0,
            "q": "$x",
        }
        source = parse_source(raw.encode(), "f")
        assert source.complaints == ()
        assert expected == source.data

    def test_places(self) -> None:
        """Every key and value has its line and column; a path that is not there has those of what holds it."""
        source = parse_source("甲:\n  - b: 1\n    c: [x, y]\n".encode(), "f")
        assert (3, 12) == source.place(("甲", 0, "c", 1))
        assert (3, 5) == source.place(("甲", 0, "c"), key=True)
        assert (2, 5) == source.place(("甲", 0, "zzz", 3))
        assert (1, 1) == parse_source(b"", "f").place(("a",))

    def test_document_marks(self) -> None:
        """One document may be marked as such."""
        assert {"a": 1} == parse_source(b"---\na: 1\n...\n", "f").data

    def test_forty_levels(self) -> None:
        """Forty levels are read."""
        assert parse_source(b"[" * 40 + b"]" * 40, "f").complaints == ()


class TestPlaces:
    """What may lie at a path instead of a file."""

    def test_directory(self, tmp_path: Path) -> None:
        """A directory is refused."""
        assert ["not_a_file"] == [each.code for each in read_source(tmp_path).complaints]

    def test_nothing(self, tmp_path: Path) -> None:
        """A missing file is refused under the name that was given."""
        found = read_source(tmp_path / "x.yaml", name="x.yaml").complaints
        assert ["x.yaml:1:1: 没有这个文件"] == [str(each) for each in found]

    def test_pipe(self, tmp_path: Path) -> None:
        """A pipe is refused without being waited for."""
        os.mkfifo(tmp_path / "pipe")
        assert ["not_a_file"] == [each.code for each in read_source(tmp_path / "pipe").complaints]

    def test_huge(self, tmp_path: Path) -> None:
        """A huge file is refused without being read."""
        path = tmp_path / "huge.yaml"
        with path.open("wb") as file:
            file.truncate(LARGEST * 1000)
        assert ["too_large"] == [each.code for each in read_source(path).complaints]

    def test_loop(self, tmp_path: Path) -> None:
        """A link that leads to itself is refused."""
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        assert ["unreadable"] == [each.code for each in read_source(tmp_path / "loop").complaints]


class TestSyntaxWords:
    """PyYAML's English never reaches a user."""

    def test_unknown_problem(self) -> None:
        """A problem that is not known gets a general wording."""
        assert "YAML" in in_chinese("something new")
