"""ID numbers on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import cli
from engine.roster.idnumber import check_digit
from tests.roster.test_lists import GOOD


class TestCommand:
    """yingfan idnumber check."""

    def test_masked(self, capsys: pytest.CaptureFixture[str]) -> None:
        """For people the number is masked; for programs it is as it was given."""
        assert cli.run(["idnumber", "check", GOOD]) == 0
        assert GOOD not in capsys.readouterr().out
        assert cli.run(["idnumber", "check", GOOD, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["input"] == GOOD

    def test_future(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nobody is born after today."""
        first = "99010129990504001"
        assert cli.run(["idnumber", "check", first + check_digit(first), "--json"]) == 1
        codes = [problem["code"] for problem in json.loads(capsys.readouterr().out)[0]["problems"]]
        assert codes == ["birth", "area_unknown"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
        """A file is read in the encodings that offices use; a quoted line end inside a cell is part of the cell."""
        path = tmp_path / "n.csv"
        path.write_bytes(f'姓名,"number "\n张三,{GOOD}\n李四,"{GOOD[:9]}\n{GOOD[9:]}"\n王五\n'.encode(encoding))
        assert cli.run(["idnumber", "check", "--file", str(path), "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
        assert [(each["normalised"], each["valid"]) for each in found] == [(GOOD, True), (GOOD, True), ("", False)]

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"a,b\n1,2\n", "没有 number 列；现有：a、b"),
            (b"", "现有：无"),
            (b'number\n"abc', "不是 CSV 文件"),
        ],
    )
    def test_wrong_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str) -> None:
        """A file without the column, or with quotes that do not end, is wrong usage and says why in one line."""
        path = tmp_path / "n.csv"
        path.write_bytes(content)
        assert cli.run(["idnumber", "check", "--file", str(path)]) == 2
        error = capsys.readouterr().err
        assert (told in error, error.count("\n")) == (True, 1)

    def test_no_file(self, tmp_path: Path) -> None:
        """A folder, or nothing, is no file: wrong usage."""
        assert [cli.run(["idnumber", "check", "--file", str(tmp_path / name)]) for name in ("", "none")] == [2, 2]
