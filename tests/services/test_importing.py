"""Importing lists: what is weighed, what waits for a person, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.errors import InputError, RightRefused, RuleRefused
from engine.roster.attendance import declared, read_roster
from engine.services.importing import Imported, Manner, columns_of
from engine.services.model import OpenRequest
from tests.district import LITTLE
from tests.roster.test_lists import GOOD, HEADER, book, row
from tests.services.acts import ELSEWHERE
from tests.services.conftest import House

CUT = ["姓名", "学籍号", "到校情况"]
NEAR = GOOD[:3] + GOOD[4] + GOOD[3] + GOOD[5:]


def registered(house: House, path: Path, *rows: list[object], **how: bool) -> Imported:
    """Import a register of these rows as the bureau."""
    return house.app.roster.import_file(book(path, [HEADER, *rows]), "register", "bureau", **how)  # type: ignore[arg-type]


class TestRegister:
    """A register beside the one that is there."""

    def test_doubts(self, house: House, tmp_path: Path) -> None:
        """A row that may be of another child waits for a person and overwrites nothing; decided once, it is not asked again."""
        path = tmp_path / "r.xlsx"
        registered(house, path, row("G1", "张小明", GOOD), row("G2", "李四", None))
        other = [row("G1", "张小阳", GOOD), row("G2", "李四", None, 重点群体="孤儿"), row("G3", "张小明", GOOD)]
        tried = registered(house, path, other[1], dry_run=True)
        assert (tried.new, tried.changed, tried.doubtful) == (0, 1, 0)
        first = registered(house, path, other[0], other[1])
        assert (first.changed, first.doubtful, [each.kind for each in first.found]) == (1, 1, ["register_doubt"])
        second = registered(house, path, other[2])
        assert (second.new, second.doubtful) == (0, 1)
        names, numbers = house.app.roster.findings("school")
        assert ("姓名与学籍册不同" in names.detail, "学籍号不同" in numbers.detail) == (True, True)
        assert GOOD not in numbers.detail
        assert house.app.roster.confirm([names.id, names.id], "school") == ("", "")
        house.app.roster.dismiss(numbers.id, "同一名学生，旧学籍号已注销", "school")
        again = registered(house, path, *other[:2])
        assert (again.unchanged, again.doubtful) == (2, 0)
        again = registered(house, path, other[2])
        assert (again.unchanged, again.doubtful, again.findings, again.found) == (1, 0, 0, ())
        assert [each.status for each in house.app.roster.findings("school")] == ["confirmed", "dismissed"]
        with house.app.archive.read() as uow:
            profile = uow.roster.pupil(uow.roster.reference("G1"))
        assert profile["name"] == "张小阳"

    def test_other_number(self, house: House, tmp_path: Path) -> None:
        """Another ID number under the same register number waits; how near it is and which side is wrong is said."""
        path = tmp_path / "r.xlsx"
        good = "99010120130504003" + "X"
        from engine.roster.idnumber import check_digit

        good = good[:17] + check_digit(good[:17])
        registered(house, path, row("G1", "张小明", GOOD))
        assert registered(house, path, row("G1", "张小明", good)).doubtful == 1
        (found,) = house.app.roster.findings("bureau")
        assert "不同" in found.detail

    def test_dry_run(self, house: House, tmp_path: Path) -> None:
        """A trial keeps nothing: no pupil, no finding, no key."""
        with house.app.archive.begin() as uow:
            uow.roster.reference("G1")
        before = house.app.archive._keys.subjects()
        tried = house.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau", dry_run=True)
        assert (tried.new, house.app.archive._keys.subjects()) == (62, before)
        assert house.app.roster.findings("bureau") == ()

    def test_outside(self, house: House, tmp_path: Path) -> None:
        """A school's clerk brings in that school's pupils; rows of others, known or not, are errors."""
        path = book(tmp_path / "r.xlsx", [HEADER, row("G1", id_number=None), row("G2", id_number=None, 学校="东湖学校"), row("G3", id_number=None, 学校="无名学校")])  # fmt: skip
        done = house.app.roster.import_file(path, "register", "clerk", unit="QH-S1")
        assert (done.new, [(each.row, each.code) for each in done.errors]) == (1, [(5, "outside"), (6, "outside")])
        assert house.app.roster.import_file(path, "register", "bureau").new == 2
        with pytest.raises(RightRefused):
            house.app.roster.import_file(path, "register", "clerk", unit="QH-S2")

    def test_chosen(self, house: House, tmp_path: Path) -> None:
        """Columns are proposed, and taken as a person chose them."""
        path = book(tmp_path / "r.xlsx", [[*HEADER[:1], "某名", *HEADER[2:]], row()])
        assert columns_of(path, "register")[0].lacking[0] == "姓名"
        with pytest.raises(InputError, match="缺少「姓名」"):
            house.app.roster.import_file(path, "register", "bureau")
        manner = Manner(chosen={"姓名": "某名"})
        assert house.app.roster.import_file(path, "register", "bureau", manner=manner).new == 1


class TestRoster:
    """A roster beside the register."""

    def test_covers(self, house: House, tmp_path: Path) -> None:
        """Only what a roster covers can be missing from it; when much is missing nothing is kept until a person says so."""
        house.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        assert columns_of(LITTLE / "roster.xlsx", "roster")[0].meant["到校情况"] == "到校情况"
        path = book(tmp_path / "r.xlsx", [CUT, ["张小明", None, "√"]], title="名册")
        short = Manner(covers=(declared("青禾中学/七(2)"),))
        tried = house.app.roster.import_file(path, "roster", "school", manner=short, dry_run=True)
        assert ("12名学生" in tried.stopped, len(tried.found)) == (True, 11)
        assert house.app.roster.findings("school") == ()
        with pytest.raises(RuleRefused, match="没有列入的有11名"):
            house.app.roster.import_file(path, "roster", "school", manner=short)
        sure = Manner(covers=short.covers, accept_missing=True)
        done = house.app.roster.import_file(path, "roster", "school", manner=sure)
        assert (done.new, done.stopped, len(house.app.roster.findings("school"))) == (11, "", 11)
        assert house.app.roster.import_file(path, "roster", "school", manner=sure).new == 0

    def test_told_as_kept(self, house: House, tmp_path: Path) -> None:
        """What is told of a list is what is kept; what a person or a case has settled does not come back from the same list, also undated, days later and after the register changed; a later list asks anew."""

        def came(title: str, *more: list[object]) -> tuple[int, int, int, int]:
            path = tmp_path / f"{title}.xlsx"
            if not path.exists():
                book(path, [CUT, *marks, *more], title=f"青禾中学 七(2)班 2026年{title}到校名册")
            done = house.app.roster.import_file(path, "roster", "bureau")
            assert done.findings == len(done.found)
            return done.new, done.unchanged, done.findings, done.doubtful

        pupils = [row(f"G{at}", name, None) for at, name in enumerate(("张小明", "张小明", "李四", "孙七"))]
        registered(house, tmp_path / "r.xlsx", *pupils)
        marks = [["张小明", None, "√"], ["张小明", None, "√"], ["李四", "G2", "×"], ["生人", None, "√"]]
        assert came("秋季") == (4, 0, 4, 1)
        found = {each.kind_zh: each.id for each in house.app.roster.findings("bureau")}
        assert len(found) == 4
        house.app.roster.dismiss(found["对不上号"], "两人都到校", "school")
        house.at("2026-09-03 09:00")
        (doubt,) = registered(house, tmp_path / "c.xlsx", row("G3", "孙棋", None), row("G4", "赵六", None)).found
        house.app.roster.confirm([doubt.id], "school")
        asked = OpenRequest(workflow="dropout-case", subject="pupil", number="G4", account="school")
        number = house.app.cases.open(asked).case
        house.act("bureau", number, "close_elsewhere", **{**ELSEWHERE, "issuer": "QH-JT"})
        house.act("bureau_head", number, "proposal.approve", proposal="P2")
        house.at("2026-09-04 09:00")
        assert came("秋季") == (0, 5, 3, 0)
        assert came("9月1日", ["赵六", "G4", "×"]) == (0, 5, 3, 0)
        house.at("2026-09-07 09:00")
        assert came("9月7日", ["赵六", "G4", "×"]) == (5, 0, 5, 1)

    def test_day(self, house: House, tmp_path: Path) -> None:
        """A roster of a day that is still to come, or of another school year, is refused: a case counts from its day."""
        registered(house, tmp_path / "r.xlsx", row("G1", "张小明", None))
        for day, why in (("2026年9月2日", "还没有到"), ("2025年8月30日", "一年多以前"), ("2025年9月1日", "")):
            path = book(tmp_path / f"{day}.xlsx", [CUT, ["张小明", None, "×"]], title=f"青禾中学七(2)班{day}名册")
            if not why:
                assert house.app.roster.import_file(path, "roster", "bureau").new == 1
                continue
            with pytest.raises(InputError, match=f"名册日期.*{why}"):
                house.app.roster.import_file(path, "roster", "bureau")
        with pytest.raises(InputError, match="填写的日期是2026-08-31，名册标题写的是2025-09-01"):
            house.app.roster.import_file(path, "roster", "bureau", manner=Manner(day=date(2026, 8, 31)))
        undated = Manner(day=date(2099, 9, 1), covers=(declared("青禾中学/七(2)"),))
        path = book(tmp_path / "u.xlsx", [CUT, ["张小明", None, "×"]], title="名册")
        with pytest.raises(InputError, match="还没有到"):
            house.app.roster.import_file(path, "roster", "bureau", manner=undated)
        assert [str(each.found_on) for each in house.app.roster.findings("bureau")] == ["2025-09-01"]

    def test_outside(self, house: House, tmp_path: Path) -> None:
        """A school's officer brings in that school's classes; a sheet of another is one error, and nobody is missing from it."""
        house.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        done = house.app.roster.import_file(LITTLE / "roster.xlsx", "roster", "school")
        assert {each.code for each in done.errors} == {"outside"}
        assert len(done.errors) == 3
        own = [each for each in read_roster(LITTLE / "roster.xlsx").marks if each.school == "青禾中学"]
        assert done.rows - done.wrong == len(own)
        assert all("行都不导入" in each.message for each in done.errors)
        assert {each.school for each in done.found} == {"青禾中学"}

    def test_wrong_outside(self, house: House, tmp_path: Path) -> None:
        """A line of another unit's school that also has a mark nobody knows is one line that is not taken in."""
        lines = [CUT, ["张小明", None, "√"], ["李四", None, "？"]]
        path = book(tmp_path / "r.xlsx", lines, title="石湾中学七(2)班2026年9月1日名册")
        done = house.app.roster.import_file(path, "roster", "school", dry_run=True)
        assert (done.rows, done.wrong) == (2, 2)

    def test_old_class(self, house: House, tmp_path: Path) -> None:
        """A class that the register has as it was once spelt is the class that a roster is of."""
        registered(house, tmp_path / "r.xlsx", row("G1", "张小明", None))
        with house.app.archive.begin() as uow:
            reference = uow.roster.reference("G1")
            uow.roster.put_pupils([(reference, {**uow.roster.pupil(reference), "class_name": "702"})])
            uow.commit()
        path = book(tmp_path / "m.xlsx", [CUT, ["张小明", None, "×"]], title="青禾中学702班2026年9月1日名册")
        (found,) = house.app.roster.import_file(path, "roster", "bureau").found
        assert found.kind == "absent_at_return_check"
