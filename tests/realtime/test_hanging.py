"""Processes that are silent: which of them are gone, and which hang while others do their work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from realtime import heartbeats
from realtime.heartbeats import BEATS
from realtime.pulse import HANGS_SECONDS, SILENT_SECONDS, Beat, Pulse
from tests.realtime.test_heartbeats import pass_time


def tell_as(pid: int, kind: str = "worker of notices", host: str = "") -> None:
    """A beat of that process, which serves notices."""
    where = host or socket.gethostname()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: pid)
        patch.setattr(socket, "gethostname", lambda: where)
        heartbeats.tell(kind, ["notices"])


@pytest.fixture
def ended() -> int:
    """The number of a process that there was."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_silent_one_whose_process_is_gone_is_forgotten_once_another_serves_the_same(
    live_redis: Any, ended: int
) -> None:
    tell_as(ended)
    pass_time(live_redis, SILENT_SECONDS + 1)
    heartbeats.tell("web", ["pages"])
    (gone, _web) = sorted(heartbeats.hear().beats, key=lambda one: one.kind == "web")
    assert gone.gone and gone.is_silent, "nobody serves notices: who did is shown"
    heartbeats.tell("worker of any", ["notices"])
    assert [one.kind for one in heartbeats.hear().beats] == ["web", "worker of any"]


def test_whoever_missed_one_beat_is_not_asked_after(live_redis: Any, ended: int) -> None:
    tell_as(ended)
    pass_time(live_redis, 1)
    heartbeats.tell("web", ["pages"])
    assert not any(one.gone for one in heartbeats.hear().beats)


def test_process_of_another_machine_is_not_judged_here(live_redis: Any, ended: int) -> None:
    tell_as(ended, host="ward-2")
    pass_time(live_redis, HANGS_SECONDS + 1)
    heartbeats.tell("worker of any", ["notices"])
    assert [one.host for one in heartbeats.hear().hanging] == ["ward-2"]


def test_process_of_another_user_is_there(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    tell_as(1)
    pass_time(live_redis, HANGS_SECONDS + 1)
    heartbeats.tell("worker of any", ["notices"])
    assert [one.pid for one in heartbeats.hear().hanging] == [1]


LONG = heartbeats.KEEP_MS / 1000 + 100


def test_frozen_one_is_told_of_for_as_long_as_its_machine_has_it(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = os.getppid()
    tell_as(frozen)
    pass_time(live_redis, 30 * LONG)
    for _second in range(2):
        heartbeats.tell("worker of any", ["notices"])
        assert [one.pid for one in heartbeats.hear().hanging] == [frozen]
    monkeypatch.setattr(heartbeats, "_runs", lambda pid: False)
    for _second in range(2):
        heartbeats.tell("worker of any", ["notices"])
    assert heartbeats.hear().hanging == () and live_redis.hlen(BEATS) == 1


@pytest.mark.parametrize(("began", "is_told"), [(LONG - 90, False), (LONG + 90, True)])
def test_one_of_its_kind_that_began_since_has_taken_its_place(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch, began: float, is_told: bool
) -> None:
    """After a restart of the machine its number may be another's."""
    tell_as(os.getppid())
    pass_time(live_redis, LONG)
    monkeypatch.setattr(heartbeats, "_began", time.time() - began)
    heartbeats.tell("worker of notices", ["notices"])
    assert bool(heartbeats.hear().hanging) is is_told


def test_one_that_beats_again_is_there_again(live_redis: Any, ended: int) -> None:
    tell_as(ended)
    pass_time(live_redis, SILENT_SECONDS + 1)
    heartbeats.tell("web", ["pages"])
    tell_as(ended)
    assert not any(one.gone for one in heartbeats.hear().beats)


def test_those_that_hang_are_told_of_while_others_do_their_work() -> None:
    def beat(pid: int, age: float = 0, doing: float = 0, **said: Any) -> Beat:
        return Beat("worker of any", pid, "ward-1", ("notices", "low"), age, 999, "deliver", doing, **said)

    def hanging(*beats: Beat) -> list[int]:
        return [one.pid for one in Pulse(beats, {}, 999).hanging]

    well, silent, stuck = beat(1), beat(2, age=HANGS_SECONDS + 1), beat(3, doing=HANGS_SECONDS + 2)
    assert hanging(well, silent, stuck) == [3, 2], "the longest first"
    assert hanging(silent, stuck) == [], "nobody does their work: that is said elsewhere, and as an alarm"
    assert hanging(well, beat(2, age=HANGS_SECONDS - 1)) == []
    assert hanging(well, beat(2, age=HANGS_SECONDS + 1, gone=True)) == []
