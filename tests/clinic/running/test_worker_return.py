"""How soon a worker that has reached the bound of stuck calls is back: the product's own command, supervised."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from clinic.running import valkey
from tests.clinic.running.processes import ROOT, Rig
from tests.waiting import until

# The bound takes eight missed deadlines, so a worker that reaches it has lived for longer than the test wants to.
SUPERVISE = """
import sys
from clinic.running import child, programs
from clinic.running.supervisor import Supervisor
child.LIVED_WELL_SECONDS = 0.0
with Supervisor(programs.workers([("notices", 1)], {})) as supervisor:
    supervisor.run()
"""

JOBS = """
import os, time
from contextlib import suppress
from realtime import deadline

def last():
    for _call in range(deadline.MOST_STUCK):
        with suppress(deadline.DeadlineMissed):
            deadline.run(lambda: time.sleep(60), seconds=0.01, close=int)
    return [os.getpid(), time.time()]

def first():
    return [os.getpid(), time.time()]
"""
TIMES = 3


@pytest.fixture
def jobs(rig: Rig, tmp_path: Path) -> Iterator[Queue]:
    """The job queue `notices` of one supervised worker, with a Valkey of its own."""
    (tmp_path / "return_jobs.py").write_text(JOBS)
    server = subprocess.Popen(list(valkey.program(tmp_path).argv), stdout=subprocess.DEVNULL)
    rig.env |= {"EVENKEEL_HOME": str(tmp_path), "REDIS_URL": valkey.url(tmp_path), "DATABASE_URL": ""}
    client = redis.Redis.from_url(valkey.url(tmp_path), socket_timeout=5)
    until(lambda: valkey.answers(valkey.url(tmp_path)))
    owner = rig.python(SUPERVISE)
    yield Queue("notices", connection=client, serializer=JSONSerializer)
    owner.terminate()
    owner.wait(15)
    client.close()
    server.kill()
    server.wait()


def run(jobs: Queue, name: str) -> tuple[int, float]:
    """The process that ran this job, and the time by its clock."""
    job: Any = jobs.enqueue(f"return_jobs.{name}")
    until(lambda: job.is_finished, 15)
    pid, at = job.return_value()
    return pid, at


def bare_start(rig: Rig) -> float:
    """Seconds that this machine needs now to start the same program, which then does nothing."""
    begun = time.monotonic()
    command = [sys.executable, str(ROOT / "manage.py"), "worker", "--help"]
    subprocess.run(command, env=rig.env, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begun


def test_worker_at_the_bound_ends_and_another_serves_within_a_second(jobs: Queue, rig: Rig) -> None:
    run(jobs, "first")
    away, bare = [], []
    for _time in range(TIMES):
        bare.append(bare_start(rig))
        ended, at = run(jobs, "last")
        born, back = run(jobs, "first")
        assert born != ended
        away.append(back - at)
    assert min(away) < max(1.0, 1.5 * min(bare)), f"away for {away}, bare starts {bare}"
