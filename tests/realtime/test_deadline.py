"""The hard deadline: time, closing from outside, and the bound on what stays stuck."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from realtime import deadline
from tests.waiting import until


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Calls wait on this event; what a test leaves stuck ends with it."""
    release = threading.Event()
    yield release
    release.set()
    until(lambda: deadline.stuck() == 0)


def test_run_returns_the_result() -> None:
    assert deadline.run(lambda: 7, seconds=1, close=pytest.fail) == 7


def test_run_raises_the_calls_own_error_even_a_time_out() -> None:
    def call() -> None:
        raise TimeoutError("the call's own")

    with pytest.raises(TimeoutError, match="the call's own"):
        deadline.run(call, seconds=1, close=pytest.fail)


def test_run_returns_at_the_deadline_and_closes(stuck: threading.Event) -> None:
    closed = threading.Event()
    begun = time.monotonic()
    with pytest.raises(deadline.DeadlineMissed, match=r"no end after 0\.1 s"):
        deadline.run(stuck.wait, seconds=0.1, close=closed.set)
    assert 0.1 <= time.monotonic() - begun < 0.4
    assert closed.wait(1)


def test_run_under_a_drip_ends_in_time_and_close_frees_the_call() -> None:
    ours, theirs = socket.socketpair()

    def read_for_ever() -> None:
        while ours.recv(1):
            pass

    def close() -> None:
        ours.shutdown(socket.SHUT_RDWR)
        ours.close()

    def drip() -> None:
        try:
            while theirs.send(b"."):
                time.sleep(0.02)
        except OSError:
            theirs.close()

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(deadline.DeadlineMissed):
        deadline.run(read_for_ever, seconds=0.15, close=close)
    assert time.monotonic() - begun < 1
    until(lambda: deadline.stuck() == 0)


def test_close_that_hangs_or_fails_does_not_hold_the_caller(stuck: threading.Event) -> None:
    def fail() -> None:
        raise OSError("already closed")

    begun = time.monotonic()
    for close in (lambda: stuck.wait(5), fail):
        with pytest.raises(deadline.DeadlineMissed):
            deadline.run(stuck.wait, seconds=0.05, close=close)
    assert time.monotonic() - begun < 0.5


def test_stuck_calls_are_bounded_and_none_begins_at_the_bound(stuck: threading.Event) -> None:
    for number in range(1, deadline.MOST_STUCK + 1):
        with pytest.raises(deadline.DeadlineMissed):
            deadline.run(stuck.wait, seconds=0.01, close=int)
        assert deadline.stuck() == number
    assert deadline.exhausted()
    with pytest.raises(deadline.DeadlineMissed, match="must end"):
        deadline.run(pytest.fail, seconds=1, close=int)
    stuck.set()
    until(lambda: not deadline.exhausted())


def test_alarm_that_breaks_the_wait_leaves_the_call_closed_and_counted(
    stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alarm(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    closed = threading.Event()
    monkeypatch.setattr(deadline, "wait", alarm)
    with pytest.raises(KeyboardInterrupt):
        deadline.run(stuck.wait, seconds=9, close=closed.set)
    assert closed.wait(1)
    assert deadline.stuck() == 1
