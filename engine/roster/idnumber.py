"""Citizen ID numbers (GB 11643): normalised, checked, masked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
"""First two digits in use; historic area codes lie inside them and are never refused (DOMAIN.md 14)."""

OLD_LENGTH, LENGTH = 15, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something about a number: a code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdNumber:
    """A number as it was given and as it reads; `valid` is False when a problem makes it unusable."""

    input: str
    normalised: str
    valid: bool
    problems: tuple[Problem, ...]
    birth: date | None
    sex: str


def check_digit(first_seventeen: str) -> str:
    """The last character that belongs to seventeen digits."""
    return CHECK[sum(int(digit) * weight for digit, weight in zip(first_seventeen, WEIGHTS, strict=True)) % 11]


def mask(number: str) -> str:
    """The number with its first and last four characters only."""
    kept = 4
    return (
        number[:kept] + "*" * (len(number) - 2 * kept) + number[-kept:] if len(number) > 2 * kept else "*" * len(number)
    )


def normalise(value: str) -> str:
    """The number as people mean it: half-width, without blanks and leading apostrophe, X in capital."""
    return re.sub(r"[\s'’‘-]", "", unicodedata.normalize("NFKC", value)).upper()


def check_idnumber(value: str, *, today: date | None = None) -> IdNumber:
    """What is known of a number: whether it can be right, everything that is wrong, birth date and sex.

    An area code outside the provinces in use is only a warning. With `today`, a birth in the future is wrong.
    """
    number = normalise(value)
    problems: list[Problem] = []
    if len(number) == OLD_LENGTH and number.isdecimal():
        problems.append(Problem(code="old_length", message="这是15位旧号码；请填18位公民身份号码"))
    elif len(number) != LENGTH:
        problems.append(Problem(code="length", message=f"应为18位，现有{len(number)}位"))
    elif not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        problems.append(Problem(code="characters", message="前17位应为数字，末位应为数字或X"))
    if problems:
        return IdNumber(input=value, normalised=number, valid=False, problems=tuple(problems), birth=None, sex="")
    birth = _birth(number)
    if birth is None or (today is not None and birth > today):
        problems.append(Problem(code="birth", message=f"第7至14位「{number[6:14]}」不是可能的出生日期"))
    if check_digit(number[:17]) != number[17]:
        problems.append(Problem(code="check_digit", message="校验码不符，号码有误或两位互换；请核对原件"))
    valid = not problems
    if number[:2] not in PROVINCES:
        problems.append(Problem(code="area_unknown", message=f"地区代码「{number[:6]}」未见使用，请核对（不影响录入）"))
    sex = "男" if int(number[16]) % 2 else "女"
    return IdNumber(input=value, normalised=number, valid=valid, problems=tuple(problems), birth=birth, sex=sex)


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
