"""A connection test, with real sockets: each way to fail is told in words, with what to do about it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from clinic.integrations import probe
from clinic.integrations.probe import Report
from clinic.models import Clinic, Destination
from clinic.running.home import free_port
from tests.clinic.pem import authority, authority_pem
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import make_destination

pytestmark = pytest.mark.django_db


@contextmanager
def listening(serve: Any = None) -> Iterator[int]:
    """A port where `serve` is given the first connection; without it nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        if serve is not None:
            threading.Thread(target=lambda: serve(server.accept()[0]), daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "STEP_SECONDS", 0.2)
    monkeypatch.setattr(probe, "SECONDS", 0.6)


def tried(clinic: Clinic, url: str, **fields: Any) -> Report:
    return probe.probe(make_destination(clinic, url, **fields))


def test_a_well_one_is_told_step_by_step(emr: Destination, receiver: Receiver) -> None:
    report = probe.probe(emr)
    assert report.is_well, report
    name, allowed, connected, took = report.found
    assert name == "127.0.0.1 is 127.0.0.1."
    assert "may connect" in allowed
    assert f"answers on port {receiver.server_address[1]}" in connected
    assert "evenkeel.test" in took
    assert [b"evenkeel.test" in post.body for post in receiver.posts] == [True]


@pytest.mark.parametrize(
    ("url", "stage", "problem"),
    [
        ("https://nowhere.invalid/", "Name", "nowhere.invalid leads nowhere"),
        ("https://10.255.0.1/", "Allowed", "10.255.0.1 is a private address"),
        ("https://169.254.169.254/", "Allowed", "169.254.169.254 is a private address"),
        ("https://" + "a" * 70 + ".example/", "Address", "That is no address"),
        ("mllp://emr.example", "Address", "must begin with https://"),
    ],
)
def test_an_address_that_leads_nowhere_or_must_not(harbor: Clinic, url: str, stage: str, problem: str) -> None:
    report = tried(harbor, url)
    assert (report.stage, report.is_well) == (stage, False)
    assert problem in report.problem
    assert report.advice


def test_a_port_where_nothing_listens_is_told_from_silence(harbor: Clinic, quick: None) -> None:
    refused = tried(harbor, f"http://127.0.0.1:{free_port()}/")
    assert (refused.stage, refused.problem.endswith("Connection refused")) == ("Connection", True)
    assert "is the port right" in refused.advice


def test_a_silent_way_is_told_as_such(harbor: Clinic, quick: None) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        report = tried(harbor, f"http://127.0.0.1:{full.getsockname()[1]}/")
    assert "did not answer on port" in report.problem
    assert "firewall" in report.advice


def test_tls_where_none_is_spoken(harbor: Clinic, quick: None) -> None:
    def greet(one: socket.socket) -> None:
        with one:
            one.sendall(b"220 mail ready\r\n" * 9)

    with listening(greet) as port:
        report = tried(harbor, f"https://127.0.0.1:{port}/")
    assert report.stage == "Encryption"
    assert "Is TLS spoken on this port?" in report.advice


def test_tls_greeting_that_is_never_answered(harbor: Clinic, quick: None) -> None:
    with listening() as port:
        report = tried(harbor, f"https://127.0.0.1:{port}/")
    assert report.problem == "it did not answer our TLS greeting within 0.2 s"


def test_certificate_is_trusted_only_with_its_authority(harbor: Clinic, quick: None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1").configure_cert(context)

    def serve(one: socket.socket) -> None:
        with (
            suppress(OSError),
            one,
            context.wrap_socket(one, server_side=True, suppress_ragged_eofs=True) as secure,
        ):
            secure.recv(1)

    with listening(serve) as port:
        unknown = tried(harbor, f"https://127.0.0.1:{port}/")
    with listening(serve) as port:
        known = tried(harbor, f"https://127.0.0.1:{port}/", name="Known", ca_certificate=authority_pem())
    assert (unknown.stage, known.stage) == ("Encryption", "Protocol")
    assert "not trusted" in unknown.problem
    assert "is trusted, and good until" in known.found[-1]


def test_answer_that_is_no_success_is_told(harbor: Clinic, receiver: Receiver) -> None:
    receiver.now = Behaviour(403)
    report = tried(harbor, receiver.url)
    assert (report.stage, report.problem) == ("Protocol", "it answered 403")


def test_peer_that_drips_is_cut_with_what_was_found_so_far(
    harbor: Clinic, receiver: Receiver, quick: None
) -> None:
    receiver.now = Behaviour(drip=True)
    began = time.monotonic()
    report = tried(harbor, receiver.url)
    assert time.monotonic() - began < 2
    assert report.problem == "nothing more came within 0.6 s"
    assert (report.stage, len(report.found)) == ("Protocol", 3)


def test_only_two_tests_at_a_time_hold_a_thread(emr: Destination) -> None:
    with probe._places, probe._places:
        assert probe.probe(emr).problem == "other tests are running"
    assert probe.probe(emr).is_well
