"""One worker process: serves the job queues of one pool until it is stopped, or until Redis is lost."""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypedDict
from uuid import uuid4

import redis
from django.db import close_old_connections
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import DeserializationError, StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from clinic import logs, request_context
from clinic.running.pools import POOLS
from realtime import counted, deadline, failures, heartbeats

logger = logging.getLogger(__name__)

WORKER_TTL_SECONDS = 30
MAINTENANCE_SECONDS = 30
RESULT_SECONDS = 60
RETRY_SECONDS = 0.25


class RedisOptions(TypedDict):
    """Time-outs in seconds, and the retry rule, of a worker's connection."""

    socket_connect_timeout: float
    socket_timeout: float
    retry: Retry


def redis_options() -> RedisOptions:
    """What a worker's Redis client must be made with, beside its address."""
    # RQ's blocking pop ends 15 s before the worker's TTL; the answer may come 10 s later.
    return RedisOptions(
        socket_connect_timeout=1.0, socket_timeout=WORKER_TTL_SECONDS - 5, retry=Retry(NoBackoff(), 0)
    )


class PoolWorker(SimpleWorker):
    """RQ's worker without a fork a job: database connections are checked around each job."""

    # While idle, a lost Redis is tried again once a second.
    exponential_backoff_factor = 1.0
    max_connection_wait_time = 1.0
    log_result_lifespan = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Runs one job. Raises StopRequested, which ends the worker, when too many calls of its are stuck."""
        close_old_connections()
        if job.enqueued_at is not None:
            counted.JOB_DELAYS.observe((datetime.now(UTC) - job.enqueued_at).total_seconds(), queue.name)
        try:
            with request_context.during_job(job.id), heartbeats.doing.at(_name_of(job)):
                super().execute_job(job, queue)
        finally:
            close_old_connections()
        if deadline.exhausted():
            raise StopRequested

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Whether it ended well; counted."""
        well: bool = super().perform_job(job, queue, execution)
        counted.JOBS.count(queue.name, "finished" if well else "failed")
        return well

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """RQ's own line, and what it keeps in Redis, quote the error: a patient's row may be in it."""
        logger.error("job failed: %s", _name_of(job), exc_info=exc_info)
        # A lost Redis is found out by RQ's next step.
        with suppress(redis.RedisError):
            failures.remember_kind(job, exc_info[0])

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        if sys.exc_info()[1] is not None:
            exc_string = logs.Formatter().formatException(sys.exc_info())
        super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def run_maintenance_tasks(self) -> None:
        """RQ's own. Raises StopRequested, to be registered anew, when Redis has forgotten this worker."""
        if not self.connection.sismember(self.redis_workers_keys, self.key):
            raise StopRequested
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def subscribe(self) -> None:
        """Takes no commands by Redis: supervisors end workers. No thread of RQ's outlives a lost Redis."""


def run(pool: str, connection: redis.Redis) -> None:
    """Waits until Redis answers, then works until SIGTERM, SIGINT, or too many stuck calls.

    Make `connection` with `redis_options`. Raises SystemExit(1) when Redis is lost.
    """
    wait_for(connection)
    try:
        _worker(pool, connection).work(logging_level="INFO")
    except redis.RedisError as error:
        logger.warning("worker of pool %s ends, Redis is lost: %s", pool, type(error).__name__)
        raise SystemExit(1) from None


def wait_for(connection: redis.Redis) -> None:
    """Returns once Redis answers."""
    step = threading.Event()
    while not _answers(connection):
        step.wait(RETRY_SECONDS)


def _answers(connection: redis.Redis) -> bool:
    try:
        return bool(connection.ping())
    except redis.RedisError:
        return False


def _worker(pool: str, connection: redis.Redis) -> PoolWorker:
    # JSON on the queues does not make the worker read JSON: each has its own serializer.
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in POOLS[pool]]
    return PoolWorker(
        queues,
        name=f"{pool}-{uuid4().hex[:12]}",
        connection=connection,
        serializer=JSONSerializer,
        default_result_ttl=RESULT_SECONDS,
        worker_ttl=WORKER_TTL_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )


def _name_of(job: Job) -> str:
    try:
        return str(job.func_name).rpartition(".")[2]
    except DeserializationError:
        return "a job that cannot be read"
