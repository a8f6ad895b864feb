from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import redis
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from clinic.running import schedule
from clinic.running.schedule import Task
from tests.clinic.conftest import Clock
from tests.factories import make_clinic, make_visit


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Says how often the connections were checked; a test's own must stay open."""
    checks: list[str] = []
    monkeypatch.setattr(schedule, "close_old_connections", lambda: checks.append("checked"))
    return checks


def test_each_task_runs_when_it_is_due_until_the_stop(monkeypatch: pytest.MonkeyPatch, checked: list[str]) -> None:
    stop = threading.Event()
    done: list[str] = []

    def often() -> None:
        done.append("often")
        if done.count("often") == 3:
            stop.set()

    todo = [Task("often", 0.05, often), Task("seldom", 60, lambda: done.append("seldom"))]
    monkeypatch.setattr(schedule, "tasks", lambda: todo)
    schedule.run(stop)
    assert (done.count("often"), done.count("seldom")) == (3, 1)
    assert len(checked) == len(done)


@pytest.mark.parametrize("problem", [redis.ConnectionError(), redis.TimeoutError(), OperationalError("Miller")])
def test_what_is_away_is_said_once_and_once_when_it_is_back(
    caplog: pytest.LogCaptureFixture, problem: Exception
) -> None:
    away: list[Exception] = [problem, problem, problem]

    def look() -> None:
        if away:
            raise away.pop()

    task = Task("a look", 5, look)
    for _n in range(5):
        schedule.run_once(task)
    assert [record.getMessage() for record in caplog.records] == [
        f"a look: {type(problem).__name__}; will go on trying",
        "a look: well again",
    ]


def test_error_of_our_own_is_told_with_its_place_and_ends_no_other_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    monkeypatch.setattr(schedule, "tasks", lambda: [Task("broken", 5, lambda: 1 / 0), Task("last", 5, stop.set)])
    schedule.run(stop)
    told = [(record.getMessage(), record.exc_info and record.exc_info[0]) for record in caplog.records]
    assert told == [("broken: ZeroDivisionError; will go on trying", ZeroDivisionError)]


def test_tasks_sweep_deliveries_and_notices_and_the_switch_often() -> None:
    every = {task.name: task.every for task in schedule.tasks()}
    assert [name for name, seconds in every.items() if seconds <= 5] == [
        "due deliveries",
        "left-over notices",
        "expired switch",
        "minutes of the job queues",
    ]


@pytest.mark.django_db
def test_answers_left_at_a_kiosk_are_deleted_when_they_lapse() -> None:
    for minutes in (-1, 1):
        store = SessionStore()
        store["answers"] = {"family_name": "Miller"}
        store.set_expiry(timezone.now() + timedelta(minutes=minutes))
        store.save()
    task = next(task for task in schedule.tasks() if task.name == "expired answers at kiosks")
    schedule.run_once(task)
    assert Session.objects.count() == 1


@pytest.mark.django_db
def test_desk_is_asked_about_yesterdays_visits_within_a_minute(clock: Clock) -> None:
    visit = make_visit(make_clinic())
    clock.add(days=1)
    task = next(task for task in schedule.tasks() if task.name == "open visits at closing time")
    schedule.run_once(task)
    assert (task.every, visit.events.latest("sequence").verb) == (60, "ask")
