"""Signed tokens in forms and links: each is bound to the browser's own secret, so no key of the server is needed.

The secret is the session's token (or, before sign-in, a random cookie): another site can make the browser send
it, but cannot read it, and so cannot sign with it. Restarted and neighbouring servers accept the same token.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from itsdangerous import BadSignature, URLSafeSerializer

from engine.vault import VaultError, open_sealed, seal

_QUERY = b"yingfan.query"


def _signer(secret: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret,
        salt=f"yingfan.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def form_token(secret: str) -> str:
    """A token for the hidden field of a form; different each time, so that compression reveals nothing."""
    return _signer(secret, "form").dumps(secrets.token_urlsafe(12))


def form_token_fits(secret: str, token: str) -> bool:
    """True when `token` was made with the same secret."""
    try:
        _signer(secret, "form").loads(token)
    except BadSignature:
        return False
    return True


def seal_list(secret: str, items: tuple[str, ...]) -> str:
    """A list that may travel through a link of this browser and come back unchanged; not secret."""
    return _signer(secret, "list").dumps(list(items))


def open_list(secret: str, text: str) -> tuple[str, ...]:
    """The list again; empty when it was not made for this browser."""
    try:
        items = _signer(secret, "list").loads(text)
    except BadSignature:
        return ()
    return tuple(str(item) for item in items)


def hide(secret: str, text: str) -> str:
    """A query as an opaque word for the address: only this browser's session opens it, and logs learn nothing."""
    return base64.urlsafe_b64encode(seal(_key(secret), text.encode(), _QUERY)).decode().rstrip("=")


def unhide(secret: str, word: str) -> str:
    """The query again; empty when it was made for another session, or by nobody."""
    try:
        sealed = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        return open_sealed(_key(secret), sealed, _QUERY).decode()
    except (ValueError, VaultError):
        return ""


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"yingfan.query." + secret.encode()).digest()
