"""The vendor's tokens: one right, one purpose, a short life, no secret inside."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from django.conf import settings

from realtime import tokens

TOPIC = "abcdefghijklmnopqrstuvwx23"


def claims(token: str, key: str) -> dict[str, Any]:
    """What the vendor reads, once it has checked the signature with the named key."""
    name, _, secret = key.partition(":")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": name}
    return dict(jwt.decode(token, secret, algorithms=["HS256"]))


def test_for_browser_may_only_subscribe_to_its_topic() -> None:
    found = claims(tokens.for_browser(TOPIC), settings.ABLY_SUBSCRIBE_KEY)
    assert json.loads(found["x-ably-capability"]) == {f"evenkeel:{TOPIC}": ["subscribe"]}


def test_for_worker_may_only_publish_in_our_namespace() -> None:
    found = claims(tokens.for_worker(), settings.ABLY_PUBLISH_KEY)
    assert json.loads(found["x-ably-capability"]) == {"evenkeel:*": ["publish"]}


@pytest.mark.parametrize("worker", [True, False])
def test_tokens_are_short_lived_and_hold_nothing_else(worker: bool) -> None:
    key = settings.ABLY_PUBLISH_KEY if worker else settings.ABLY_SUBSCRIBE_KEY
    found = claims(tokens.for_worker() if worker else tokens.for_browser(TOPIC), key)
    assert set(found) == {"iat", "exp", "x-ably-capability"}
    assert abs(found["iat"] - time.time()) < 2
    assert found["exp"] - found["iat"] == (60 if worker else 600)


def test_tokens_are_signed_with_the_key_that_has_the_right() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(tokens.for_browser(TOPIC), settings.ABLY_PUBLISH_KEY.partition(":")[2], algorithms=["HS256"])
