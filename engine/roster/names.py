"""Names of people and classes as lists spell them, folded so that equal ones meet."""

from __future__ import annotations

import re
import unicodedata

_DOTS = re.compile("[•・･．‧∙⋅.]")
_CLASS = re.compile(r"(\D*?)年?级?[(（.]?(\d+)[)）]?班?")
_DIGITS = {digit: str(at) for at, digit in enumerate("一二三四五六七八九", start=1)}


def fold_name(name: str) -> str:
    """A name in NFC without outer blanks, its dot always U+00B7, no blanks inside Han names."""
    text = _DOTS.sub("·", unicodedata.normalize("NFC", name.strip()))
    return text if re.search(r"[A-Za-z]", text) else re.sub(r"\s+", "", text)


def fold_class(name: str) -> str:
    """A class as grade and number: 七(2), 七（2）, 7.2 and 七年级2班 are all 七(2)."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    plain = re.fullmatch(r"([1-9])\.(\d+)", text)
    if plain:
        return f"{'一二三四五六七八九'[int(plain[1]) - 1]}({plain[2]})"
    found = _CLASS.fullmatch(text)
    if not found or not found[1]:
        return text
    grade = found[1].removesuffix("级").removesuffix("年")
    digits = {value: key for key, value in _DIGITS.items()}
    return f"{digits.get(grade, grade)}({int(found[2])})"
