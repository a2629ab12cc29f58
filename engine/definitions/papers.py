"""Predicates over papers: whom they name, who issues them, whether a day of service can be another (DOMAIN.md 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from engine.definitions.facts import GUARDIANS, Answer, Facts
from engine.definitions.predicates import predicate

ORDER = "correction_order"
_READS_ORDER = frozenset({("document", ORDER)})


def _say(holds: bool, seen: dict[str, object], why: str) -> Answer:
    return Answer(holds, seen, "" if holds else why)


def _zh(keys: Iterable[str]) -> str:
    return "、".join(GUARDIANS.get(key, key) for key in keys) or "没有"


def _named(facts: Facts) -> tuple[str, ...]:
    """The guardians that the form names: one, or several."""
    whom = facts.values.get("whom", ())
    return whom if isinstance(whom, tuple) else (str(whom),)


@predicate("是本案监护人", reads=lambda _: frozenset({("field", "whom")}))
def guardians_are_named(facts: Facts) -> Answer:
    """Holds when everybody named is a guardian of this child."""
    known, named = facts.case.identity.subject.guardians, _named(facts)
    others = tuple(each for each in named if each not in known)
    why = f"「{_zh(others)}」不是本案登记的监护人；监护人：{_zh(known)}"
    return _say(bool(named) and not others, {"whom": named}, why)


@predicate("所写的人都在等候送达", reads=lambda _: _READS_ORDER | {("field", "whom")})
def named_wait_for_service(facts: Facts) -> Answer:
    """Holds when everybody named is an addressee of the order whom it has not reached yet."""
    order, named = facts.case.latest(ORDER), _named(facts)
    waiting = tuple(each.key for each in order.addressees if each.status == "waiting") if order else ()
    others = tuple(each for each in named if each not in waiting)
    why = f"「{_zh(others)}」不是等候送达的受送达人；等候送达的：{_zh(waiting)}"
    return _say(bool(named) and not others, {"whom": named, "waiting": waiting}, why)


@predicate("由决定书的签发单位办理", reads=lambda _: _READS_ORDER | {("field", "issuer")})
def issuer_is_that_of_the_order(facts: Facts) -> Answer:
    """Holds when the unit named is the one that issued the order: no office acts on the order of another."""
    order, issuer = facts.case.latest(ORDER), str(facts.values.get("issuer", ""))
    if order is None:
        return Answer(False, {"order": None}, "没有有效的责令限期改正决定书")
    unit = facts.case.unit_by_code(order.issuer)
    why = f"应由决定书的签发单位{unit.name if unit else order.issuer}（{order.issuer}）办理"
    return _say(issuer == order.issuer, {"order": order.id, "issuer": issuer}, why)


@predicate("送达日期可以这样更正", reads=lambda _: _READS_ORDER | {("field", "to"), ("field", "served_on")})
def service_day_fits(facts: Facts) -> Answer:
    """Holds when the person was served and the day is another one, not before the issue and not in the future.

    A fixed day that the order prints must lie behind it. For a public notice the day is that of the posting.
    """
    order, to, day = facts.case.latest(ORDER), facts.values.get("to"), facts.values.get("served_on")
    found = next((each for each in order.addressees if each.key == to), None) if order else None
    if order is None or found is None or found.served_on is None:
        served = "、".join(each.key for each in order.addressees if each.served_on) if order else ""
        return Answer(False, {"to": to}, f"没有向「{to}」送达的记录可以更正；已送达的：{served or '没有'}")
    seen: dict[str, object] = {"order": order.id, "to": to, "served_on": found.served_on}
    first = order.issued_on or facts.case.identity.opened_on
    if not isinstance(day, date) or not first <= day <= facts.today:
        return Answer(False, seen, f"送达日期应在签发之日{first}与今天{facts.today}之间")
    if order.fixed_on is not None and day >= order.fixed_on:
        return Answer(False, seen, f"决定书限定{order.fixed_on}前改正，{day}送达已无期限可用，应撤回重新签发")
    return _say(day != found.served_on, seen, f"与原来登记的{found.served_on}相同，不用更正")
