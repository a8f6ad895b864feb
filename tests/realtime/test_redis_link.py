"""The thread that talks to Redis: nobody waits for it, and a miss leaves Redis alone for a second."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from functools import partial
from typing import Any

import pytest
import redis

from realtime import redis_link
from realtime.redis_link import MOST_WAITING, PAUSE, RedisThread
from realtime.transports import channels
from tests.own_valkey import OwnValkey
from tests.realtime.rig import frozen

MESSAGE = {"type": "gate"}


def miss() -> None:
    raise redis.ConnectionError


def test_actions_run_in_order_on_one_thread() -> None:
    ran: list[tuple[int, int]] = []

    def note(number: int) -> None:
        ran.append((number, threading.get_ident()))

    futures = [redis_link.thread.soon(partial(note, number)) for number in range(50)]
    assert all(future is not None and future.result(2) for future in futures)
    assert [number for number, _ in ran] == list(range(50))
    assert len({thread for _, thread in ran}) == 1


def test_soon_never_waits_and_is_bounded() -> None:
    thread, release = RedisThread(), threading.Event()
    begun = time.monotonic()
    given = [thread.soon(release.wait) for _ in range(MOST_WAITING)]
    assert None not in given
    assert thread.soon(release.wait) is None
    assert time.monotonic() - begun < 1
    release.set()
    thread.stop()
    assert thread.soon(release.wait) is None


@pytest.mark.parametrize(
    "error", [redis.ConnectionError, redis.TimeoutError, TimeoutError, ConnectionRefusedError]
)
def test_miss_leaves_redis_alone_for_the_pause(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise error

    thread, ran = RedisThread(), threading.Event()
    clock = [100.0]
    monkeypatch.setattr("realtime.redis_link.time.monotonic", lambda: clock[0])
    given = [thread.soon(fail), thread.soon(ran.set)]
    assert [future and future.result(2) for future in given] == [False, False]
    assert not ran.is_set()
    clock[0] += PAUSE
    later = thread.soon(ran.set)
    assert later is not None
    assert later.result(2)
    thread.stop()
    assert PAUSE == 1


def test_action_with_a_fault_of_its_own_does_not_leave_redis_alone() -> None:
    faulty, next_one = redis_link.thread.soon(lambda: 1 // 0), redis_link.thread.soon(int)
    assert faulty is not None
    assert next_one is not None
    assert (faulty.result(2), next_one.result(2)) == (False, True)


def test_wait_is_cut_off_when_patience_ends() -> None:
    begun = time.monotonic()
    given = redis_link.thread.soon(lambda: redis_link.thread.wait(asyncio.sleep(5)))
    assert given is not None
    assert given.result(2) is False
    assert time.monotonic() - begun < 4 * redis_link.PATIENCE


def test_wait_outside_of_an_action_is_refused() -> None:
    coroutine = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="only an action"):
        RedisThread().wait(coroutine)
    coroutine.close()


def test_frozen_redis_holds_nobody_and_comes_back(live_redis: Any) -> None:
    healthy = channels.tell_hubs(MESSAGE)
    assert healthy.result(2)
    with frozen(live_redis):
        begun = time.monotonic()
        given = [channels.tell_hubs(MESSAGE) for _ in range(50)]
        # One of them, had it waited, would have taken 0.25 s.
        assert time.monotonic() - begun < 0.25
        assert [future.result(2) for future in given] == [False] * 50
        assert time.monotonic() - begun < 2 * redis_link.PATIENCE
    redis_link.thread._alone_until = 0
    assert channels.tell_hubs(MESSAGE).result(2)


def test_client_on_a_frozen_redis_fails_in_time(live_redis: Any) -> None:
    with frozen(live_redis):
        begun = time.monotonic()
        with pytest.raises(redis.RedisError):
            redis_link.client().ping()
        assert time.monotonic() - begun < 4 * redis_link.PATIENCE


def test_killed_redis_that_is_back_is_used_again(own_valkey: OwnValkey) -> None:
    assert channels.tell_hubs(MESSAGE).result(2)
    own_valkey.kill()
    assert not channels.tell_hubs(MESSAGE).result(2)
    own_valkey.start()
    redis_link.thread._alone_until = 0
    assert channels.tell_hubs(MESSAGE).result(2)


LEAVE = """
import django
django.setup()
from realtime import redis_link
from realtime.transports import channels
for _ in range(200):
    given = channels.tell_hubs({"type": "gate"})
print("left", flush=True)
"""


def test_process_ends_soon_while_redis_is_frozen(live_redis: Any, valkey_url: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "clinic.settings")
    with frozen(live_redis), subprocess.Popen([sys.executable, "-c", LEAVE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"left\n"
        begun = time.monotonic()
        assert process.wait(5) == 0
        assert time.monotonic() - begun < 3
