"""Documents as PDF: drawn by typst from the same blocks as the text, in fonts that come with the installation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

import pylopdf_fonts_zh_cn
import typst

from notifications.documents import Filled
from notifications.errors import RenderError
from notifications.html import LAYOUTS, Letterhead

FAMILIES: Mapping[str, Sequence[str]] = {
    "body": ("FangSong_GB2312", "FangSong", "Noto Serif SC", "Noto Sans SC"),
    "title": ("FZXiaoBiaoSong-B05S", "Noto Serif SC", "Noto Sans SC"),
    "hei": ("SimHei", "Noto Sans SC"),
    "page": ("SimSun", "Noto Serif SC", "Noto Sans SC"),
}
"""Families by role, best first; an office puts its licensed faces in a font folder of its own."""

STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]


class PdfPrinter:
    """Prints documents; one for each thread, because the compiler is not shared between threads."""

    def __init__(self, font_paths: Sequence[Path] = (), families: Mapping[str, Sequence[str]] = FAMILIES) -> None:
        folder = Path(pylopdf_fonts_zh_cn.__file__).parent
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(folder), *(str(path) for path in font_paths)],
        )
        have = set(fonts.families())
        self._families = {role: [name for name in wanted if name in have] for role, wanted in families.items()}
        for role, found in self._families.items():
            if not found:
                raise RenderError(f"没有「{role}」可用的字体；需要其中之一：{'、'.join(families[role])}")
        self._compiler = typst.Compiler(str(LAYOUTS / "notice.typ"), root=str(LAYOUTS), font_paths=fonts)

    def pdf(self, filled: Filled, *, letterhead: Letterhead, timestamp: int) -> bytes:
        """The document as PDF/A-2a and PDF/UA-1; the same arguments give the same bytes.

        `timestamp` is in seconds since 1970 (UTC). Raises RenderError for a character that no font has.
        """
        notice = {
            "issuer": letterhead.issuer,
            "draft": letterhead.draft,
            "title": filled.title,
            "blocks": [{"kind": block.kind, "cells": list(block.cells)} for block in filled.blocks],
        }
        inputs = {"notice": json.dumps(notice, ensure_ascii=False), "fonts": json.dumps(self._families)}
        try:
            pdf, warnings = self._compiler.compile_with_warnings(
                format="pdf", timestamp=timestamp, pdf_standards=[*STANDARDS], sys_inputs=inputs
            )
        except typst.TypstError as error:
            raise RenderError(f"《{filled.title}》无法生成 PDF：{error.message}") from None
        if warnings:
            raise RenderError(f"《{filled.title}》无法生成 PDF：" + "；".join(each.message for each in warnings))
        return cast("bytes", pdf)  # one document, so never a list of pages
