"""The ops page's tables: rates, the picture of an hour, failures by cause, what changed."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from clinic import audit, health
from clinic.models import Clinic, Delivery, EngineEvent
from clinic.presenters import ops, ops_status
from clinic.presenters.ops_changes import changes
from clinic.presenters.ops_failures import dead_letters
from clinic.presenters.ops_queues import rates, spark
from clinic.services import Actor, destinations, failed_jobs
from clinic.services.actors import AlreadyDone
from realtime import failures, heartbeats, job_queues, queue_history, switch
from realtime.breaker import Breaker
from realtime.failures import Cause
from realtime.queue_history import Minute
from tests.factories import make_clinic, make_destination, make_device, make_user, make_visit
from tests.realtime.breaker_rig import calls, lapse
from tests.realtime.test_job_queues import grow_old

IDLE = Minute(0, 0, 0, 0, 0)


def hour(*last: Minute | None) -> list[Minute | None]:
    """Sixty minutes that end with these."""
    return [*[IDLE] * (60 - len(last)), *last]


# --- The picture ------------------------------------------------------------------------------------------------


def test_idle_hour_is_one_level_line_with_the_limit_above_it() -> None:
    found = spark(hour(), None)
    assert found.line.startswith("M1 22h0L3 22") and found.line.count("M") == 1 and found.line.endswith("L119 22")
    assert (found.now, found.most, found.is_late) == ("0 s", "0 s", False)
    assert 0 < found.threshold < 22


def test_minute_that_is_missing_breaks_the_line_and_is_told() -> None:
    found = spark(hour(IDLE, None, None, IDLE), None)
    assert found.line.count("M") == 2 and found.line.endswith("M119 22h0") and "L115" not in found.line
    assert found.words.endswith("; 2 of 60 minutes are not known")


def test_long_wait_rises_to_the_top_and_past_the_limit() -> None:
    found = spark(hour(Minute(300, 4, 4, 0, 0), IDLE), 130)
    assert "L117 2" in found.line and found.is_late and found.threshold > 2
    assert found.words == "Longest wait of a job in each minute of the last hour: 5 min at most, 2 min now"


def test_hour_of_which_nothing_is_known_has_no_line() -> None:
    found = spark([None] * 60, None)
    assert found.line == "" and found.words == "How long jobs waited in the last hour is not known"


# --- Rates ------------------------------------------------------------------------------------------------------


def test_rates_are_of_the_last_whole_minutes() -> None:
    busy = Minute(1, 9, 5, 6, 4)
    assert rates(hour(*[busy] * 6, IDLE)) == (10, 10)


def test_queue_that_grows_takes_more_in_than_out() -> None:
    growing = [Minute(1, 99, left, 2, 0) for left in (0, 5, 10, 15, 20, 25)]
    assert rates(hour(*growing, IDLE)) == (7, 2)


def test_rates_over_a_gap_are_not_known() -> None:
    assert rates(hour(IDLE, None, IDLE)) == (None, None)


# --- The board --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_late_queue_is_marked(live_redis: Any) -> None:
    job_queues.enqueue("low", time.time)
    grow_old(live_redis, "low", 130)
    queue_history.keep()
    board = ops.board(health.look(), Clinic.objects.all())
    row = next(row for row in board.queues or () if row.name == "low")
    assert (row.depth, row.oldest, row.is_late, row.spark.most) == (1, "2 min", True, "2 min")


@pytest.mark.django_db
def test_process_says_what_it_is_at_and_since_when(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with heartbeats.doing.at("deliver"):
        monkeypatch.setattr(heartbeats.doing, "since", time.monotonic() - 40)
        heartbeats.tell("worker of general", ["low"])
    (row,) = ops.board(health.look(), Clinic.objects.all()).processes or ()
    assert (row.kind, row.serves, row.heard, row.doing) == ("worker of general", "low", "now", "deliver for 40 s")


@pytest.mark.django_db
def test_time_until_the_switch_goes_back_is_on_the_board(live_redis: Any) -> None:
    row = switch.flip("off", by="olu", reason="drill", length=timedelta(minutes=30))
    lever = ops.board(health.look(), Clinic.objects.all()).lever
    assert row.expires_at and lever.until_ms == int(row.expires_at.timestamp() * 1000)
    assert (lever.is_off, lever.left) == (True, "29 min")
    assert [(part.name, part.opens) for part in lever.parts] == [
        ("configuration", True),
        ("switch", False),
        ("breaker", True),
    ]


# --- Failures ---------------------------------------------------------------------------------------------------


def fail(count: int) -> Cause:
    """So many jobs that failed, as their worker leaves them."""
    queue = job_queues.get("low")
    for _n in range(count):
        job = queue.enqueue(time.strftime, 7)
        queue.remove(job)
        failures.remember_kind(job, TypeError)
        queue.failed_job_registry.add(job, ttl=600, exc_string="TypeError: Plantedfamily")
    return Cause("low", "strftime", "TypeError")


@pytest.mark.django_db
def test_failed_jobs_are_put_back_and_the_audit_says_by_whom(live_redis: Any, harbor: Clinic) -> None:
    cause, olu = fail(3), make_user("olu", harbor, "ops")
    assert failed_jobs.retry(cause, by=Actor(user=olu)) == 3
    assert job_queues.standing()["low"].depth == 3
    (change,) = changes(health.gather(Clinic.objects.all()), Clinic.objects.all())
    assert (change.what, change.who, change.why) == ("Failed jobs put back: 3 strftime", "olu", "TypeError in low")
    with pytest.raises(AlreadyDone):
        failed_jobs.retry(cause, by=Actor(user=olu))


@pytest.mark.django_db
def test_dead_letters_are_told_by_destination_with_their_causes(harbor: Clinic) -> None:
    emr = make_destination(harbor)
    for _n in range(3):
        make_visit(harbor)
    first, *others = emr.deliveries.values_list("pk", flat=True)
    dead = {"state": Delivery.State.DEAD, "created_at": timezone.now() - timedelta(hours=5)}
    emr.deliveries.filter(pk=first).update(**dead, last_failure=Delivery.Failure.REJECTED)
    emr.deliveries.filter(pk__in=others).update(**dead, last_failure=Delivery.Failure.UNREACHABLE)
    found = dead_letters(Clinic.objects.filter(pk=harbor.pk), timezone.now())
    assert [(one.count, one.cause, one.why) for one in found] == [
        (2, "unreachable", "Cannot be reached"),
        (1, "rejected", "Will not take it"),
    ]
    assert {(one.oldest, one.is_theirs) for one in found} == {("5 h", True)}
    assert not dead_letters(Clinic.objects.none(), timezone.now())[0].is_theirs


# --- What changed -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_changes_of_all_kinds_are_one_list_the_newest_first(live_redis: Any, harbor: Clinic) -> None:
    olu = make_user("olu", harbor, "ops")
    switch.flip("off", by="olu", reason="it hangs", length=None)
    calls(Breaker(live_redis), lapse(live_redis), "xxxxx")
    destinations.pause(make_destination(harbor), by=Actor(user=olu), reason="their upgrade")
    device, _token = make_device(harbor, "monitor", "Hall")
    audit.write(harbor.pk, "device.revoke", by=audit.staff(olu), of=("device", device.pk))
    Breaker(live_redis).force("open", why="olu: a drill")
    found = changes(health.gather(Clinic.objects.all()), Clinic.objects.all())
    assert {(one.what, one.who, one.why) for one in found} == {
        ("Breaker auto to forced open", "a person", "olu: a drill"),
        ("Wait-room screen Hall: locked out", "olu", ""),
        ("EMR: paused", "Olu", "their upgrade"),
        ("Breaker closed to open", "itself", "5 of the last 5 calls failed"),
        ("Vendor turned off until someone turns it on", "olu", "it hangs"),
    }
    assert list(found) == sorted(found, key=lambda one: one.at, reverse=True)


@pytest.mark.django_db
def test_what_is_of_another_clinic_or_of_a_patient_is_no_change_here(live_redis: Any, harbor: Clinic) -> None:
    bay = make_clinic("bay")
    destinations.pause(make_destination(bay), by=Actor(), reason="theirs")
    audit.write(bay.pk, "device.revoke", by=audit.EVENKEEL, of=("device", 1))
    make_destination(harbor)
    make_visit(harbor)
    EngineEvent.objects.create(
        destination=harbor.destinations.get(), verb=EngineEvent.Verb.REVEAL, reason="a look", at=timezone.now()
    )
    assert changes(health.gather(Clinic.objects.all()), Clinic.objects.filter(pk=harbor.pk)) == ()


# --- For machines -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_status_has_every_key_that_is_told_of_and_no_patient(live_redis: Any, harbor: Clinic) -> None:
    fail(2)
    make_destination(harbor)
    make_visit(harbor, "Plantedgiven", "Plantedfamily")
    heartbeats.tell("worker of any", ["low"])
    queue_history.keep()
    look = health.look()
    found = json.loads(
        json.dumps(ops_status.status(look, ops.board(look, Clinic.objects.all())), cls=DjangoJSONEncoder)
    )
    told = re.findall(r"^(\w+)  +", ops_status.__doc__ or "", re.MULTILINE)
    assert list(found) == told
    assert found["failed_jobs"] == [{"queue": "low", "job": "strftime", "error": "TypeError", "count": 2}]
    assert found["destinations"][0]["waiting"] == 1 and found["processes"][0]["serves"] == ["low"]
    assert len(found["job_queues"]["low"]["minutes"]) == 60
    assert "Planted" not in json.dumps(found)


@pytest.mark.django_db
def test_status_without_redis_says_null_and_not_zero(harbor: Clinic) -> None:
    look = health.look()
    found = ops_status.status(look, ops.board(look, Clinic.objects.all()))
    assert found["job_queues"] is found["processes"] is found["vendor"]["obeyed"] is None
    assert found["sentence"].startswith("Redis does not answer")
