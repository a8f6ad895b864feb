"""What is done every few seconds, whatever else happens. Each task is short and harmless when done twice."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.contrib.sessions.backends.db import SessionStore as KioskStore
from django.db import DatabaseError, InterfaceError, close_old_connections

from clinic import audit_check
from clinic.inbound import uploads
from clinic.integrations import alarms
from clinic.integrations import jobs as integrations
from clinic.services import closing
from clinic.staff_session import SessionStore
from realtime import heartbeats, queue_history, switch
from realtime import jobs as realtime

logger = logging.getLogger(__name__)

_round_ended = time.monotonic()


@dataclass
class Task:
    """One thing to do each `every` seconds. `problem` is the last error's name, so that it is logged once."""

    name: str
    every: float
    do: Callable[[], object]
    due: float = 0.0
    problem: str = ""


def tasks() -> list[Task]:
    return [
        Task("due deliveries", 5, integrations.sweep),
        Task("left-over notices", 5, realtime.sweep),
        Task("expired switch", 5, switch.expire),
        Task("minutes of the job queues", 5, queue_history.keep),
        Task("alarms", 30, alarms.sweep),
        Task("open visits at closing time", 60, closing.resolve_open_visits),
        Task("booking lists that nobody confirmed", 60, uploads.clear_expired),
        # What a patient left half done at a kiosk is kept no longer than it is of use.
        Task("expired answers at kiosks", 60, KioskStore.clear_expired),
        Task("expired log-ins", 60, SessionStore.clear_expired),
        Task("heads of the audit", 24 * 3600, audit_check.log_heads),
    ]


def run(stop: threading.Event) -> None:
    """Runs the tasks when they are due, until `stop`."""
    global _round_ended
    todo = tasks()
    while not stop.is_set():
        now = time.monotonic()
        for task in todo:
            if task.due <= now:
                task.due = now + task.every
                run_once(task)
        _round_ended = time.monotonic()
        stop.wait(max(0.05, min(task.due for task in todo) - time.monotonic()))


def seconds_since_round() -> float:
    """How long ago the tasks that were due then were done: more than some seconds where one of them hangs."""
    return time.monotonic() - _round_ended


def run_once(task: Task) -> None:
    """Does a task now. Whatever goes wrong is said once, and once more when it is over: the other tasks go on."""
    try:
        close_old_connections()
        with heartbeats.doing.at(task.name):
            task.do()
    except Exception as error:
        _say(task, error)
    else:
        if task.problem:
            logger.warning("%s: well again", task.name)
        task.problem = ""


def _say(task: Task, error: Exception) -> None:
    """Redis or the database being away is no fault of ours; of all else, where it happened is said too."""
    problem, is_away = type(error).__name__, isinstance(error, (redis.RedisError, DatabaseError, InterfaceError))
    if problem != task.problem:
        logger.warning("%s: %s; will go on trying", task.name, problem, exc_info=None if is_away else error)
    task.problem = problem
