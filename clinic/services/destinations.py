"""The signing secrets of destinations, as Standard Webhooks writes them."""

from __future__ import annotations

import base64
import secrets

PREFIX = "whsec_"
BYTES = 32
FEWEST_BYTES = 24


def new_secret() -> str:
    """A fresh one."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether signatures can be made with it: whsec_ and FEWEST_BYTES or more in base64."""
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    return text.startswith(PREFIX) and len(raw) >= FEWEST_BYTES
