from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from clinic.running import valkey, worker
from clinic.running.home import free_port
from tests.clinic.running.processes import Rig
from tests.waiting import until

RUN = """
import sys
import redis
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "jobs.sqlite3"}})
from clinic.running import worker
worker.run(sys.argv[2], redis.Redis.from_url(sys.argv[1], **worker.redis_options()))
"""

OWN = """
import sys
from pathlib import Path
from clinic.running import valkey
from clinic.running.supervisor import Program, Supervisor
home = Path(sys.argv[1])
with Supervisor(log_dir=home / "log") as supervisor:
    supervisor.add(valkey.program(home))
    supervisor.add(Program("worker", [sys.executable, "-c", sys.argv[2], valkey.url(home), "any"]))
    supervisor.run()
"""

JOBS = """
import os, time
from contextlib import suppress
from django.db import connection
from realtime import deadline

def pid():
    return os.getpid()

def busy():
    time.sleep(60)

def kill(pid):
    os.kill(pid, 9)

def last():
    for _call in range(deadline.MOST_STUCK):
        with suppress(deadline.DeadlineMissed):
            deadline.run(lambda: time.sleep(60), seconds=0.01, close=int)
    return os.getpid()

def leave_connection():
    connection.ensure_connection()
    connection.close_at = 0
    return os.getpid()

def connection_is_left():
    return connection.connection is not None
"""


class Clinic:
    """A Valkey and one worker of the pool `any` under a supervisor, and a client of both."""

    def __init__(self, rig: Rig, home: Path) -> None:
        (rig.directory / "kill_jobs.py").write_text(JOBS)
        self.owner = rig.python(OWN, str(home), RUN)
        until(lambda: valkey.address(home))
        self.url = valkey.url(home)
        self.redis = redis.Redis.from_url(self.url, socket_timeout=5)
        self.queues = {
            name: Queue(name, connection=self.redis, serializer=JSONSerializer) for name in ("notices", "low")
        }

    def enqueue(self, job: str, *arguments: int, queue: str = "low") -> Job:
        return self.queues[queue].enqueue(f"kill_jobs.{job}", *arguments, job_timeout=60, failure_ttl=600)

    def run(self, job: str, within: float) -> Any:
        """Enqueues a job and returns its result, which must be there within the time."""
        queued = self.enqueue(job)
        until(lambda: queued.get_status() == JobStatus.FINISHED, within)
        return queued.return_value()

    def valkey_pid(self) -> int:
        info: Any = self.redis.info("server")
        return int(info["process_id"])

    def is_another_valkey(self, pid: int) -> bool:
        """Whether one answers that is not this one, which may be dying at this moment."""
        try:
            return self.valkey_pid() != pid
        except redis.RedisError:
            return False


@pytest.fixture
def clinic(rig: Rig, tmp_path: Path) -> Iterator[Clinic]:
    home = tmp_path / "a clinic"
    home.mkdir()
    clinic = Clinic(rig, home)
    # Ready, and seen to be: the worker is started only then.
    until(lambda: valkey.answers(valkey.url(home)) and SimpleWorker.count(clinic.redis))
    yield clinic
    clinic.owner.terminate()
    clinic.owner.wait(15)
    clinic.redis.close()


def test_worker_killed_while_busy_is_replaced_and_the_next_job_runs(clinic: Clinic) -> None:
    first = clinic.run("pid", within=2)
    lost = clinic.enqueue("busy")
    until(lambda: lost.get_status() == JobStatus.STARTED)
    os.kill(first, signal.SIGKILL)
    assert clinic.run("pid", within=2) != first
    # RQ knows of the lost job, and fails it once its time-out and a minute have passed: the sweep is sooner.
    assert lost.get_status() == JobStatus.STARTED
    registry = StartedJobRegistry(queue=clinic.queues["low"])
    assert registry.get_job_ids(cleanup=False) == [lost.id]
    registry.cleanup(timestamp=time.time() + 60 + 60 + 1)
    assert lost.get_status() == JobStatus.FAILED


def test_valkey_killed_is_back_and_the_worker_takes_a_new_job(clinic: Clinic) -> None:
    clinic.redis.set("kept", "yes")
    os.kill(clinic.valkey_pid(), signal.SIGKILL)
    until(lambda: valkey.answers(clinic.url), seconds=3)
    assert clinic.redis.get("kept") == b"yes"
    clinic.run("pid", within=3)


def test_valkey_gone_when_a_job_ends_costs_that_worker_and_no_more(clinic: Clinic) -> None:
    before = clinic.run("pid", within=2)
    killer = clinic.enqueue("kill", clinic.valkey_pid())
    until(lambda: clinic.is_another_valkey(killer.args[0]), seconds=5)
    assert clinic.run("pid", within=3) != before


def test_valkey_frozen_and_thawed_leaves_the_worker_working(clinic: Clinic) -> None:
    before = clinic.run("pid", within=2)
    pid = clinic.valkey_pid()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(pid, signal.SIGCONT)
    assert clinic.run("pid", within=3) == before


def test_job_that_leaves_too_many_calls_stuck_is_the_last_of_its_process(clinic: Clinic) -> None:
    last = clinic.run("last", within=2)
    assert clinic.run("pid", within=4) != last


def test_stale_database_connection_is_closed_after_the_job(clinic: Clinic) -> None:
    assert clinic.run("leave_connection", within=2) == clinic.run("pid", within=2)
    assert clinic.run("connection_is_left", within=2) is False


def ended_at(job: Job) -> datetime:
    result = job.latest_result()
    assert result is not None
    return result.created_at


def test_urgent_queue_goes_first(clinic: Clinic) -> None:
    worker_pid = clinic.run("pid", within=2)
    os.kill(worker_pid, signal.SIGSTOP)
    waiting = [clinic.enqueue("pid") for _ in range(3)]
    urgent = clinic.enqueue("pid", queue="notices")
    # The pop that was blocked when the worker froze takes whichever came first.
    os.kill(worker_pid, signal.SIGCONT)
    until(lambda: all(job.get_status() == JobStatus.FINISHED for job in [urgent, *waiting]))
    assert ended_at(urgent) < min(ended_at(job) for job in waiting[1:])


def test_worker_idle_hears_sigterm_and_signs_off(clinic: Clinic) -> None:
    assert len(SimpleWorker.all(connection=clinic.redis)) == 1
    pid = clinic.run("pid", within=2)
    os.kill(pid, signal.SIGTERM)
    names = {found.name for found in SimpleWorker.all(connection=clinic.redis)}
    until(lambda: clinic.run("pid", within=4) != pid)
    assert names.isdisjoint(found.name for found in SimpleWorker.all(connection=clinic.redis))


def test_worker_that_redis_forgot_ends_to_be_registered_anew(clinic: Clinic) -> None:
    forgotten = worker.PoolWorker(["low"], connection=clinic.redis)
    with pytest.raises(StopRequested):
        forgotten.run_maintenance_tasks()


def test_redis_options_name_every_time_out() -> None:
    options = worker.redis_options()
    assert (options["socket_connect_timeout"], options["socket_timeout"]) == (1.0, 25)
    assert options["retry"].get_retries() == 0


def test_worker_waits_for_a_redis_that_comes_later(rig: Rig) -> None:
    process = rig.python(RUN, f"redis://127.0.0.1:{free_port()}/0", "any")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.2)
