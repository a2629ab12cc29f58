"""Roles of people: given for a time and approved by another, lent while somebody is on leave, ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from engine.access import APPOINTERS, BLIND, FITS, HEADS, ROLES, UNIT_KINDS
from engine.cases.model import Reason, Refusal
from engine.definitions.check_acts import AUTHORITY_GUARD
from engine.definitions.facts import SYSTEM, HeldRole, Person
from engine.definitions.vocabulary import ALONE
from engine.errors import InputError
from engine.services.office import Office
from engine.services.refusals import raised, refused
from engine.storage.rows import StoredDelegation, StoredRole

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

Lending = StoredDelegation
"""A document that lends a unit some acts."""

_DAY = timedelta(days=1)
_NAME = re.compile(r"[\w.@-]{1,64}")
_ACCOUNT = {
    True: "账号「{}」已经有人；再加职务用 yingfan user role add",
    False: "没有账号「{}」；新人用 yingfan user add",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A role that is to be given: to whom, for how long, and who of those who may has approved it."""

    account: str
    held: HeldRole
    approved_by: str
    name: str = ""
    """The person's name; an account that is known keeps the one it has."""
    fresh: bool | None = None
    """Whether the account must be new (True) or known (False); None where it may be either."""


class Given(NamedTuple):
    """A role as it was given: to whom, who approved it, and the machine's account that recorded it."""

    account: str
    name: str
    held: HeldRole
    approved_by: str
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A leave: whose role rests between two days, and who stands in."""

    account: str
    cover: str
    first: date
    last: date
    role: str = ""
    """The role that rests; empty where the person has but one then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The people of one office and their roles. `os_user` is the machine's account behind a command line."""

    office: Office

    def appoint(self, given: Iterable[Appointment], *, os_user: str) -> None:
        """Give roles, all or none. ActRefused with what is wrong; InputError for a role or unit that there is not.

        Nobody approves the own role; who approves holds a role of a responsible manager today. The first role of an
        empty installation must be an administrator's, and is approved by the machine's account.
        """
        made = list(given)
        with self.office.archive.begin() as uow:
            first = not uow.people.roles()
            for each in made:
                self._appoint(uow, each, os_user, first=first)
                first = False
            uow.commit()
        for each in made:
            self._note(each.approved_by or f"os:{os_user}", "role.give", each.account)

    def _appoint(self, uow: UnitOfWork, given: Appointment, os_user: str, *, first: bool) -> None:
        held = given.held
        self._fits(uow, held)
        by = given.approved_by
        if first and not by:
            if held.role != "administrator":
                raise refused(
                    "right", "approved_by", "空的系统里第一个职务只能是系统管理员（administrator）；其他人由其批准"
                )
            by = f"os:{os_user}"
        else:
            self._approver(uow, by, (given.account,))
        if held.basis and held.role not in HEADS.values():
            raise refused("rule", "role", f"只有单位负责人可以代理；应为：{_zh(HEADS.values())}")
        known = uow.people.get(given.account)
        if given.fresh is not None and given.fresh == (known is not None):
            raise refused("rule", "account", _ACCOUNT[given.fresh].format(given.account))
        if known is None:
            _new_name(given.account)
            uow.people.add(Person(account=given.account, name=given.name or given.account, roles=()), by)
        for each in uow.people.roles():
            same = (each.account, each.held.role, each.held.unit) == (given.account, held.role, held.unit)
            if same and not each.held.covers and each.held.first <= held.last and held.first <= each.held.last:
                message = (
                    f"「{given.account}」{each.held.first}至{each.held.last}已有这一职务；应从{each.held.last}以后起"
                )
                raise refused("rule", "from", message)
        uow.people.give(given.account, (held,), by, recorded_by=f"os:{os_user}")

    def leave(self, leave: Leave, approved_by: str, *, os_user: str) -> HeldRole:
        """Let a person's role rest for some days in which another decides in it; the role as lent."""
        with self.office.archive.begin() as uow:
            self._approver(uow, approved_by, (leave.account, leave.cover))
            rests = self._resting(uow, leave)
            self._may_cover(uow, leave, rests)
            lent = replace(rests, first=leave.first, last=leave.last, covers=leave.account, basis="")
            uow.people.give(leave.cover, (lent,), approved_by, recorded_by=f"os:{os_user}")
            uow.commit()
        self._note(approved_by, "role.cover", leave.account)
        return lent

    def end(
        self, account: str, on: date, approved_by: str, *, os_user: str, only: tuple[str, str] = ("", "")
    ) -> tuple[Given, ...]:
        """End roles from this day on, all or the one named by role and unit; those ended.

        What others hold in the person's place ends with them. When the day has come and no role is left, the
        person's sessions die at once.
        """
        with self.office.archive.begin() as uow:
            self._approver(uow, approved_by, (account,))
            self._person(uow, account)
            ended = [each for each in uow.people.roles() if _ends(each, account, on, only)]
            if not ended:
                raise refused("rule", "account", f"「{account}」{on}以后没有{'这一' if only[0] else ''}职务，不必终止")
            for each in ended:
                uow.people.end(each.id, on - _DAY)
            left = uow.people.get(account)
            if on <= self.office.today() and left is not None and not left.serves(self.office.today()):
                uow.people.close_sessions(account, self.office.now())
            uow.commit()
            names = uow.people.names()
        self._note(approved_by, "role.end", account)
        return tuple(self._given(each, names) for each in ended)

    def delegate(self, given: Lending, approved_by: str, *, os_user: str) -> None:
        """Record a document that lends a subdistrict acts which only a township or the bureau may do (DOMAIN.md 4)."""
        lendable = sorted(
            name
            for workflow in self.office.workflows.values()
            for name, act in workflow.transitions.items()
            if AUTHORITY_GUARD in {guard.predicate.name for guard in act.when if guard.predicate and not guard.negated}
        )
        wrong = [Reason("field", "act", f"没有可赋权的事项「{each}」；可写：{'、'.join(lendable)}")
                 for each in given.acts if each not in lendable]  # fmt: skip
        if given.last < given.first:
            wrong.append(Reason("field", "to", f"止日{given.last}早于起日{given.first}"))
        if given.first < given.issued_on:
            wrong.append(Reason("field", "from", f"起日{given.first}早于文件日期{given.issued_on}"))
        with self.office.archive.begin() as uow:
            self._approver(uow, approved_by, ())
            unit = uow.units.get(given.unit, given.first)
            if unit is None or unit.kind != "subdistrict_office":
                wrong.append(
                    Reason("field", "unit", f"「{given.unit}」{given.first}不是街道办事处；赋权文件只为街道登记")
                )
            if any((each.unit, each.document) == (given.unit, given.document) for each in uow.units.delegations()):
                wrong.append(Reason("field", "document", f"{given.document} 已经登记"))
            if wrong:
                raise raised(Refusal(kind="rule", reasons=tuple(wrong)))
            uow.units.delegate(given, approved_by=approved_by, recorded_by=f"os:{os_user}")
            uow.commit()
        self._note(approved_by, "delegation", given.unit)

    def delegations(self) -> tuple[Lending, ...]:
        """Every document that lends powers."""
        with self.office.archive.read() as uow:
            return tuple(uow.units.delegations())

    def roles(self) -> tuple[Given, ...]:
        """Every role as it was given, with the person's name."""
        with self.office.archive.read() as uow:
            names = uow.people.names()
            return tuple(self._given(each, names) for each in uow.people.roles())

    def _given(self, each: StoredRole, names: Mapping[str, str]) -> Given:
        return Given(each.account, names[each.account], each.held, each.approved_by, each.recorded_by)

    def _note(self, account: str, what: str, about: str) -> None:
        self.office.archive.access(account, what, about, at=self.office.now())

    def _fits(self, uow: UnitOfWork, held: HeldRole) -> None:
        """InputError for a role or unit that there is not; refused where they do not go together."""
        offered = {role: zh for role, zh in ROLES.items() if role not in ALONE}
        if held.role not in offered:
            raise InputError(f"没有职务「{held.role}」；可写：{_zh(offered)}")
        unit = uow.units.get(held.unit, held.first)
        if unit is None:
            raise InputError(f"{held.first}没有单位「{held.unit}」；应为 yingfan unit list 列出的单位代码")
        if held.last < held.first:
            raise refused("rule", "to", f"止日{held.last}早于起日{held.first}")
        kinds = FITS.get(held.role)
        if kinds is not None and unit.kind not in kinds:
            wanted = "、".join(UNIT_KINDS[kind] for kind in sorted(kinds))
            raise refused("rule", "unit", f"{ROLES[held.role]}不能设在{unit.name}；应设在：{wanted}")

    def _approver(self, uow: UnitOfWork, account: str, not_by: tuple[str, ...]) -> None:
        """Refuse an approval by nobody, by one of those concerned, or by who is no responsible manager today."""
        if not account:
            raise refused("right", "approved_by", f"应由{_zh(APPOINTERS)}批准；请写 --approved-by 账号")
        if account in not_by:
            raise refused("right", "approved_by", "本人不能批准自己的职务，应由他人批准")
        person, today = uow.people.get(account), self.office.today()
        roles = person.roles if person is not None else ()
        if not any(held.role in APPOINTERS and held.first <= today <= held.last for held in roles):
            raise refused("right", "approved_by", f"「{account}」今天没有批准的职权；应为在任的{_zh(APPOINTERS)}")

    def _person(self, uow: UnitOfWork, account: str) -> Person:
        person = uow.people.get(account)
        if person is None:
            raise InputError(f"没有账号「{account}」；yingfan user list 列出全部")
        return person

    def _resting(self, uow: UnitOfWork, leave: Leave) -> HeldRole:
        """The one role of the person that is to rest, held all the time of the leave."""
        if leave.last < leave.first:
            raise refused("rule", "to", f"止日{leave.last}早于起日{leave.first}")
        person = self._person(uow, leave.account)
        for away in person.away:
            if away.first <= leave.last and leave.first <= away.last and leave.role in ("", away.role):
                raise refused("rule", "from", f"{away.first}至{away.last}已由「{away.covers}」代行；应避开这些日子")
        whole = [
            held
            for held in person.roles
            if leave.role in ("", held.role) and not held.covers and _holds(held, leave.first, leave.last)
        ]
        if len(whole) != 1:
            why = "有几个职务，请写 --role" if whole else "没有贯穿这些日子的职务"
            raise refused("rule", "role", f"「{leave.account}」{leave.first}至{leave.last}{why}")
        return whole[0]

    def _may_cover(self, uow: UnitOfWork, leave: Leave, rests: HeldRole) -> None:
        """Who stands in is another person of the same unit, there all the time: a head acts for no other unit."""
        cover = self._person(uow, leave.cover)
        there = [
            held
            for held in cover.roles
            if held.unit == rests.unit and held.role not in BLIND and _holds(held, leave.first, leave.last)
        ]
        if leave.cover == leave.account or not there:
            message = (
                f"「{leave.cover}」不能代行；应为{leave.first}至{leave.last}在同一单位（{rests.unit}）任职的另一人"
            )
            raise refused("rule", "cover", message)


def _holds(held: HeldRole, first: date, last: date) -> bool:
    return held.first <= first and last <= held.last


def _ends(each: StoredRole, account: str, on: date, only: tuple[str, str]) -> bool:
    """True for a role of this person, or one that others hold in the person's place, that would go on."""
    theirs = account in (each.account, each.held.covers)
    named = only in (("", ""), (each.held.role, each.held.unit))
    return theirs and named and each.held.last >= on


def _new_name(account: str) -> None:
    """Refuse a name that is none: nobody may be called as the system is, or as an account of the machine."""
    if not _NAME.fullmatch(account) or account.casefold() == SYSTEM.user:
        message = f"账号「{account}」不能用；应为1至64个字母、汉字、数字或 . _ - @，不能是 {SYSTEM.user}"
        raise refused("field", "account", message)


def _zh(roles: Iterable[str]) -> str:
    return "、".join(f"{ROLES[role]}（{role}）" for role in sorted(roles))
