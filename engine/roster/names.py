"""Names of people, schools and classes as lists spell them, folded so that equal ones meet."""

from __future__ import annotations

import re
import unicodedata

_DOTS = re.compile("[•・‧∙⋅]|(?<=[^\x00-\x7f])\\s*[.]\\s*(?=[^\x00-\x7f])")
"""A full stop is a name's dot only between Han characters: in John F. Kennedy it is none."""

INVISIBLE = "[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufe00-\ufe0f\ufeff]"
"""Characters without width, which copying from web pages and PDFs leaves behind."""

_DIGITS = "一二三四五六七八九"
_HAN = f"[一二]?十[{_DIGITS}]?|[{_DIGITS}]"
_JUNIOR = {"初一": "七", "初二": "八", "初三": "九"}
CLASS = rf"(?:初[一二三]|[{_DIGITS}]|[1-9](?=[年级(（.．]))(?:年级|年|级)?[(（.．]?(?:\d{{1,2}}|{_HAN})[)）]?班?"
"""Grade and number; a grade in digits needs something between them, or 12 would be one and two."""

_CLASS = re.compile(
    rf"(?P<grade>初[一二三]|[{_DIGITS}]|[1-9](?=[年级(.]))(?:年级|年|级)?[(.]?(?P<number>\d{{1,2}}|{_HAN})[)]?班?"
)
_IN_DIGITS = re.compile(r"(?P<grade>[1-9])(?P<number>0[1-9]|[12]\d)班?")
_FOLDED = re.compile(rf"([{_DIGITS}])\(\d+\)")


def _plain(text: str) -> str:
    return re.sub(INVISIBLE, "", unicodedata.normalize("NFKC", text))


def unprintable(name: str) -> str:
    """The first character of a folded name that no document can print: a control character, or one of private use."""
    if name.isprintable():
        return ""
    return next((sign for sign in name if unicodedata.category(sign) in {"Cc", "Co", "Cs"}), "")


def fold_name(name: str) -> str:
    """A name in NFKC without outer blanks, its dot always U+00B7, no blanks inside Han names."""
    if name.isalnum() and unicodedata.is_normalized("NFKC", name):
        return name
    # Blanks are made one before a dot is looked for between them: many would be gone through from each of them.
    text = _DOTS.sub("·", re.sub(r"\s+", " ", _plain(name)).strip())
    return text if re.search(r"[A-Za-z]", text) else text.replace(" ", "")


def fold_school(name: str) -> str:
    """A school's name without blanks and with half-width brackets: for comparing, never for printing."""
    return re.sub(r"\s+", "", _plain(name))


def fold_class(name: str) -> str:
    """A class as grade and number: 七(2), 七（2）, 7.2, 702, 七年级2班, 七年级二班 and 初一2班 are all 七(2)."""
    text = re.sub(r"\s+", "", _plain(name))
    found = _CLASS.fullmatch(text) or _IN_DIGITS.fullmatch(text)
    if not found:
        return text
    grade = found["grade"]
    if grade.isdecimal():
        grade = _DIGITS[int(grade) - 1]
    return f"{_JUNIOR.get(grade, grade)}({_number(found['number'])})"


def grade_of(class_name: str) -> str:
    """The grade of a folded class; empty for a class that is spelt in another way."""
    found = _FOLDED.fullmatch(class_name)
    return found[1] if found else ""


def _number(text: str) -> int:
    """A class's number in digits or in Han numerals up to 29."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (10 * (_DIGITS.find(tens[-1:]) + 1 if tens else 1) if ten else 0) + (_DIGITS.find(ones) + 1 if ones else 0)
