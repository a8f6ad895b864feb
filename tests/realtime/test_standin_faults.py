"""Each way of failing, on the plain port, under TLS and on streams that are open."""

from __future__ import annotations

import json
import socket
import ssl
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


def trusting(rig: Rig) -> ssl.SSLContext:
    """A TLS context that trusts the stand-in's authority."""
    return ssl.create_default_context(cadata=rig.standin.ca_pem.decode())


def tls_publish(rig: Rig, timeout: float = 5) -> httpx.Response:
    """A batch of one over TLS."""
    with httpx.Client(verify=trusting(rig), trust_env=False, timeout=timeout) as client:
        url = f"https://127.0.0.1:{rig.standin.tls_port}/messages"
        return client.post(url, json=[spec("n:a")], headers={"Authorization": f"Bearer {token()}"})


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
    assert tls_publish(rig).is_success


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
            tls_publish(rig)
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
        tls_publish(rig, timeout=SOON)


def test_tls_silent_never_shakes_hands(rig: Rig) -> None:
    rig.fault("tls_silent")
    with pytest.raises(httpx.ConnectTimeout):
        tls_publish(rig, timeout=SOON)
    assert rig.seen()["requests"] == []
    assert len(rig.seen()["connections"]) == 1
    until(lambda: rig.seen()["open"] == 0)


@pytest.mark.parametrize(("mode", "heard"), [("silent", 3), ("tls_silent", 2)])
def test_end_of_silence_closes_what_hung_and_delivers_nothing_of_it(rig: Rig, mode: str, heard: int) -> None:
    with rig.stream("n:a") as stream, ThreadPoolExecutor() as pool:
        rig.fault(mode)
        hanging = [pool.submit(rig.publish, "n:a", data="lost"), pool.submit(tls_publish, rig)]
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
    assert tls_publish(rig, timeout=0.6).is_success
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


# Answers that are slow, refused or not the vendor's


def test_slow_503_fails_late_and_delivers_nothing(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.fault("slow_503")
        start = time.monotonic()
        answer = rig.publish("n:a", data="lost")
        assert time.monotonic() - start >= CALM.slow
        assert (answer.status_code, answer.json()["error"]["statusCode"]) == (503, 503)
        rig.fault("ok")
        rig.publish("n:a", data="next")
        assert stream.data() == "next"


def test_slow_200_answers_and_delivers_late(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.fault("slow_200")
        start = time.monotonic()
        answer = rig.publish("n:a", data="late")
        assert time.monotonic() - start >= CALM.slow
        assert answer.json()[0]["successCount"] == 1
        assert stream.data() == "late"


def test_rate_limited_says_so_at_once_and_the_sdk_does_not_raise(rig: Rig) -> None:
    rig.fault("rate_limited")
    with rig.sdk() as client:
        answer = client.request("POST", "/messages", "3", body=[spec("n:a")])
    assert not answer.success
    assert (answer.status_code, answer.error_code) == (429, "42910")
    assert tls_publish(rig).json()["error"]["code"] == 42910


def test_html_200_is_a_page_that_the_sdk_cannot_read(rig: Rig) -> None:
    rig.fault("html_200")
    answer = rig.publish("n:a")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    with rig.sdk() as client, pytest.raises(ValueError, match="content type"):
        client.request("POST", "/messages", "3", body=[spec("n:a")])


@pytest.mark.parametrize(("mode", "status"), [("slow_503", 503), ("rate_limited", 429), ("html_200", 200)])
def test_new_stream_meets_the_failure_too(rig: Rig, mode: str, status: int) -> None:
    rig.fault(mode)
    with rig.stream("n:a") as stream:
        assert stream.answer.status_code == status
        assert stream.answer.headers["content-type"] != "text/event-stream"


# Answers that lie


def test_partial_fails_every_second_channel_and_delivers_the_others(rig: Rig) -> None:
    with rig.stream("n:a,n:b,n:c,n:d") as stream:
        rig.fault("partial")
        with rig.sdk() as client:
            specs = [spec("n:a"), spec("n:b"), spec("n:c", "n:d")]
            answer = client.request("POST", "/messages", "3", body=specs)
        assert answer.success
        results = [result for item in answer.items for result in item["results"]]
        assert [result["channel"] for result in results if "messageId" in result] == ["n:a", "n:c"]
        failed = [result for result in results if "error" in result]
        assert [result["channel"] for result in failed] == ["n:b", "n:d"]
        assert set(failed[0]["error"]) == {"code", "statusCode", "message", "href"}
        assert [json.loads(stream.event()["data"])["channel"] for _ in range(2)] == ["n:a", "n:c"]


def test_partial_fails_a_channel_that_is_alone(rig: Rig) -> None:
    rig.fault("partial")
    assert rig.publish("n:a").json()[0]["failureCount"] == 1
    assert rig.post("/channels/n:a/messages", {"data": "1"}).status_code == 500


def test_deaf_acknowledges_and_never_delivers(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.fault("deaf")
        assert rig.publish("n:a", data="lost").json()[0]["successCount"] == 1
        assert rig.post("/channels/n:a/messages", {"data": "lost"}).is_success
        rig.fault("ok")
        rig.publish("n:a", data="next")
        assert stream.data() == "next"


# Cut streams


def test_cut_stream_cuts_new_streams_in_the_middle_of_an_event(rig: Rig) -> None:
    rig.fault("cut_stream")
    with rig.stream("n:a") as stream:
        assert rig.publish("n:a", data="7").is_success
        assert stream.data() == "7"
        assert stream.comment() == "event: message"
        with pytest.raises(httpx.RemoteProtocolError):
            stream.comment()


def test_cut_stream_cuts_open_streams_as_well(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.fault("cut_stream")
        with pytest.raises(httpx.RemoteProtocolError):
            stream.event()
    assert rig.publish("n:a").is_success
