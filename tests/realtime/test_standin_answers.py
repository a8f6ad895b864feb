"""The faults that answer: late, with a refusal, with a lie, or with half a stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.realtime.standin_rig import CALM, Rig, running, spec


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running(timing=CALM) as rig:
        yield rig


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
    assert rig.publish_tls().json()["error"]["code"] == 42910


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
