"""People, their dated roles, who stands in for them, and their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, insert, or_, select, update

from engine.definitions.facts import HeldRole, Person
from engine.storage.driver import Statement
from engine.storage.rows import StoredRole
from engine.storage.statements import Hot
from engine.storage.tables import ATTEMPT, PERSON, ROLE, SESSION
from engine.storage.types import instant_from

_THEIRS = and_(
    ROLE.c.district == PERSON.c.district,
    or_(ROLE.c.account == PERSON.c.account, ROLE.c.covers == PERSON.c.account),
)
_PEOPLE = (
    select(PERSON.c.account.label("person"), PERSON.c.name, ROLE)
    .select_from(PERSON.outerjoin(ROLE, _THEIRS))
    .where(PERSON.c.district == bindparam("at_district"))
    .order_by(PERSON.c.account, ROLE.c.id)
)
_GIVEN = Hot(select(ROLE).where(ROLE.c.district == bindparam("at_district")).order_by(ROLE.c.id))
_ALL = Hot(_PEOPLE)
_NAMES = Hot(select(PERSON.c.account, PERSON.c.name).where(PERSON.c.district == bindparam("at_district")))
_ONE = Hot(_PEOPLE.where(PERSON.c.account == bindparam("at_account")))
"""Every act reads who does it; days come out as the database keeps them."""

_SESSION = Hot(
    select(SESSION).where(SESSION.c.district == bindparam("at_district"), SESSION.c.token == bindparam("at_token"))
)


def question(name: str, district: str, account: str) -> Statement:
    """What `PeopleStore.get` asks, in the words of a database."""
    return _ONE.of(name, {"at_district": district, "at_account": account})


class PeopleStore:
    """People, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district
        self._asked: dict[str, Person | None] = {}

    def add(self, person: Person, approved_by: str, *, recorded_by: str = "") -> None:
        """A person with dated roles; the same account again adds nothing."""
        if self.get(person.account) is not None:
            return
        row = {"district": self._district, "account": person.account, "name": person.name, "password": ""}
        self._connection.execute(insert(PERSON), row)
        self.give(person.account, person.roles, approved_by, recorded_by=recorded_by)

    def give(self, account: str, roles: Iterable[HeldRole], approved_by: str, *, recorded_by: str = "") -> None:
        """More roles for a person, each approved by this account."""
        rows = [
            {
                "district": self._district,
                "account": account,
                "role": held.role,
                "unit": held.unit,
                "first": held.first,
                "last": held.last,
                "approved_by": approved_by,
                "covers": held.covers,
                "basis": held.basis,
                "recorded_by": recorded_by,
            }
            for held in roles
        ]
        if rows:
            self._connection.execute(insert(ROLE), rows)

    def end(self, id_: int, last: date) -> None:
        """Let a role end with another last day; one that then ends before it begins was never held."""
        at = (ROLE.c.district == self._district) & (ROLE.c.id == id_)
        self._connection.execute(update(ROLE).where(at).values(last=last))

    def roles(self) -> list[StoredRole]:
        """Every role as it was given, in the order of giving."""
        rows = _GIVEN.run(self._connection, {"at_district": self._district})
        return [StoredRole(r.id, r.account, _held(r), r.approved_by, r.recorded_by) for r in rows]

    def get(self, account: str) -> Person | None:
        """The person of an account, or None."""
        return self._asked[account] if account in self._asked else self._read(account)

    def asked(self, account: str, cursor: Any) -> None:
        """Take the answer to the question that was asked as the transaction began."""
        rows = _ONE.rows(cursor).all()
        self._asked[account] = _person(account, rows) if rows else None

    def all(self) -> list[Person]:
        """Everybody, by account."""
        rows: dict[str, list[Any]] = {}
        for row in _ALL.run(self._connection, {"at_district": self._district}):
            rows.setdefault(row.person, []).append(row)
        return [_person(each, several) for each, several in rows.items()]

    def names(self) -> dict[str, str]:
        """Everybody's name by account."""
        return {row.account: row.name for row in _NAMES.run(self._connection, {"at_district": self._district})}

    def _read(self, account: str) -> Person | None:
        rows = _ONE.run(self._connection, {"at_district": self._district, "at_account": account}).all()
        return _person(account, rows) if rows else None

    def set_password(self, account: str, hashed: str) -> None:
        """Store a password's hash."""
        at = (PERSON.c.district == self._district) & (PERSON.c.account == account)
        self._connection.execute(update(PERSON).where(at).values(password=hashed))

    def password_of(self, account: str) -> str | None:
        """The stored hash, or None for an unknown account or one without a password."""
        at = (PERSON.c.district == self._district) & (PERSON.c.account == account)
        return self._connection.execute(select(PERSON.c.password).where(at)).scalar() or None

    def attempted(self, account: str, address: str, at: datetime, *, good: bool) -> None:
        """Count a wrong password, or forget the wrong ones after a right one."""
        place = self._attempts(account, address)
        if good:
            self._connection.execute(delete(ATTEMPT).where(place))
            return
        counted = update(ATTEMPT).where(place).values({"count": ATTEMPT.c["count"] + 1, "last_at": at})
        if self._connection.execute(counted).rowcount == 0:
            row = {"district": self._district, "account": account, "address": address, "count": 1, "last_at": at}
            self._connection.execute(insert(ATTEMPT), row)

    def _attempts(self, account: str, address: str) -> ColumnElement[bool]:
        return and_(ATTEMPT.c.district == self._district, ATTEMPT.c.account == account, ATTEMPT.c.address == address)

    def failures(self, account: str, address: str) -> tuple[int, datetime | None]:
        """How many wrong passwords in a row, and when the last one was."""
        found = select(ATTEMPT.c["count"], ATTEMPT.c.last_at).where(self._attempts(account, address))
        row = self._connection.execute(found).first()
        return (row[0], row[1]) if row is not None else (0, None)

    def open_session(self, token: str, account: str, at: datetime) -> None:
        """A new session under the hash of its token."""
        row = {"district": self._district, "token": token, "account": account}
        self._connection.execute(insert(SESSION), {**row, "created_at": at, "seen_at": at, "ended_at": None})

    def session(self, token: str, idle_since: datetime, *, made_since: datetime) -> tuple[str, datetime] | None:
        """The account of a live session and when it was last seen; None for one that ended."""
        row = _SESSION.run(self._connection, {"at_district": self._district, "at_token": token}).first()
        if row is None or row.ended_at is not None:
            return None
        seen = instant_from(row.seen_at)
        if seen < idle_since or instant_from(row.created_at) < made_since:
            return None
        return str(row.account), seen

    def seen(self, token: str, now: datetime) -> None:
        """A session is in use now, which keeps it alive."""
        self._connection.execute(update(SESSION).where(self._session(token)).values(seen_at=now))

    def close_session(self, token: str, now: datetime) -> None:
        """End a session."""
        self._connection.execute(update(SESSION).where(self._session(token)).values(ended_at=now))

    def expired(self, token: str, made_since: datetime) -> str:
        """The account of a session that nobody ended; empty for one that was ended or began earlier."""
        row = self._connection.execute(select(SESSION).where(self._session(token))).first()
        return "" if row is None or row.ended_at is not None or row.created_at < made_since else str(row.account)

    def _session(self, token: str) -> ColumnElement[bool]:
        return and_(SESSION.c.district == self._district, SESSION.c.token == token)

    def close_sessions(self, account: str, now: datetime) -> None:
        """End every session of a person."""
        at = and_(SESSION.c.district == self._district, SESSION.c.account == account, SESSION.c.ended_at.is_(None))
        self._connection.execute(update(SESSION).where(at).values(ended_at=now))


def _held(row: Any) -> HeldRole:
    first, last = date.fromisoformat(row.first), date.fromisoformat(row.last)
    return HeldRole(role=row.role, unit=row.unit, first=first, last=last, covers=row.covers, basis=row.basis)


def _person(account: str, rows: list[Any]) -> Person:
    """A person whose roles rest while somebody stands in: on any day one person holds the power."""
    away = tuple(replace(_held(row), covers=row.account, basis="") for row in rows if row.covers == account)
    own = (_held(row) for row in rows if row.account == account)
    roles = tuple(piece for held in own for piece in _working(held, away))
    return Person(account=account, name=rows[0].name, roles=roles, away=away)


def _working(held: HeldRole, away: Iterable[HeldRole]) -> Iterator[HeldRole]:
    """The times of a role that are left when the leaves are taken out."""
    first = held.first
    leaves = (each for each in away if (each.role, each.unit) == (held.role, held.unit) and not held.covers)
    for leave in sorted(leaves, key=lambda each: each.first):
        if leave.first > first:
            yield replace(held, first=first, last=min(held.last, leave.first - _DAY))
        first = max(first, leave.last + _DAY)
    if first <= held.last or first == held.first:
        yield replace(held, first=first)


_DAY = timedelta(days=1)
