"""What the clinic's tests share: a clinic, two clerks, another system, and a clock that tests set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from clinic.emr import Beside, listening
from clinic.models import Clinic, Destination, Room
from clinic.services import Actor
from realtime import heartbeats
from realtime.models import Desired, Switch
from tests.clinic.receiver import Receiver
from tests.clinic.serving import serving
from tests.clinic.work import ALL
from tests.factories import SECRET, make_clinic, make_destination, make_user


class Clock:
    """What this server's clock and the database's say in this test."""

    def __init__(self) -> None:
        # Late in the morning at the clinic, so that no hour of the night makes two days of one test.
        self.at = timezone.now().replace(hour=17, minute=5)

    def now(self) -> datetime:
        return self.at

    def add(self, **span: float) -> None:
        """Moves it, also backwards: `clock.add(minutes=-5)`."""
        self.at += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("django.utils.timezone", "clinic.clock"):
        monkeypatch.setattr(f"{module}.now", clock.now)
    return clock


@pytest.fixture
def alive(db: None, live_redis: Any) -> Any:
    """Everything is served, and the vendor in use. Gives Redis's client."""
    Switch.objects.update_or_create(pk=1, defaults={"desired": Desired.AUTO})
    heartbeats.tell("worker of any", ALL)
    return live_redis


@pytest.fixture
def harbor(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def room(harbor: Clinic) -> Room:
    return harbor.rooms.get(name="Room 1")


@pytest.fixture
def ana(harbor: Clinic) -> User:
    return make_user("ana", harbor)


@pytest.fixture
def ben(harbor: Clinic) -> User:
    return make_user("ben", harbor)


@pytest.fixture
def by_ana(ana: User) -> Actor:
    return Actor(user=ana)


@pytest.fixture
def by_ben(ben: User) -> Actor:
    return Actor(user=ben)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def emr(harbor: Clinic, receiver: Receiver) -> Destination:
    """The clinic's record system, which the receiver plays."""
    return make_destination(harbor, receiver.url)


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Jobs are kept in this list, as (job queue, job, ids...), instead of in Redis."""
    asked: list[tuple[Any, ...]] = []
    for name in ("enqueue", "enqueue_once", "enqueue_once_soon"):
        monkeypatch.setattr(f"realtime.job_queues.{name}", lambda *words: asked.append(words))
    monkeypatch.setattr("realtime.job_queues.begun", lambda *words: None)
    monkeypatch.setattr("realtime.job_queues.waiting", lambda job: set())
    return asked


@pytest.fixture(scope="session")
def record_system() -> Iterator[Beside]:
    with listening(SECRET) as records:
        yield records


@pytest.fixture
def records(record_system: Beside) -> Iterator[Beside]:
    """A healthy record system that has got nothing yet."""
    record_system.reset()
    yield record_system
    record_system.fault("ok")
