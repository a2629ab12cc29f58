"""What holds at rest: an honest archive holds it all, and each thing that does not hold is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.storage.unit_of_work import Archive
from tests.cases.little import HEAD, OFFICER, REVIEWER
from tests.storage.keeping import NUMBER, Story, by_hand, spoil


@pytest.fixture
def story(archive: Archive) -> Story:
    """A case with a visit and an order that two people approved."""
    played = Story(archive)
    played.act(OFFICER, "visit", result="agrees", returns=date(2026, 9, 3), visitors=("甲", "乙"))
    played.on("2026-09-02").act(OFFICER, "order", issuer="township", limit="10 workdays")
    played.act(REVIEWER, "proposal.approve", proposal="order")
    played.act(HEAD, "proposal.approve", proposal="order")
    with archive.begin() as uow:
        uow.documents.next_number("QH", "case:little", 2026)
        uow.commit()
    return played


ROW = f"{NUMBER}：个案行与密封内容不符"
HISTORY = f"{NUMBER}：个案行与历史不符"
GAP = "township 责改〔2026〕：文号不连续，应为1至1"
FAULTS = {
    "state": ("UPDATE case_file SET state = 'returned'", [HISTORY]),
    "owner": ("UPDATE case_file SET owner = 'other'", [HISTORY]),
    "due date": ("UPDATE case_file SET due_on = '2030-01-01'", [ROW]),
    "no due date": ("UPDATE case_file SET due_on = NULL", [ROW]),
    "channel": ("UPDATE case_file SET channel = 'other'", [ROW]),
    "version": ("UPDATE case_file SET version = version + 1", [HISTORY]),
    "view": ("UPDATE case_file SET body = x'00'", [f"{NUMBER}：密封数据的算法标记不认识；可能由更新的版本写入"]),
    "subject": ("UPDATE case_file SET subject = 'G9'", [f"{NUMBER}：没有密钥"]),
    "standing": ("DELETE FROM case_unit WHERE unit = 'school'", [f"{NUMBER}：涉案单位与个案所记不符"]),
    "timer gone": ("UPDATE case_file SET next_at = NULL", [ROW]),
    "timer moved": ("UPDATE case_file SET next_at = '2030-01-01T00:00:00.000000Z'", [ROW]),
    "clock": ("UPDATE case_file SET clock = replace(clock, '\"running\"', '\"waiting\"')", [ROW]),
    "watchers": ("UPDATE case_file SET clock = replace(clock, ',[]]', ',[\"x\"]]')", [HISTORY]),
    "undoable": ("UPDATE case_file SET undoable = 1", [HISTORY]),
    "awaits": ("UPDATE case_file SET awaits = ',township_head,'", [ROW]),
    "status": (
        "UPDATE document SET status = 'withdrawn' WHERE kind = 'visit_record'", [f"{NUMBER}：文书与个案所记不符"],
    ),
    "number skipped": ("UPDATE number_series SET last = 2 WHERE series = '责改'", [GAP.replace("至1", "至2")]),
    "number changed": ("UPDATE document SET document_number = '宣责改〔2026〕2号' WHERE document_number <> ''", [GAP]),
    "number lost": ("UPDATE document SET document_number = '' WHERE document_number <> ''", [GAP]),
    "number of no series": (
        "UPDATE document SET document_number = '宣通知〔2026〕1号' WHERE document_number <> ''",
        ["township 宣通知〔2026〕1号：文号不属于任何编号序列", GAP],
    ),
    "number unreadable": (
        "UPDATE document SET document_number = '一号' WHERE document_number <> ''",
        ["township 一号：文号不属于任何编号序列", GAP],
    ),
    "other year": (
        "UPDATE document SET issued_on = '2027-01-01' WHERE document_number <> ''",
        ["township 宣责改〔2026〕1号：文号的年份与签发日期不符", GAP],
    ),
    "no day": (
        "UPDATE document SET issued_on = NULL WHERE document_number <> ''",
        ["township 宣责改〔2026〕1号：文号的年份与签发日期不符", GAP],
    ),
    "entry": (
        "UPDATE entry SET sealed = x'00' WHERE seq = 2",
        [f"{NUMBER} 第2条：内容与登记时不符", f"{NUMBER}：密封数据的算法标记不认识；可能由更新的版本写入"],
    ),
}  # fmt: skip


class TestInvariants:
    """`Archive.invariants`."""

    def test_honest(self, story: Story) -> None:
        """Nothing is wrong with an honest archive."""
        assert [] == story.archive.invariants()

    @pytest.mark.parametrize("what", FAULTS)
    def test_names(self, story: Story, tmp_path: Path, what: str) -> None:
        """Each thing that does not hold is told in a sentence, and nothing else is."""
        statement, told = FAULTS[what]
        spoil(story.archive, statement)
        assert told == story.archive.invariants()

    def test_longest_series(self, story: Story) -> None:
        """Of two series of which one name ends like the other, a number belongs to the longer one."""
        with story.archive.begin() as uow:
            uow.documents.next_number("township", "改", 2026)
            uow.commit()
        assert ["township 改〔2026〕：文号不连续，应为1至1"] == story.archive.invariants()

    def test_trigger_dropped(self, story: Story, tmp_path: Path) -> None:
        """A trigger that somebody dropped is missed."""
        with by_hand(story.archive) as database:
            database.execute("DROP TRIGGER entry_no_delete" + ("" if database.sqlite else " ON entry"))
        assert ["缺少触发器 entry_no_delete"] == story.archive.invariants()

    def test_trigger_disarmed(self, story: Story, tmp_path: Path) -> None:
        """A trigger of the right name that refuses nothing is missed as well."""
        with by_hand(story.archive) as database:
            if database.sqlite:
                database.execute("DROP TRIGGER entry_no_update")
                database.execute("CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT 1; END")
            else:
                database.execute("ALTER TABLE entry DISABLE TRIGGER entry_no_update")
        assert ["缺少触发器 entry_no_update"] == story.archive.invariants()
