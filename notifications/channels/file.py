"""The file channel: every message is a JSON file in a folder, for offices that fetch their messages themselves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from notifications.messages import Message, Receipt


class FileChannel:
    """Writes messages into a folder; the same key again writes nothing."""

    __slots__ = ("_directory",)

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, message: Message) -> Receipt:
        """Write one message; a folder that cannot be written gives a receipt that says so."""
        name = hashlib.sha256(message.key.encode()).hexdigest()[:24] + ".json"
        path = self._directory / name
        if path.exists():
            return Receipt(ok=True, reference=name, detail="已送出")
        told = {"to": message.to, "kind": message.kind, "subject": message.subject, "body": message.body}
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".part")
            half.write_text(json.dumps(told, ensure_ascii=False, sort_keys=True), "utf-8")
            half.replace(path)
        except OSError as error:
            return Receipt(ok=False, detail=f"无法写入 {self._directory}：{error.strerror}")
        return Receipt(ok=True, reference=name)
