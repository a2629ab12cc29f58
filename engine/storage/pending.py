"""Uploaded files that wait for a person's decision: sealed on disk under random names, each with its own key."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.storage.codec import value_bytes, value_from
from engine.storage.keys import REGISTER, Keys
from engine.vault import VaultError, open_sealed, seal

KEPT = timedelta(days=1)
_ID = 32
_LENGTH = 8


class PendingFiles:
    """The waiting files of one installation, in a folder of their own."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder = folder
        self._keys = keys

    def put(self, told: dict[str, object], content: bytes, *, id_: str = "") -> str:
        """Keep a file with what is told of it; its id, which nobody can guess. With `id_` it takes that one's place."""
        id_ = id_ or secrets.token_hex(_ID // 2)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = value_bytes(told)
        sealed = seal(self._key(id_), len(head).to_bytes(_LENGTH, "big") + head + content, _place(id_))
        waiting = self._folder / f"{id_}.part"
        waiting.touch(mode=0o600)
        waiting.write_bytes(sealed)
        waiting.replace(self._folder / id_)
        return id_

    def get(self, id_: str) -> tuple[dict[str, Any], bytes] | None:
        """What is told of a waiting file, and its content; None when there is none of this id."""
        path = self._folder / id_
        if len(id_) != _ID or not id_.isalnum() or not path.is_file():
            return None
        try:
            plain = open_sealed(self._keys.existing(f"upload:{id_}", REGISTER), path.read_bytes(), _place(id_))
        except VaultError:
            return None
        size = int.from_bytes(plain[:_LENGTH], "big") + _LENGTH
        return dict(value_from(plain[_LENGTH:size])), plain[size:]

    def remove(self, id_: str) -> None:
        """Let go of a file: its key is destroyed, so that no copy of it opens."""
        self._keys.erase(f"upload:{id_}")
        (self._folder / id_).unlink(missing_ok=True)

    def clear(self, now: datetime) -> int:
        """Let go of what has waited for more than a day; how many."""
        old = [each for each in self._folder.glob("*") if self._is_old(each.name, now)]
        for each in old:
            self.remove(each.name)
        return len(old)

    def _is_old(self, id_: str, now: datetime) -> bool:
        found = self.get(id_)
        return found is None or now - found[0]["at"] > KEPT

    def _key(self, id_: str) -> bytes:
        return self._keys.of(f"upload:{id_}", REGISTER)


def _place(id_: str) -> bytes:
    return f"upload:{id_}".encode()
