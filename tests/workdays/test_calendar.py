"""Calendars: every day of six years against two independent sources; revisions; bad files."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

from engine.errors import InputError, InstallationError
from engine.paths import config_dir
from engine.workdays import Calendar, Hold, Span, Unit, load_calendar, reckon

FILES = config_dir() / "calendar"
SYNTHETIC = Path(__file__).parent / "data" / "holidays-2026-r2.csv"
LOADED = load_calendar(FILES)
DAYS = [date(2021, 1, 1) + timedelta(days=n) for n in range((date(2026, 12, 31) - date(2021, 1, 1)).days + 1)]
HEAD = "order,试\ndated,2026-01-01\nstatus,published\nrevision,1\n"


def with_file(tmp_path: Path, name: str, text: str) -> Path:
    """A folder with one file."""
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


class TestDays:
    """What is a workday."""

    def test_chinesecalendar(self) -> None:
        """Every day of 2021 to 2026 is what chinesecalendar says."""
        assert [] == [day for day in DAYS if LOADED.is_workday(day) != chinese_calendar.is_workday(day)]

    def test_holidays(self) -> None:
        """Every day of 2021 to 2026 is what holidays says."""
        china = holidays.country_holidays("CN", years=range(2021, 2027))
        assert [] == [day for day in DAYS if LOADED.is_workday(day) != china.is_working_day(day)]

    def test_statutory_fallback(self) -> None:
        """The statutory days of a year without an order are those that holidays works out for it."""
        china = holidays.country_holidays("CN", years=[2027], observed=False)
        named = {day for day in china if day.year == 2027}
        fallen = {date(2027, 1, 1) + timedelta(days=n) for n in range(365)}
        assert named == {day for day in fallen if "法定节假日" in LOADED.day(day).why}

    def test_why(self) -> None:
        """Each day tells why it is what it is, and whether that can change."""
        told = {
            day: LOADED.day(date.fromisoformat(day)) for day in ("2026-10-01", "2026-09-20", "2026-09-19", "2026-12-25")
        }
        assert ["国庆节放假", "国庆节调休上班", "休息日", "工作日"] == [each.why for each in told.values()]
        assert [False, False, False, True] == [each.provisional for each in told.values()]

    def test_years(self) -> None:
        """The loaded years are told."""
        assert (2021, 2022, 2023, 2024, 2025, 2026) == LOADED.years()

    def test_next(self) -> None:
        """The next school day and workday are found, or there is none in the tables."""
        assert date(2027, 2, 22) == LOADED.next_school_day(date(2027, 2, 1))
        assert LOADED.next_school_day(date(2047, 1, 1)) is None
        assert date(2026, 10, 8) == LOADED.next_workday(date(2026, 10, 1))
        for day in (date(2014, 12, 31), date(2047, 1, 1)):
            with pytest.raises(InputError, match="超出日历表"):
                LOADED.next_workday(day)

    def test_school(self) -> None:
        """A workday inside a vacation is no school day; a school year that is not loaded is provisional."""
        assert LOADED.is_workday(date(2026, 7, 20))
        assert not LOADED.is_school_day(date(2026, 7, 20))
        assert LOADED.is_school_day(date(2026, 9, 20))
        assert LOADED.is_provisional(date(2024, 9, 2), school=True)
        assert not LOADED.is_provisional(date(2026, 9, 2), school=True)


class TestRevisions:
    """An order that is changed after publication."""

    def test_highest_wins(self, tmp_path: Path) -> None:
        """The highest revision of a year counts, and the version says that something changed."""
        folder = tmp_path / "calendar"
        shutil.copytree(FILES, folder)
        shutil.copy(SYNTHETIC, folder)
        revised = load_calendar(folder)
        assert revised.orders[2026].revision == 2
        assert revised.version != LOADED.version
        before = reckon(date(2026, 4, 28), Span.parse("3 workdays"), LOADED)
        after = reckon(date(2026, 4, 28), Span.parse("3 workdays"), revised)
        assert (before.due_on, after.due_on) == (date(2026, 5, 6), date(2026, 5, 7))

    def test_provisional_order(self, tmp_path: Path) -> None:
        """A provisional order gives provisional dates."""
        text = HEAD.replace("published", "provisional") + "2030-01-01,off,元旦\n"
        found = load_calendar(with_file(tmp_path, "holidays-2030.csv", text))
        assert found.day(date(2030, 1, 1)).why == "元旦放假"
        assert reckon(date(2030, 1, 1), Span.parse("1 workday"), found).provisional

    def test_gap(self) -> None:
        """Published years are settled only as far as they are unbroken."""
        orders = {year: LOADED.orders[year] for year in (2021, 2022, 2024)}
        found = Calendar(orders)
        assert found.settled[0] == date(2024, 1, 1).toordinal()


class TestFiles:
    """Bad files are refused with their line."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (HEAD + "2026-01-01,off\n", "holidays-2026.csv:5: 应为"),
            (HEAD + "2026-01-01,maybe,元旦\n", "holidays-2026.csv:5: 应为"),
            (HEAD + "2026-02-30,off,元旦\n", "holidays-2026.csv:5: .*不是日期"),
            (HEAD + "2026-01-01,off,元旦\n2026-01-01,off,元旦\n", "写了两次"),
            (HEAD + "2029-01-01,off,元旦\n", "不在2026年"),
            (HEAD + "2025-11-30,off,元旦\n", "holidays-2026.csv:5: .*12月"),
            (HEAD + "20260101,off,元旦\n", "holidays-2026.csv:5: .*不是日期"),
            (HEAD + "2026-01-01,off,\n", "holidays-2026.csv:5: 应为"),
            ("order\n" + HEAD.partition("\n")[2], "缺少 order 行"),
            (HEAD.replace("dated,2026-01-01", "dated,去年"), "「去年」不是日期"),
            (HEAD + '2026-01-01,off,"' + "长" * 140_000 + "\n", "holidays-2026.csv:5: 不是 CSV"),
            ("order,试\n2026-01-01,off,元旦\n", "缺少 dated、status、revision"),
            (HEAD.replace("published", "perhaps"), "status 应为"),
            (HEAD.replace("revision,1", "revision,x"), "revision 应为整数"),
        ],
    )
    def test_orders(self, tmp_path: Path, text: str, message: str) -> None:
        """A bad order is refused with file, line and what would be accepted."""
        with pytest.raises(InputError, match=message):
            load_calendar(with_file(tmp_path, "holidays-2026.csv", text))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("year,2026-09-01\n", "school-x.csv:1: 应为"),
            ("vacation,2026-09-01,2026-09-02\n", "school-x.csv:1: 应为"),
            ("year,2026-09-02,2026-09-01\n", "早于起"),
            ("term,2026-09-01,2026-09-02\n", "缺少 year 行"),
            ("year,2026-09-01,2027-08-31\nterm,2026-08-31,2026-12-01\n", "school-x.csv:2: .*不在学年"),
            ("year,2026-09-01,2027-08-31\nyear,2027-09-01,2028-08-31\n", "school-x.csv:2: .*写了两次"),
        ],
    )
    def test_school_years(self, tmp_path: Path, text: str, message: str) -> None:
        """A bad school year is refused with file and line."""
        with_file(tmp_path, "holidays-2026.csv", HEAD + "# 注释\n\n2026-01-01,off,元旦\n")
        with pytest.raises(InputError, match=message):
            load_calendar(with_file(tmp_path, "school-x.csv", text))

    def test_overlapping_school_years(self, tmp_path: Path) -> None:
        """Two school years that overlap are refused: a day would have two answers."""
        with_file(tmp_path, "holidays-2026.csv", HEAD + "2026-01-01,off,元旦\n")
        with_file(tmp_path, "school-a.csv", "year,2026-09-01,2027-08-31\n")
        with pytest.raises(InputError, match=r"school-b\.csv:1: .*重叠"):
            load_calendar(with_file(tmp_path, "school-b.csv", "year,2027-08-31,2028-08-31\n"))

    def test_same_revision_twice(self, tmp_path: Path) -> None:
        """Two files of one revision are refused: nobody could say which counts."""
        with_file(tmp_path, "holidays-2026.csv", HEAD + "2026-01-01,off,元旦\n")
        with pytest.raises(InputError, match="第1版已在另一个文件里"):
            load_calendar(with_file(tmp_path, "holidays-2026-r2.csv", HEAD + "2026-01-02,off,元旦\n"))

    def test_name(self, tmp_path: Path) -> None:
        """A file whose name has no year is refused with how it should be called."""
        with pytest.raises(InputError, match="文件名应为"):
            load_calendar(with_file(tmp_path, "holidays-next.csv", HEAD))

    @pytest.mark.parametrize("text", ["2027-02-05\n", "2027-02-05,\n", "2027-2-5,除夕\n"])
    def test_statutory(self, tmp_path: Path, text: str) -> None:
        """A bad lunar day is refused with file and line."""
        with_file(tmp_path, "holidays-2026.csv", HEAD + "2026-01-01,off,元旦\n")
        with pytest.raises(InputError, match=r"statutory\.csv:1: "):
            load_calendar(with_file(tmp_path, "statutory.csv", text))

    def test_nothing(self, tmp_path: Path) -> None:
        """A folder without orders is an installation's fault."""
        with pytest.raises(InstallationError, match="没有节假日文件"):
            load_calendar(tmp_path)

    def test_unreadable(self, tmp_path: Path) -> None:
        """A file that is no text is an installation's fault."""
        (tmp_path / "holidays-2026.csv").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(InstallationError, match="无法读取"):
            load_calendar(tmp_path)


class TestSpans:
    """Spans as the law writes them."""

    @pytest.mark.parametrize("text", [f"3 {unit.value}" for unit in Unit])
    def test_round_trip(self, text: str) -> None:
        """A span's text reads back to the span."""
        assert text == str(Span.parse(text))

    def test_words(self) -> None:
        """A span is printed in the words of an order."""
        texts = ["10 workdays", "30 calendar days", "6 months", "1 year", "2 weeks", "3 school days", "6 hours"]
        assert ["10个工作日", "30日", "6个月", "1年", "2周", "3个上课日", "6小时"] == [Span.parse(t).zh for t in texts]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "0 workdays",
            "012 workdays",
            "1.5 workdays",
            "３ workdays",
            "3工作日",
            "3 days",
            "-1 weeks",
            "9999 workdays",
        ],
    )
    def test_refused(self, text: str) -> None:
        """Anything else is refused with what would be accepted."""
        with pytest.raises(InputError, match="workdays"):
            Span.parse(text)

    @pytest.mark.parametrize("n", [0, -3, 3661])
    def test_number(self, n: int) -> None:
        """A span made from a number keeps the same bounds."""
        with pytest.raises(InputError, match="超出范围"):
            Span(n, Unit.WORKDAYS)

    def test_hold(self) -> None:
        """A hold does not end before it begins."""
        with pytest.raises(InputError, match="早于起点"):
            Hold(first=date(2026, 5, 2), last=date(2026, 5, 1))
