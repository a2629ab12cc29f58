"""Names of people and classes as lists spell them, folded so that equal ones meet."""

from __future__ import annotations

import re
import unicodedata

_DOTS = re.compile("[•・･．‧∙⋅.]")
_GRADES = "一二三四五六七八九"
_CLASS = re.compile(rf"([{_GRADES}]|[1-9](?=[年级(.]))(?:年级|年|级)?[(.]?(\d+)[)]?班?")
"""Grade and number; a grade in digits needs something between them, or 12 would be one and two."""


def fold_name(name: str) -> str:
    """A name in NFC without outer blanks, its dot always U+00B7, no blanks inside Han names."""
    text = _DOTS.sub("·", unicodedata.normalize("NFC", name.strip()))
    return text if re.search(r"[A-Za-z]", text) else re.sub(r"\s+", "", text)


def fold_class(name: str) -> str:
    """A class as grade and number: 七(2), 七（2）, 7.2 and 七年级2班 are all 七(2)."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    found = _CLASS.fullmatch(text)
    if not found:
        return text
    grade = _GRADES[int(found[1]) - 1] if found[1].isdecimal() else found[1]
    return f"{grade}({int(found[2])})"
