"""Subscribing at the stand-in: what a browser's EventSource gets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from realtime.standin import broker
from tests.realtime.standin_rig import CALM, QUICK, Rig, running, token
from tests.waiting import until


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running(timing=CALM) as rig:
        yield rig


def test_stream_begins_with_what_a_browser_needs(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        headers = stream.answer.headers
    assert headers["content-type"] == "text/event-stream"
    assert headers["cache-control"] == "no-store"
    assert headers["access-control-allow-origin"] == "*"


def test_published_message_arrives_in_its_envelope(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.publish("n:a", data="7")
        event = stream.event()
    assert event["event"] == "message" and event["id"]
    message = json.loads(event["data"])
    assert set(message) == {"id", "timestamp", "channel", "data"}
    assert (message["channel"], message["data"]) == ("n:a", "7")
    assert abs(message["timestamp"] / 1000 - time.time()) < 5


def test_stream_hears_its_own_channels_only(rig: Rig) -> None:
    with rig.stream("n:a") as stream:
        rig.publish("n:b", data="not mine")
        rig.publish("n:a", data="mine")
        assert stream.data() == "mine"


def test_payload_without_envelope_keeps_its_lines(rig: Rig) -> None:
    with rig.stream("n:a", enveloped="false") as stream:
        rig.publish("n:a", data="one\ntwo")
        assert stream.comment().startswith("id: ")
        assert [stream.comment() for _ in range(3)] == ["event: message", "data: one", "data: two"]


def test_token_may_come_in_the_header(rig: Rig) -> None:
    params = {"channel": "n:a", "v": "1.2"}
    headers = {"Authorization": f"Bearer {token('subscribe')}", "Accept": "text/event-stream"}
    with rig.http.stream("GET", rig.url + "/event-stream", params=params, headers=headers) as answer:
        assert answer.headers["content-type"] == "text/event-stream"


def test_event_stream_without_the_accept_header_is_not_played(rig: Rig) -> None:
    assert rig.http.get(rig.url + "/event-stream?channels=n:a&v=1.2").status_code == 404


@pytest.mark.parametrize("query", ["v=1.2", "channels=n:a", "channels=n:a,&v=1.2", "channels=a&v=1&rewind=2m"])
def test_stream_that_makes_no_sense_is_refused(rig: Rig, query: str) -> None:
    answer = rig.http.get(f"{rig.url}/sse?{query}&accessToken={token('subscribe')}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 40000)


def test_stream_outside_the_capability_is_refused_readably(rig: Rig) -> None:
    with rig.stream("ours:a,theirs:a", accessToken=token("subscribe", "ours:*")) as stream:
        assert stream.answer.status_code == 401
        assert stream.answer.headers["access-control-allow-origin"] == "*"
        assert json.loads(stream.answer.read())["error"]["code"] == 40160


@pytest.mark.parametrize("by_header", [True, False])
def test_resumed_stream_gets_what_it_missed(rig: Rig, by_header: bool) -> None:
    with rig.stream("n:a") as stream:
        rig.publish("n:a", data="1")
        last = stream.event()["id"]
    rig.publish("n:a", data="2")
    rig.publish("n:b", data="not mine")
    rig.publish("n:a", data="3")
    headers, query = ({"Last-Event-ID": last}, {}) if by_header else ({}, {"lastEvent": last})
    with rig.stream("n:a", headers, rewind="9", **query) as stream:
        assert [stream.data(), stream.data()] == ["2", "3"]
        rig.publish("n:a", data="4")
        assert stream.data() == "4"


def test_unknown_last_event_starts_from_now(rig: Rig) -> None:
    rig.publish("n:a", data="old")
    with rig.stream("n:a", lastEvent="another life-0") as stream:
        rig.publish("n:a", data="new")
        assert stream.data() == "new"


def test_rewind_begins_with_the_last_messages_of_each_channel(rig: Rig) -> None:
    for number in range(3):
        rig.publish("n:a", "n:b", data=str(number))
    with rig.stream("[?rewind=1]n:a|n:b", separator="|", rewind="2") as stream:
        got = [json.loads(stream.event()["data"]) for _ in range(3)]
    assert [(message["channel"], message["data"]) for message in got] == [
        ("n:b", "1"),
        ("n:a", "2"),
        ("n:b", "2"),
    ]


def test_history_ends_after_two_minutes() -> None:
    now = 1000.0
    channels = broker.Broker(clock=lambda: now)
    channels.publish("n:a", [{"data": "old"}])
    now += broker.HISTORY_SECONDS - 1
    channels.publish("n:a", [{"data": "new"}])
    assert [event.message["data"] for event in channels.since(0, ["n:a"])] == ["old", "new"]
    now += 2
    assert [event.message["data"] for event in channels.since(0, ["n:a"])] == ["new"]


def test_bell_rings_only_inside_its_block() -> None:
    channels = broker.Broker()
    with channels.bell(["n:a"]) as bell:
        channels.publish("n:b", [{}])
        assert not bell.is_set()
        channels.publish("n:a", [{}])
        assert bell.is_set()
        bell.clear()
    channels.publish("n:a", [{}])
    assert not bell.is_set()


def test_quiet_stream_is_kept_alive_by_comments() -> None:
    with running(timing=QUICK) as rig, rig.stream("n:a") as stream:
        assert [stream.comment() for _ in range(3)] == [":keepalive", "", ":keepalive"]
        rig.publish("n:a", data="7")
        assert stream.data() == "7"


def test_stream_ends_with_an_error_when_its_token_does(rig: Rig) -> None:
    with rig.stream("n:a", accessToken=token("subscribe", life=2)) as stream:
        event = stream.event()
        assert event["event"] == "error" and "id" not in event
        error = json.loads(event["data"])
        assert (error["code"], error["statusCode"]) == (40142, 401)
        assert error["message"] and error["href"]
        with pytest.raises(StopIteration):
            stream.comment()


def test_closed_stream_is_noticed_at_once(rig: Rig) -> None:
    with rig.stream("n:a"):
        assert rig.seen()["open"] == 1
    until(lambda: rig.seen()["open"] == 0, seconds=0.25)


def test_many_streams_all_hear_one_message(rig: Rig) -> None:
    with rig.stream("n:a") as one, rig.stream("n:a") as two, rig.stream("n:b,n:a") as three:
        rig.publish("n:a", data="7")
        assert [one.data(), two.data(), three.data()] == ["7", "7", "7"]
