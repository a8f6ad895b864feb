from __future__ import annotations

import json
import socket
import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from clinic.integrations import webhook
from clinic.integrations.webhook import Call, NotDelivered
from clinic.models import Clinic, Delivery
from clinic.models.deliveries import GIVE_UP_AFTER
from clinic.running.home import free_port
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import SECRET, make_destination, make_visit


def post(receiver: Receiver, seconds: float = 5.0) -> None:
    webhook.send(Call(receiver.url, {"content-type": "application/json"}, b"{}", seconds))


@pytest.fixture
def delivery(harbor: Clinic, receiver: Receiver) -> Delivery:
    make_destination(harbor, receiver.url)
    return make_visit(harbor, given="Zoë").deliveries.get()


def test_call_is_signed_as_standard_webhooks_asks(delivery: Delivery, receiver: Receiver) -> None:
    webhook.send(webhook.prepare(delivery))
    post = receiver.posts[0]
    headers = {name.lower(): value for name, value in post.headers.items()}
    content = Webhook(SECRET).verify(post.body, headers)
    assert (content["type"], content["data"]["visit"]["given_name"]) == ("visit.waiting", "Zoë")
    assert headers["webhook-id"] == delivery.key
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(post.body + b" ", headers)


def test_body_says_what_happened_to_whom(delivery: Delivery) -> None:
    content = json.loads(delivery.body)
    visit = delivery.visit
    assert content["timestamp"] == delivery.event.at.isoformat()
    assert content["data"] | {"visit": None} == {
        "clinic": "harbor",
        "verb": "check-in",
        "sequence": 1,
        "visit": None,
    }
    assert content["data"]["visit"]["id"] == str(visit.public_id)
    assert (content["data"]["visit"]["birth_date"], content["data"]["visit"]["ticket"]) == ("1985-04-17", "A10")


@pytest.mark.parametrize("secret", ["whsec_not base64!", "whsec_é", "whsec_abc"])
def test_secret_that_is_not_base64_is_said_without_repeating_it(delivery: Delivery, secret: str) -> None:
    delivery.destination.secret = secret
    with pytest.raises(NotDelivered, match="set it again") as no:
        webhook.prepare(delivery)
    assert secret not in str(no.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_only_2xx_is_taken_for_delivered(receiver: Receiver, status: int) -> None:
    receiver.now = Behaviour(status)
    post(receiver)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 401, 404, 410, 429, 500, 503])
def test_everything_else_is_not_delivered(receiver: Receiver, status: int) -> None:
    receiver.now = Behaviour(status, {"location": receiver.url + "/elsewhere"})
    with pytest.raises(NotDelivered, match=f"it answered {status}") as no:
        post(receiver)
    assert not no.value.is_slow
    assert [one.path for one in receiver.posts] == ["/hook"], "a redirect was followed"


@pytest.mark.parametrize("how", [Behaviour(silent=True), Behaviour(drip=True)])
def test_silent_or_dripping_peer_is_cut_at_the_time_out(receiver: Receiver, how: Behaviour) -> None:
    receiver.now = how
    began = time.monotonic()
    with pytest.raises(NotDelivered, match=r"no answer within 0\.3 s") as no:
        post(receiver, 0.3)
    assert no.value.is_slow
    assert 0.25 < time.monotonic() - began < 1.5


def test_nobody_there_is_not_delivered_at_once() -> None:
    with pytest.raises(NotDelivered, match="cannot reach it: ConnectError") as no:
        webhook.send(Call(f"http://127.0.0.1:{free_port()}/", {}, b"", 5.0))
    assert not no.value.is_slow


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[::1", "nowhere", "http://a\x00b/"])
def test_address_that_cannot_be_is_not_delivered(url: str) -> None:
    with pytest.raises(NotDelivered, match="cannot reach it"):
        webhook.send(Call(url, {}, b"", 5.0))


def _answer(server: socket.socket, head: bytes) -> None:
    """The head of an answer, to the first caller; then nothing until they hang up."""
    connection, _address = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(head)
        while connection.recv(65536):
            pass


def test_endless_answer_does_not_hold_us() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.settimeout(5)
        thread = threading.Thread(target=_answer, args=(server, head), daemon=True)
        thread.start()
        began = time.monotonic()
        webhook.send(Call(url, {}, b"{}", 5.0))
        assert time.monotonic() - began < 2
        thread.join()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("7200", 7200.0),
        ("9" * 400, GIVE_UP_AFTER.total_seconds()),
        ("-5", 0.0),
        ("soon", 0.0),
        ("\xb2", 0.0),
        ("Mon, 99 Foo 2026 00:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_and_bounded(receiver: Receiver, value: str, seconds: float) -> None:
    receiver.now = Behaviour(503, {"retry-after": value})
    with pytest.raises(NotDelivered) as no:
        post(receiver)
    assert no.value.retry_after == seconds


def test_retry_after_may_be_a_date(receiver: Receiver) -> None:
    at = timezone.now() + timedelta(seconds=90)
    receiver.now = Behaviour(429, {"retry-after": format_datetime(at, usegmt=True)})
    with pytest.raises(NotDelivered) as no:
        post(receiver)
    assert 80 < no.value.retry_after <= 90
