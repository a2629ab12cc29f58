"""The history: append-only, sealed, chained; whoever changes it by hand is found out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from engine.audit.chain import entry_hash
from engine.cases.model import DocumentOrder
from engine.storage.delta import applied
from engine.storage.unit_of_work import Archive
from engine.vault import VaultError
from tests.cases.little import OFFICER
from tests.storage.keeping import CHILD, NUMBER, VERSION, Story, by_hand, files, kept, opening, spoil, text

COLUMNS = "district, number, seq, public, sealed, previous, hash"
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)


@pytest.fixture
def file_story(file_archive: Archive) -> Story:
    """The same in a file."""
    return _played(file_archive)


@pytest.fixture
def story(archive: Archive) -> Story:
    """A case with two visits, a message and a logged reading."""
    return _played(archive)


def _played(archive: Archive) -> Story:
    played = Story(archive)
    played.act(OFFICER, "visit", result="nobody_home", visitors=(CHILD, "乙"))
    played.act(OFFICER, "visit", result="agrees", returns=date(2026, 9, 3), visitors=(CHILD, "乙"))
    with archive.begin() as uow:
        uow.outbox.put([(played.case, "visit", "township_head")], at=NOW)
        uow.commit()
    archive.access("officer", "case", NUMBER, at=NOW)
    return played


class TestAppendOnly:
    """The triggers, against somebody who opens the file with another program."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entry SET public = x'7b7d' WHERE seq = 1",
            "DELETE FROM entry WHERE seq = 3",
            "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 1",
            f"INSERT OR REPLACE INTO entry ({COLUMNS}) SELECT {COLUMNS} FROM entry WHERE seq = 1",
            "REPLACE INTO access_log SELECT * FROM access_log",
            "UPDATE access_log SET account = 'other'",
            "DELETE FROM access_log",
            "UPDATE outbox SET body = 'other'",
            "UPDATE outbox SET role = 'other'",
            "DELETE FROM outbox",
            "INSERT OR REPLACE INTO outbox SELECT * FROM outbox",
        ],
    )
    @pytest.mark.parametrize("recursive", ["ON", "OFF"])
    def test_refuses(self, file_story: Story, statement: str, recursive: str) -> None:
        """Every way to change, remove or write over is refused, also by a program that knows nothing of ours."""
        with by_hand(file_story.archive) as database:
            database.execute(f"PRAGMA recursive_triggers={recursive}")
            with pytest.raises(IntegrityError, match="append-only"):
                database.execute(statement)
        assert [] == file_story.archive.invariants()

    def test_marks_of_sending_may_change(self, story: Story) -> None:
        """A message may be marked as sent."""
        with story.archive.begin() as uow:
            message = uow.outbox.due(NOW, 10)[0]
            uow.outbox.mark(message.id, NOW, good=True, detail="")
            uow.commit()
        with story.archive.read() as uow:
            assert [] == uow.outbox.due(NOW + timedelta(days=9), 10)


class TestLog:
    """`Log`."""

    def test_entry_comes_back(self, story: Story) -> None:
        """An entry is read with its public and its sealed part, chained to the one before."""
        with story.archive.read() as uow:
            entries = uow.log.of(NUMBER)
        last = entries[-1]
        assert [1, 2, 3] == [each.seq for each in entries]
        assert (entries[1].hash, story.case.head) == (last.previous, last.hash)
        assert ("officer", "township_officer", "visit", "detected", "visited") == (
            last.user, last.role, last.trigger, last.source, last.target,
        )  # fmt: skip
        assert {"result": "agrees", "returns": date(2026, 9, 3), "visitors": (CHILD, "乙")} == last.values
        assert (("visit_record",), ("义教法58",)) == (last.documents, last.law)
        assert ({"result": "agrees"}, VERSION) == (last.public["fields"], last.public["definition"])

    def test_replay_rebuilds_the_case(self, story: Story) -> None:
        """The recorded changes, applied one after the other, give the case exactly."""
        case = None
        with story.archive.read() as uow:
            for entry in uow.log.of(NUMBER, changes=True):
                case = applied(case, entry.sealed["change"])._replace(head=entry.hash)  # type: ignore[arg-type]  # a change
        assert story.case == case

    def test_public_part_rebuilds_the_open_rows(self, story: Story) -> None:
        """State, version, deadlines, papers and commitments stand in the public part: they outlive the keys."""
        with story.archive.read() as uow:
            told = uow.log.of(NUMBER)[-1].public
            stored = uow.documents.of(NUMBER)[-1]
        result = told["result"]
        assert ("visited", 3, "school", ["first_visit"]) == (
            result["state"], told["version"], result["unit"], result["ended_deadlines"],  # type: ignore[index]  # JSON
        )  # fmt: skip
        assert dict(stored.as_public()) == told["documents"][0]  # type: ignore[index]  # JSON
        assert "2026-09-16" == result["deadlines"]["after_visit"]["due_on"]  # type: ignore[index]  # JSON

    def test_opening_tells_units_and_no_subject(self, archive: Archive) -> None:
        """The opening's public part names workflow and units; whom the case is about is sealed."""
        kept(archive, opening())
        with archive.read() as uow:
            opened = uow.log.of(NUMBER)[0].public["result"]["opened"]  # type: ignore[index]  # JSON
        assert ("little", {"code": "school", "relation": "school"}) == (opened["workflow"], opened["units"][0])
        assert "G1" not in json.dumps(opened)

    def test_commitment_is_salted(self, story: Story) -> None:
        """Two documents of one text have different commitments: a guess at the name confirms nothing."""
        with story.archive.begin() as uow:
            order = DocumentOrder("9-1", "visit_record", False, "visit", "school", ())
            two = [
                uow.documents.made(case=story.case, order=order, filled=text("a", ""), number="", day=None)
                for _ in range(2)
            ]
        assert (two[0].draft_hash, False) == (two[1].draft_hash, two[0].commitment == two[1].commitment)


class TestSealing:
    """What the files show to somebody without keys."""

    def test_no_name_in_any_file(self, story: Story, tmp_path: Path) -> None:
        """No file holds the name of the child, neither while the archive is open nor afterwards."""
        with story.archive.begin() as uow:
            uow.subjects.put("G1", "pupil", {"name": CHILD, "guardians": [{"name": CHILD}]})
            uow.roster.put_pupils([("G1", {"name": CHILD})])
            uow.commit()
        needles = (CHILD.encode(), CHILD.encode("utf-16-le"), json.dumps(CHILD)[1:-1].encode())
        found = [needle in body for body in files(tmp_path) for needle in needles]
        story.archive.close()
        found += [needle in body for body in files(tmp_path) for needle in needles]
        assert {False} == set(found)

    def test_the_search_would_find_it(self, file_story: Story, tmp_path: Path) -> None:
        """What stands open is found by the same search: the case number."""
        file_story.archive.close()
        assert any(NUMBER.encode() in body for body in files(tmp_path))

    def test_ciphertexts_cannot_change_places(self, story: Story, tmp_path: Path) -> None:
        """Sealed parts of two entries that change places do not open."""
        spoil(story.archive, "UPDATE entry SET sealed = (SELECT sealed FROM entry WHERE seq = 2) WHERE seq = 3")
        with pytest.raises(VaultError), story.archive.read() as uow:
            uow.log.of(NUMBER)


def _rewritten(archive: Archive) -> None:
    """Everything after the first entry rewritten with hashes that fit, by one who knows the rules."""
    with by_hand(archive) as database:
        rows = database.execute("SELECT id, public, sealed FROM entry ORDER BY seq").fetchall()
        head, updates = "", []
        for id_, public, sealed in rows:
            forged = bytes(public).replace(b'"officer"', b'"somebody"')
            new = entry_hash(head, forged, bytes(sealed))
            updates.append(
                f"UPDATE entry SET public = x'{forged.hex()}', previous = '{head}', hash = '{new}' WHERE id = {id_}"
            )
            head = new
    spoil(archive, *updates)


class TestVerify:
    """`Log.verify`, after somebody dropped the triggers, changed something and made them again."""

    def test_honest(self, story: Story) -> None:
        """An honest archive has no problem, as a whole and case by case."""
        with story.archive.read() as uow:
            assert ([], [], []) == (uow.log.verify(None), uow.log.verify(NUMBER), uow.log.verify("QH-9"))

    @pytest.mark.parametrize(
        ("statement", "codes"),
        [
            ("UPDATE entry SET public = x'7b7d' WHERE seq = 2", {"changed", "moved"}),
            ("UPDATE entry SET public = x'ff' WHERE seq = 2", {"changed", "moved"}),
            ("UPDATE entry SET sealed = x'00' WHERE seq = 2", {"changed"}),
            ("DELETE FROM entry WHERE seq = 2", {"gap", "broken"}),
            ("DELETE FROM entry WHERE seq = 3", {"head"}),
            ("DELETE FROM entry", {"head"}),
            ("DELETE FROM case_file", {"orphan"}),
            ("UPDATE case_file SET head = ''", {"head"}),
            ("UPDATE entry SET seq = 7 WHERE seq = 3", {"gap", "moved", "head"}),
        ],
    )
    def test_notices(self, story: Story, tmp_path: Path, statement: str, codes: set[str]) -> None:
        """Every change by hand is noticed, with its kind."""
        spoil(story.archive, statement)
        with story.archive.read() as uow:
            assert codes == {problem.code for problem in uow.log.verify(None)}

    def test_rewriting_with_fitting_hashes_misses_the_case_s_head(self, story: Story, tmp_path: Path) -> None:
        """A chain rewritten with fitting hashes no longer ends in the head that its case holds."""
        _rewritten(story.archive)
        with story.archive.read() as uow:
            assert {"head"} == {problem.code for problem in uow.log.verify(NUMBER)}


class TestAccessLog:
    """The log of readings, with a chain of its own."""

    def test_any_zone(self, story: Story) -> None:
        """A reading told in another zone verifies: the instant counts, not its writing."""
        story.archive.access("officer", "case", NUMBER, at=NOW.astimezone(timezone(timedelta(hours=8))))
        assert [] == story.archive.invariants()

    @pytest.mark.parametrize(
        "statement", ["UPDATE access_log SET account = 'other' WHERE id = 1", "DELETE FROM access_log WHERE id = 2"]
    )
    def test_notices(self, story: Story, tmp_path: Path, statement: str) -> None:
        """A reading that was changed, or taken out between two others, is noticed."""
        for _ in range(2):
            story.archive.access("officer", "case", NUMBER, at=NOW)
        spoil(story.archive, statement)
        assert any("查阅记录" in line for line in story.archive.invariants())
