"""The signed webhook: Standard Webhooks 1.0.0 headers, HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable

from clinic.integrations import http
from clinic.integrations.messages import body
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.models import Destination, VisitEvent
from clinic.models.deliveries import Failure, new_key
from clinic.models.destinations import Trigger

SEND = "send"
MAPPING = dict.fromkeys(Trigger, SEND)
CHOICES = {trigger: [(SEND, "Send"), ("", "Nothing")] for trigger in Trigger}
GONE = 410


def compose(destination: Destination, event: VisitEvent, what: str, key: str) -> str:
    return body(event)


def send(parcel: Parcel) -> None:
    """Posts it: same id and body each time, a new time stamp and signatures. Only a 2xx counts."""
    _post(parcel.destination, parcel.key, parcel.body, parcel.seconds)


def check(destination: Destination) -> list[str]:
    """Sends a signed `evenkeel.test`, which tells of nobody."""
    _post(destination, new_key(), json.dumps({"type": "evenkeel.test", "data": {}}), float(destination.seconds))
    return ["It took a signed test message of the type evenkeel.test."]


def sign(secrets: Iterable[str], key: str, at: str, text: bytes) -> str:
    """The `webhook-signature` value: one signature a secret, so that either is good while they are changed.

    A secret is "whsec_" and base64; raises NotDelivered when one is not, or there is none.
    """
    signatures = [f"v1,{base64.b64encode(_mac(secret, key, at, text)).decode()}" for secret in secrets]
    if not signatures:
        raise NotDelivered(Failure.SETUP, "it has no signing secret: set one in the admin")
    return " ".join(signatures)


def _mac(secret: str, key: str, at: str, text: bytes) -> bytes:
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise NotDelivered(Failure.SETUP, "a signing secret is not base64: set it again in the admin") from None
    return hmac.new(raw, b".".join([key.encode(), at.encode(), text]), hashlib.sha256).digest()


def _post(destination: Destination, key: str, body: str, seconds: float) -> None:
    text, at = body.encode(), str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": at,
        "webhook-signature": sign(destination.secrets.signing, key, at, text),
    }
    with http.client(destination, seconds) as client:
        answer = http.ask(client, "POST", destination.url, wants_body=False, content=text, headers=headers)
    if answer.status == GONE:
        raise NotDelivered(Failure.GONE, "it answered 410: it wants no more messages")
    if not answer.is_success:
        failure = http.failure_of(answer.status)
        # What it cannot process today it may tomorrow: nothing is refused for good.
        failure = Failure.ERROR if failure == Failure.REJECTED else failure
        raise NotDelivered(failure, http.answered(answer.status), retry_after=answer.retry_after)
