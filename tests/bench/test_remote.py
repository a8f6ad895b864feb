"""An object in a process of its own: its answers, its errors and its end."""

from __future__ import annotations

import asyncio
import os
import time

import psutil
import pytest

from tests.bench.remote import Remote, RemoteFailed
from tests.waiting import until


class Plain:
    """Lives there without an event loop."""

    def pid(self) -> int:
        return os.getpid()

    def fail(self) -> None:
        raise ValueError("on purpose")

    def end(self) -> None:
        os._exit(3)

    def setting(self, name: str) -> str:
        return os.environ[name]


class OnALoop:
    """Its loop runs between calls, too."""

    def __init__(self) -> None:
        self.ticks = 0
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            self.ticks += 1
            await asyncio.sleep(0.001)

    async def seen(self) -> int:
        return self.ticks


def remote(name: str, **env: str) -> Remote:
    return Remote(f"tests.bench.test_remote:{name}", env)


def test_calls_are_answered_in_another_process_with_its_own_settings() -> None:
    with remote("Plain", BENCH_WORD="there") as plain:
        assert plain.call("pid") != os.getpid()
        assert plain.call("setting", "BENCH_WORD") == "there"


def test_what_is_raised_there_is_raised_here_and_the_process_lives_on() -> None:
    with remote("Plain") as plain:
        with pytest.raises(RemoteFailed, match="on purpose"):
            plain.call("fail")
        assert plain.call("pid")


def test_a_process_that_ends_is_an_error() -> None:
    with remote("Plain") as plain, pytest.raises(RemoteFailed, match="Plain is gone"):
        plain.call("end")


def test_a_call_to_a_process_that_has_ended_is_an_error_too() -> None:
    with remote("Plain") as plain:
        for _n in range(2):
            with pytest.raises(RemoteFailed, match="Plain is gone"):
                plain.call("end")


def test_its_time_on_a_core_is_counted() -> None:
    with remote("Plain") as plain:
        plain.call("pid")
        assert plain.cpu() > 0


def test_it_ends_with_its_block() -> None:
    with remote("Plain") as plain:
        process = psutil.Process(plain.call("pid"))
    assert not process.is_running()


def test_a_loop_runs_between_calls() -> None:
    with remote("OnALoop") as loop:
        first = loop.call("seen")
        began = time.monotonic()
        until(lambda: loop.call("seen") > first + 5)
        assert time.monotonic() - began < 5
