"""The installation's key file: made once, read often, changed for another without a moment in which data is lost."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from engine.errors import InstallationError
from engine.vault import KEY, new_key

FILE, NEXT = "master.key", "master.key.next"
"""The key file, and the one that takes its place while the keys are wrapped anew."""


def digest(master: bytes) -> str:
    """Names a key file without telling it."""
    return "sha256:" + hashlib.sha256(b"yingfan key file 1\n" + master).hexdigest()


def read(path: Path) -> bytes:
    """The key in a file; raises InstallationError for one that cannot be read or is not whole."""
    try:
        master = path.read_bytes()
    except OSError as error:
        raise InstallationError(f"密钥文件 {path} 无法读写：{error.strerror}") from None
    if len(master) != KEY:
        raise InstallationError(f"密钥文件 {path} 已损坏：应为{KEY}字节，现有{len(master)}字节")
    return master


def read_or_make(folder: Path, *, fresh: bool) -> bytes:
    """The installation's key; a new one where there is no data yet (`fresh`), else a missing file is an error."""
    path = folder / FILE
    try:
        if not path.exists():
            if not fresh:
                raise InstallationError(f"密钥文件 {path} 不见了，而数据还在；请从备份恢复密钥文件")
            _make(path)
    except OSError as error:
        raise InstallationError(f"密钥文件 {path} 无法读写：{error.strerror}") from None
    return read(path)


def _make(path: Path) -> None:
    """A new key file, whole or not at all, and on the disk before it is used: data under a lost key is lost."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft(path, new_key())
    # Another process that starts at the same moment may have been first: then its key is the key.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    _settle(path.parent)


def put_next(folder: Path, master: bytes) -> None:
    """Lay the next key beside the present one, on the disk before anything is wrapped under it."""
    _draft(folder / FILE, master).replace(folder / NEXT)
    _settle(folder)


def take_next(folder: Path, wanted: str) -> bytes | None:
    """Make the next key the key, where it is the one with this digest; None where it is not there."""
    path = folder / NEXT
    if not path.exists() or digest(read(path)) != wanted:
        return None
    with suppress(FileNotFoundError):  # another process may have been first
        path.replace(folder / FILE)
    _settle(folder)
    return read(folder / FILE)


def _draft(path: Path, key: bytes) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _settle(folder: Path) -> None:
    """Put the folder's names on the disk."""
    with suppress(PermissionError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
