"""Taking in a calendar: checked, kept with its source, every running deadline worked out again, the rest reported."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from engine.access import RECALCULATORS
from engine.cases.decide import decide
from engine.cases.model import Command, Decision, Refusal
from engine.cases.plan import plan_of
from engine.cases.recalculation import ITSELF, PERSON, Change, told
from engine.definitions.facts import SYSTEM
from engine.errors import RightRefused, RuleRefused
from engine.services.keeping import Keeper
from engine.services.office import Office, actor_of, case_for
from engine.services.refusals import raised, refused
from engine.storage.calendars import PASSES, StoredLine, StoredReport
from engine.storage.unit_of_work import Conflict
from engine.workdays import Calendar
from engine.workdays.orders import CalendarFile, check_order, key_of, read_order

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

LOG = logging.getLogger(__name__)
Told = TypeVar("Told")
RETRIES = 5
SETTLED_AFTER = timedelta(minutes=2)
"""When the cases are gone through again: by then every node decides on the new calendar."""

UNKNOWN = "*"
"""Stands for the deadlines of a case that could not be worked out."""

STATUS = {ITSELF: "done", PERSON: "open"}
"""What a line is when it is written; a date that stays is told and nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What taking in a calendar file did: its report, the new version, lines by how they apply.

    `repeated` when the same file had been taken in before.
    """

    report: int
    version: str
    itself: int
    person: int
    stays: int
    faults: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What accepting a report did: dates moved, dates that had changed meanwhile, cases that could not be written."""

    report: int
    moved: int
    moot: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report in one line."""

    report: StoredReport
    open: int
    lines: int

    @property
    def complete(self) -> bool:
        """True once every case was gone through, on every node's calendar."""
        return self.report.passes >= PASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """Calendar files and recalculations, for one office."""

    office: Office

    def apply(self, file: CalendarFile, by: str) -> Applied:
        """Take in a calendar file and work out every running deadline again.

        Raises InputError for a file that cannot be read, RuleRefused for one that cannot be right or is no newer than
        what is in force. The same file again changes nothing and gives its report.
        """
        key_of(file)
        with self.office.archive.begin() as uow:
            report = self._taken(uow, file, by)
            repeated = report is not None
            if report is None:
                report = self._take(uow, file, by)
                uow.commit()
        self.office.almanac.refresh()
        while self.go_on():
            pass
        lines = Counter(each.applies for each in self.lines(report))
        version = self.office.calendar.version
        return Applied(
            report=report,
            version=version,
            itself=lines["itself"],
            person=lines["person"],
            stays=lines["stays"],
            faults=lines["fault"],
            repeated=repeated,
        )

    def _taken(self, uow: UnitOfWork, file: CalendarFile, by: str) -> int | None:
        """The report of a file that was taken in already, word for word; None for a new one."""
        if file not in uow.calendars.files():
            return None
        return next((each.id for each in uow.calendars.reports() if each.name == file.name), None)

    def _take(self, uow: UnitOfWork, file: CalendarFile, by: str) -> int:
        files = uow.calendars.files()
        before = self.office.almanac.with_files(files)
        if file.stem.startswith("holidays"):
            _newer(file, before)
        after = self.office.almanac.with_files((*files, file))
        if after.version == before.version:
            raise RuleRefused(f"{file.name} 与现行日历没有不同，不必载入")
        return uow.calendars.add(file, (before.version, after.version), at=self.office.now(), by=by)

    def refresh(self) -> None:
        """Learn of a calendar that another node took in."""
        self.office.almanac.refresh()

    def go_on(self, limit: int = 200) -> int:
        """Go on through the cases for the newest report; how many were looked at, 0 when there is nothing to do."""
        with self.office.archive.read() as uow:
            report = next(iter(uow.calendars.reports()), None)
            if report is None or report.passes >= PASSES or self._too_early(report):
                return 0
            numbers = uow.calendars.running(report.scanned, limit)
            before = self.office.almanac.with_files(uow.calendars.files()[:-1])
        self.office.almanac.refresh()
        for number in numbers:
            try:
                _again(partial(self._look, report, number, before))
            except Exception as error:  # noqa: BLE001  one case's fault, whatever it is, must not stop the others
                self._fault(report, number, error)
        ended = len(numbers) < limit
        with self.office.archive.begin() as uow:
            uow.calendars.scanned(report.id, to="" if ended else numbers[-1], passes=report.passes + ended)
            uow.commit()
        return len(numbers)

    def _too_early(self, report: StoredReport) -> bool:
        return report.passes > 0 and self.office.now() < report.made_at + SETTLED_AFTER

    def _look(self, report: StoredReport, number: str, before: Calendar) -> None:
        """One case: its lines into the report, and what moves by itself moved with an entry."""
        now = self.office.now()
        with self.office.archive.begin() as uow:
            case = uow.cases.load(number, lock=True)
            if case is None:
                return
            workflow = self.office.version(uow.cases.definition_of(number))
            uow.calendars.drop_line(report.id, number, UNKNOWN)
            found = told(plan_of(workflow), case, (before, self.office.calendar), now=now)
            if not found:
                uow.commit()
                return
            values = {"report": report.id}
            key = f"recalculation:{report.id}:{number}:{report.passes}"
            command = Command(key, number, "case.recalculate", SYSTEM, values)
            outcome = decide(workflow, case, command, now, self.office.calendar)
            if isinstance(outcome, Decision):
                Keeper(office=self.office, uow=uow, now=now).keep(outcome, workflow, {})
            uow.calendars.put_lines(report.id, [_line(number, each) for each in found])
            uow.commit()

    def _fault(self, report: StoredReport, number: str, error: Exception) -> None:
        """A case that could not be worked out stands in the report until the next pass succeeds with it."""
        LOG.error("recalculation of %s failed: %s", number, type(error).__name__)
        today = self.office.today()
        line = StoredLine(
            case=number,
            deadline=UNKNOWN,
            protects="internal",
            due_before=today,
            due_after=today,
            applies="fault",
            status="fault",
        )
        with self.office.archive.begin() as uow:
            uow.calendars.put_lines(report.id, [line])
            uow.commit()

    def reports(self) -> tuple[ReportRow, ...]:
        """Every report, newest first, with how many of its lines still wait for a person."""
        with self.office.archive.read() as uow:
            rows = []
            for each in uow.calendars.reports():
                lines = uow.calendars.lines(each.id)
                rows.append(ReportRow(report=each, open=sum(e.status == "open" for e in lines), lines=len(lines)))
            return tuple(rows)

    def lines(self, report: int) -> tuple[StoredLine, ...]:
        """The lines of a report; RuleRefused when there is none of this number."""
        with self.office.archive.read() as uow:
            if uow.calendars.report(report) is None:
                raise refused("rule", "report", f"没有第{report}号重算报告；yingfan calendar report list 列出各报告")
            return tuple(uow.calendars.lines(report))

    def accept(self, report: int, account: str, *, os_user: str = "") -> Accepted:
        """Move what waited for a person, case by case, each with an entry that names who accepted.

        May be run again after a crash: what was moved stays, the rest follows. Raises RightRefused for a person who
        may not decide this.
        """
        waiting: dict[str, dict[str, date]] = {}
        for line in self.lines(report):
            if line.status == "open":
                waiting.setdefault(line.case, {})[line.deadline] = line.due_after
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
        today = self.office.today()
        if not any(h.role in RECALCULATORS and h.first <= today <= h.last for h in actor.roles):
            raise refused("right", "right", "重算报告由教体局专干或教体局领导确认")
        counts: Counter[str] = Counter()
        for number, accepts in waiting.items():
            command = Command(
                request_id=f"recalculation:{report}:{number}",
                case=number,
                trigger="case.recalculate",
                actor=actor,
                values={"report": report, "accepts": accepts},
                os_user=os_user,
            )
            try:
                counts.update(_again(partial(self._accept, report, command, accepts)) or {"left": 1})
            except RightRefused:
                counts["left"] += 1
        with self.office.archive.begin() as uow:
            if not counts["left"]:
                uow.calendars.accepted(report, by=account, at=self.office.now())
            uow.commit()
        return Accepted(report=report, moved=counts["moved"], moot=counts["moot"], left=counts["left"])

    def _accept(self, report: int, command: Command, accepts: Mapping[str, date]) -> Mapping[str, int]:
        now = self.office.now()
        with self.office.archive.begin() as uow:
            case = case_for(uow, command.case, command.actor, today=self.office.today())
            workflow = self.office.version(uow.cases.definition_of(command.case))
            outcome = decide(workflow, case, command, now, self.office.calendar)
            if isinstance(outcome, Refusal) and outcome.kind != "moot":
                raise raised(outcome)
            moved: list[str] = []
            if isinstance(outcome, Decision):
                kept = Keeper(office=self.office, uow=uow, now=now).keep(outcome, workflow, {})
                moved = [name for name, due in accepts.items() if kept.deadlines[name].due_on == due]
            uow.calendars.settle(report, command.case, done=moved)
            uow.commit()
            return {"moved": len(moved), "moot": len(accepts) - len(moved)}


def _newer(file: CalendarFile, before: Calendar) -> None:
    """Refuse an order that cannot be right, or that is no newer than the one in force."""
    order = read_order(file)
    wrong = check_order(order)
    if wrong:
        raise RuleRefused(f"{file.name} 不能载入：{'；'.join(wrong)}")
    known = before.orders.get(order.year)
    if known is not None and known.revision >= order.revision:
        raise RuleRefused(
            f"{file.name} 是{order.year}年第{order.revision}版，现行已是第{known.revision}版；修订应写更大的 revision"
        )
    if known is not None and known.published and not order.published:
        raise RuleRefused(f"{order.year}年的安排已经公布，不能换成暂定的")


def _line(number: str, change: Change) -> StoredLine:
    return StoredLine(
        case=number,
        deadline=change.deadline,
        protects=change.protects,
        due_before=change.due_before,
        due_after=change.due_after,
        applies=change.applies,
        status=STATUS.get(change.applies, "told"),
    )


def _again(step: Callable[[], Told]) -> Told | None:
    """Run a step until no other writer was first; None when that never happened."""
    for _ in range(RETRIES):
        try:
            return step()
        except Conflict:
            continue
    return None
