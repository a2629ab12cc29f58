"""Signed tokens in forms and links: each is bound to the browser's own secret, so no key of the server is needed.

The secret is the session's token (or, before sign-in, a random cookie): another site can make the browser send
it, but cannot read it, and so cannot sign with it. Restarted and neighbouring servers accept the same token.
"""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import BadSignature, URLSafeSerializer


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
