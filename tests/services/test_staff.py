"""Units that change, roles that are lent, ended or given for a time: what follows from it on the day of an act."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.definitions.facts import HeldRole
from engine.errors import InputError, InstallationError, Refused, RightRefused, RuleRefused
from engine.services.model import ActRequest
from engine.services.staff import Appointment, Leave, Lending
from tests.services.acts import ORDER
from tests.services.conftest import House, house
from tests.services.test_advancing import play_until
from tests.settled import PASSWORD

__all__ = ["house"]

HEAD = "code,name,kind,parent,from,to\n"
BEFORE = "QH-01,青禾镇人民政府,township_government,QH,2020-01-01,2026-09-20\n"
AFTER = "QH-01,青禾街道办事处,街道办事处,QH,2026-09-21,\n"


def day(text: str) -> date:
    """A day of September 2026, by its number."""
    return date(2026, 9, int(text))


def held(role: str, unit: str, first: str = "1", last: str = "30", **more: str) -> HeldRole:
    """A role in September."""
    return HeldRole(role=role, unit=unit, first=day(first), last=day(last), **more)


def appoint(house: House, account: str, role: HeldRole, by: str = "admin", *, fresh: bool | None = None) -> None:
    """Give a role."""
    given = Appointment(account=account, held=role, approved_by=by, fresh=fresh)
    house.app.staff.appoint([given], os_user="clerk")


def leave(house: House, account: str, cover: str, on: str, by: str = "admin") -> HeldRole:
    """One day of leave."""
    return house.app.staff.leave(Leave(account=account, cover=cover, first=day(on), last=day(on)), by, os_user="clerk")


def imported(house: House, folder: Path, *rows: str) -> tuple[tuple[int, str], ...]:
    """Import rows of units; row and code of each error."""
    file = folder / "units.csv"
    file.write_text(HEAD + "".join(rows), "utf-8")
    done = house.app.units.import_file(file, os_user="clerk")
    return tuple((each.row, each.code) for each in done.errors)


def order(issuer: str, number: str, account: str = "township") -> ActRequest:
    """An order to be proposed."""
    return ActRequest(case=number, trigger="order_correction", account=account, fields={**ORDER, "issuer": issuer})


class TestLeave:
    """An approver on leave."""

    def test_cover(self, house: House) -> None:
        """The cover decides in the approver's role, and the entry says so; drafter and earlier approver may not cover."""
        (number,) = house.cases(1)
        play_until(house, number, "referred", "order_correction")
        house.at("2026-09-20 10:00").act("bureau", number, "order_correction", **ORDER)
        house.act("reviewer", number, "proposal.approve", proposal="order_correction", opinion="可")
        for on, cover in (("21", "bureau"), ("22", "reviewer"), ("23", "inspector")):
            leave(house, "bureau_head", cover, on)
        for at, account, name in (
            ("2026-09-21 10:00", "bureau", "own_proposal"),
            ("2026-09-22 10:00", "reviewer", "approved_already"),
            ("2026-09-23 10:00", "bureau_head", "leave"),
        ):
            with pytest.raises(RightRefused) as told:
                house.at(at).act(account, number, "proposal.approve", proposal="order_correction")
            assert (name,) == told.value.refusal.names  # type: ignore[attr-defined]  # an ActRefused
        assert [each.mine for each in house.app.cases.worklist("inspector").to_approve] == [True]
        assert house.app.cases.worklist("bureau_head").to_approve == ()
        done = house.act("inspector", number, "proposal.approve", proposal="order_correction")
        record = house.app.cases.record(number, "auditor")
        entry = record.history[-1]
        assert ("ordered", "bureau_head", "bureau_head") == (done.state, entry["role"], entry["covers"])
        assert "代行，高宁休假" in house.history(number)[0].role_zh
        with pytest.raises(RightRefused):
            house.at("2026-09-24 10:00").act("inspector", number, "document.withdraw", document="correction_order")
        assert house.act("bureau_head", number, "case.note", text="回来了").state == "ordered"

    def test_of_the_drafter(self, house: House) -> None:
        """Who stands in for the drafter does not approve the draft in the drafter's role."""
        number = house.case()
        house.act("township_head", number, "case.note", text="一")
        fields = {"issuer": "QH-01", "evidence": "证明", "confirmed_by": "school_letter", "new_school": "邻县一中"}
        appoint(house, "township_head", held("township_officer", "QH-01"), "bureau_head")
        house.act("township_head", number, "close_elsewhere", **fields)
        lent = house.app.staff.leave(
            Leave(account="township_head", cover="township", first=day("2"), last=day("3"), role="township_head"),
            "admin",
            os_user="clerk",
        )
        assert ("township_head", "township_head") == (lent.role, lent.covers)
        with pytest.raises(RightRefused, match="以报批人的职务"):
            house.at("2026-09-02 10:00").act("township", number, "proposal.approve", proposal="close_elsewhere")

    def test_refused(self, house: House) -> None:
        """A leave that is not approved by another, overlaps, or whose cover is nobody of the unit is refused."""
        leave(house, "township_head", "township", "5")
        appoint(house, "reviewer", held("inspector", "QH-JT"))
        wrong: tuple[tuple[str, str, str, str, str], ...] = (
            ("township_head", "township", "5", "admin", "已由「township」代行"),
            ("township_head", "township_head", "6", "admin", "不能代行"),
            ("township_head", "school", "6", "admin", "不能代行"),
            ("bureau_head", "bureau", "6", "bureau_head", "不能批准自己的"),
            ("township_head", "township", "6", "township", "不能批准自己的"),
            ("township_head", "township", "6", "school", "应为在任的"),
            ("township_head", "township", "6", "", "--approved-by"),
            ("reviewer", "bureau", "6", "admin", "--role"),
        )
        for account, cover, on, by, match in wrong:
            with pytest.raises(Refused, match=match):
                leave(house, account, cover, on, by)
        with pytest.raises(InputError, match="没有账号"):
            leave(house, "township_head", "nobody", "6")
        with pytest.raises(RuleRefused, match="早于起日"):
            house.app.staff.leave(
                Leave(account="township_head", cover="township", first=day("7"), last=day("6")), "admin", os_user="x"
            )


class TestUnitsChange:
    """A township that becomes a subdistrict."""

    def test_authority(self, house: House, tmp_path: Path) -> None:
        """It orders the day before and not from that day on; with a document that lends the power, in its days alone."""
        (number,) = house.cases(1)
        play_until(house, number, "referred", "order_correction")
        assert () == imported(house, tmp_path, BEFORE, AFTER)
        lent = Lending(
            "QH-01", "宣政发〔2026〕5号", day("1"), "责令由街道办理", ("order_correction",), day("22"), day("23")
        )
        later = lent._replace(document="宣政发〔2026〕9号", first=day("25"), last=day("26"))
        for each in (lent, later):
            house.app.staff.delegate(each, "admin", os_user="clerk")
        appoint(house, "street", held("subdistrict_officer", "QH-01", "21"))
        appoint(house, "street_head", held("subdistrict_head", "QH-01", "21"))
        house.at("2026-09-20 10:00").app.cases.preview(order("QH-01", number))
        for at, may in (("21", False), ("22", True), ("24", False)):
            house.at(f"2026-09-{at} 10:00")
            if may:
                house.app.cases.preview(order("QH-01", number, "street"))
                continue
            with pytest.raises(RuleRefused, match="赋权文件"):
                house.app.cases.preview(order("QH-01", number, "street"))
        house.at("2026-09-25 10:00").act("street", number, "order_correction", **{**ORDER, "issuer": "QH-01"})
        house.act("reviewer", number, "proposal.approve", proposal="order_correction", opinion="可")
        with pytest.raises(RightRefused):
            house.act("township_head", number, "proposal.approve", proposal="order_correction")
        done = house.act("street_head", number, "proposal.approve", proposal="order_correction")
        with house.app.archive.read() as uow:
            paper = uow.documents.get(number, done.documents[0].rpartition("/")[2])
        assert paper is not None
        assert ("青禾街责改〔2026〕1号", True, True) == (
            paper.number, "赋权文件宣政发〔2026〕9号" in paper.filled.text, "青禾街道办事处" in paper.filled.text,
        )  # fmt: skip

    def test_lending_refused(self, house: House) -> None:
        """A document that lends what nobody may lend, to no subdistrict, or before its own day is refused whole."""
        good = Lending("QH-03", "一号", day("1"), "文", ("order_correction",), day("2"), day("3"))
        house.app.staff.delegate(good, "bureau_head", os_user="clerk")
        bad = good._replace(unit="QH-02", acts=("fly",), issued_on=day("4"), last=day("1"))
        for given, names in ((good, ("document",)), (bad, ("act", "to", "from", "unit"))):
            with pytest.raises(RuleRefused) as told:
                house.app.staff.delegate(given, "bureau_head", os_user="clerk")
            assert names == told.value.refusal.names  # type: ignore[attr-defined]  # an ActRefused
        assert (good,) == house.app.staff.delegations()


class TestEnd:
    """The end of somebody's service."""

    def test_end(self, house: House) -> None:
        """From that day on acts are refused, sessions are dead, work lies with the unit, and cover ends with it."""
        number = house.case()
        house.act("township", number, "case.hand_over", owner="township", reason="分工")
        leave(house, "township_head", "township", "9")
        token = house.app.people.sign_in("township", PASSWORD, "here")
        ended = house.app.staff.end("township", day("2"), "admin", os_user="clerk")
        assert {"township_officer", "township_head"} == {each.held.role for each in ended}
        assert house.act("township", number, "case.note", text="今天还在").case == number
        assert house.app.people.who(token) is not None
        house.at("2026-09-02 08:00")
        assert house.app.people.who(house.app.people.sign_in("school", PASSWORD, "here")) is not None
        assert house.app.people.who(token) is None
        with pytest.raises(RightRefused):
            house.app.people.sign_in("township", PASSWORD, "here")
        with pytest.raises(RightRefused):
            house.act("township", number, "case.note", text="来晚了")
        assert ("本单位（周强不在岗）", "") == (
            house.app.cases.show(number, "school").owner, house.app.cases.record(number, "school").owner,
        )  # fmt: skip
        house.at("2026-09-09 08:00").act("township_head", number, "case.note", text="没有人代行")

    def test_at_once(self, house: House) -> None:
        """Ended from today on, the sessions die with the command; nothing more is there to end."""
        token = house.app.people.sign_in("township", PASSWORD, "here")
        house.app.staff.end("township", day("1"), "admin", os_user="clerk", only=("township_officer", "QH-01"))
        assert house.app.people.who(token) is None
        with pytest.raises(RuleRefused, match="不必终止"):
            house.app.staff.end("township", day("1"), "admin", os_user="clerk")


class TestAppoint:
    """`Staff.appoint`."""

    def test_acting(self, house: House) -> None:
        """An acting head decides by the appointment, which the entry names; only heads act for an office."""
        number = house.case()
        appoint(house, "deputy", held("township_head", "QH-01", basis="宣政任〔2026〕3号"))
        fields = {"issuer": "QH-01", "evidence": "证明", "confirmed_by": "school_letter", "new_school": "邻县一中"}
        house.act("township", number, "close_elsewhere", **fields)
        with pytest.raises(RightRefused):
            house.act("nobody", number, "proposal.approve", proposal="close_elsewhere")
        house.act("deputy", number, "proposal.approve", proposal="close_elsewhere")
        assert "代理，宣政任〔2026〕3号" in house.history(number)[0].role_zh

    def test_refused(self, house: House) -> None:
        """A role is refused that nobody else approved, that does not fit its unit, or that is held already."""
        officer = held("township_officer", "QH-01")
        wrong: tuple[tuple[str, HeldRole, str, bool | None, str], ...] = (
            ("admin", held("bureau_officer", "QH-JT"), "admin", None, "不能批准自己的"),
            ("new", officer, "township_head", None, "应为在任的"),
            ("new", officer, "nobody", None, "应为在任的"),
            ("new", officer, "", None, "--approved-by"),
            ("new", held("flyer", "QH-01"), "admin", None, "没有职务"),
            ("new", held("system", "QH-01"), "admin", None, "没有职务"),
            ("new", held("auditor", "QH-77"), "admin", None, "没有单位"),
            ("new", held("township_officer", "QH-S1"), "admin", None, "不能设在青禾中学"),
            ("new", held("township_officer", "QH-01", "9", "8"), "admin", None, "早于起日"),
            ("new", held("auditor", "QH", basis="一号"), "admin", None, "可以代理"),
            ("township", officer, "admin", None, "已有这一职务"),
            ("township", officer, "admin", True, "已经有人"),
            ("new", officer, "admin", False, "没有账号"),
        )
        for account, role, by, fresh, match in wrong:
            with pytest.raises((Refused, InputError), match=match):
                appoint(house, account, role, by, fresh=fresh)
        assert "new" not in {each.account for each in house.app.staff.roles()}


class TestImport:
    """`Units.import_file`."""

    def test_errors(self, house: House, tmp_path: Path) -> None:
        """Every error is told at once by its row, and nothing is taken in."""
        before = house.app.units.listed()
        assert (
            (2, "missing"), (2, "missing"), (3, "unknown_kind"), (4, "missing"), (5, "ends_before"), (6, "not_a_day"),
            (6, "not_a_day"), (7, "overlap"), (8, "was_otherwise"), (9, "no_parent"), (10, "unknown_parent"),
            (11, "circle"), (12, "circle"), (14, "twice"),
        ) == imported(
            house, tmp_path,
            ",,school,QH,2020-01-01,\n",
            "A,甲,castle,QH,2020-01-01,\n",
            "B,乙,,QH,2020-01-01,\n",
            "C,丙,school,QH,2020-01-02,2020-01-01\n",
            "D,丁,school,QH,soon,later\n",
            "QH-01,青禾街道办事处,subdistrict_office,QH,2026-09-21,\n",
            "QH-02,另名,township_government,QH,2020-01-01,2035-12-31\n",
            "E,戊,school,,2020-01-01,\n",
            "F,己,school,G,2020-01-01,\n",
            "H,庚,school,I,2020-01-01,\n",
            "I,辛,school,H,2020-01-01,\n",
            "J,壬,school,QH,2020-01-01,\nJ,壬,school,QH,2020-01-01,\n",
        )[:14]  # fmt: skip
        assert before == house.app.units.listed()

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
    def test_again(self, house: House, tmp_path: Path, encoding: str) -> None:
        """The same file again changes nothing, a dry run neither; blank rows are no rows."""
        file = tmp_path / "单位.csv"
        file.write_text(f"代码,名称,类别,上级,起,止\n{BEFORE}{AFTER},,,,,\n", encoding)
        tried, done, again = (
            house.app.units.import_file(file, os_user="clerk", dry_run=dry) for dry in (True, False, False)
        )
        assert [(1, 1, 0), (1, 1, 0), (0, 0, 2)] == [(e.new, e.changed, e.unchanged) for e in (tried, done, again)]

    def test_workbook(self, house: House, tmp_path: Path) -> None:
        """A workbook is read as a list of text is, with its days as Excel keeps them."""
        from datetime import datetime

        from openpyxl import Workbook

        book = Workbook()
        for row in (
            ["code", "name", "kind", "parent", "from", "to"],
            [7, "东村", "village_committee", "QH-01", datetime(2026, 9, 1), None],
        ):
            book.active.append(row)
        book.save(tmp_path / "units.xlsx")
        done = house.app.units.import_file(tmp_path / "units.xlsx", os_user="clerk")
        assert ((), 1) == (done.errors, done.new)
        assert ("7", date.max) in {(each.code, each.last) for each in house.app.units.listed()}

    def test_unreadable(self, house: House, tmp_path: Path) -> None:
        """What is no such file is refused in one sentence."""
        for name, data, match in (
            ("a.xlsx", b"x", "a.xlsx"),
            ("b.csv", b"code,name\n", "缺少列"),
            ("c.csv", b"", "缺少列"),
            ("d.csv", b"\xff\xff\xff", "d.csv"),
        ):
            (tmp_path / name).write_bytes(data)
            with pytest.raises(InputError, match=match):
                house.app.units.import_file(tmp_path / name, os_user="clerk")
        with pytest.raises(InputError, match="没有文件"):
            house.app.units.import_file(tmp_path / "none.csv", os_user="clerk")

    def test_ready(self, house: House) -> None:
        """A unit without a kind fails the start."""
        house.app.units.ready()
        with house.app.archive.begin() as uow:
            uow.units.add([("Z", "无类", "", "QH", day("1"), day("30"))])
            uow.commit()
        with pytest.raises(InstallationError, match="Z 没有类别"):
            house.app.units.ready()
