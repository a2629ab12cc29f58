"""A strict reader of one YAML file: plain values with the line and column of each.

Over PyYAML's events, never its constructors. It refuses what decides law by accident: tags, anchors, aliases, merge
keys, duplicate keys, a second document, empty values, and every unquoted word that some YAML reader takes for a
boolean, a number or a null. Dates stay text. Limits: 256 KiB, 40 levels (ASVS 1.5.2).
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.definitions.complaints import MOST, Complaint
from engine.definitions.syntax import in_chinese

LARGEST = 256 * 1024
"""The largest file that is read, in bytes."""
DEEPEST = 40
"""The deepest nesting that is read."""
LONGEST_NUMBER = 60
"""Longer runs of digits are looked at by a simpler pattern, because the exact one is slow on them."""
LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

Place = tuple[int, int]
Trail = tuple[str | int, ...]

_PARSER: type = getattr(yaml, "CLoader", yaml.Loader)
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\U000e0000-\U000e0fff]"
)
_DIGITS = re.compile(r"[-+0-9_.:]+")
_TAB = re.compile("\t")
_WORDS = frozenset(
    "yes no on off y n true false null ~ = << .inf -.inf +.inf .nan".split()  # noqa: SIM905  reads as a list
)
_NUMBER_LIKE = re.compile(
    r"[-+]?(?:0[xob][0-9a-f_]*|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9_]*[0-9][0-9_]*\.?[0-9_]*(?:e[-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:e[-+]?[0-9]+)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file as read: its values, where each key and each value stands, and what is wrong with it."""

    file: str
    data: object = None
    keys: Mapping[Trail, Place] = field(default_factory=dict)
    values: Mapping[Trail, Place] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()
    whole: bool = True
    """False when the reading stopped at a fault, so that `data` says nothing."""
    size: int = 0
    """Characters that were read."""

    def place(self, path: Trail, *, key: bool = False) -> Place:
        """Line and column of the value (or key) at a path, or of the nearest thing that holds it."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        for cut in range(len(path), -1, -1):
            found = first.get(path[:cut]) or second.get(path[:cut])
            if found:
                return found
        return 1, 1

    def complain(self, path: Trail, code: str, message: str, *, key: bool = False) -> Complaint:
        """A complaint about the value (or key) at a path."""
        line, column = self.place(path, key=key)
        return Complaint(file=self.file, line=line, column=column, code=code, message=message)


def read_source(path: Path, *, name: str = "") -> Source:
    """Read one file; never raises, whatever lies at the path. `name` is what complaints call it (default: the path)."""
    file = name or str(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return _stopped(file, "not_a_file", "这里应当是一个 YAML 文件，却是目录或特殊文件")
        if found.st_size > LARGEST:
            return _stopped(file, "too_large", f"文件有{found.st_size}字节，最大{LARGEST}字节(256 KiB)")
        raw = path.read_bytes()
    except FileNotFoundError:
        return _stopped(file, "missing_file", "没有这个文件")
    except (OSError, ValueError):
        return _stopped(file, "unreadable", "文件打不开；请检查权限和文件名")
    return parse_source(raw, file)


def parse_source(raw: bytes, file: str) -> Source:
    """Read the bytes of one file; never raises."""
    if len(raw) > LARGEST:
        return _stopped(file, "too_large", f"文件有{len(raw)}字节，最大{LARGEST}字节(256 KiB)")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        return _stopped(file, "not_utf8", "不是 UTF-8 文字；请把文件另存为 UTF-8", line, column)
    text = text.replace("\r\n", "\n")
    hidden = tuple(_characters(text, file))
    if hidden:
        return Source(file=file, complaints=hidden, whole=False, size=len(text))
    if not text.strip():
        return _stopped(file, "empty", "文件是空的；应当有内容")
    return _Reader(file).read(text)


def _stopped(file: str, code: str, message: str, line: int = 1, column: int = 1) -> Source:
    complaint = Complaint(file=file, line=line, column=column, code=code, message=message)
    return Source(file=file, complaints=(complaint,), whole=False)


def _characters(text: str, file: str) -> Iterator[Complaint]:
    """Characters that an eye cannot see: a reviewer must read what the engine reads. One complaint a line."""
    for at, line in enumerate(text.split("\n"), start=1):
        tab, hidden = _TAB.search(line), _HIDDEN.search(line)
        if tab:
            message = "有制表符(Tab)；请改用空格"
            yield Complaint(file=file, line=at, column=tab.start() + 1, code="tab", message=message)
        if hidden:
            message = f"有看不见的控制字符 U+{ord(hidden[0]):04X}；请删去"
            yield Complaint(file=file, line=at, column=hidden.start() + 1, code="control_character", message=message)


class _Stop(Exception):
    """The file is wrong in a way after which nothing can be said about the rest."""


class _Reader:
    """One pass over the events of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.complaints: list[Complaint] = []
        self.keys: dict[Trail, Place] = {}
        self.values: dict[Trail, Place] = {}
        self.length = 0

    def read(self, text: str) -> Source:
        data: object = None
        whole = True
        self.length = len(text.rstrip())
        try:
            data = self._document(yaml.parse(text, Loader=_PARSER))
        except _Stop:
            whole = False
        except yaml.YAMLError as error:
            whole = False
            self._broken(error)
        return Source(
            file=self.file,
            data=data,
            keys=self.keys,
            values=self.values,
            complaints=tuple(self.complaints),
            whole=whole,
            size=len(text),
        )

    def _broken(self, error: yaml.YAMLError) -> None:
        mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
        if mark and opened and mark.index >= self.length:
            mark = opened  # what was never closed stands where it was opened, not at the end of the file
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self._add((line, column), "syntax", in_chinese(str(getattr(error, "problem", ""))))

    def _add(self, place: Place, code: str, message: str) -> None:
        complaint = Complaint(file=self.file, line=place[0], column=place[1], code=code, message=message)
        self.complaints.append(complaint)
        if len(self.complaints) >= MOST:
            raise _Stop

    def _document(self, events: Iterable[yaml.Event]) -> object:
        stream = iter(events)
        data: object = None
        documents = 0
        for event in stream:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._add(_place(event), "second_document", "有第二份文档(---)；一个文件只写一份")
                    raise _Stop
                if event.version or event.tags:
                    self._add(_place(event), "directive", "有 % 指令；请删去")
                data = self._node(next(stream), stream, ())
        if not documents:
            self._add((1, 1), "empty", "文件里只有注释；应当有内容")
            raise _Stop
        return data

    def _node(self, event: yaml.Event, stream: Iterator[yaml.Event], path: Trail) -> object:
        place = _place(event)
        self.values[path] = place
        self._plain_node(event, place)
        if len(path) > DEEPEST:
            self._add(place, "too_deep", f"嵌套超过{DEEPEST}层")
            raise _Stop
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(stream, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(stream, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        self._add(place, "alias", "有别名(*)；请把内容写全")
        return ""

    def _plain_node(self, event: yaml.Event, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            return
        if getattr(event, "anchor", None):
            self._add(place, "anchor", "有锚点(&)；请删去")
        if getattr(event, "tag", None):
            self._add(place, "tag", "有标签(!)；请删去")

    def _sequence(self, stream: Iterator[yaml.Event], path: Trail) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(stream), yaml.SequenceEndEvent):
            found.append(self._node(event, stream, (*path, len(found))))
        return found

    def _mapping(self, stream: Iterator[yaml.Event], path: Trail) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(stream), yaml.MappingEndEvent):
            place = _place(event)
            key = self._key(event, place)
            inner = (*path, key)
            if key in found:
                first = self.keys[inner][0]
                self._add(place, "duplicate_key", f"「{key}」写了两次，第一次在第{first}行；只保留一处")
                self._node(next(stream), stream, (*inner, ""))
                continue
            self.keys[inner] = place
            found[key] = self._node(next(stream), stream, inner)
        return found

    def _key(self, event: yaml.Event, place: Place) -> str:
        self._plain_node(event, place)
        if not isinstance(event, yaml.ScalarEvent):
            self._add(place, "key_not_text", "键应当是文字，不能是列表、映射或别名")
            raise _Stop
        if event.value == "<<" and not event.style:
            self._add(place, "merge_key", "有合并键(<<)；请把内容写全")
            return "<<"
        value = self._scalar(event)
        if isinstance(value, str):
            return value
        self._add(place, "key_not_text", f"键「{event.value}」会被读成数字或真假值；请加引号")
        return str(event.value)

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        text: str = event.value
        place = _place(event)
        if event.style:
            if _HIDDEN.search(text) or _TAB.search(text):
                self._add(place, "control_character", "引号里有看不见的控制字符；请删去")
            return text
        if text in {"true", "false"}:
            return text == "true"
        if _INTEGER.fullmatch(text):
            if len(text) > 17 or abs(int(text)) > LARGEST_NUMBER:
                self._add(place, "number_too_large", "数字太大；编号一类请加引号写成文字")
                return text
            return int(text)
        self._ambiguous(text, place)
        return text

    def _ambiguous(self, text: str, place: Place) -> None:
        if not text:
            self._add(place, "empty_value", '没有写值；请写上值，或删去这个键(空文字写作 "")')
        elif text.lower() in _WORDS:
            hint = "真假值写 true 或 false，文字请加引号"
            self._add(place, "ambiguous", f"「{text}」有的读法当成真假值或空值；{hint}")
        elif (_NUMBER_LIKE if len(text) <= LONGEST_NUMBER else _DIGITS).fullmatch(text):
            hint = f'整数写成 12 这样(不带前导零、正号、下划线、小数)，文字请加引号："{text}"'
            self._add(place, "ambiguous", f"「{text}」的数字写法各种读法不一；{hint}")


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
