"""The vendor's path by itself: what counts as sent, and what a missed deadline leaves."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from realtime import connections, deadline, switch
from realtime.models import Switch
from realtime.transports import ably
from realtime.transports.base import Notice, Outcome
from tests.realtime.standin_rig import Rig
from tests.waiting import until

IN_TIME = 0.45
LIES = [
    ["a string"],
    [None],
    [[]],
    [{}],
    [{"results": None}],
    [{"results": [7]}],
    [{"results": [{"error": "text"}]}],
    [{"results": [{"channel": "evenkeel:abc"}]}],
    [{"results": [{"channel": "evenkeel:other", "messageId": "m"}]}],
    [{"results": [{"channel": "evenkeel:abc", "messageId": "m", "error": {"message": "no"}}]}],
]


@pytest.mark.parametrize("answer", LIES)
def test_vendor_that_answers_nonsense_confirms_nothing(answer: Any, vendor: Rig, monkeypatch: Any) -> None:
    monkeypatch.setattr(ably, "_publish", lambda client, specs: answer)
    transport = ably.AblyTransport()
    outcome = transport.send([Notice("abc", 2)])
    transport.close()
    assert outcome.confirmed == frozenset()
    assert outcome.problem


def test_client_of_a_missed_deadline_is_never_used_again(vendor: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ably, "SECONDS", IN_TIME)
    transport, notices = ably.AblyTransport(), [Notice("abc", 2)]
    vendor.fault("silent")
    assert not transport.send(notices).confirmed
    vendor.fault("ok")
    assert transport.send(notices).confirmed == {"abc"}
    transport.close()


def test_late_call_makes_no_connection_of_its_own(vendor: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    publish, go = ably._publish, threading.Event()

    def late(*arguments: Any) -> Any:
        go.wait(5)
        return publish(*arguments)

    monkeypatch.setattr(ably, "SECONDS", 0.05)
    monkeypatch.setattr(ably, "_publish", late)
    before = len(vendor.seen()["connections"])
    ably.AblyTransport().send([Notice("abc", 2)])
    until(lambda: not [t for t in threading.enumerate() if t.name == "deadline-close"])
    go.set()
    until(lambda: deadline.stuck() == 0)
    assert len(vendor.seen()["connections"]) == before


def test_line_that_was_ended_between_two_publishes_is_not_used_again(vendor: Rig) -> None:
    transport, notices = ably.AblyTransport(), [Notice("abc", 2)]
    assert transport.send(notices).confirmed == {"abc"}
    connections.forbid()
    until(lambda: vendor.seen()["open"] == 0)
    assert transport.send(notices).confirmed == {"abc"}
    transport.close()
    until(lambda: vendor.seen()["open"] == 0)
    assert connections.oldest() is None


def test_line_is_kept_over_a_drain_and_carries_the_version_that_the_gate_read(
    vendor: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport, notices = ably.AblyTransport(), [Notice("abc", 2)]
    before = len(vendor.seen()["connections"])
    for version in (4, 5):
        monkeypatch.setattr(switch, "_last_known", Switch(version=version))
        assert transport.send(notices).confirmed == {"abc"}
        assert connections.oldest() == version
    transport.close()
    assert len(vendor.seen()["connections"]) == before + 1


def test_deadline_is_one_second() -> None:
    assert ably.SECONDS == 1.0


def test_call_that_the_switch_ended_is_no_word_of_the_vendor(vendor: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(client: Any, specs: Any) -> Any:
        connections.forbid()
        raise OSError("the line went dead")

    monkeypatch.setattr(ably, "_publish", stopped)
    assert ably.AblyTransport().send([Notice("abc", 2)]) == Outcome(problem=ably.STOPPED, is_ours=True)


def test_at_the_bound_nothing_is_begun_kept_or_held_against_the_vendor(
    vendor: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport, notices = ably.AblyTransport(), [Notice("abc", 2)]
    assert transport.send(notices).confirmed == {"abc"}
    monkeypatch.setattr(deadline, "exhausted", lambda: True)
    outcome = transport.send(notices)
    assert outcome.is_ours and "must end" in outcome.problem
    assert connections.oldest() is None
    until(lambda: vendor.seen()["open"] == 0)


def test_client_that_cannot_be_made_is_a_problem_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_files() -> Any:
        raise OSError(24, "Too many open files\nforged: a line")

    monkeypatch.setattr(ably, "_client", no_files)
    outcome = ably.AblyTransport().send([Notice("abc", 2)])
    assert outcome.problem == "OSError: [Errno 24] Too many open files forged: a line"
