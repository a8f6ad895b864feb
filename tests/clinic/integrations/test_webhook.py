"""Signed webhooks, checked by an independent verifier."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from standardwebhooks import Webhook, WebhookVerificationError

from clinic.integrations import engine, jobs, webhook
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import Failure
from clinic.sealed import Secrets
from tests.clinic.conftest import Clock
from tests.clinic.integrations.checked import check
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import SECRET, make_visit

pytestmark = pytest.mark.django_db

OTHER = "whsec_" + "b3RoZXIh" * 5


@pytest.fixture
def delivery(harbor: Clinic, emr: Destination) -> Delivery:
    return make_visit(harbor, given="Zoë").deliveries.get()


def problem_of(delivery: Delivery) -> NotDelivered | None:
    return engine.send(Parcel(delivery.key, delivery.body, delivery.destination, 5.0))


def signed(receiver: Receiver, place: int = -1) -> dict[str, str]:
    """The headers of a call, their names in small letters."""
    return {name.lower(): value for name, value in receiver.posts[place].headers.items()}


def test_call_is_signed_as_standard_webhooks_asks(delivery: Delivery, receiver: Receiver) -> None:
    assert problem_of(delivery) is None
    body = receiver.posts[0].body
    content = Webhook(SECRET).verify(body, signed(receiver))
    assert (content["type"], content["data"]["visit"]["given_name"]) == ("visit.waiting", "Zoë")
    assert signed(receiver)["webhook-id"] == delivery.key
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", signed(receiver))


def test_each_secret_in_rotation_verifies(delivery: Delivery, receiver: Receiver) -> None:
    delivery.destination.secrets = Secrets(signing=(OTHER, SECRET))
    assert problem_of(delivery) is None
    for secret in (OTHER, SECRET):
        Webhook(secret).verify(receiver.posts[0].body, signed(receiver))
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "bm9uZSEh" * 5).verify(receiver.posts[0].body, signed(receiver))


def test_repeat_has_the_same_id_and_body_and_a_new_time_and_signature(
    delivery: Delivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert problem_of(delivery) is None
    later = datetime.now(UTC) + timedelta(seconds=100)
    monkeypatch.setattr("clinic.integrations.webhook.time.time", later.timestamp)
    assert problem_of(delivery) is None
    first, second = signed(receiver, 0), signed(receiver, 1)
    assert receiver.posts[0].body == receiver.posts[1].body == delivery.body.encode()
    assert first["webhook-id"] == second["webhook-id"] == delivery.key
    assert int(second["webhook-timestamp"]) == int(later.timestamp())
    assert first["webhook-signature"] != second["webhook-signature"]
    Webhook(SECRET).verify(receiver.posts[1].body, second)


def test_body_says_what_happened_to_whom(delivery: Delivery) -> None:
    content = json.loads(delivery.body)
    visit = delivery.visit
    assert content["timestamp"] == delivery.event.at.isoformat()
    data = {"clinic": "harbor", "verb": "check-in", "sequence": 1, "visit": None}
    assert content["data"] | {"visit": None} == data
    assert content["data"]["visit"]["id"] == str(visit.public_id)
    assert (content["data"]["visit"]["birth_date"], content["data"]["visit"]["ticket"]) == ("1985-04-17", "A10")


@pytest.mark.parametrize("secret", ["whsec_not base64!", "whsec_é", "whsec_abc", "whsec_"])
def test_secret_that_is_not_base64_is_said_without_repeating_it(delivery: Delivery, secret: str) -> None:
    delivery.destination.secrets = Secrets(signing=(secret,))
    problem = problem_of(delivery)
    assert problem and problem.failure == Failure.SETUP
    assert "set it again" in str(problem) and secret not in str(problem)


def test_without_a_secret_nothing_is_sent(delivery: Delivery, receiver: Receiver) -> None:
    delivery.destination.secrets = Secrets()
    problem = problem_of(delivery)
    assert problem and (problem.failure, receiver.posts) == (Failure.SETUP, [])


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_only_2xx_is_taken_for_delivered(delivery: Delivery, receiver: Receiver, status: int) -> None:
    receiver.now = Behaviour(status)
    assert problem_of(delivery) is None


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (301, Failure.ERROR),
        (307, Failure.ERROR),
        (308, Failure.ERROR),
        (304, Failure.ERROR),
        (400, Failure.ERROR),
        (401, Failure.ERROR),
        (404, Failure.ERROR),
        (405, Failure.SETUP),
        (410, Failure.GONE),
        (422, Failure.ERROR),
        (429, Failure.BUSY),
        (500, Failure.ERROR),
        (502, Failure.BUSY),
        (503, Failure.BUSY),
        (504, Failure.BUSY),
    ],
)
def test_everything_else_is_not_delivered_and_not_refused_for_good(
    delivery: Delivery, receiver: Receiver, status: int, failure: Failure
) -> None:
    receiver.now = Behaviour(status, {"location": receiver.url + "/elsewhere", "retry-after": "9"})
    problem = problem_of(delivery)
    assert problem and str(problem).startswith(f"it answered {status}")
    assert problem.failure == failure
    assert problem.retry_after == 9
    assert [one.path for one in receiver.posts] == ["/hook"], "a redirect was followed"


@pytest.mark.parametrize("how", [Behaviour(silent=True), Behaviour(drip=True)])
def test_silent_or_dripping_peer_is_cut_at_the_deadline(
    delivery: Delivery, receiver: Receiver, how: Behaviour
) -> None:
    receiver.now = how
    began = time.monotonic()
    problem = engine.send(Parcel(delivery.key, delivery.body, delivery.destination, 0.3))
    assert 0.25 < time.monotonic() - began < 2
    assert problem and (problem.failure, str(problem)) == (Failure.NO_ANSWER, "no answer within 0.3 s")


def test_410_pauses_the_destination_and_keeps_its_rows(
    clock: Clock, delivery: Delivery, receiver: Receiver, emr: Destination, no_redis: list[object]
) -> None:
    receiver.now = Behaviour(410)
    jobs.deliver(emr.pk)
    emr.refresh_from_db()
    assert (emr.is_paused, emr.paused_because) == (True, "it answered 410: it wants no more messages")
    delivery.refresh_from_db()
    assert (delivery.state, jobs.deliver(emr.pk)) == (Delivery.State.PENDING, "nothing")
    assert len(receiver.posts) == 1


def test_check_sends_a_signed_message_that_tells_of_nobody(emr: Destination, receiver: Receiver) -> None:
    assert check(emr) == ["It took a signed test message of the type evenkeel.test."]
    content = Webhook(SECRET).verify(receiver.posts[0].body, signed(receiver))
    assert content == {"type": "evenkeel.test", "data": {}}


KEYS = some.binary(min_size=24, max_size=64).map(lambda raw: "whsec_" + base64.b64encode(raw).decode())


@settings(max_examples=50, deadline=None)
@given(some.lists(KEYS, min_size=1, max_size=3), some.binary(), some.integers(min_value=0), some.data())
def test_any_signature_verifies_until_one_bit_is_changed(
    secrets: list[str], raw: bytes, bit: int, data: some.DataObject
) -> None:
    # The verifier reads text alone.
    body = raw.decode("utf-8", "replace").encode() or b" "
    at = str(int(datetime.now(UTC).timestamp()))
    headers = {"webhook-id": "ID", "webhook-timestamp": at}
    headers["webhook-signature"] = webhook.sign(secrets, "ID", at, body)
    verifier = Webhook(data.draw(some.sampled_from(secrets)))
    verifier.verify(body, headers, json_parse=False)
    flipped = bytearray(body)
    flipped[bit // 8 % len(body)] ^= 1 << bit % 8
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        verifier.verify(bytes(flipped), headers)
