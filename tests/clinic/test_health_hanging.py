"""The quiet truth of a process that hangs, of one that is really stopped too."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from clinic import health
from clinic.metrics import processes
from clinic.models import Clinic
from clinic.presenters import ops, ops_status
from realtime import heartbeats
from realtime.heartbeats import BEATS, PAGES, SCHEDULER
from realtime.models import Desired, Switch
from realtime.pulse import Beat, Pulse
from tests.clinic.work import ALL
from tests.realtime.test_heartbeats import pass_time

pytestmark = pytest.mark.django_db
WORKER = """
import sys
import django
django.setup()
from realtime import heartbeats
with heartbeats.doing.at("deliver"), heartbeats.beating("worker of general", ["low"]):
    heartbeats.tell("worker of general", ["low"])
    print("heard", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def worker(alive: Any, valkey_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """One more worker, that has been heard."""
    env = {**os.environ, "REDIS_URL": valkey_url, "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    argv = [sys.executable, "-c", WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, cwd=settings.BASE, env=env, **pipes) as process:
        assert process.stdout and process.stdout.readline() == b"heard\n"
        yield process
        process.kill()


def two_minutes_later(live_redis: Any) -> None:
    """All but this process were silent, which is heard again."""
    pass_time(live_redis, 130)
    heartbeats.tell("worker of any", ALL)


def silent(live_redis: Any, **said: Any) -> str:
    """What is true of a process of another machine that has not been heard for two minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "ward-2")
        heartbeats.tell(**{"kind": "worker of general", "serves": ["low"], **said})
    two_minutes_later(live_redis)
    return health.look().sentence


def test_worker_that_is_stopped_is_told_of_until_its_process_is_gone(
    alive: Any, worker: subprocess.Popen[bytes]
) -> None:
    assert health.look().is_good
    os.kill(worker.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, worker.pid, os.WSTOPPED)
    two_minutes_later(alive)
    found = health.look()
    here = socket.gethostname()
    assert found.sentence == (
        f"Worker of general, pid {worker.pid} on {here}, not heard for 2 min, last at deliver: others do its work"
    )
    assert not found.alarm and found.truths[0].runbook == "docs/ops/workers.md"
    assert found.truths[0].patients == "Patients notice nothing."
    assert found.truths[0].lever.words == f"On {here}: kill -9 {worker.pid}. It is started again."
    worker.kill()
    worker.wait()
    heartbeats.tell("worker of any", ALL)
    assert health.look().is_good


def test_word_of_a_machine_that_is_lost_lapses(alive: Any) -> None:
    assert "on ward-2, not heard for 2 min: others do its work" in silent(alive)
    pass_time(alive, heartbeats.KEEP_MS / 1000)
    heartbeats.tell("worker of any", ALL)
    assert health.look().is_good and alive.hlen(BEATS) == 1


def test_page_json_and_metrics_name_it(alive: Any) -> None:
    silent(alive)
    found = health.look()
    board = ops.board(found, Clinic.objects.all())
    assert [(one.kind, one.is_silent, one.heard) for one in board.processes or ()] == [
        ("worker of any", False, "now"), ("worker of general", True, "2 min"),
    ]  # fmt: skip
    twin = ops_status.status(found, board)
    assert [one["gone"] for one in twin["processes"]] == [False, False]
    assert twin["truths"][0]["sentence"] == found.sentence and twin["alarm"] is False
    counts = next(one for one in processes.figures() if one.name == "evenkeel_processes_hanging")
    assert {one.labels["kind"] for one in counts.samples if one.value} == {"worker of general"}


def test_two_that_hang_are_one_sentence(alive: Any) -> None:
    silent(alive)
    assert silent(alive, kind="worker of ill").endswith(": others do its work; 1 more hangs")


def test_web_process_that_hangs_may_make_somebody_wait(alive: Any) -> None:
    assert silent(alive, kind="web", serves=[PAGES]).startswith("Web, pid ")
    assert health.look().truths[0].patients.startswith("Patients may wait some seconds for a page")


def test_worker_that_beats_and_is_stuck_at_a_job_is_told_of(alive: Any) -> None:
    beats = (
        Beat("worker of any", 1, "ward-1", ("low",), 0.2, 900, "", 0),
        Beat("worker of general", 2, "ward-1", ("low",), 0.2, 900, "deliver", 190),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heartbeats, "hear", lambda: Pulse(beats, {SCHEDULER: 0.2}, 900))
        assert health.look().sentence == (
            "Worker of general, pid 2 on ward-1, at deliver for 3 min: others do its work"
        )


def test_it_is_never_said_over_a_graver_truth(alive: Any) -> None:
    silent(alive)
    Switch.objects.update(desired=Desired.OFF, actor="olu")
    alive.hincrby(heartbeats.SERVED, "ill", -60_000)
    books = [(one.book, one.alarm) for one in health.look().truths]
    assert books == [("workers", True), ("vendor", False), ("workers", False)]
    assert health.look().sentence.startswith("No worker serves ill since ")
