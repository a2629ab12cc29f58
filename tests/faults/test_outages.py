"""Disk full, read-only, locked, keys gone, connection lost: one clear line, 503 with what was typed, and on it goes.

Every outage hits a running counter and night watch and a command typed meanwhile; then it is ended, and the very same
process goes on (RELIABILITY.md R7).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from engine.storage.keys import Keys
from engine.storage.tables import VERSION
from engine.worker import Rounds, scheduler_for
from tests.faults import outages
from tests.faults.ground import LANDS
from tests.faults.outpost import HEALTH, REAL, Outpost, outpost, patience, public_folder

FILES, SERVER = LANDS
REQUEST = "INSERT INTO request"
KEY, STORE = "keys/master.key", "keys/keys.db"


@pytest.fixture(scope="module")
def file_post() -> Iterator[Outpost]:
    """An installation on SQLite, through all its outages."""
    with public_folder() as folder, outpost(FILES, folder / "data") as made:
        yield made


@pytest.fixture(scope="module")
def server_post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outpost]:
    """An installation on PostgreSQL, through all its outages."""
    with outpost(SERVER, tmp_path_factory.mktemp("server") / "data") as made:
        yield made


@pytest.fixture(params=["file_post", "server_post"])
def post(request: pytest.FixtureRequest) -> Outpost:
    """An installation on each database."""
    found: Outpost = request.getfixturevalue(request.param)
    return found


def file_of(post: Outpost, name: str = "yingfan.db") -> Path:
    """A file of the installation."""
    return post.ground.folder / name


class TestFile:
    """What a database in a file can suffer."""

    def test_full(self, file_post: Outpost) -> None:
        """Where a file cannot grow, be it in mid-write, nothing half done stays."""
        file_post.let_go()
        for room in (0, 5000, 20_000):
            with outages.no_room(room):
                told = file_post.suffers(page=room == 0)
            assert any(each in told for each in ("不能读写", "无法使用", "不能建立或打开")), told
            file_post.recovers()

    def test_read_only(self, file_post: Outpost) -> None:
        """A folder that cannot be written is told with the file; nothing is shown that cannot be logged."""
        file_post.let_go()
        with outages.read_only(file_of(file_post, "")):
            assert "不能建立或打开：Permission denied" in file_post.suffers()
            file_post.let_go()
        file_post.recovers()

    def test_locked(self, file_post: Outpost) -> None:
        """A lock that another process does not give back is waited for, five seconds in a command, and told."""
        with outages.held_file(file_of(file_post)):
            assert "locked" in file_post.suffers(first=partial(patience, REAL))
        file_post.recovers()

    @pytest.mark.parametrize("what", ["cut", "garbled", "other"])
    def test_damaged(self, file_post: Outpost, what: str) -> None:
        """A file that is cut off, overwritten in the middle, or not ours is told, and left as it is."""
        file_post.let_go()
        whole = file_of(file_post).read_bytes()
        spoiled = {"cut": whole[:5000], "garbled": whole[:4096] + b"\xa5" * (len(whole) - 4096), "other": b"a,b\n" * 99}
        with outages.kept_aside(file_of(file_post), spoiled[what]):
            file_post.suffers(page=False)
            file_post.let_go()
            for each in ("-wal", "-shm"):
                file_of(file_post, f"yingfan.db{each}").unlink(missing_ok=True)
        file_post.recovers()

    def test_restore_over(self, file_post: Outpost, tmp_path: Path) -> None:
        """A backup goes nowhere where there is a database already."""
        file = str(tmp_path / "backup")
        assert 0 == file_post.type("db", "backup", file).code
        assert "已经存在；请先移走" in file_post.refused("db", "restore", file)
        file_post.recovers()


class TestServer:
    """What a database on a server can suffer."""

    def test_stopped(self, server_post: Outpost) -> None:
        """While the server is stopped everything says so; when it is back, the same process goes on."""
        with outages.stopped_server():
            assert "连接不上" in server_post.suffers()
        server_post.recovers()

    def test_let_go_of(self, server_post: Outpost) -> None:
        """Connections that the server ended while nobody worked are made anew without a word."""
        assert outages.ended(server_post.ground.url) >= 1
        assert 303 == server_post.post()
        server_post.settle()
        server_post.recovers()

    def test_lost_on_the_way(self, server_post: Outpost) -> None:
        """A connection that is lost in the middle of an act, or at its end, costs one 503; sent again, it is done once."""
        for when, word in (("before", REQUEST), ("before", "COMMIT"), ("after", "COMMIT")):
            with _ended(when, word, server_post) as hit:
                assert 503 == server_post.post()
            assert [word] == hit
            server_post.recovers(already=when == "after")

    def test_locked(self, server_post: Outpost) -> None:
        """Tables that somebody else holds are waited for, five seconds in a command, and told."""
        with outages.held_tables(server_post.ground.url):
            assert "locked" in server_post.suffers(first=partial(patience, REAL))
        server_post.recovers()

    def test_full(self, server_post: Outpost) -> None:
        """A server without room says so in one line."""
        with outages.full_server(server_post.ground.url):
            assert "No space left on device" in server_post.suffers()
        server_post.recovers()

    def test_read_only(self, server_post: Outpost) -> None:
        """A server that takes no writing is told, and nothing is shown that cannot be logged."""
        with outages.read_only_server(server_post.ground.url):
            assert "read-only" in server_post.suffers()
        server_post.recovers()


class TestWorker:
    """A worker under its own scheduler."""

    def test_goes_on(self, post: Outpost) -> None:
        """Its rounds fail as long as an outage lasts, and the house says that it is not well; then it sweeps again."""
        scheduler, rounds = scheduler_for(post.app, 1)
        scheduler.start()
        try:
            assert _turns(post, 200)
            with _gone(post):
                post.clock.set(post.clock.now() + HEALTH)
                assert _turns(post, 503)
                time.sleep(1.5)  # one more round of each kind, at least, meets the outage
                assert 503 == post.browser.get("/healthz").status_code
            assert _turns(post, 200)
        finally:
            rounds.stopping.set()
            scheduler.shutdown(wait=True)
        post.recovers()


class TestBoth:
    """What keys, tables and backups can suffer, whatever the database."""

    def test_key_file(self, post: Outpost, tmp_path: Path) -> None:
        """A key file that is gone, garbled, another's or a folder is told; no command and no server starts with it."""
        Keys(tmp_path / "theirs")
        other = (tmp_path / "theirs" / "master.key").read_bytes()
        wrong = ((None, "不见了"), (b"", "已损坏"), (bytes(32), "不是一套"), (other, "不是一套"))
        for instead, told in wrong:
            with outages.kept_aside(file_of(post, KEY), instead):
                assert told in post.refused()
                assert (instead is not None) == file_of(post, KEY).exists()
        with outages.kept_aside(file_of(post, KEY)):
            file_of(post, KEY).mkdir()
            assert "无法读写" in post.refused("web", "--port", "1")
            file_of(post, KEY).rmdir()
            ended = post.program("worker")
            assert (3, 1, "") == (ended.code, ended.err.count("\n"), ended.out)
        post.recovers()

    def test_key_store(self, post: Outpost, tmp_path: Path) -> None:
        """A key store that is gone, garbled or another's is told, and none is made in its place."""
        Keys(tmp_path / "theirs").of("G1")
        other = (tmp_path / "theirs" / "keys.db").read_bytes()
        for instead, told in ((None, "不见了"), (b"none" * 999, "无法使用"), (other, "不是一套")):
            post.let_go()
            with outages.kept_aside(file_of(post, STORE), instead):
                assert 503 == post.post()
                assert 503 == post.browser.get(f"/cases/{post.number}").status_code
                assert told in post.refused()
                assert (instead is not None) == file_of(post, STORE).exists()
            post.recovers()
        with outages.held_file(file_of(post, STORE), "BEGIN EXCLUSIVE"):
            assert "locked" in post.refused()
        post.recovers()

    def test_newer(self, post: Outpost) -> None:
        """Tables of a newer program are touched by no command, and by a running process no more once it has looked."""
        _marked(post, "9999")
        Rounds(post.app, 20).calendar()
        assert "请换用新版程序" in post.suffers()
        _marked(post, VERSION)
        post.recovers()

    def test_backup(self, post: Outpost, tmp_path: Path) -> None:
        """A backup for which there is no room leaves nothing behind; with room it is made."""
        to = tmp_path / "backup"
        with outages.no_room(4096):
            post.refused("db", "backup", str(to))
        assert [] == list(tmp_path.iterdir())
        assert 0 == post.type("db", "backup", str(to)).code
        post.recovers()


def _gone(post: Outpost) -> AbstractContextManager[None]:
    """An outage of the database, as it is the commonest for its kind."""
    on_file = post.ground.url.startswith("sqlite")
    return outages.held_file(file_of(post)) if on_file else outages.stopped_server()


def _turns(post: Outpost, status: int) -> bool:
    """Whether the health page answers so within some seconds."""
    until = time.monotonic() + 20
    while post.browser.get("/healthz").status_code != status:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def _ended(when: str, word: str, post: Outpost) -> Iterator[list[str]]:
    """The server's process ends before, or just after, such a statement of an act that keeps its request; which."""
    hit: list[str] = []
    seen: list[str] = []
    writer = post.app.archive._writer

    def end(connection: Connection, _: object, statement: str, *__: object) -> None:
        seen.append(statement)
        if hit or not statement.startswith(word) or not any(REQUEST in each for each in seen):
            return
        hit.append(word)
        outages.ended(post.ground.url)
        if when == "after":
            # What the driver says when the answer to a commit does not come.
            raise OperationalError(statement, {}, psycopg.OperationalError("server closed the connection"))

    event.listen(writer, f"{when}_cursor_execute", end)
    try:
        yield hit
    finally:
        event.remove(writer, f"{when}_cursor_execute", end)


def _marked(post: Outpost, revision: str) -> None:
    with post.ground.connected() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        connection.commit()
