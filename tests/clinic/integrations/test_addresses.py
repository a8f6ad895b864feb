"""Where a destination may lead: seen at the connection itself, so whatever a name server says, and when."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from typing import Any

import pytest

from clinic.integrations import engine
from clinic.integrations.addresses import NotAllowed, must_be_allowed
from clinic.integrations.parcel import Parcel
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import Failure
from tests.clinic.integrations.checked import check
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import make_visit

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::10.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2606:4700::1111%eth0",
    "2001:db8::1",
    "5f00::1",
    "64:ff9b:1:1::1",
]
PUBLIC = [
    "93.184.216.34",
    "2606:4700::1111",
    "::ffff:93.184.216.34",
    "64:ff9b::93.184.216.34",
    "2002:5db8:d822::1",
]


@pytest.fixture
def nothing_named(settings: Any) -> None:
    settings.PRIVATE_DESTINATIONS = []


@pytest.mark.parametrize("host", PRIVATE)
def test_address_that_is_not_public_is_refused(nothing_named: None, host: str) -> None:
    with pytest.raises(NotAllowed, match="EVENKEEL_PRIVATE_DESTINATIONS"):
        must_be_allowed((host, 443))


@pytest.mark.parametrize("host", PUBLIC)
def test_public_address_is_allowed_however_it_is_written(nothing_named: None, host: str) -> None:
    must_be_allowed((host, 443))


@pytest.mark.parametrize("address", ["/run/postgresql/.s", ("not an address", 1), (b"127.0.0.1", 1), None])
def test_what_is_no_address_is_refused(nothing_named: None, address: Any) -> None:
    with pytest.raises(NotAllowed, match="no internet address"):
        must_be_allowed(address)


@pytest.mark.parametrize(
    ("network", "host"),
    [
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.0.0.0/8", "::ffff:10.1.2.3"),
        ("10.0.0.0/8", "64:ff9b::10.1.2.3"),
        ("fd00::/8", "fd12:3456::1"),
        ("fe80::/10", "fe80::1%eth0"),
        ("127.0.0.1/32", "127.0.0.1"),
    ],
)
def test_network_that_the_site_names_is_allowed(settings: Any, network: str, host: str) -> None:
    settings.PRIVATE_DESTINATIONS = [ip_network(network)]
    must_be_allowed((host, 443))
    with pytest.raises(NotAllowed):
        must_be_allowed(("192.168.1.1", 443))


def test_in_clear_nothing_goes_to_a_public_address(settings: Any) -> None:
    settings.PRIVATE_DESTINATIONS = [ip_network("10.0.0.0/8"), ip_network("198.51.100.0/24")]
    for host in ("10.1.2.3", "198.51.100.7"):
        must_be_allowed((host, 80), in_clear=True)
    with pytest.raises(NotAllowed, match="is a public address") as no:
        must_be_allowed(("93.184.216.34", 80), in_clear=True)
    assert "use https:// or mllps://" in str(no.value)
    with pytest.raises(NotAllowed, match="is a private address"):
        must_be_allowed(("192.168.1.1", 80), in_clear=True)


@pytest.fixture
def parcel(harbor: Clinic, emr: Destination) -> Parcel:
    row: Delivery = make_visit(harbor).deliveries.get()
    return Parcel(row.key, row.body, emr, 5.0)


def test_call_to_a_private_address_is_not_made(nothing_named: None, parcel: Parcel, receiver: Receiver) -> None:
    problem = engine.send(parcel)
    assert problem and problem.failure == Failure.SETUP
    assert "127.0.0.1 is a private address" in str(problem)
    with pytest.raises(NotAllowed, match=r"127\.0\.0\.1 is a private address"):
        check(parcel.destination)
    assert receiver.posts == []


def test_name_that_leads_elsewhere_at_each_look_up_gains_nothing(
    nothing_named: None, parcel: Parcel, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the first answer is public, as a check beforehand would see, and the next is ours."""
    port = receiver.server_address[1]
    hosts = iter(["93.184.216.34", *["127.0.0.1"] * 5])

    def resolve(*_asked: Any, **_more: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(hosts), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    must_be_allowed(socket.getaddrinfo("emr.example", port)[0][4])
    parcel.destination.url = f"http://emr.example:{port}/hook"
    problem = engine.send(parcel)
    assert problem and problem.failure == Failure.SETUP
    assert "127.0.0.1 is a private address" in str(problem)
    assert receiver.posts == []


def leading_to(monkeypatch: pytest.MonkeyPatch, port: int, *hosts: str) -> str:
    """The address of a name that leads to these hosts, tried in this order."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_more: found)
    return f"http://emr.example:{port}/hook"


def test_every_address_of_a_name_is_looked_at(
    nothing_named: None, parcel: Parcel, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel.destination.url = leading_to(monkeypatch, receiver.server_address[1], "10.0.0.1", "127.0.0.1")
    problem = engine.send(parcel)
    assert problem and "10.0.0.1 is a private address" in str(problem)
    assert receiver.posts == []


@pytest.mark.parametrize(("status", "says"), [(200, None), (500, "it answered 500")])
def test_refused_address_is_passed_over_where_another_may_be_called(
    parcel: Parcel, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int, says: str | None
) -> None:
    parcel.destination.url = leading_to(monkeypatch, receiver.server_address[1], "10.0.0.1", "127.0.0.1")
    receiver.now = Behaviour(status)
    problem = engine.send(parcel)
    assert (problem and str(problem)) == says
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_call_in_clear_to_a_public_address_is_not_made(
    parcel: Parcel, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    parcel.destination.url = leading_to(monkeypatch, 80, "93.184.216.34").replace("http", scheme)
    problem = engine.send(parcel)
    assert problem and problem.failure == Failure.SETUP
    assert "93.184.216.34 is a public address" in str(problem)
