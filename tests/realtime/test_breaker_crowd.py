"""Sixteen real processes at the end of an open time: one of them tries the vendor, whatever becomes of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
import redis

from realtime.breaker import Breaker
from realtime.dirty import LEASE_MS, Dirty
from tests.realtime.breaker_rig import calls, hurry, lapse

PROCESSES, ROUNDS = 16, 20
# Forked, so that sixteen do not each import Django; each makes a client of its own.
fork = multiprocessing.get_context("fork")


def one_of_the_crowd(url: str, barrier: Any, probes: Any, reached: Any) -> None:
    """In each round: tries for the lease until it had it once, and calls if the breaker lets it."""
    client = redis.Redis.from_url(url)
    dirty, guard = Dirty(client), Breaker(client)
    for _round in range(ROUNDS):
        barrier.wait(30)
        while not (fence := dirty.take_lease()):
            continue
        if guard.ask(fence).may_call:
            with probes.get_lock():
                probes.value += 1
            guard.record(fence, failed=True, seconds=0.1)
        dirty.release(fence)
        with reached.get_lock():
            reached.value += 1
        barrier.wait(30)


def test_sixteen_processes_make_one_probe_a_half_open_period(valkey_url: str, live_redis: Any) -> None:
    guard, dirty = Breaker(live_redis), Dirty(live_redis)
    fence = dirty.take_lease()
    calls(guard, fence, "xxxxx")
    dirty.release(fence)
    barrier, probes, reached = fork.Barrier(PROCESSES + 1), fork.Value("i", 0), fork.Value("i", 0)
    crowd = [
        fork.Process(target=one_of_the_crowd, args=(valkey_url, barrier, probes, reached), daemon=True)
        for _one in range(PROCESSES)
    ]
    for process in crowd:
        process.start()
    made = []
    for _round in range(ROUNDS):
        probes.value = reached.value = 0
        hurry(guard)
        barrier.wait(30)
        barrier.wait(30)
        made.append((reached.value, probes.value))
    for process in crowd:
        process.join(10)
    assert made == [(PROCESSES, 1)] * ROUNDS


def prober(url: str, probing: Any, then: Callable[[], object]) -> None:
    client = redis.Redis.from_url(url)
    if Breaker(client).ask(Dirty(client).take_lease()).may_call:
        probing.set()
    then()


@pytest.fixture
def dead_prober(valkey_url: str, live_redis: Any) -> BaseProcess:
    """Killed in the middle of its probe."""
    dirty, guard = Dirty(live_redis), Breaker(live_redis)
    fence = dirty.take_lease()
    calls(guard, fence, "xxxxx")
    dirty.release(fence)
    hurry(guard)
    probing = fork.Event()
    process = fork.Process(target=prober, args=(valkey_url, probing, signal.pause), daemon=True)
    process.start()
    assert probing.wait(10)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    return process


def test_prober_killed_heals_with_the_next_lease(dead_prober: BaseProcess, live_redis: Any) -> None:
    guard, dirty = Breaker(live_redis), Dirty(live_redis)
    assert dead_prober.exitcode == -signal.SIGKILL
    assert guard.peek().state == "half-open"
    assert dirty.take_lease() == 0, "its lease still holds"
    assert 0 < live_redis.pttl("evenkeel:fan_out:lease") <= LEASE_MS, "but not for long"
    fence = lapse(live_redis)
    assert guard.ask(fence).may_call
    calls(guard, fence, ".")
    assert guard.peek().state == "closed"
