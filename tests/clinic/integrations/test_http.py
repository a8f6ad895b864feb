"""The client of all calls over HTTP: what it follows, trusts, waits for and says."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from django.utils import timezone

from clinic.integrations import http
from clinic.integrations.http import LARGEST_ANSWER, Answer
from clinic.integrations.parcel import NotDelivered
from clinic.models import Destination
from clinic.models.deliveries import GIVE_UP_AFTER, Failure
from clinic.running.home import free_port
from clinic.sealed import Secrets
from tests.clinic.integrations.raw_peer import OK, floods, peer, says
from tests.clinic.receiver import Behaviour, Receiver


def destination(url: str, **fields: Any) -> Destination:
    return Destination(url=url, **fields)


def ask(url: str, seconds: float = 5.0, *, wants_body: bool = True, **fields: Any) -> Answer:
    with http.client(destination(url, **fields), seconds) as client:
        return http.ask(client, "POST", url, wants_body=wants_body, content=b"{}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer_and_not_followed(receiver: Receiver, status: int) -> None:
    receiver.now = Behaviour(status, {"location": receiver.url + "/elsewhere"})
    answer = ask(receiver.url)
    assert (answer.status, answer.is_success) == (status, False)
    assert "which we do not follow" in http.answered(status)
    assert len(receiver.posts) == 1


def test_endless_answer_is_read_up_to_a_bound() -> None:
    with peer(floods) as url:
        assert len(ask(url).body) == LARGEST_ANSWER


def test_answer_that_nobody_reads_is_not_waited_for() -> None:
    with peer(says(OK + b"content-length: 99999999999\r\n\r\n")) as url:
        began = time.monotonic()
        assert ask(url, wants_body=False).is_success
        assert time.monotonic() - began < 3


def test_packed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b"[" * 50_000_000)
    head = OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
    with peer(says(head + bomb)) as url:
        answer = ask(url)
    assert (len(answer.body), answer.json()) == (len(bomb), None)


@pytest.mark.parametrize(
    ("text", "says", "failure"),
    [
        (b"", "no answer: it hung up", Failure.NO_ANSWER),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "no answer: it hung up", Failure.NO_ANSWER),
        (b"SSH-2.0-OpenSSH_9 Miller\r\n\r\n", "its answer is no HTTP", Failure.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, "its answer is no HTTP", Failure.PROTOCOL),
    ],
)
def test_what_is_no_answer_is_said_so(text: bytes, says: str, failure: Failure) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)

    with peer(answer) as url, pytest.raises(NotDelivered, match=says) as no:
        ask(url)
    assert (no.value.failure, "Miller" in str(no.value)) == (failure, False)


@pytest.mark.parametrize(
    ("statuses", "failure"),
    [
        ((400, 412, 413, 422), Failure.REJECTED),
        ((405, 406, 415), Failure.SETUP),
        ((410,), Failure.GONE),
        ((429, 502, 503, 504), Failure.BUSY),
        ((100, 301, 304, 401, 403, 404, 408, 409, 423, 500, 501, 507, 599), Failure.ERROR),
    ],
)
def test_statuses_are_told_apart(statuses: tuple[int, ...], failure: Failure) -> None:
    assert {http.failure_of(status) for status in statuses} == {failure}


def test_silence_ends_at_the_time_out(receiver: Receiver) -> None:
    receiver.now = Behaviour(silent=True)
    with pytest.raises(NotDelivered, match=r"^no answer within 0\.2 s$") as no:
        ask(receiver.url, 0.2)
    assert no.value.failure == Failure.NO_ANSWER


def test_nobody_there_is_said_at_once() -> None:
    with pytest.raises(NotDelivered, match=r"^cannot reach it: Connection refused$") as no:
        ask(f"http://127.0.0.1:{free_port()}/")
    assert no.value.failure == Failure.UNREACHABLE


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "http://[::1",
        "nowhere",
        "http://a\x00b/",
        "http://" + "a" * 70 + ".example/",
        "http:///",
    ],
)
def test_address_that_cannot_be_is_said(url: str) -> None:
    with pytest.raises(NotDelivered, match="cannot reach it") as no:
        ask(url)
    assert no.value.failure == Failure.UNREACHABLE


def test_address_with_a_password_is_refused_without_repeating_it(receiver: Receiver) -> None:
    with pytest.raises(NotDelivered, match="holds a user or password") as no:
        ask(receiver.url.replace("://", "://ana:hunter2@"))
    assert (no.value.failure, "hunter2" in str(no.value), receiver.posts) == (Failure.SETUP, False, [])


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert ask(receiver.url).is_success


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"9" * 5000])
def test_body_that_is_no_json_is_none(body: bytes) -> None:
    assert Answer(200, {}, body, 0.0).json() is None


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
    assert ask(receiver.url).retry_after == seconds


def test_retry_after_may_be_a_date(receiver: Receiver) -> None:
    at = timezone.now() + timedelta(seconds=90)
    receiver.now = Behaviour(429, {"retry-after": format_datetime(at, usegmt=True)})
    assert 80 < ask(receiver.url).retry_after <= 90


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def served_over_tls(authority: trustme.CA, receiver: Receiver, settings: Any, *, asks: bool = False) -> str:
    """The receiver's address, over TLS from now on. `asks`: for the caller's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if asks:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    return receiver.url.replace("http:", "https:")


def test_certificate_that_nobody_trusts_is_said(authority: trustme.CA, receiver: Receiver, settings: Any) -> None:
    url = served_over_tls(authority, receiver, settings)
    with pytest.raises(NotDelivered, match="its certificate is not trusted") as no:
        ask(url)
    assert no.value.failure == Failure.UNREACHABLE
    assert ask(url, ca_certificate=authority.cert_pem.bytes().decode()).is_success


def test_own_certificate_is_shown(authority: trustme.CA, receiver: Receiver, settings: Any) -> None:
    url, trusted = served_over_tls(authority, receiver, settings, asks=True), authority.cert_pem.bytes().decode()
    ours = authority.issue_cert("evenkeel.example")
    emr = destination(url, ca_certificate=trusted)
    emr.client_certificate = "".join(pem.bytes().decode() for pem in ours.cert_chain_pems)
    emr.secrets = Secrets(private_key=ours.private_key_pem.bytes().decode())
    with http.client(emr, 5.0) as client:
        assert http.ask(client, "POST", url, content=b"{}").is_success
    with pytest.raises(NotDelivered):
        ask(url, ca_certificate=trusted)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"ca_certificate": "no certificate"}, ""),
        ({"ca_certificate": "é"}, ""),
        ({"client_certificate": "no certificate"}, "no key"),
    ],
)
def test_certificates_of_no_use_are_said(fields: Any, key: str) -> None:
    emr = destination("https://127.0.0.1/", **fields)
    emr.secrets = Secrets(private_key=key)
    with pytest.raises(NotDelivered, match="cannot be used") as no:
        http.tls(emr)
    assert no.value.failure == Failure.SETUP


def test_key_under_a_password_is_refused_and_not_asked_for(authority: trustme.CA) -> None:
    emr = destination("https://127.0.0.1/")
    emr.client_certificate = authority.issue_cert("a.example").cert_chain_pems[0].bytes().decode()
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2")
    )
    emr.secrets = Secrets(private_key=locked.decode())
    with pytest.raises(NotDelivered, match="cannot be used"):
        http.tls(emr)
