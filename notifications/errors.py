"""What can go wrong with a document.

NotificationError
├── TemplateError   a template is wrong: its author's fault
├── MissingFact     a fact that a template asks for is not there
├── BadText         a value holds a character that must not be printed
└── RenderError     a layout or a font cannot print a text
"""

from __future__ import annotations


class NotificationError(Exception):
    """A document or message cannot be made; the text says which and why."""


class TemplateError(NotificationError):
    """A template is wrong; the text names the block."""


class MissingFact(NotificationError):
    """A template asks for a fact that is not there."""


class BadText(NotificationError):
    """A value holds a character that must not be printed: field, place, code point, and what to write instead."""

    def __init__(self, field: str, position: int, character: str, suggestion: str = "") -> None:
        point = f"U+{ord(character):04X}" if character else ""
        advice = f"；应写作「{suggestion}」" if suggestion else "；请删去或改用通用字"
        super().__init__(f"「{field}」第{position + 1}个字符（{point}）不能印入文书{advice}")
        self.field = field
        self.position = position
        self.character = character
        self.suggestion = suggestion


class RenderError(NotificationError):
    """A layout or a font cannot print a text; the text names the character or the family."""
