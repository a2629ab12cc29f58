"""What a subject is found by exactly: ID number, phone, register number, name; each in the one spelling of its kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.roster.idnumber import full_number, normalise
from engine.roster.names import fold_name

ID_NUMBER, PHONE, REGISTER_NO, NAME = "id_number", "phone", "register_no", "name"
_ID = re.compile(r"[0-9]{15}|[0-9]{17}[0-9X]")
_PHONE = re.compile(r"[0-9]{7,12}")
_WRITTEN_PHONE = re.compile(r"\+?[0-9 ()\-\u2010-\u2015]+")
_REGISTER = re.compile(r"[A-Z]?[0-9]{9,18}[0-9A-Z]?")


class Term(NamedTuple):
    """One value that is looked up, in the spelling that equal ones share."""

    kind: str  # id_number | phone | register_no | name
    value: str


def terms_of(profile: Mapping[str, object], *, name: bool) -> frozenset[Term]:
    """The terms of a profile: its own ID and register number and its guardians' phones, with `name` its name too."""
    return frozenset(term for term in _terms(profile, name=name) if term.value)


def _terms(profile: Mapping[str, object], *, name: bool) -> Iterator[Term]:
    yield Term(ID_NUMBER, full_number(normalise(str(profile.get("id_number") or ""))))
    yield Term(REGISTER_NO, normalise(str(profile.get("register_no") or "")))
    if name:
        yield Term(NAME, fold_name(str(profile.get("name") or "")))
    guardians = profile.get("guardians")
    for each in guardians if isinstance(guardians, (list, tuple)) else ():
        yield Term(PHONE, plain_phone(str(each.get("phone") or "")))


def plain_phone(value: str) -> str:
    """A phone number's digits alone, half-width, without the country's 86 before a mobile number."""
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", value))
    return re.sub(r"^(?:00)?86(?=1[0-9]{10}$)", "", digits)


def numbered(text: str) -> tuple[Term, ...]:
    """The terms of a number that is one child's alone: ID or register number."""
    number = normalise(text)
    return (Term(ID_NUMBER, full_number(number)), Term(REGISTER_NO, number)) if number else ()


def asked(text: str) -> tuple[Term, ...]:
    """What a search may mean, the likeliest first; a name where it is no number, nothing for an empty one."""
    number = normalise(text)
    found = []
    if _ID.fullmatch(number):
        found.append(Term(ID_NUMBER, full_number(number)))
    plain = plain_phone(text)
    if _PHONE.fullmatch(plain) and _WRITTEN_PHONE.fullmatch(unicodedata.normalize("NFKC", text).strip()):
        found.append(Term(PHONE, plain))
    if _REGISTER.fullmatch(number):
        found.append(Term(REGISTER_NO, number))
    name = fold_name(text)
    return tuple(found) or ((Term(NAME, name),) if name else ())
