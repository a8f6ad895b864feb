"""Sentences about work that nobody does, that is late, or that Redis lets nobody do."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clinic import health
from clinic.health.truth import Book
from clinic.moments import moment
from realtime import heartbeats, job_queues
from realtime.heartbeats import BEATS, BOOKINGS, FIRST, PAGES, SCHEDULER, SERVED
from tests.clinic.work import ALL, late, stuck, unserved
from tests.own_valkey import REFUSALS, refusing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("what", "seconds", "starts", "ends"),
    [
        ("notices", 7, "No worker serves notices since ", ": screens run on our own path"),
        ("integrations", 7, "No worker serves integrations since ", ": messages to other systems wait, none lost"),
        ("ill", 7, "No worker serves ill since ", ": messages to systems that are ill wait, none lost"),
        ("low", 7, "No worker serves low since ", ": mails and upkeep wait"),
        (SCHEDULER, 31, "The scheduler has not run since ", ": retries, closing time and alarms wait"),
    ],
)
def test_work_that_nobody_does_is_told_with_what_waits(
    alive: Any, what: str, seconds: float, starts: str, ends: str
) -> None:
    assert health.look().sentence == "All good"
    unserved(alive, what, seconds)
    found, now = health.look(), timezone.now()
    since = [moment(now - timedelta(seconds=seconds + n), now) for n in (-1, 0, 1)]
    assert found.sentence in [f"{starts}{one}{ends}" for one in since]
    assert found.alarm and found.truths[0].runbook == "docs/ops/workers.md"


def test_all_that_nobody_serves_is_one_sentence(alive: Any) -> None:
    for what in ALL:
        unserved(alive, what, 60)
    said = health.look().truths
    assert len(said) == 1
    names = "integrations, ill, notices, default or low"
    assert said[0].sentence.startswith(f"No worker serves {names}, and no scheduler runs, since ")
    assert said[0].sentence.endswith(" UTC: messages to other systems wait, none lost")


def test_scheduler_may_be_long_at_a_task(alive: Any) -> None:
    unserved(alive, SCHEDULER, 20)
    assert health.look().is_good


def test_queue_that_was_given_up_on_purpose_is_missed_only_while_a_job_waits(alive: Any) -> None:
    unserved(alive, "ill", 300)
    assert health.look().sentence.startswith("No worker serves ill since ")
    unserved(alive, "ill", 400)
    assert health.look().is_good
    job_queues.enqueue("ill", timezone.now)
    assert health.look().sentence.startswith("No worker serves ill since ")


def test_scheduler_is_never_given_up(alive: Any) -> None:
    unserved(alive, SCHEDULER, 7 * 24 * 3600)
    day = timezone.now() - timedelta(days=7)
    assert health.look().sentence.startswith(f"The scheduler has not run since {day:%-d %b} ")


def test_listener_that_ran_and_is_gone_is_missed_for_a_day(alive: Any) -> None:
    heartbeats.tell("HL7 listener", [BOOKINGS])
    assert health.look().is_good
    unserved(alive, BOOKINGS, 31)
    assert health.look().sentence.startswith("No listener takes bookings since ")
    assert health.look().sentence.endswith(" UTC: schedules send again what was not acknowledged")
    unserved(alive, SCHEDULER, 90)
    assert health.look().sentence.startswith("The scheduler has not run, and no listener takes bookings, since ")
    heartbeats.tell("scheduler", [SCHEDULER])
    unserved(alive, BOOKINGS, 24 * 3600)
    assert health.look().is_good


def test_queue_that_never_had_a_worker_is_missed_once_a_job_waits(alive: Any) -> None:
    alive.hdel(SERVED, "low")
    assert health.look().is_good
    job_queues.enqueue("low", timezone.now)
    assert health.look().is_good, "nobody has been heard for long: Redis has just come back"
    alive.hincrby(SERVED, FIRST, -10_000)
    assert health.look().sentence == "No worker serves low: mails and upkeep wait"


def test_redis_that_knows_nobody_misses_nobody(live_redis: Any) -> None:
    assert health.look().is_good


def test_workers_that_are_all_gone_are_missed_for_good(alive: Any) -> None:
    """Nobody gives all of them up on purpose, though no job may wait."""
    alive.delete(BEATS)
    for queue in job_queues.NAMES:
        unserved(alive, queue, 11 * 60)
    names = "integrations, ill, notices, default or low"
    assert health.look().sentence.startswith(f"No worker serves {names} since ")


def test_workers_and_scheduler_that_never_came_are_missed_soon(live_redis: Any) -> None:
    heartbeats.tell("web", [PAGES])
    live_redis.hincrby(SERVED, FIRST, -20_000)
    assert health.look().is_good, "they may be about to begin"
    live_redis.hincrby(SERVED, FIRST, -11_000)
    names = "integrations, ill, notices, default or low"
    assert health.look().sentence.startswith(f"No worker serves {names}, and no scheduler runs: messages ")


def test_worker_that_hangs_alone_is_to_be_killed_once_its_jobs_are_late(alive: Any) -> None:
    stuck(alive, "default", "low")
    late("default", 1, 40)
    assert health.look().is_good
    late("default", 65)
    (truth,) = health.look().truths
    assert truth.sentence == ("41 jobs of default wait, for up to 1 h 5 min: mails and upkeep wait")
    assert truth.lever.words == (
        "Worker of general hangs, at mail for 1 h 6 min. "
        f"On {socket.gethostname()}: kill -9 {os.getpid()}. It is started again, and its job is taken up."
    )
    assert truth.alarm and (truth.patients, truth.book) == ("Patients notice nothing.", Book.WORKERS)


def test_jobs_that_are_late_while_all_workers_live_want_more_of_them(alive: Any) -> None:
    late("integrations", 10, 300)
    late("low", 3), late("ill", 2)
    found = health.look().truths
    said = [(one.sentence, one.patients) for one in found]
    assert all(one.lever.words.startswith("Start more workers (EVENKEEL_WORKERS)") for one in found)
    assert said == [
        (
            "300 jobs of integrations wait, for up to 10 min: messages to other systems wait, none lost",
            "Patients notice nothing. Visits reach other systems later, in order.",
        ),
        (
            "2 jobs of ill or low wait, for up to 3 min: messages to systems that are ill wait, none lost",
            "Patients notice nothing. Visits reach those systems later, in order.",
        ),
    ]


def test_jobs_that_are_late_since_nobody_serves_them_are_told_of_once(alive: Any) -> None:
    late("low", 10)
    unserved(alive, "low", 60)
    assert [one.sentence[:20] for one in health.look().truths] == ["No worker serves low"]


@pytest.mark.parametrize("why", REFUSALS)
def test_redis_that_takes_no_writes_is_to_blame_and_no_worker_is(alive: Any, why: str) -> None:
    late("default", 10)
    for what in ALL:
        unserved(alive, what, 60)
    with refusing(alive, why):
        (truth,) = health.look().truths
    assert truth.sentence == (
        f"Redis takes no writes ({why}): screens follow within 2 seconds, deliveries wait and none is lost"
    )
    assert truth.alarm and truth.book == Book.REDIS
    assert health.look().sentence.startswith("No worker serves ")
