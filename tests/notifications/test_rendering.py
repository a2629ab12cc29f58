"""Pages and PDF: drawn from the same blocks, saying what the text says; messages to a folder."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest

from notifications.channels.file import FileChannel
from notifications.documents import Block, Filled
from notifications.errors import RenderError
from notifications.html import Letterhead, html, html_body
from notifications.messages import Message
from notifications.pdf import FAMILIES, PdfPrinter
from tests.notifications.test_documents import HOSTILE, ISSUED, filled, one

HEAD = Letterhead(issuer="宣和区教育体育局")
STAMP = 1789084800


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self.inside = self.inside or tag == "main"

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "main"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found.append(data)


def bare(text: str) -> str:
    """A text without white space and page numbers."""
    return re.sub(r"\s+|—\d+—", "", text)


def read_pdf(data: bytes) -> str:
    """The text of a PDF."""
    document = pypdfium2.PdfDocument(data)
    pages = []
    for page in document:
        lines = page.get_textpage().get_text_range().splitlines()
        pages += [line for line in lines if not re.fullmatch(r"\s*—\s*\d+\s*—\s*", line)]
    return "".join(pages)


def everything() -> Filled:
    """A document with every kind of block."""
    kinds = ["title", "number", "addressee", "paragraph", "heading", "list", "signature", "date"]
    blocks = [Block(kind=kind, cells=(f"第{at}块",)) for at, kind in enumerate(kinds)]
    blocks += [
        Block(kind="table", cells=("甲", "乙")),
        Block(kind="table", cells=("丙", "丁")),
        Block(kind="list", cells=("戊",)),
    ]
    return Filled(document="all", title="全", blocks=(*blocks, Block(kind="annex", cells=("附件",))))


class TestPages:
    """Documents as pages."""

    @pytest.mark.parametrize("document", [filled(**ISSUED), everything()])
    def test_same_text(self, document: Filled) -> None:
        """The page says what the canonical text says."""
        reader = _Text()
        reader.feed(html(document, letterhead=HEAD))
        assert bare(document.text) == bare("".join(reader.found))

    def test_escaped(self) -> None:
        """Nothing that a value holds becomes a tag."""
        for value in HOSTILE:
            reader = _Text()
            reader.feed(html(one("{{ x }}", x=value), letterhead=HEAD))
            assert "b" not in reader.tags
            assert bare(value) == bare("".join(reader.found))

    def test_marks(self) -> None:
        """A draft says that it is one; whom to call stands at the foot."""
        page = html(filled(), letterhead=Letterhead(issuer="x", contact="电话000", draft=True))
        assert "草稿" in page
        assert "电话000" in page

    def test_blanks(self) -> None:
        """Places left free to write in keep their width on the page too."""
        page = html(one("收件人            日期            "), letterhead=HEAD)
        assert re.search(r"\np \{[^}]*white-space: pre-wrap;", page)
        assert "收件人            日期" in page

    def test_fragment(self) -> None:
        """A fragment for another page gathers lists and tables."""
        body = html_body(everything())
        assert (body.count("<ul>"), body.count("<table>")) == (2, 1)


class TestPdf:
    """Documents as PDF."""

    def test_same_text(self) -> None:
        """The PDF says what the canonical text says, under its issuer's name."""
        for document in (filled(**ISSUED), everything()):
            text = read_pdf(PdfPrinter().pdf(document, letterhead=HEAD, timestamp=STAMP))
            assert bare(HEAD.issuer + document.text) == bare(text)

    def test_hostile(self) -> None:
        """Code and markup in a value are printed, not run."""
        printer = PdfPrinter()
        for value in HOSTILE:
            text = read_pdf(printer.pdf(one("{{ x }}", x=value), letterhead=HEAD, timestamp=STAMP))
            assert bare(HEAD.issuer + value) == bare(text)

    def test_same_bytes(self) -> None:
        """The same document gives the same bytes, also from another printer; a draft differs."""
        first, second = (PdfPrinter().pdf(filled(), letterhead=HEAD, timestamp=STAMP) for _ in range(2))
        draft = PdfPrinter().pdf(filled(), letterhead=Letterhead(issuer=HEAD.issuer, draft=True), timestamp=STAMP)
        assert first == second
        assert draft != first

    @pytest.mark.parametrize("last", ["家长签名：已签名。", "一" * 90], ids=["short", "long"])
    def test_close(self, last: str) -> None:
        """Who signs and the day stand on one page with the end of the text, however long the document is."""
        printer = PdfPrinter()
        for lines in range(8, 24):
            blocks = [Block(kind="title", cells=("家访记录",))]
            blocks += [Block(kind="paragraph", cells=(f"第{at}行。",)) for at in range(lines)]
            blocks += [Block(kind="paragraph", cells=(last,)), Block(kind="signature", cells=("校长：林芳",))]
            blocks += [Block(kind="signature", cells=("青禾中学",)), Block(kind="date", cells=("2026年9月8日",))]
            data = printer.pdf(
                Filled(document="v", title="家访记录", blocks=tuple(blocks)), letterhead=HEAD, timestamp=STAMP
            )
            pages = [bare(bare(page.get_textpage().get_text_range())) for page in pypdfium2.PdfDocument(data)]
            close = next(page for page in pages if "校长：林芳" in page)
            assert close.endswith(f"{last[-9:]}校长：林芳青禾中学2026年9月8日"), (lines, pages)

    def test_longer_than_a_page(self) -> None:
        """A last paragraph that fills pages is broken over them, and all of it is printed."""
        blocks = (Block(kind="paragraph", cells=("一" * 1500,)), Block(kind="signature", cells=("青禾中学",)))
        document = Filled(document="v", title="家访记录", blocks=blocks)
        text = read_pdf(PdfPrinter().pdf(document, letterhead=HEAD, timestamp=STAMP))
        assert bare(HEAD.issuer + document.text) == bare(text)

    def test_label_whole(self) -> None:
        """What stands between two places left free to write in is not broken over lines, nor spread over such a place."""
        blank = " " * 12
        for said in ("回执：《劝返复学通知书》已收到。监护人签名：", "签收人：  与受送达人的关系："):
            for fill in range(8):
                text = "一" * fill + f"{said}{blank}日期：{blank}是否同住成年家属："
                data = PdfPrinter().pdf(
                    Filled(document="v", title="送达回证", blocks=(Block(kind="annex", cells=(text,)),)),
                    letterhead=HEAD,
                    timestamp=STAMP,
                )
                lines = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))
                assert said[:3] in lines, (fill, lines)
                assert "日期：" in lines, (fill, lines)
                assert "是否同住成年家属：" in lines, (fill, lines)

    def test_missing_glyph(self) -> None:
        """A character that no font has is refused before anything is printed."""
        with pytest.raises(RenderError, match="无法生成 PDF"):
            PdfPrinter().pdf(one("{{ x }}", x="\U0002e9f6"), letterhead=HEAD, timestamp=STAMP)

    def test_warning(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A warning of the typesetter is an error: it may have dropped text."""
        printer = PdfPrinter()
        told = SimpleNamespace(
            compile_with_warnings=lambda **_: (b"", [SimpleNamespace(message="unknown font family")])
        )
        monkeypatch.setattr(printer, "_compiler", told)
        with pytest.raises(RenderError, match="unknown font family"):
            printer.pdf(filled(), letterhead=HEAD, timestamp=STAMP)

    def test_no_family(self, tmp_path: Path) -> None:
        """A role without any of its families is refused, with the families it wants."""
        with pytest.raises(RenderError, match="NoSuchFont"):
            PdfPrinter(font_paths=[tmp_path], families={**FAMILIES, "body": ["NoSuchFont"]})


class TestFileChannel:
    """Messages to a folder."""

    MESSAGE = Message(to="township_officer", kind="timer.overdue", subject="QH-2026-0001", body="请查看", key="k1")

    def test_once(self, tmp_path: Path) -> None:
        """A message is written once, however often it is sent."""
        channel = FileChannel(tmp_path / "outbox")
        first, second = channel.send(self.MESSAGE), channel.send(self.MESSAGE)
        assert (first.ok, second.ok, second.detail) == (True, True, "已送出")
        files = list((tmp_path / "outbox").iterdir())
        assert len(files) == 1
        assert json.loads(files[0].read_text("utf-8"))["subject"] == "QH-2026-0001"

    def test_blocked(self, tmp_path: Path) -> None:
        """A folder that cannot be written gives a receipt that says so."""
        (tmp_path / "outbox").write_text("x")
        receipt = FileChannel(tmp_path / "outbox").send(self.MESSAGE)
        assert not receipt.ok
        assert "无法写入" in receipt.detail
