"""Tokens for the vendor, minted here: no vendor call, one right, one purpose, a short life.

Format: Ably JWT, HS256, signed with the secret half of an API key. A browser's token can only subscribe, to one
topic; the worker's can only publish. Neither can do more than the key that signs it.
"""

from __future__ import annotations

import json
import time

import jwt
from django.conf import settings

NAMESPACE = "evenkeel"
BROWSER_LIFE = 600
WORKER_LIFE = 60


def channel(topic: str) -> str:
    """The vendor's name for a topic."""
    return f"{NAMESPACE}:{topic}"


def for_browser(topic: str) -> str:
    """A JWT that may subscribe to one topic for BROWSER_LIFE seconds."""
    return _mint(settings.ABLY_SUBSCRIBE_KEY, {channel(topic): ["subscribe"]}, BROWSER_LIFE)


def for_worker() -> str:
    """A JWT that may publish to our topics for WORKER_LIFE seconds."""
    return _mint(settings.ABLY_PUBLISH_KEY, {f"{NAMESPACE}:*": ["publish"]}, WORKER_LIFE)


def _mint(key: str, capability: dict[str, list[str]], life: int) -> str:
    name, _, secret = key.partition(":")
    now = int(time.time())
    claims = {"iat": now, "exp": now + life, "x-ably-capability": json.dumps(capability)}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": name})
