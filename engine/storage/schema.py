"""Which tables a database has, whose it is, and the facts it keeps about itself."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, literal, select, table
from sqlmodel import SQLModel

from engine.errors import InstallationError
from engine.storage import dialects
from engine.storage.tables import META, REVISION, VERSION

DISTRICT, KEYS, HELD, BACKED_UP = "district", "keys", "held", "backed_up_at"
SEALED = ("subject", "pupil", "finding", "entry")
"""Tables whose rows are sealed under keys, in every revision; what others seal has a row in one of these too."""

FIRST = "0001"
"""The revision of the first release, which did not write down a revision."""


def fact(connection: Connection, name: str, default: str = "") -> str:
    """A fact that the database keeps about itself."""
    return str(connection.execute(select(META.c.value).where(META.c.name == name)).scalar() or default)


def put_fact(connection: Connection, name: str, value: str) -> None:
    """Keep a fact about the database itself; an empty one is forgotten."""
    connection.execute(delete(META).where(META.c.name == name))
    if value:
        connection.execute(insert(META), {"name": name, "value": value})


def revision_of(connection: Connection) -> str:
    """The revision of the database's tables; empty for an empty database.

    Raises InstallationError for tables of another program.
    """
    tables = dialects.tables(connection)
    if not tables:
        return ""
    if META.name not in tables:
        raise InstallationError("这不是应返尽返的数据库")
    if REVISION.name not in tables:
        return FIRST
    return str(connection.execute(select(REVISION.c.version_num)).scalar() or FIRST)


def holds_sealed(connection: Connection) -> bool:
    """True where something was sealed already: then a lost key store must never be replaced by an empty one."""
    there = dialects.tables(connection)
    return any(
        connection.execute(select(literal(1)).select_from(table(name)).limit(1)).first() is not None
        for name in SEALED
        if name in there
    )


def create(connection: Connection, district: str, fingerprint: str) -> None:
    """Make the tables of an empty database of a district, under the key file of this fingerprint."""
    SQLModel.metadata.create_all(connection)
    connection.execute(insert(REVISION), {"version_num": VERSION})
    dialects.in_step(connection)
    dialects.append_only(connection)
    put_fact(connection, DISTRICT, district)
    put_fact(connection, KEYS, fingerprint)


def known(connection: Connection, district: str, fingerprint: str) -> None:
    """Refuse a database of another district or key file."""
    found = fact(connection, DISTRICT)
    if found != district:
        raise InstallationError(f"数据库属于区划「{found}」，设置里是「{district}」；请核对设置")
    if fact(connection, KEYS) != fingerprint:
        raise InstallationError("密钥文件与数据库不是一套；请换回原来的密钥文件")


def fits(found: str) -> None:
    """Refuse tables of another revision than the program's own, telling what helps."""
    if found > VERSION:
        raise InstallationError(f"数据库的表是第{found}版，程序只认识到第{VERSION}版；请换用新版程序")
    if found < VERSION:
        raise InstallationError(
            f"数据库的表是第{found}版，程序需要第{VERSION}版；请停止其他进程，运行 yingfan db upgrade（先自动备份）"
        )
