"""A record system that is away for days: nothing is lost, nothing overtakes, and it is asked seldom.

Days pass by the clock that tests set; the calls are real, to a peer that fails on command.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clinic import health
from clinic.emr import Beside
from clinic.integrations import alarms, jobs
from clinic.models import Clinic, Delivery, Destination
from clinic.services import Actor, deliveries
from clinic.services.deliveries import Range
from clinic.states import Verb
from realtime import job_queues
from tests.clinic.conftest import Clock
from tests.factories import do, make_destination, make_user, make_visit

pytestmark = pytest.mark.django_db

STAY = (Verb.CALL, Verb.ROOM, Verb.DISCHARGE)
STEP = timedelta(minutes=5)


class Days:
    """Time goes by: the sweep when a probe is due, whatever job it asks for, and a patient now and then."""

    def __init__(self, clinic: Clinic, destination: Destination, clock: Clock, asked: list[Any]) -> None:
        self.clinic, self.destination, self.clock, self.asked = clinic, destination, clock, asked
        self.calls = 0

    def patient(self) -> None:
        visit = make_visit(self.clinic)
        for verb in STAY:
            do(visit, verb)

    def work(self) -> None:
        """Until no job waits."""
        jobs.sweep()
        while self.asked:
            _queue, _job, pk = self.asked.pop()
            self.calls += jobs.deliver(pk) == "tried"

    def run_alarms(self) -> None:
        alarms.sweep()
        for _queue, job, pk in self.asked:
            job(pk)
        self.asked.clear()

    def go_on(self, *, hours: int, patients: int = 0) -> None:
        """From one moment at which there is something to do to the next."""
        end = self.clock.at + timedelta(hours=hours)
        every = timedelta(hours=hours) / (patients + 1)
        next_patient = self.clock.at + every
        while self.clock.at < end:
            probe = Destination.objects.get(pk=self.destination.pk).next_probe_at
            self.clock.at = min(end, next_patient, max(probe or end, self.clock.at + STEP))
            if self.clock.at == next_patient and next_patient < end:
                next_patient += every
                self.patient()
            self.work()

    def states(self) -> set[str]:
        return set(Delivery.objects.values_list("state", flat=True))


@pytest.fixture
def days(harbor: Clinic, records: Beside, clock: Clock, live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> Days:
    asked: list[Any] = []
    for name in ("enqueue", "enqueue_once", "enqueue_once_soon"):
        monkeypatch.setattr(job_queues, name, lambda *words: asked.append(words) or True)
    monkeypatch.setattr(job_queues, "begun", lambda *words: None)
    monkeypatch.setattr(job_queues, "waiting", lambda job: set())
    emr = make_destination(harbor, records.mllp_url, kind=Destination.Kind.HL7)
    return Days(harbor, emr, clock, asked)


def owed_at_the_peer(records: Beside) -> list[str]:
    assert records.received()["violations"] == []
    return [one["key"] for one in records.received()["received"]]


def test_70_hours_away_and_then_everything_arrives_in_order(days: Days, records: Beside) -> None:
    records.fault("refuse")
    days.go_on(hours=70, patients=20)
    assert days.states() == {"pending"}
    sick = days.calls
    # A probe every five minutes at most.
    assert 70 * 4 <= sick <= 70 * 12
    records.fault("ok")
    days.go_on(hours=1)
    assert days.states() == {"delivered"}
    assert not Destination.objects.get().is_ill
    arrived = owed_at_the_peer(records)
    assert sorted(arrived) == sorted(Delivery.objects.values_list("key", flat=True))
    assert days.calls - sick < Delivery.objects.count() + 20, "it drains, and asks for nothing twice"


def test_past_72_hours_there_is_an_alarm_and_the_range_can_be_sent_again_in_order(
    days: Days, records: Beside, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.SENDS_MAIL = True
    Clinic.objects.update(technical_email="it@harbor.example")
    records.fault("refuse")
    Destination.objects.update(is_ill=True, ill_since=days.clock.at, failures=20)
    for _n in range(6):
        days.patient()
    days.work()
    days.clock.add(hours=72)
    days.work()
    assert days.states() == {"dead"}
    assert "gave up on 18 messages" in health.look().sentence
    days.run_alarms()
    assert len(mailoutbox) == 1 and "18" in mailoutbox[0].body and "Miller" not in mailoutbox[0].body
    records.fault("ok")
    ops, emr = Actor(user=make_user("olu", days.clinic, "ops")), days.destination
    seen = deliveries.preview(emr, Range())
    assert deliveries.resend_range(emr, Range(), by=ops, reason="it is back", latest=seen.latest) == 18
    days.go_on(hours=1)
    assert days.states() == {"delivered"}
    arrived = owed_at_the_peer(records)
    assert sorted(arrived) == sorted(Delivery.objects.values_list("key", flat=True))
    days.run_alarms()
    assert (health.look().sentence, len(mailoutbox)) == (health.ALL_GOOD, 2)
