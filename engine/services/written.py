"""JSON as callers write it, from a file or over the wire: one object, or why it is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from engine.errors import InputError

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def object_in(text: str | bytes) -> dict[str, object]:
    """The one JSON object of a text, each name once; InputError tells what else it is.

    Refused too are what no machine can keep: nesting without end, numbers of thousands of digits, half characters.
    """
    try:
        found = json.loads(text, object_pairs_hook=_each_once)
        if _NUL.search(json.dumps(found, ensure_ascii=False).encode()):
            raise InputError("含有不能保存的字符（U+0000）；应删去")
    except json.JSONDecodeError as error:
        raise InputError(f"不是 JSON（第{error.lineno}行第{error.colno}列）") from None
    except UnicodeError:
        raise InputError("不是 UTF-8 文字，或者含有半个字符（U+D800 至 U+DFFF）") from None
    except (ValueError, RecursionError):
        raise InputError("不能读取：数字过长，或者层数过多") from None
    if not isinstance(found, dict):
        raise InputError("不是 JSON 对象；应为 {名称: 内容}")
    return found


def _each_once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise InputError(f"「{name}」写了两次；应只写一次")
        found[name] = value
    return found
