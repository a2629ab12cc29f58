"""One transaction for everything: all or nothing, one writer at a time, nobody refused for haste."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import Thread

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from engine.errors import InstallationError
from engine.storage import sqlite
from engine.storage.unit_of_work import Archive, Conflict, UnitOfWork
from tests.cases.little import HEAD, OFFICER, REVIEWER
from tests.storage.keeping import NUMBER, VERSION, Story, by_hand, keep, kept, opening

MOST_STATEMENTS = 15
"""Of one act with a document, from begin to commit."""


@contextmanager
def counted(archive: Archive) -> Iterator[list[str]]:
    """The statements that the archive sends meanwhile."""
    sent: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(archive._writer, "before_cursor_execute", note)
    yield sent
    event.remove(archive._writer, "before_cursor_execute", note)


def visit(story: Story) -> None:
    """Record a visit that met the family."""
    story.act(OFFICER, "visit", result="agrees", returns=date(2026, 9, 3), visitors=("甲", "乙"))


class TestUnitOfWork:
    """`Archive.begin` and `UnitOfWork`."""

    def test_nothing_stays_without_commit(self, archive: Archive) -> None:
        """What is not committed leaves no row in any table, a number taken among them."""
        with archive.begin() as uow:
            keep(uow, opening())
            uow.documents.next_number("school", "责改", 2026)
        with archive.read() as uow:
            assert (None, [], {}) == (uow.cases.load(NUMBER), list(uow.log.links(None)), uow.documents.series())

    def test_an_error_undoes_everything(self, archive: Archive) -> None:
        """An error between the writes leaves nothing and frees the lock."""

        def fail() -> None:
            with archive.begin() as uow:
                keep(uow, opening())
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert 1 == kept(archive, opening()).seq

    def test_what_follows_a_commit_needs_its_own(self, archive: Archive) -> None:
        """Writes after the commit are rolled back like any other; reads still work."""
        with archive.begin() as uow:
            keep(uow, opening())
            uow.commit()
            uow.documents.next_number("school", "责改", 2026)
            assert uow.cases.load(NUMBER) is not None
        with archive.read() as uow:
            assert {} == uow.documents.series()

    def test_case_comes_back_equal(self, archive: Archive) -> None:
        """The case that is loaded equals the case that was saved, its head and deadlines included."""
        story = Story(archive)
        visit(story)
        with archive.read() as uow:
            assert (story.case, VERSION) == (uow.cases.load(NUMBER), uow.cases.definition_of(NUMBER))

    def test_unknown_case(self, archive: Archive) -> None:
        """A case that does not exist is None and has no definition."""
        with archive.read() as uow:
            assert (None, "") == (uow.cases.load("QH-1"), uow.cases.definition_of("QH-1"))

    def test_a_reader_cannot_write(self, archive: Archive) -> None:
        """The reading unit of work refuses every write."""
        with pytest.raises(InstallationError, match="没有保存"), archive.read() as uow:
            uow.documents.next_number("school", "责改", 2026)

    def test_a_reader_sees_one_moment(self, archive: Archive) -> None:
        """What is committed while somebody reads is not seen until the next reading."""
        with archive.read() as uow:
            before = uow.cases.numbers()
            kept(archive, opening())
            assert before == uow.cases.numbers()

    def test_statements_of_an_act(self, archive: Archive) -> None:
        """An act with a document takes a constant number of statements, however long the case is."""
        story = Story(archive)
        counts = []
        for _ in range(3):
            with counted(archive) as sent:
                visit(story)
            counts.append(len(sent))
        print(f"statements of an act: {counts}, at most {MOST_STATEMENTS}")
        assert (1, True) == (len(set(counts[1:])), max(counts) <= MOST_STATEMENTS)


class TestConflict:
    """Lost races."""

    def test_number_is_taken(self, archive: Archive) -> None:
        """A case whose number is taken is a conflict."""
        kept(archive, opening())
        with pytest.raises(Conflict), archive.begin() as uow:
            keep(uow, opening())

    def test_row_is_taken(self, archive: Archive) -> None:
        """A case row whose number is taken is a conflict even without its entry."""
        kept(archive, opening())
        with pytest.raises(Conflict), archive.begin() as uow:
            uow.cases.add(opening(), VERSION)

    def test_next_entry_is_taken(self, archive: Archive) -> None:
        """Two decisions on one moment of a case: the second is a conflict and changes nothing."""
        story = Story(archive)
        late = story.try_(OFFICER, "visit", result="nobody_home", visitors=("甲", "乙"))
        visit(story)
        with pytest.raises(Conflict), archive.begin() as uow:
            keep(uow, late)  # type: ignore[arg-type]  # accepted
        with archive.read() as uow:
            assert story.case == uow.cases.load(NUMBER)

    def test_case_moved_on(self, archive: Archive) -> None:
        """A case is only saved over the very moment that was decided on."""
        story = Story(archive)
        late = story.try_(OFFICER, "visit", result="nobody_home", visitors=("甲", "乙"))
        visit(story)
        with pytest.raises(Conflict), archive.begin() as uow:
            uow.cases.save(late)  # type: ignore[arg-type]  # accepted
        with pytest.raises(Conflict), archive.begin() as uow:
            uow.cases.save(opening())

    def test_with_the_commit(self, archive: Archive) -> None:
        """What goes out together with the commit is not kept either when the case has moved on, before it or behind it."""
        story = Story(archive)
        late = story.try_(OFFICER, "visit", result="nobody_home", visitors=("甲", "乙"))
        visit(story)

        def write() -> None:
            with archive.begin() as uow:
                uow.requests.put("before", NUMBER, 1, content="content", answer="{}")
                uow.cases.save(late)  # type: ignore[arg-type]  # accepted
                uow.requests.put("behind", NUMBER, 1, content="content", answer="{}")
                uow.commit()

        with pytest.raises(Conflict):
            write()
        with archive.read() as uow:
            found = uow.cases.load(NUMBER), uow.requests.find("before"), uow.requests.find("behind")
            assert (story.case, None, None) == found

    def test_request_is_taken(self, archive: Archive) -> None:
        """The same request id at the same moment is a conflict: run again, it finds the first answer."""
        with archive.begin() as uow:
            uow.requests.put("r1", NUMBER, 1, content="content", answer="{}")
            uow.commit()
        with pytest.raises(Conflict), archive.begin() as uow:
            uow.requests.put("r1", NUMBER, 1, content="content", answer="{}")

    @pytest.mark.parametrize("what", ["request", "entry", "case"])
    def test_a_wrong_row_is_no_conflict(self, archive: Archive, what: str) -> None:
        """A row that the table refuses for itself is a fault of ours and not run again."""
        bad = opening()
        nameless = bad.case._replace(unit=None)  # type: ignore[arg-type]  # on purpose

        def write(uow: UnitOfWork) -> None:
            if what == "request":
                uow.requests.put("", NUMBER, 1, content="content", answer="{}")
            elif what == "case":
                uow.cases.add(bad._replace(case=nameless), VERSION)
            else:
                uow.log._district = None  # type: ignore[assignment]  # on purpose
                uow.log.append(bad, (), VERSION)

        with pytest.raises(IntegrityError), archive.begin() as uow:
            write(uow)


class TestWriters:
    """Several writers at once."""

    def test_four_writers_do_not_fail(self, archive: Archive) -> None:
        """Four writers take a hundred numbers of one series: no error, no gap, no repeat."""
        taken: list[int] = []
        faults: list[Exception] = []

        def write() -> None:
            try:
                for _ in range(25):
                    with archive.begin() as uow:
                        number = uow.documents.next_number("township", "责改", 2026)
                        uow.commit()
                    taken.append(number)
            except Exception as fault:  # noqa: BLE001  whatever it is, the test must see it
                faults.append(fault)

        writers = [Thread(target=write) for _ in range(4)]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        assert ([], list(range(1, 101))) == (faults, sorted(taken))

    def test_a_lock_that_is_not_given_back(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever waits in vain is told in one line, and the archive works again afterwards."""
        monkeypatch.setattr(sqlite, "PATIENCE", 0.02)
        case = kept(archive, opening())

        def load() -> None:
            with archive.begin() as uow:
                if not other.sqlite:
                    uow._connection.exec_driver_sql("SET LOCAL lock_timeout = 20")
                uow.cases.load(case.identity.number, lock=True)

        with by_hand(archive) as other:
            other.execute("BEGIN IMMEDIATE" if other.sqlite else "BEGIN")
            other.execute("UPDATE case_file SET owner = owner")
            with pytest.raises(InstallationError, match=r"locked.*没有保存，请稍后再试"):
                load()
            other.execute("ROLLBACK")
        load()

    def test_a_full_disk(self, file_archive: Archive) -> None:
        """A disk that is full is told in one line; nothing half done stays, and the next act works."""

        def fill() -> None:
            with file_archive.begin() as uow:
                uow._connection.exec_driver_sql("PRAGMA max_page_count=1")
                for at in range(2000):
                    uow.requests.put(f"r{at}", NUMBER, 1, content="content", answer="x" * 4000)

        with pytest.raises(InstallationError, match="full"):
            fill()
        with file_archive.read() as uow:
            assert uow.requests.find("r0") is None
        with file_archive.begin() as uow:
            limit = uow._connection.exec_driver_sql("PRAGMA max_page_count").scalar_one()
        # The handle that failed is not used again: its limit went with it.
        assert limit > 1_000_000
        assert 1 == kept(file_archive, opening()).seq

    def test_a_table_that_is_gone(self, archive: Archive) -> None:
        """A table that somebody dropped is told in one line, not as a traceback of the driver."""
        with by_hand(archive) as database:
            database.execute("DROP TABLE request")
        with pytest.raises(InstallationError, match=r"no such table|does not exist"), archive.begin() as uow:
            uow.requests.find("r1")

    def test_settings_of_every_connection(self, file_archive: Archive) -> None:
        """Every connection syncs fully, keeps foreign keys and fires triggers of triggers."""
        with file_archive.begin() as uow:
            got = [
                uow._connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout")
            ]
        assert ["wal", 2, 1, 1, 0] == got


class TestApproval:
    """Drafts and what becomes of them."""

    def _proposed(self, archive: Archive) -> Story:
        story = Story(archive)
        visit(story)
        story.on("2026-09-02").act(OFFICER, "order", issuer="township", limit="10 workdays")
        return story

    def test_draft_becomes_the_issued_document(self, archive: Archive) -> None:
        """The last approval puts the issued document in the place of its draft, with the first number."""
        story = self._proposed(archive)
        with archive.read() as uow:
            drafts = [(each.kind, each.status, each.number) for each in uow.documents.of(NUMBER)]
            assert [NUMBER] == uow.cases.listed(None, awaiting=True)
        story.act(REVIEWER, "proposal.approve", proposal="order")
        story.act(HEAD, "proposal.approve", proposal="order")
        with archive.read() as uow:
            issued = [(each.kind, each.status, each.number) for each in uow.documents.of(NUMBER)]
            assert [] == uow.cases.listed(None, awaiting=True)
        visited = ("visit_record", "issued", "")
        assert [visited, ("correction_order", "draft", "")] == drafts
        assert [visited, ("correction_order", "issued", "宣责改〔2026〕1号")] == issued
        assert [] == archive.invariants()

    def test_a_proposal_that_is_returned_takes_its_draft_along(self, archive: Archive) -> None:
        """The draft of a returned proposal goes, and takes no number."""
        story = self._proposed(archive)
        story.act(REVIEWER, "proposal.return", proposal="order", reason="事实不清")
        with archive.read() as uow:
            assert (["visit_record"], {}) == ([each.kind for each in uow.documents.of(NUMBER)], uow.documents.series())
        assert [] == archive.invariants()

    def test_withdrawn_documents_say_so_and_keep_their_number(self, archive: Archive) -> None:
        """A document that the case withdrew is withdrawn in its row, and its number stays taken."""
        story = self._proposed(archive)
        story.act(REVIEWER, "proposal.approve", proposal="order")
        story.act(HEAD, "proposal.approve", proposal="order")
        story.act(HEAD, "document.withdraw", document=story.case.documents[-1].id, reason="适用法律有误")
        with archive.read() as uow:
            found = [(each.status, each.number) for each in uow.documents.of(NUMBER)]
        assert ("withdrawn", "宣责改〔2026〕1号") in found
        assert [] == archive.invariants()
