"""Uploaded lists: kept sealed until their columns are confirmed and a person has seen what the import would do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Any

from engine.roster.columns import Proposal
from engine.roster.sheets import file_hash
from engine.services.errors_sheet import Faulty, error_sheet
from engine.services.importing import KINDS, Imported, Importing, Manner, columns_of, counts_of, sheets_of
from engine.services.office import Office
from engine.services.refusals import NOT_FOUND, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An earlier import of the same file: when, by whom, what became of its rows."""

    at: datetime
    who: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An uploaded list: what it is, the columns it offers, and what became of it once it was imported."""

    id: str
    name: str
    kind: str
    kind_zh: str
    unit: str
    covers: str
    day: date | None
    proposals: tuple[Proposal, ...] = ()
    done: tuple[tuple[str, int], ...] = ()
    before: Before | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Uploaded lists, for one office."""

    office: Office

    def units(self, account: str) -> tuple[tuple[str, str], ...]:
        """Code and name of the units whose lists this person may bring in."""
        today = self.office.today()
        with self.office.archive.read() as uow:
            person = uow.people.get(account)
            held = [each.unit for each in person.roles if each.first <= today <= each.last] if person else []
            names = {unit.code: unit.name for unit in uow.units.on(today)}
            return tuple((code, names[code]) for code in dict.fromkeys(held) if code in names)

    def put(self, file: tuple[str, bytes], kind: str, account: str, *, unit: str, told: Manner, covers: str) -> str:
        """Keep an uploaded file of a person who may import lists for this unit; its id.

        Raises InputError for another kind of list and for a file that cannot be read, RightRefused for who may not.
        """
        name, content = file
        Importing(office=self.office, unit=unit, manner=told, dry_run=True).allowed(kind, account)
        files = self.office.archive.pending(self.office.settings.data / "uploads")
        files.clear(self.office.now())
        with _on_disk(name, content) as path:
            columns_of(path, kind)
        kept = {"account": account, "at": self.office.now(), "name": PurePath(name).name, "kind": kind, "unit": unit}
        return files.put({**kept, "covers": covers, "day": told.day}, content)

    def kept(self, id_: str, account: str) -> Waiting:
        """One's own uploaded list, not looked into: that takes as long as reading it. RightRefused for any other."""
        return _waiting(id_, self._mine(id_, account)[0])

    def waiting(self, id_: str, account: str) -> Waiting:
        """One's own uploaded list with the columns it offers; RightRefused for any other."""
        told, content = self._mine(id_, account)
        found = _waiting(id_, told)
        if found.done:
            return found
        with _on_disk(found.name, content) as path:
            return replace(found, proposals=columns_of(path, found.kind), before=self._before(path))

    def _before(self, path: Path) -> Before | None:
        """The last import of the same file, whatever its name was and whoever brought it."""
        with self.office.archive.read() as uow:
            for account, what, at in uow.log.accesses(file_hash(path), most=1):
                person = uow.people.get(account)
                counts = (each.partition("=")[::2] for each in what.split()[1:])
                told = tuple((name, int(count)) for name, count in counts)
                return Before(at=at, who=person.name if person else account, counts=told)
        return None

    def weigh(self, id_: str, account: str, manner: Manner) -> Imported:
        """What importing it would do; nothing is kept."""
        return self._run(id_, account, manner, dry_run=True)

    def errors(self, id_: str, account: str, manner: Manner) -> bytes:
        """What is wrong with it as a workbook in which it can be mended and brought in again; nothing is kept."""
        told, content = self._mine(id_, account)
        importing = Importing(office=self.office, unit=told["unit"], manner=manner, dry_run=True)
        with _on_disk(told["name"], content) as path:
            tried = importing.run(path, told["kind"], account)
            sheets = sheets_of(path, told["kind"], manner)
            return error_sheet(Faulty(path=path, sheets=sheets, errors=tried.errors, whole=told["kind"] == "roster"))

    def keep(self, id_: str, account: str, manner: Manner) -> Waiting:
        """Import it and let go of the file; asked again, tell what was done and do nothing."""
        told, _ = self._mine(id_, account)
        if not told.get("done"):
            done = self._run(id_, account, manner, dry_run=False)
            told = {**told, "done": counts_of(done)}
            self.office.archive.pending(self.office.settings.data / "uploads").put(told, b"", id_=id_)
        return _waiting(id_, told)

    def discard(self, id_: str, account: str) -> None:
        """Let go of one's own uploaded list."""
        self._mine(id_, account)
        self.office.archive.pending(self.office.settings.data / "uploads").remove(id_)

    def _mine(self, id_: str, account: str) -> tuple[dict[str, Any], bytes]:
        found = self.office.archive.pending(self.office.settings.data / "uploads").get(id_)
        if found is None or found[0]["account"] != account:
            raise refused("right", "upload", NOT_FOUND)
        return found

    def _run(self, id_: str, account: str, manner: Manner, *, dry_run: bool) -> Imported:
        told, content = self._mine(id_, account)
        importing = Importing(office=self.office, unit=told["unit"], manner=manner, dry_run=dry_run)
        with _on_disk(told["name"], content) as path:
            return importing.run(path, told["kind"], account)


def _waiting(id_: str, told: dict[str, Any]) -> Waiting:
    return Waiting(
        id=id_,
        name=told["name"],
        kind=told["kind"],
        kind_zh=KINDS[told["kind"]],
        unit=told["unit"],
        covers=told["covers"],
        day=told["day"],
        done=tuple(told.get("done", {}).items()),
    )


@contextmanager
def _on_disk(name: str, content: bytes) -> Iterator[Path]:
    """The file as long as it is read, in a folder of its own that nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="yingfan-") as folder:
        # The name is a person's: only its ending is used, messages name the file by it.
        plain = "".join(sign for sign in name.replace("\\", "/") if sign.isprintable())
        path = Path(folder) / (PurePath(plain).name[-60:].lstrip(".") or "list")
        path.write_bytes(content)
        yield path
