"""People: signing in, sessions that end. Passwords are argon2id; a session is known by the hash of its token."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.definitions.facts import Person
from engine.errors import InputError
from engine.services.office import Office
from engine.services.refusals import refused

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

IDLE = timedelta(minutes=30)
NOTED = timedelta(minutes=1)
"""A session is noted as in use this often, so that it ends at most so much too early."""

ABSOLUTE = timedelta(hours=12)
LONGEST_KNOWN = timedelta(days=1)
"""How long after its beginning a session that ran out still says whose typed text came too late."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
FREE_TRIES = 5
"""Wrong passwords of one account from one address before the wait begins; it doubles with each further one."""

WRONG = "账号或密码不对"
_COMMON = """
0123456789 123456789 12345678 1234567 123456 12345 987654321 87654321 654321 1234 4321 112233 5201314 520 1314
qwertyuiop qwerty asdfghjkl asdfgh zxcvbnm 1qaz2wsx 1q2w3e4r qazwsx abcdefg abcdef abc123 a1b2c3
password passw0rd p@ssw0rd p@ssword admin administrator root guest test welcome letmein iloveyou woaini dragon
monkey master login user changeme secret zhongguo china beijing nihao mima yingfan yingfanjinfan
应返尽返 控辍保学 教育 教体局 学校 中学 小学 乡镇 密码 中国
"""
COMMON = frozenset(_COMMON.split())
"""Words that are tried first wherever somebody guesses; those of the place come on top (RELIABILITY.md 4, 6.2)."""

LEAST_OWN = 5
"""So many different characters must be left when these words are taken out."""

_HASHING = BoundedSemaphore(2)
"""So many passwords are hashed at once: each takes 19 MiB."""


def _hasher() -> PasswordHasher:
    # 19 MiB, two passes, one lane: the floor of RELIABILITY.md 4 (11.4.2), small enough for an office PC.
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Signing in and out, for one office."""

    office: Office
    hasher: PasswordHasher = field(default_factory=_hasher)

    def set_password(self, account: str, password: str) -> None:
        """Store the hash of a person's password; sessions opened with the former one end.

        InputError for an account that there is not, and for a password too short, too long, or one that many try first.
        """
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise InputError(f"密码有{len(password)}个字符；应为{SHORTEST_PASSWORD}至{LONGEST_PASSWORD}个")
        with self.office.archive.read() as uow:
            person = uow.people.get(account)
            units = uow.units.names(self.office.today()).values()
        if person is None:
            raise InputError(f"没有账号「{account}」；yingfan user list 列出全部")
        guessed = easily_guessed(password, (account, person.name, *units))
        if guessed:
            raise InputError(f"密码太容易猜：除去{guessed}就没有多少了；请用几个不相干的词，或者随机生成")
        hashed = self._hashed(password)
        with self.office.archive.begin() as uow:
            uow.people.set_password(account, hashed)
            uow.people.close_sessions(account, self.office.now())
            uow.commit()

    def sign_in(self, account: str, password: str, address: str) -> str:
        """A new session's token; RightRefused with one same message for an unknown account and a wrong password."""
        now = self.office.now()
        # Counted as wrong before it is looked at: many at once cannot get round the wait, and hashing, which is slow on
        # purpose, keeps nobody from writing.
        with self.office.archive.begin() as uow:
            self._throttled(uow, account, address, now)
            stored = uow.people.password_of(account)
            uow.people.attempted(account, address, now, good=False)
            uow.commit()
        if not self._matches(stored, password):
            raise refused("right", "password", WRONG)
        token = secrets.token_urlsafe(32)
        with self.office.archive.begin() as uow:
            uow.people.attempted(account, address, now, good=True)
            person = uow.people.get(account)
            serves = person is not None and person.serves(self.office.today())
            if serves:
                uow.people.open_session(_hash(token), account, now)
            uow.commit()
        if not serves:
            raise refused("right", "account", "你现在没有任何岗位，不能登录；请联系本单位管理员")
        return token

    def who(self, token: str) -> Person | None:
        """The person of a live session, or None.

        A session ends after 30 idle minutes, after 12 hours, and when the person holds no role any more. A page that
        is only read writes nothing: that a session is in use is noted once a minute.
        """
        now = self.office.now()
        with self.office.archive.read() as uow:
            found = uow.people.session(_hash(token), now - IDLE, made_since=now - ABSOLUTE)
            person = uow.people.get(found[0]) if found else None
        if found is None or person is None:
            return None
        serves = person.serves(self.office.today())
        if not serves or now - found[1] >= NOTED:
            with self.office.archive.begin() as uow:
                if serves:
                    uow.people.seen(_hash(token), now)
                else:
                    uow.people.close_sessions(person.account, now)
                uow.commit()
        return person if serves else None

    def former(self, token: str) -> str:
        """Whose session this was that ran out by itself; empty for one that was ended, or for none."""
        with self.office.archive.read() as uow:
            return uow.people.expired(_hash(token), self.office.now() - LONGEST_KNOWN)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self.office.archive.begin() as uow:
            uow.people.close_session(_hash(token), self.office.now())
            uow.commit()

    def _matches(self, stored: str | None, password: str) -> bool:
        if len(password) > LONGEST_PASSWORD:
            return False
        try:
            # An unknown account costs the same time as a known one.
            with _HASHING:
                return self.hasher.verify(stored or _nobodys(self.hasher), password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _hashed(self, password: str) -> str:
        with _HASHING:
            return self.hasher.hash(password)

    def _throttled(self, uow: UnitOfWork, account: str, address: str, now: datetime) -> None:
        count, last = uow.people.failures(account, address)
        if count < FREE_TRIES or last is None:
            return
        wait = timedelta(seconds=min(900, 2 ** (count - FREE_TRIES)))
        if now < last + wait:
            seconds = int((last + wait - now).total_seconds()) + 1
            raise refused("right", "password", f"密码错误次数过多，请{seconds}秒后再试")


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody has this one")


def easily_guessed(password: str, local: Iterable[str]) -> str:
    """The words (common ones, and the account, names and units here) that make up nearly all of a password, or ""."""
    left, found = unicodedata.normalize("NFKC", password).casefold(), []
    for word in sorted({*COMMON, *(each.casefold() for each in local)}, key=len, reverse=True):
        if len(word) > 1 and word in left:
            left = left.replace(word, "")
            found.append(word)
    return "" if len(set(left)) >= LEAST_OWN else "、".join(f"「{each}」" for each in found) or "重复的字符"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
