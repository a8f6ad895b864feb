"""The deadline around the real SDK, whatever holds the call; DEADLINE_CALLS=1000 makes so many calls of it."""

from __future__ import annotations

import ctypes
import gc
import itertools
import os
import resource
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realtime import connections, deadline
from realtime.transports import ably
from realtime.transports.base import Notice, Outcome
from tests.realtime import perils
from tests.realtime.perils import PERILS, Peril
from tests.realtime.standin_rig import CALM, Rig
from tests.waiting import until

CALLS = int(os.environ.get("DEADLINE_CALLS", "50"))
SHORT = 0.15
# Each so many-th call has the product's own second; no divisor in common with the number of perils.
FULL_EVERY = 13 if CALLS < 500 else 4
# The promise; what a machine that is busy with other things may add to a call; and to one in FEW.
OVER, NOISE, STALL, FEW = 0.05, 0.35, 3.0, 50
WELL = ("ok", "cut_stream", "deaf")
MOST_GROWTH = 6_000_000


@pytest.fixture(autouse=True)
def clean(vendor: Rig) -> Iterator[None]:
    """The vendor has seen nothing before a test, and nothing is stuck after it."""
    vendor.control("POST", "/__reset")
    yield
    until(lambda: deadline.stuck() == 0)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ably, "SECONDS", SHORT)


def publish(peril: Peril, settings: Any) -> tuple[Outcome, float]:
    """One publish in the way of the product, and how long it took."""
    # In place: each setting that is replaced is one more layer until the test ends.
    settings.ABLY_CLIENT.clear()
    settings.ABLY_CLIENT.update(peril.client)
    transport, notice = ably.AblyTransport(), Notice("a" * peril.size, 2)
    begun = time.monotonic()
    outcome = transport.send([notice])
    took = time.monotonic() - begun
    transport.close()
    return outcome, took


def test_every_call_is_back_in_time_and_leaves_nothing(
    vendor: Rig, settings: Any, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    over, sizes, threads = [], [], threading.active_count()
    for number, name in enumerate(itertools.islice(itertools.cycle(PERILS), CALLS)):
        seconds = 1.0 if number % FULL_EVERY == 0 else SHORT
        monkeypatch.setattr(ably, "SECONDS", seconds)
        with PERILS[name](vendor) as peril:
            outcome, took = publish(peril, settings)
        is_well = name in WELL or (name == "slow_200" and seconds > CALM.slow)
        assert is_well or not outcome.confirmed, f"{name}: {outcome}"
        # A call that should have been confirmed may have met its deadline on a busy machine.
        assert outcome.confirmed or not is_well or took >= seconds, f"{name}: {outcome}"
        assert took < seconds + STALL, f"{name} held its caller for {took:.2f} s of {seconds:g} s"
        over.append(took - seconds)
        assert deadline.stuck() < deadline.MOST_STUCK
        vendor.control("POST", "/__reset")
        sizes.append(resident())
    until(lambda: threading.active_count() <= threads, why="a thread stayed")
    until(lambda: connections.oldest() is None, why="connections were not ended")
    # A call that is stuck holds what it sends, and on a busy machine it may be stuck for long: now none is.
    sizes.append(resident())
    late = [seconds for seconds in over if seconds > 0]
    figures = {"calls": CALLS, "growth": growth(sizes), "late": statistics.median(late), "worst": max(late)}
    for name, value in figures.items():
        record_property(name, value)
    assert statistics.median(late) < OVER
    assert sum(seconds > OVER + NOISE for seconds in late) <= CALLS // FEW, sorted(late)[-CALLS // FEW :]
    assert growth(sizes) < MOST_GROWTH


def resident() -> int:
    """Bytes of memory that this process holds, without what Python and the C library keep for a while yet."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def growth(sizes: list[int]) -> int:
    """Bytes from the second third of the calls to the last, each at its least: the first third warms up."""
    third = len(sizes) // 3
    return min(sizes[-third:]) - min(sizes[third : 2 * third])


@pytest.mark.parametrize("mode", ["ok", "silent"])
def test_resolver_that_answers_late_leads_to_no_connection(
    mode: str, vendor: Rig, settings: Any, short: None
) -> None:
    with perils.held_resolver(vendor, mode) as peril:
        outcome, _took = publish(peril, settings)
        assert outcome.problem == f"no end after {SHORT:g} s"
        assert deadline.stuck() == 1
        peril.release()
        until(lambda: deadline.stuck() == 0)
    assert vendor.seen()["connections"] == vendor.seen()["requests"] == []


def test_address_after_the_deadline_is_not_tried(vendor: Rig, settings: Any, short: None) -> None:
    port = vendor.standin.port
    with perils.full("127.0.0.2", port), perils.names(["127.0.0.2"] * 3 + ["127.0.0.1"], port):
        outcome, _took = publish(Peril(perils.plain(port)), settings)
        until(lambda: deadline.stuck() == 0)
    assert outcome.problem == f"no end after {SHORT:g} s"
    assert vendor.seen()["connections"] == []


def test_drip_ends_at_the_vendor_too_as_soon_as_the_deadline_is_missed(
    vendor: Rig, settings: Any, short: None
) -> None:
    with perils.fault(vendor, "drip") as peril:
        publish(peril, settings)
        until(lambda: vendor.seen()["open"] == 0 and deadline.stuck() == 0, 3 * SHORT)


def test_at_the_bound_no_call_begins_and_none_of_the_stuck_connects(
    vendor: Rig, settings: Any, short: None
) -> None:
    with perils.held_resolver(vendor) as peril:
        for number in range(1, deadline.MOST_STUCK + 1):
            publish(peril, settings)
            assert deadline.stuck() == number
        outcome, took = publish(peril, settings)
        assert "must end" in outcome.problem and took < 1
        peril.release()
        until(lambda: deadline.stuck() == 0)
    assert vendor.seen()["connections"] == []
