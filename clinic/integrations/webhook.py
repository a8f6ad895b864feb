"""The signed webhook: Standard Webhooks 1.0.0 headers, HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass

import httpx

from clinic.models import Delivery
from realtime import deadline


class NotDelivered(Exception):
    """The other system did not take it; the text says why, without any patient data."""

    def __init__(self, why: str, *, is_slow: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(why)
        self.is_slow, self.retry_after = is_slow, retry_after


@dataclass(frozen=True)
class Call:
    """One attempt, ready to send."""

    url: str
    headers: dict[str, str]
    body: bytes
    seconds: float


def prepare(delivery: Delivery) -> Call:
    """The attempt for a delivery: same id and body each time, a new time stamp and signature."""
    destination, body = delivery.destination, delivery.body.encode()
    at = str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery.key,
        "webhook-timestamp": at,
        "webhook-signature": sign(destination.secret, delivery.key, at, body),
    }
    return Call(destination.url, headers, body, float(destination.seconds))


def sign(secret: str, key: str, at: str, body: bytes) -> str:
    """The `webhook-signature` value. `secret` is "whsec_" and base64; raises NotDelivered when it is not."""
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise NotDelivered("the signing secret is not base64: set it again in the admin") from None
    mac = hmac.new(raw, b".".join([key.encode(), at.encode(), body]), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def send(call: Call) -> None:
    """Posts once, within `call.seconds` of wall clock. Only a 2xx counts; redirects are not followed."""
    client = httpx.Client(timeout=call.seconds, follow_redirects=False, trust_env=False)
    try:
        response = deadline.run(
            lambda: client.post(call.url, content=call.body, headers=call.headers),
            seconds=call.seconds,
            close=client.close,
        )
    except (deadline.DeadlineMissed, httpx.TimeoutException):
        raise NotDelivered(f"no answer within {call.seconds:g} s", is_slow=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        client.close()
        raise NotDelivered(f"cannot reach it: {type(error).__name__}") from None
    client.close()
    if not response.is_success:
        raise NotDelivered(f"it answered {response.status_code}", retry_after=_retry_after(response))


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return min(float(value), 3600.0) if value.isdigit() else 0.0
