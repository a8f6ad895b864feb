"""The faults, and those that keep a caller waiting: on the plain port, under TLS and on open streams."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from realtime.standin import Mode
from tests.realtime.standin_rig import CALM, QUICK, Rig, running, spec, token
from tests.waiting import until

SOON = 0.15


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running(timing=CALM) as rig:
        yield rig


@pytest.mark.parametrize("mode", list(Mode))
def test_control_port_answers_in_every_mode(rig: Rig, mode: Mode) -> None:
    assert rig.fault(mode) == {"mode": mode, "until": None}
    assert rig.control("GET", "/__fault").json() == {"mode": mode, "until": None}
    assert rig.control("GET", "/__seen").status_code == 200


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_gives_way_to_ok(rig: Rig, mode: Mode) -> None:
    rig.fault(mode)
    rig.fault("ok")
    assert rig.publish("n:a").is_success
    assert rig.publish_tls().is_success


def test_fault_with_seconds_ends_by_itself(rig: Rig) -> None:
    end = rig.fault("rate_limited", seconds=0.2)["until"]
    assert 0 < end - time.time() <= 0.2
    assert rig.publish("n:a").status_code == 429
    until(lambda: rig.control("GET", "/__fault").json() == {"mode": "ok", "until": None})
    assert rig.publish("n:a").is_success


def test_fault_set_anew_forgets_the_earlier_end(rig: Rig) -> None:
    rig.fault("rate_limited", seconds=0.1)
    assert rig.fault("rate_limited") == {"mode": "rate_limited", "until": None}
    time.sleep(0.15)
    assert rig.publish("n:a").status_code == 429


# Refuse


def test_refuse_refuses_plain_and_tls_and_comes_back_on_the_same_ports(rig: Rig) -> None:
    rig.fault("refuse")
    for _ in range(2):
        with pytest.raises(httpx.ConnectError, match="refused"):
            rig.publish("n:a")
        with pytest.raises(httpx.ConnectError, match="refused"):
            rig.publish_tls()
    assert rig.seen()["connections"] == []
    rig.fault("ok")
    assert rig.publish("n:a").is_success


def test_refuse_drops_open_connections(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.fault("refuse")
        with pytest.raises(httpx.TransportError):
            stream.event()
    until(lambda: rig.seen()["open"] == 0)
    assert rig.seen()["connections"][0]["closed_at"] is not None


def test_refuse_drops_a_handshake_that_hangs(rig: Rig) -> None:
    with socket.create_connection(("127.0.0.1", rig.standin.tls_port), timeout=5) as caller:
        until(lambda: rig.seen()["open"] == 1)
        rig.fault("refuse")
        assert caller.recv(1) == b""
    until(lambda: rig.seen()["open"] == 0)


def test_sdk_meets_a_refusal(rig: Rig) -> None:
    rig.fault("refuse")
    with rig.sdk() as client, pytest.raises(httpx.ConnectError):
        client.request("POST", "/messages", "3", body=[spec("n:a")])


# Silent


@pytest.mark.parametrize("mode", ["silent", "tls_silent"])
def test_silent_hears_a_request_and_says_nothing(rig: Rig, mode: str) -> None:
    rig.fault(mode)
    with pytest.raises(httpx.ReadTimeout):
        rig.publish("n:a", timeout=SOON)
    report = rig.seen()
    assert [request["path"] for request in report["requests"]] == ["/messages"]
    until(lambda: rig.seen()["open"] == 0)


def test_silent_shakes_hands_first(rig: Rig) -> None:
    rig.fault("silent")
    with pytest.raises(httpx.ReadTimeout):
        rig.publish_tls(timeout=SOON)


def test_tls_silent_never_shakes_hands(rig: Rig) -> None:
    rig.fault("tls_silent")
    with pytest.raises(httpx.ConnectTimeout):
        rig.publish_tls(timeout=SOON)
    assert rig.seen()["requests"] == []
    assert len(rig.seen()["connections"]) == 1
    until(lambda: rig.seen()["open"] == 0)


@pytest.mark.parametrize(("mode", "heard"), [("silent", 3), ("tls_silent", 2)])
def test_end_of_silence_closes_what_hung_and_delivers_nothing_of_it(rig: Rig, mode: str, heard: int) -> None:
    with rig.stream("n:a") as stream, ThreadPoolExecutor() as pool:
        rig.fault(mode)
        hanging = [pool.submit(rig.publish, "n:a", data="lost"), pool.submit(rig.publish_tls)]
        until(lambda: len(rig.seen()["connections"]) == 3)
        until(lambda: len(rig.seen()["requests"]) == heard)
        rig.fault("ok")
        assert all(isinstance(call.exception(timeout=5), httpx.TransportError) for call in hanging)
        rig.publish("n:a", data="next")
        assert stream.data() == "next"


def test_silence_mutes_open_streams_and_its_end_closes_them() -> None:
    with running(timing=QUICK) as rig, rig.stream("n:a") as stream:
        assert stream.comment() == ":keepalive"
        rig.fault("silent")
        time.sleep(3 * QUICK.keepalive)
        rig.fault("ok")
        with pytest.raises(httpx.RemoteProtocolError):
            stream.event()


# Drip


def test_drip_sends_one_byte_at_a_time(rig: Rig) -> None:
    rig.fault("drip")
    with socket.create_connection(("127.0.0.1", rig.standin.port), timeout=2) as caller:
        start = time.monotonic()
        caller.sendall(b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [caller.recv(100) for _ in range(8)] == [bytes([byte]) for byte in b"HTTP/1.1"]
    assert time.monotonic() - start >= 7 * CALM.drip


def test_drip_never_lets_the_read_timeout_strike(rig: Rig) -> None:
    rig.fault("drip")
    start = time.monotonic()
    assert rig.publish_tls(timeout=0.6).is_success
    assert time.monotonic() - start > 0.6


def test_end_of_drip_closes_what_dripped(rig: Rig) -> None:
    rig.fault("drip")
    with socket.create_connection(("127.0.0.1", rig.standin.port), timeout=5) as caller:
        caller.sendall(b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n")
        assert caller.recv(1) == b"H"
        rig.fault("ok")
        assert len(b"".join(iter(lambda: caller.recv(100), b""))) < 100


def test_drip_slows_open_streams(rig: Rig) -> None:
    with rig.stream("n:a") as stream, ThreadPoolExecutor() as pool:
        rig.fault("drip")
        start = time.monotonic()
        pool.submit(rig.http.post, rig.url + "/channels/n:a/messages", json={}, headers=bearer())
        assert stream.event()["event"] == "message"
        assert time.monotonic() - start > 20 * CALM.drip
        rig.fault("ok")


def bearer() -> dict[str, str]:
    """The header of a publisher."""
    return {"Authorization": f"Bearer {token()}"}
