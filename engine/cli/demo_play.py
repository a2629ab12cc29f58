"""Playing the demonstration: lists in, acts through the real services on their days, documents out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it publishes no types

from engine.app import App
from engine.cli.demo_script import CONFIRMED, ENDING, EVENTS, LATE, LATE_ON, OPENING, Opening, Scene
from engine.cli.demo_telling import Teller, shown
from engine.clock import LOCAL_ZONE, SteppedClock, at_local, local_day
from engine.definitions.facts import HeldRole
from engine.errors import InstallationError
from engine.services.model import ActRequest, OpenRequest
from engine.services.staff import Appointment
from engine.worker import sweep_awaited

AUDITOR = "auditor"
DEMO = "demo"
"""Stands for the machine's account where the demonstration installs itself."""
LATE_COLUMNS = (
    "学籍号", "姓名", "性别", "身份证号", "出生日期", "学校", "班级", "乡镇街道", "现居地",
    "监护人1姓名", "监护人1关系", "监护人1电话", "监护人2姓名", "监护人2关系", "监护人2电话",
)  # fmt: skip


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
        self.told = Teller(app=app, say=say)
        self.cases: dict[str, str] = {}
        """Case numbers by their part in the play."""

    def run(self) -> Teller:
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
        self.say(f"{shown(self.clock.now())} 教体局导入学籍册：{register.rows}行，新增{register.new}人")
        roster = self.app.roster.import_file(self.sample / "roster.xlsx", "roster", "bureau")
        self.say(f"{shown(self.clock.now())} 教体局导入到校名册：{roster.rows}行，疑点{roster.findings}条")
        ours = [each for each in self.app.roster.findings("school") if each.kind_zh == "应到未到"]
        numbers = self.app.roster.confirm([each.id for each in ours[: len(CONFIRMED)]], "school", "demo-confirm")
        self.cases = dict(zip(CONFIRMED, numbers, strict=True))
        for number in numbers:
            self.told.news(number, words="确认疑点，立案")

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
        self.say(f"{shown(self.clock.now())} 学籍管理员补录学籍：新增{added.new}人")

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
        self.cases[opening.case] = number
        self.told.news(number, words=f"立案（{opening.detail}）")

    def _nights_until(self, until: datetime) -> None:
        """Every night at half past midnight the scheduler wakes the sweep; what it did is told."""
        day = local_day(self.clock.now())
        while day < local_day(until):
            day += timedelta(days=1)
            self.clock.set(at_local(day, 0, 30))
            swept = sweep_awaited(self.app)
            if swept.timers:
                self.told.system()

    def _numbers(self) -> list[str]:
        return [case.identity.number for case, _ in self.app.cases.listed(AUDITOR)]

    def _act(self, scene: Scene) -> None:
        self.clock.set(moment(scene.at))
        number = self.cases[scene.case]
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
        self.app.cases.advance(request)
        self.told.news(number)

    def _linked(self, number: str, name: str) -> str:
        """The newest linked case of this name."""
        with self.app.archive.read() as uow:
            case = uow.cases.load(number)
        links = case.links if case else ()
        return next(each.reference for each in reversed(links) if each.name == name)

    def _meant(self, value: object) -> object:
        """A form's value, or the number of the case that it stands for."""
        return self.cases[value[1:]] if isinstance(value, str) and value.startswith("@") else value

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
