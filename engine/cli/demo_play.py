"""Playing the demonstration: lists in, acts through the real services on their days, documents out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine.app import App
from engine.cli.demo_script import ENDING, GOES_ON, OPENING, RETURNS, SCENES, STAYS, Scene
from engine.clock import LOCAL_ZONE, SteppedClock, at_local, local_day
from engine.definitions.facts import HeldRole
from engine.errors import InstallationError
from engine.services.model import ActRequest, CasePage
from engine.services.staff import Appointment
from engine.worker import sweep_awaited

AUDITOR = "auditor"
DEMO = "demo"
"""Stands for the machine's account where the demonstration installs itself."""


@dataclass(slots=True, kw_only=True)
class Told:
    """The play as it went: one line an act, and the documents that it left."""

    story: list[dict[str, object]] = field(default_factory=list)
    documents: list[Path] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    """Case numbers by their part in the play."""


def moment(text: str) -> datetime:
    """The aware instant of a local time as the script writes it."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE).astimezone(UTC)


def settle(app: App, sample: Path, password: str) -> None:
    """Units and people of the sample as an installation takes them in, each with the demonstration's password."""
    rows = list(_rows(sample / "people.csv"))
    units = app.units.import_file(sample / "units.csv", os_user=DEMO)
    if units.errors:
        raise InstallationError(f"演示数据的单位表有错：第{units.errors[0].row}行 {units.errors[0].message}")
    app.staff.appoint(
        (
            Appointment(account=row["account"], name=row["name"], held=_held(row), approved_by=row["approved_by"])
            for row in rows
        ),
        os_user=DEMO,
    )
    hashed = app.people.hasher.hash(password)
    with app.archive.begin() as uow:
        for row in rows:
            uow.people.set_password(row["account"], hashed)
        uow.commit()


def _held(row: dict[str, str]) -> HeldRole:
    return HeldRole(role=row["role"], unit=row["unit"], first=_day(row["first"]), last=_day(row["last"]))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    except OSError as error:
        raise InstallationError(f"演示数据 {path} 无法读取：{error.strerror}") from None


def _day(text: str) -> date:
    return date.fromisoformat(text)


class Play:
    """One run of the demonstration."""

    def __init__(self, app: App, clock: SteppedClock, sample: Path, say: Callable[[str], None]) -> None:
        self.app = app
        self.clock = clock
        self.sample = sample
        self.say = say
        self.told = Told()

    def run(self) -> Told:
        """Import, confirm, act by act; nights pass through the scheduler."""
        self.clock.set(moment(OPENING))
        self._import()
        for scene in SCENES:
            self._nights_until(moment(scene.at))
            self._act(scene)
        self._nights_until(moment(ENDING))
        self.clock.set(moment(ENDING))
        return self.told

    def _import(self) -> None:
        register = self.app.roster.import_file(self.sample / "register.xlsx", "register", "bureau")
        self.say(f"{self._now()} 教体局导入学籍册：{register.rows}行，新增{register.new}人")
        roster = self.app.roster.import_file(self.sample / "roster.xlsx", "roster", "bureau")
        self.say(f"{self._now()} 教体局导入到校名册：{roster.rows}行，疑点{roster.findings}条")
        ours = [each for each in self.app.roster.findings("school") if each.kind_zh == "应到未到"]
        parts = (RETURNS, GOES_ON, STAYS)
        numbers = self.app.roster.confirm([each.id for each in ours[: len(parts)]], "school", "demo-confirm")
        self.told.cases = dict(zip(parts, numbers, strict=True))
        for number in numbers:
            self._tell(number, "school", "确认疑点，立案")

    def _nights_until(self, until: datetime) -> None:
        """Every night at half past midnight the scheduler wakes the sweep; what it did is told."""
        day = local_day(self.clock.now())
        while day < local_day(until):
            day += timedelta(days=1)
            self.clock.set(at_local(day, 0, 30))
            swept = sweep_awaited(self.app)
            if swept.timers:
                self._tell_system()

    def _tell_system(self) -> None:
        today = local_day(self.clock.now())
        for number in self._numbers():
            page = self.app.cases.show(number, AUDITOR)
            for row in reversed(page.history):
                if row.trigger.startswith("timer.") and local_day(row.recorded_at) == today:
                    self._line(page, "系统", row.zh + "：" + "、".join(text for _, text in row.fields[:1]), row.trigger)

    def _numbers(self) -> list[str]:
        return [case.identity.number for case, _ in self.app.cases.listed(AUDITOR)]

    def _act(self, scene: Scene) -> None:
        self.clock.set(moment(scene.at))
        number = self.told.cases[scene.case]
        if scene.link:
            number = self.app.cases.show(number, AUDITOR).links[-1][1]
        request = ActRequest(
            case=number,
            trigger=scene.did,
            account=scene.who,
            fields=scene.form,
            request_id=f"demo:{scene.at}:{number}:{scene.did}",
            happened_on=_day(scene.happened) if scene.happened else None,
        )
        done = self.app.cases.advance(request)
        history = self.app.cases.show(number, AUDITOR).history
        entry = next(row for row in history if row.seq == done.seq)
        self._tell(number, scene.who, entry.zh, entry.trigger)
        for document in done.documents:
            self.say(f"{'':17}文书 {document}")

    def _tell(self, number: str, who: str, did: str, trigger: str = "case.open") -> None:
        page = self.app.cases.show(number, AUDITOR)
        with self.app.archive.read() as uow:
            person = uow.people.get(who)
        self._line(page, person.name if person else who, did or page.history[0].zh, trigger)

    def _line(self, page: CasePage, who: str, did: str, trigger: str) -> None:
        due = min((each.due_on for each in page.deadlines if each.due_on and not each.waits_for), default=None)
        closed_as, channel = self._codes(page.number)
        self.told.story.append(
            {
                "on": local_day(self.clock.now()).isoformat(),
                "case": page.number,
                "who": who,
                "did": trigger,
                "zh": did,
                "state": page.state,
                "closed_as": closed_as or None,
                "channel": channel or None,
                "due_on": due.isoformat() if due else None,
            }
        )
        self.say(
            f"{self._now()} {page.number:<16} {who}：{did} → {page.state_zh}" + (f"（下一期限 {due}）" if due else "")
        )

    def _codes(self, number: str) -> tuple[str, str]:
        """The closing code and the referral channel of a case, as programs know them."""
        with self.app.archive.read() as uow:
            case = uow.cases.load(number)
        if case is None:
            raise InstallationError(f"个案 {number} 不见了")
        channels = [case.identity.channel, *(link.channel for link in case.links)]
        return case.closed_as, next((each for each in channels if each), "")

    def _now(self) -> str:
        return f"{self.clock.now().astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M}"

    def write_documents(self, folder: Path) -> list[Path]:
        """Every document as text, page and, where the kind is printed, PDF, under one stem each."""
        folder.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for number in self._numbers():
            page = self.app.cases.show(number, AUDITOR)
            notices = self.app.workflows[page.workflow].notices
            for row in page.documents:
                stem = folder / f"{number}-{row.id}-{row.kind}"
                with self.app.archive.read() as uow:
                    stored = uow.documents.get(number, row.id)
                if stored is None:
                    raise InstallationError(f"文书 {number}/{row.id} 不见了")
                written.append(_write(stem.with_name(stem.name + ".txt"), stored.filled.text.encode()))
                written.append(
                    _write(stem.with_name(stem.name + ".html"), self.app.notices.html(number, row.id, AUDITOR).encode())
                )
                if notices[row.kind].printed:
                    written.append(
                        _write(stem.with_name(stem.name + ".pdf"), self.app.notices.pdf(number, row.id, AUDITOR))
                    )
        return written


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
