"""Playing the demonstration: lists in, acts through the real services on their days, documents out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it publishes no types

from engine.app import App
from engine.cli.demo_script import CONFIRMED, ENDING, EVENTS, LATE, LATE_ON, OPENING, Opening, Scene
from engine.clock import LOCAL_ZONE, SteppedClock, at_local, local_day
from engine.definitions.facts import HeldRole
from engine.errors import InstallationError
from engine.services.model import ActRequest, CasePage, OpenRequest
from engine.services.staff import Appointment
from engine.worker import sweep_awaited

AUDITOR = "auditor"
DEMO = "demo"
"""Stands for the machine's account where the demonstration installs itself."""
LATE_COLUMNS = (
    "学籍号", "姓名", "性别", "身份证号", "出生日期", "学校", "班级", "乡镇街道", "现居地",
    "监护人1姓名", "监护人1关系", "监护人1电话", "监护人2姓名", "监护人2关系", "监护人2电话",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Told:
    """The play as it went: one line an act, and the documents that it left."""

    story: list[dict[str, object]] = field(default_factory=list)
    documents: list[Path] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    """Case numbers by their part in the play."""
    seen: dict[str, int] = field(default_factory=dict)
    """The last entry of each case that was told."""


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
        late: Path | None = self._late_list()
        for event in EVENTS:
            if late and event.at >= LATE_ON:
                self._enrol(late)
                late = None
            self._nights_until(moment(event.at))
            if isinstance(event, Opening):
                self._open(event)
            else:
                self._act(event)
        self._nights_until(moment(ENDING))
        self.clock.set(moment(ENDING))
        return self.told

    def _import(self) -> None:
        register = self.app.roster.import_file(self.sample / "register.xlsx", "register", "bureau")
        self.say(f"{self._now()} 教体局导入学籍册：{register.rows}行，新增{register.new}人")
        roster = self.app.roster.import_file(self.sample / "roster.xlsx", "roster", "bureau")
        self.say(f"{self._now()} 教体局导入到校名册：{roster.rows}行，疑点{roster.findings}条")
        ours = [each for each in self.app.roster.findings("school") if each.kind_zh == "应到未到"]
        numbers = self.app.roster.confirm([each.id for each in ours[: len(CONFIRMED)]], "school", "demo-confirm")
        self.told.cases = dict(zip(CONFIRMED, numbers, strict=True))
        for number in numbers:
            self._tell(number, "school", "确认疑点，立案")

    def _late_list(self) -> Path:
        """The list of one that the clerk types for a pupil who moved in."""
        path = self.app.settings.data / "register-late.xlsx"
        with Workbook(str(path)) as book:
            sheet = book.add_worksheet("学籍册")
            for at, row in enumerate((LATE_COLUMNS, LATE)):
                sheet.write_row(at, 0, row)
        return path

    def _enrol(self, path: Path) -> None:
        self._nights_until(moment(LATE_ON))
        self.clock.set(moment(LATE_ON))
        added = self.app.roster.import_file(path, "register", "clerk")
        path.unlink()
        self.say(f"{self._now()} 学籍管理员补录学籍：新增{added.new}人")

    def _open(self, opening: Opening) -> None:
        self.clock.set(moment(opening.at))
        request = OpenRequest(
            workflow="dropout-case",
            subject="pupil",
            account=opening.who,
            number=opening.number,
            fields={"kind": "reported", "detail": opening.detail, "absent_since": opening.absent_since},
            request_id=f"demo:{opening.at}:{opening.case}",
        )
        number = self.app.cases.open(request).case
        self.told.cases[opening.case] = number
        self._tell(number, opening.who, f"立案（{opening.detail}）")

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
        for case, _ in self.app.cases.listed(AUDITOR):
            number = case.identity.number
            if case.seq == self.told.seen.get(number, 0):
                continue
            page = self.app.cases.show(number, AUDITOR)
            for row in reversed(page.history):
                if row.trigger.startswith("timer.") and row.seq > self.told.seen.get(number, 0):
                    self._line(page, "系统", row.zh + "：" + "、".join(text for _, text in row.fields[:1]), row.trigger)
            self.told.seen[number] = case.seq

    def _numbers(self) -> list[str]:
        return [case.identity.number for case, _ in self.app.cases.listed(AUDITOR)]

    def _act(self, scene: Scene) -> None:
        self.clock.set(moment(scene.at))
        number = self.told.cases[scene.case]
        if scene.link:
            number = self._linked(number, scene.link)
        request = ActRequest(
            case=number,
            trigger=scene.did,
            account=scene.who,
            fields={name: self._meant(value) for name, value in scene.form.items()},
            request_id=f"demo:{scene.at}:{number}:{scene.did}",
            happened_on=_day(scene.happened) if scene.happened else None,
        )
        done = self.app.cases.advance(request)
        page = self.app.cases.show(number, AUDITOR)
        entry = next(row for row in page.history if row.seq == done.seq)
        self.told.seen[number] = max(row.seq for row in page.history)
        self._line(page, entry.who, entry.zh, entry.trigger)
        for document in done.documents:
            self.say(f"{'':17}文书 {document}")

    def _linked(self, number: str, name: str) -> str:
        """The newest linked case of this name."""
        with self.app.archive.read() as uow:
            case = uow.cases.load(number)
        links = case.links if case else ()
        return next(each.reference for each in reversed(links) if each.name == name)

    def _meant(self, value: object) -> object:
        """A form's value, or the number of the case that it stands for."""
        return self.told.cases[value[1:]] if isinstance(value, str) and value.startswith("@") else value

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
