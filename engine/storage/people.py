"""People, their roles and sessions; units and what lies inside them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from engine.definitions.facts import HeldRole, Person, UnitFacts
from engine.storage.rows import StoredUnit
from engine.storage.tables import ATTEMPT, PERSON, ROLE, SESSION, UNIT


class PeopleStore:
    """People, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def add(self, person: Person, approved_by: str) -> None:
        """A person with dated roles; the same account again adds nothing."""
        if self.get(person.account) is not None:
            return
        row = {"district": self._district, "account": person.account, "name": person.name, "password": ""}
        self._connection.execute(insert(PERSON), row)
        roles = [
            {
                "district": self._district,
                "account": person.account,
                "role": held.role,
                "unit": held.unit,
                "first": held.first,
                "last": held.last,
                "approved_by": approved_by,
            }
            for held in person.roles
        ]
        if roles:
            self._connection.execute(insert(ROLE), roles)

    def get(self, account: str) -> Person | None:
        """The person of an account, or None."""
        return next((each for each in self._read(account)), None)

    def all(self) -> list[Person]:
        """Everybody, by account."""
        return self._read(None)

    def _read(self, account: str | None) -> list[Person]:
        people = select(PERSON.c.account, PERSON.c.name).where(PERSON.c.district == self._district)
        roles = select(ROLE).where(ROLE.c.district == self._district).order_by(ROLE.c.id)
        if account is not None:
            people, roles = people.where(PERSON.c.account == account), roles.where(ROLE.c.account == account)
        held: dict[str, list[HeldRole]] = {}
        for row in self._connection.execute(roles):
            each = HeldRole(role=row.role, unit=row.unit, first=row.first, last=row.last)
            held.setdefault(row.account, []).append(each)
        return [
            Person(account=row.account, name=row.name, roles=tuple(held.get(row.account, ())))
            for row in self._connection.execute(people.order_by(PERSON.c.account))
        ]

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

    def session(self, token: str, now: datetime, idle_since: datetime, *, made_since: datetime) -> str | None:
        """The account of a live session, which counts as seen now; None for one that ended."""
        row = self._connection.execute(select(SESSION).where(self._session(token))).first()
        if row is None or row.ended_at is not None or row.seen_at < idle_since or row.created_at < made_since:
            return None
        self._connection.execute(update(SESSION).where(self._session(token)).values(seen_at=now))
        return str(row.account)

    def close_session(self, token: str, now: datetime) -> None:
        """End a session."""
        self._connection.execute(update(SESSION).where(self._session(token)).values(ended_at=now))

    def _session(self, token: str) -> ColumnElement[bool]:
        return and_(SESSION.c.district == self._district, SESSION.c.token == token)


class UnitStore:
    """Units, through one connection."""

    def __init__(self, connection: Connection, district: str) -> None:
        self._connection = connection
        self._district = district

    def add(self, units: Iterable[tuple[str, str, str, str, date, date]]) -> None:
        """Units as (code, name, kind, parent, first, last); known codes stay as they are."""
        known = {unit.code for unit in self.all()}
        names = ("code", "name", "kind", "parent", "first", "last")
        rows = [
            {"district": self._district, **dict(zip(names, unit, strict=True))}
            for unit in units
            if unit[0] not in known
        ]
        if rows:
            self._connection.execute(insert(UNIT), rows)

    def all(self) -> list[StoredUnit]:
        """Every unit, by code."""
        found = select(UNIT).where(UNIT.c.district == self._district).order_by(UNIT.c.code)
        return [StoredUnit(r.code, r.name, r.kind, r.parent, r.first, r.last) for r in self._connection.execute(found)]

    def get(self, code: str) -> StoredUnit | None:
        """One unit, or None."""
        return next((unit for unit in self.all() if unit.code == code), None)

    def facts(self, code: str, relation: str) -> UnitFacts | None:
        """A unit as a case sees it, with everything inside it; None for an unknown code."""
        units = self.all()
        found = next((unit for unit in units if unit.code == code), None)
        if found is None:
            return None
        area = frozenset(_inside(units, code))
        return UnitFacts(code=found.code, name=found.name, kind=found.kind, relation=relation, area=area)

    def area(self, code: str) -> set[str]:
        """The codes of a unit and of everything inside it."""
        return _inside(self.all(), code)

    def ancestors(self, code: str) -> list[str]:
        """The codes of the units above one, the nearest first; a unit that contains itself ends the list."""
        parents = {unit.code: unit.parent for unit in self.all()}
        above: list[str] = []
        at = parents.get(code, "")
        while at and at != code and at not in above:
            above.append(at)
            at = parents.get(at, "")
        return above


def _inside(units: Iterable[StoredUnit], code: str) -> set[str]:
    children: dict[str, list[str]] = {}
    for unit in units:
        children.setdefault(unit.parent, []).append(unit.code)
    inside: set[str] = set()
    waiting = [code]
    while waiting:
        each = waiting.pop()
        if each not in inside:
            inside.add(each)
            waiting.extend(children.get(each, ()))
    return inside
