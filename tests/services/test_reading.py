"""Pages, people and lists through services."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import InputError, RightRefused, RuleRefused
from engine.services import people
from engine.services.case_page import group_of
from engine.services.people import LONGEST_PASSWORD
from engine.services.records import Wanted
from engine.services.words import instant_zh, masked
from tests.district import LITTLE
from tests.faults.statements import counted
from tests.services.acts import CONTACT, VISIT
from tests.services.conftest import House
from tests.settled import PASSWORD
from tests.storage.keeping import by_hand, spoil, written


class TestCasePage:
    """The page of a case."""

    def test_masked(self, house: House) -> None:
        """Names are masked unless revealed; both readings are logged."""
        number = house.case()
        hidden, shown = (house.app.cases.show(number, "township", reveal=reveal) for reveal in (False, True))
        assert "*" in hidden.subject
        assert "*" not in shown.subject
        with by_hand(house.app.archive) as database:
            rows = database.execute("SELECT what FROM access_log WHERE account = 'township'").fetchall()
        assert [row[0] for row in rows] == ["read", "reveal"]

    def test_says(self, house: House) -> None:
        """It tells the ladder, deadlines, acts by what they do and with what stands against them, and what will happen."""
        number = house.case()
        page = house.app.cases.show(number, "township")
        assert page.ladder == "第1步 共5步：发现"
        acts = {row.trigger: row for row in page.acts}
        assert acts["contact_family"].primary
        groups = ("contact_family", "report_danger", "close_leave", "case.note")
        assert [acts[each].group for each in groups] == ["fact", "danger", "closing", "keeping"]
        law = house.app.workflows["dropout-case"]
        assert {group_of(law, each) for each in ("refer", "hear_guardian", "document.serve")} == {"paper"}
        assert acts["decide_help"].missing
        assert any("首次家访" in line for line in page.will_happen)
        assert page.chain_ok

    def test_profile_is_opened_once(self, house: House) -> None:
        """A page reads the child's profile once, however often it names the child: a case, a form, what happened meanwhile."""
        number, cases = house.case(), house.app.cases
        pages = (
            lambda: cases.show(number, "township"),
            lambda: cases.act_page(number, "record_visit", "township"),
            lambda: cases.since(number, 0, "township"),
        )
        for page in pages:
            with counted() as statements:
                page()
            assert sum("FROM subject" in each for each in statements) == 1

    def test_readings(self, house: House) -> None:
        """Who audits a case sees who looked at it, in which role and when, the newest first; others do not."""
        number = house.case()
        house.app.cases.show(number, "township", reveal=True)
        rows = house.app.audit.history(number, "auditor").readings
        told = [(row.who, row.role_zh, row.zh) for row in rows]
        assert told == [("任重", "审计", "查看个案"), ("周强", "乡镇专干", "显示全部姓名和号码")]
        assert rows[0].at >= rows[1].at
        assert house.app.audit.history(number, "township").readings == ()

    def test_tampered(self, house: House) -> None:
        """A changed entry is told on the page."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        with by_hand(house.app.archive) as database:
            public = bytes(database.execute("SELECT public FROM entry WHERE seq = 2").fetchone()[0])
        self._overwrite(house, public.replace(b"phone", b"other"))
        page = house.app.cases.show(number, "auditor")
        assert not page.chain_ok
        assert "第2条" in page.chain_message
        assert house.app.audit.verify()
        assert not house.app.audit.history(number, "auditor").chain_ok
        self._overwrite(house, public)

    @staticmethod
    def _overwrite(house: House, public: bytes) -> None:
        spoil(house.app.archive, f"UPDATE entry SET public = x'{public.hex()}' WHERE seq = 2")

    def test_forms(self, house: House) -> None:
        """The form of an act tells its law, its people, which of the units may issue, and what comes next."""
        number = house.case()
        page = house.app.cases.act_page(number, "record_visit", "township")
        assert page.asks_day
        assert "周强" in page.people
        assert page.law
        assert "已家访" in page.next_line
        assert page.looks_at["two_visitors"] == "visitors"
        closing = house.app.cases.act_page(number, "close_elsewhere", "township")
        assert "报批" in closing.next_line
        assert closing.form[0].options == (("QH-01", "青禾镇人民政府"), ("QH-JT", "宣和区教育体育局"))
        assert house.app.cases.act_page(number, "contact_family", "school").next_line == "个案仍在本步"
        assert "只增加一条备注" in house.app.cases.act_page(number, "case.note", "township").next_line

    def test_forms_refused(self, house: House) -> None:
        """An act that does not exist, or not in this state, has no form now."""
        number = house.case()
        with pytest.raises(RuleRefused, match="没有「fly」"):
            house.app.cases.act_page(number, "fly", "township")
        with pytest.raises(RuleRefused, match="现为「发现」"):
            house.app.cases.act_page(number, "persuade", "township")

    def test_documents(self, house: House) -> None:
        """A document is given as text, page and PDF to those who see its case; each entry tells the state after it."""
        number = house.case()
        house.at("2026-09-02 10:00").act("township", number, "record_visit", **VISIT)
        document = house.app.cases.show(number, "township").documents[0]
        notices = house.app.notices
        assert "家访" in notices.document(number, document.id, "township").body_html
        assert notices.html(number, document.id, "township").startswith("<!DOCTYPE html>")
        assert notices.pdf(number, document.id, "township").startswith(b"%PDF")
        with pytest.raises(RightRefused, match="没有这份文书"):
            notices.document(number, "9-9", "township")
        house.act("township", number, "case.note", text="备注")
        note, visit, opened = house.app.cases.show(number, "auditor").history
        assert ("参加人", "周强、苏晓") in visit.fields
        told = [(row.change, row.state_zh) for row in (opened, visit, note)]
        assert told == [("未立案 → 发现", "发现"), ("发现 → 已家访", "已家访"), ("", "已家访")]

    def test_words(self) -> None:
        """Short names are masked whole, long ones keep their ends; instants carry their weekday."""
        from datetime import UTC, datetime

        assert [masked(name) for name in ("马", "王雨", "张小明")] == ["*", "王*", "张*明"]
        assert instant_zh(datetime(2026, 9, 1, 6, 0, tzinfo=UTC)) == "2026-09-01 星期二 14:00"

    def test_final(self, house: House) -> None:
        """An ended case is on nobody's work list and tells as what it closed, and who proposed it apart from who did."""
        number = house.case()
        form = {"issuer": "QH-01", "evidence": "证明", "other_case": "QH-2026-0009"}
        house.act("township", number, "close_duplicate", **form)
        assert house.app.cases.show(number, "township").history[0].zh == "重复或者误报（报批）"
        house.act("township_head", number, "proposal.approve", proposal="close_duplicate")
        page = house.app.cases.show(number, "township")
        assert page.history[0].zh == "重复或者误报"
        assert (page.closed_as, page.ladder) == ("重复或者误报", "已销号")
        mine = house.app.cases.worklist("township")
        assert (mine.overdue, mine.due_today, mine.later) == ((), (), ())
        assert len(house.app.cases.listed("township")) == 1


class TestRecords:
    """Cases as programs read them, page by page."""

    def test_goes_on_from_where_a_page_ended(self, house: House) -> None:
        """A list goes on behind the place of its last case, also when that case has ended since; a place is one of ours."""
        house.cases(3)
        first, *others = house.app.cases.records("auditor")
        form = {"issuer": "QH-01", "evidence": "证明", "other_case": "QH-2026-0009"}
        house.act("township", first.number, "close_duplicate", **form)
        house.act("township_head", first.number, "proposal.approve", proposal="close_duplicate")
        rest = house.app.cases.records("auditor", Wanted(after=first.place))
        assert [each.number for each in others] == [each.number for each in rest if each.number != first.number]
        with pytest.raises(InputError, match="没有「QH-9」这一页"):
            next(house.app.cases.records("auditor", Wanted(after="QH-9")))


class TestRoster:
    """Lists and findings."""

    def test_twice(self, house: House) -> None:
        """Importing twice changes nothing."""
        first = house.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        again = house.app.roster.import_file(LITTLE / "register.xlsx", "register", "bureau")
        assert (first.new, again.new, again.changed, again.unchanged) == (first.rows, 0, 0, first.rows)
        one = house.app.roster.import_file(LITTLE / "roster.xlsx", "roster", "bureau")
        two = house.app.roster.import_file(LITTLE / "roster.xlsx", "roster", "bureau")
        assert (one.new, two.new, two.unchanged) == (one.findings, 0, one.findings)

    def test_kinds(self, house: House) -> None:
        """A list of an unknown kind is refused with those that are known."""
        with pytest.raises(InputError, match="register"):
            house.app.roster.import_file(LITTLE / "register.xlsx", "poem", "clerk")

    def test_rights(self, house: House) -> None:
        """Who may not import does not, nor does anybody see other units' findings."""
        with pytest.raises(RightRefused):
            house.app.roster.import_file(LITTLE / "register.xlsx", "register", "auditor")
        house.lists()
        assert house.app.roster.findings("village") == ()
        everything = house.app.roster.findings("bureau")
        other = next(row for row in everything if row.school != "青禾中学")
        with pytest.raises(RightRefused, match="没有疑点"):
            house.app.roster.confirm([other.id], "school")
        with pytest.raises(RightRefused):
            house.app.roster.dismiss(other.id, "x", "school")
        with pytest.raises(RightRefused, match="没有疑点"):
            house.app.roster.dismiss(10**20, "x", "school")

    def test_confirmed_once(self, house: House) -> None:
        """Confirming again gives the same case; a settled finding opens none."""
        house.lists()
        first, second = house.app.roster.findings("school")[:2]
        number = house.app.roster.confirm([first.id], "school")
        assert number == house.app.roster.confirm([first.id], "school")
        house.app.roster.dismiss(second.id, "已核实在校", "school")
        with pytest.raises(RuleRefused, match="已处理"):
            house.app.roster.confirm([second.id], "school")
        states = {row.id: row.status for row in house.app.roster.findings("school")}
        assert (states[first.id], states[second.id]) == ("confirmed", "dismissed")

    def test_dismissed(self, house: House) -> None:
        """Dismissing needs a reason."""
        house.lists()
        with pytest.raises(RuleRefused, match="理由"):
            house.app.roster.dismiss(house.app.roster.findings("school")[0].id, " ", "school")

    def test_no_units(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A pupil whose school and township are no known units opens no case."""
        from engine.services.identity import identity_for

        profile = {"reference": "G", "school": "无名学校", "township": "无名镇"}
        with house.app.archive.read() as uow, pytest.raises(RuleRefused, match="责任单位"):
            identity_for(uow, "dropout-case", profile, number="X", opened_on=house.app.today(), today=house.app.today())

    def test_without_school(self, house: House) -> None:
        """A child without a school counts in the township, or in the bureau."""
        from engine.services.identity import identity_for, responsible

        with house.app.archive.read() as uow:
            profile: dict[str, object] = {"reference": "G", "township": "青禾镇人民政府", "guardians": None}
            found = identity_for(
                uow, "dropout-case", profile, number="X", opened_on=house.app.today(), today=house.app.today()
            )
        assert responsible(found) == "QH-01"
        from dataclasses import replace

        bureau = replace(found, units=tuple(u for u in found.units if u.relation == "bureau"))
        assert responsible(bureau) == "QH-JT"
        district = replace(found, units=tuple(u for u in found.units if u.relation == "district"))
        assert responsible(district) == "QH"


class TestSealing:
    """What must not be read from the files."""

    def test_bytes(self, house: House) -> None:
        """No name, ID number, register number or phone of a child's stands in the database or beside its keys."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        with house.app.archive.read() as uow:
            profiles = uow.roster.pupils()
        files = [path for path in house.app.settings.data.rglob("*") if path.is_file()]
        data = b"".join([*(path.read_bytes() for path in files), *written(house.app.archive)])
        secrets = {
            str(p[name]) for p in profiles for name in ("name", "register_no", "id_number") if len(str(p[name])) > 1
        }
        secrets |= {str(each["phone"]) for p in profiles for each in p["guardians"]}
        assert [secret for secret in secrets if secret.encode() in data] == []


class TestPeople:
    """Signing in."""

    def test_session(self, house: House) -> None:
        """A right password opens a session that ends when it is signed out."""
        token = house.app.people.sign_in("township", PASSWORD, "127.0.0.1")
        who = house.app.people.who(token)
        assert who is not None
        assert who.account == "township"
        house.app.people.sign_out(token)
        assert house.app.people.who(token) is None

    def test_same_message(self, house: House) -> None:
        """An unknown account, a wrong and an endless password get one same answer."""
        told = set()
        for account, password in (("nobody", "x"), ("township", "x"), ("township", "x" * (LONGEST_PASSWORD + 1))):
            with pytest.raises(RightRefused) as refused:
                house.app.people.sign_in(account, password, "127.0.0.1")
            told.add(str(refused.value))
        assert len(told) == 1

    @pytest.mark.parametrize(
        ("password", "words"),
        [
            ("123456123456", "「123456」"),
            ("Password1234!", "「password」、「1234」"),
            ("township2026", "「township」"),
            ("aaaaaaaaaaaaa", "重复的字符"),
            ("应返尽返123456789", "「应返尽返」"),
        ],
    )
    def test_easily_guessed(self, house: House, password: str, words: str) -> None:
        """A password made of what many try first, or of names of the place, is refused with what is wrong with it."""
        with pytest.raises(InputError) as told:
            house.app.people.set_password("township", password)
        assert words in str(told.value)

    def test_not_guessed(self, house: House) -> None:
        """What one types by chance or as a few unconnected words is taken, though a common word is among them."""
        for password in ("correct-horse-battery", "xK4vq-9Lm2s_A", "蓝色1234的山羊在跑步机上"):
            assert people.easily_guessed(password, ("township",)) == ""

    def test_throttled(self, house: House) -> None:
        """After five wrong passwords each further try waits longer; a right one after the wait forgets them."""
        for _ in range(5):
            with pytest.raises(RightRefused):
                house.app.people.sign_in("township", "x", "127.0.0.1")
        with pytest.raises(RightRefused, match="秒后再试"):
            house.app.people.sign_in("township", PASSWORD, "127.0.0.1")
        assert house.app.people.sign_in("township", PASSWORD, "127.0.0.2")
        house.clock.set(house.clock.now() + timedelta(seconds=2))
        assert house.app.people.sign_in("township", PASSWORD, "127.0.0.1")

    def test_ends(self, house: House) -> None:
        """A session ends after thirty idle minutes and after twelve hours."""
        token = house.app.people.sign_in("township", PASSWORD, "127.0.0.1")
        start = house.clock.now()
        for minutes in range(29, 12 * 60, 29):
            house.clock.set(start + timedelta(minutes=minutes))
            assert house.app.people.who(token)
        house.clock.set(start + timedelta(hours=12, minutes=1))
        assert house.app.people.who(token) is None
        token = house.app.people.sign_in("township", PASSWORD, "127.0.0.1")
        house.clock.set(house.clock.now() + timedelta(minutes=31))
        assert house.app.people.who(token) is None

    def test_new_password(self, house: House) -> None:
        """A new password replaces the old one."""
        house.app.people.set_password("township", "another-long-one")
        assert house.app.people.sign_in("township", "another-long-one", "127.0.0.1")
