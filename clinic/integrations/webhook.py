"""The signed webhook: Standard Webhooks 1.0.0 headers, HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx
from django.utils import timezone

from clinic.models import Delivery
from clinic.models.deliveries import GIVE_UP_AFTER
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
    """Posts once, within `call.seconds` of wall clock. Only a 2xx counts; redirects are not followed.

    Raises NotDelivered.
    """
    client = httpx.Client(timeout=call.seconds, follow_redirects=False, trust_env=False)
    try:
        response = deadline.run(lambda: _post(client, call), seconds=call.seconds, close=client.close)
    except (deadline.DeadlineMissed, httpx.TimeoutException):
        raise NotDelivered(f"no answer within {call.seconds:g} s", is_slow=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotDelivered(f"cannot reach it: {type(error).__name__}") from None
    if not response.is_success:
        raise NotDelivered(f"it answered {response.status_code}", retry_after=_retry_after(response))


def _post(client: httpx.Client, call: Call) -> httpx.Response:
    """The answer's status and headers. Its body says nothing to us: it is not read, however long it is."""
    with client, client.stream("POST", call.url, content=call.body, headers=call.headers) as response:
        return response


def _retry_after(response: httpx.Response) -> float:
    """Seconds from now, of either form of the header; 0 when there is none, or none that can be read."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), GIVE_UP_AFTER.total_seconds())
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - timezone.now()).total_seconds())
