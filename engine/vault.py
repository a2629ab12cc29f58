"""Sealing of personal data: AES-256-GCM with a key of one's own, padded, bound to its place. No storage here."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import InstallationError

ALGORITHM = b"A1"
"""Names AES-256-GCM with a 96-bit random nonce, plain text padded to steps of 32 bytes."""

NONCE, STEP, KEY, TAG = 12, 32, 32, 16
SHORTEST = NONCE + STEP + TAG
"""Bytes that even an empty value takes behind the algorithm's name."""


class VaultError(InstallationError):
    """A sealed value cannot be opened: wrong key, wrong place, or it was changed."""


def new_key() -> bytes:
    """A fresh random key of 256 bits."""
    return os.urandom(KEY)


def seal(key: bytes, plain: bytes, place: bytes) -> bytes:
    """The sealed value: algorithm, nonce, ciphertext; it opens only with the same key at the same place."""
    nonce = os.urandom(NONCE)
    padded = plain + b"\x80" + b"\x00" * (-(len(plain) + 1) % STEP)
    return ALGORITHM + nonce + AESGCM(key).encrypt(nonce, padded, place)


def open_sealed(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """The plain value; raises VaultError when key or place are wrong or a byte was changed."""
    if sealed[: len(ALGORITHM)] != ALGORITHM:
        raise VaultError("密封数据的算法标记不认识；可能由更新的版本写入")
    body = sealed[len(ALGORITHM) :]
    if len(body) < SHORTEST:
        raise VaultError("密封数据不完整：被截断")
    try:
        padded = AESGCM(key).decrypt(body[:NONCE], body[NONCE:], place)
    except InvalidTag:
        raise VaultError("密封数据打不开：密钥不符，或数据被改动") from None
    return padded[: padded.rindex(b"\x80")]


def digests(key: bytes, values: Iterable[str]) -> Iterator[bytes]:
    """HMAC-SHA-256 of each of many values under one of our keys: the key is taken in once, not for each value."""
    begun = hmac.new(key, digestmod="sha256")
    for value in values:
        digest = begun.copy()
        digest.update(value.encode())
        yield digest.digest()


def wrap(master: bytes, key: bytes, name: str) -> bytes:
    """A key sealed under the installation's key, for the name it belongs to."""
    return seal(master, key, b"key:" + name.encode())


def unwrap(master: bytes, wrapped: bytes, name: str) -> bytes:
    """The key that `wrap` sealed; raises VaultError for another installation's key file."""
    return open_sealed(master, wrapped, b"key:" + name.encode())
