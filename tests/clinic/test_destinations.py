"""What people decide about a destination: pause, resume, another set-up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.integrations import engine, jobs
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import EngineEvent
from clinic.services import Actor, AlreadyDone, Refused, destinations
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row

pytestmark = pytest.mark.django_db


def fresh(emr: Destination) -> Destination:
    return Destination.objects.get(pk=emr.pk)


def test_pause_keeps_what_waits_and_says_who_and_why(
    harbor: Clinic, emr: Destination, by_ana: Actor, ana: User, clock: Clock
) -> None:
    owe(harbor)
    destinations.pause(emr, by=by_ana, reason="  their upgrade\n tonight ")
    assert (fresh(emr).is_paused, fresh(emr).paused_because) == (True, "their upgrade tonight")
    assert engine.claim(emr.pk) is None
    event = EngineEvent.objects.get()
    assert (event.verb, event.user, event.reason, event.count, event.at) == (
        "pause", ana, "their upgrade tonight", 1, clock.at,
    )  # fmt: skip


def test_pause_wants_a_reason(emr: Destination, by_ana: Actor) -> None:
    with pytest.raises(Refused, match="Say why"):
        destinations.pause(emr, by=by_ana, reason=" \n")
    assert not fresh(emr).is_paused
    assert not EngineEvent.objects.exists()


def test_the_second_of_two_at_once_is_told_so(emr: Destination, by_ana: Actor, by_ben: Actor) -> None:
    stale = fresh(emr)
    destinations.pause(emr, by=by_ana, reason="upgrade")
    with pytest.raises(AlreadyDone, match="paused already: upgrade"):
        destinations.pause(stale, by=by_ben, reason="same")
    destinations.resume(emr, by=by_ana)
    with pytest.raises(AlreadyDone, match="is not paused"):
        destinations.resume(stale, by=by_ben)
    assert EngineEvent.objects.count() == 2


def test_resume_gives_what_waits_its_whole_time_and_tries_at_once(
    harbor: Clinic,
    emr: Destination,
    by_ana: Actor,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked: list[Destination] = []
    monkeypatch.setattr(jobs, "ask_soon", asked.append)
    [pk] = owe(harbor)
    destinations.pause(emr, by=by_ana, reason="upgrade")
    Destination.objects.update(is_ill=True, ill_since=clock.at, next_probe_at=clock.at + timedelta(days=9))
    Delivery.objects.update(next_try_at=clock.at + timedelta(hours=90))
    clock.add(hours=80)
    with django_capture_on_commit_callbacks(execute=True):
        destinations.resume(fresh(emr), by=by_ana)
    assert (fresh(emr).is_paused, fresh(emr).paused_because) == (False, "")
    assert row(pk).give_up_at == clock.at + timedelta(hours=72)
    assert [(one.pk, one.job_queue) for one in asked] == [(emr.pk, "ill")]
    claimed = engine.claim(emr.pk)
    assert claimed is not None and claimed.pk == pk


def test_resume_takes_no_time_from_a_delivery_and_wakes_no_dead_one(
    harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock
) -> None:
    [late], [dead] = owe(harbor), owe(harbor)
    far, past = clock.at + timedelta(hours=99), clock.at - timedelta(hours=1)
    Delivery.objects.filter(pk=late).update(give_up_at=far)
    Delivery.objects.filter(pk=dead).update(give_up_at=past, state=Delivery.State.DEAD)
    destinations.pause(emr, by=by_ana, reason="upgrade")
    destinations.resume(emr, by=by_ana)
    assert (row(late).give_up_at, row(dead).give_up_at) == (far, past)
    assert row(dead).state == Delivery.State.DEAD


def test_a_new_set_up_leaves_alone_what_the_engine_found_meanwhile(emr: Destination, clock: Clock) -> None:
    opened_in_a_form = fresh(emr)
    Destination.objects.update(
        is_ill=True, ill_since=clock.at, failures=3, is_paused=True, next_probe_at=clock.at + timedelta(hours=1)
    )
    opened_in_a_form.name = "Record system"
    destinations.save(opened_in_a_form)
    now = fresh(emr)
    assert (now.name, now.is_ill, now.failures, now.is_paused) == ("Record system", True, 3, True)
    assert now.next_probe_at is None


def test_removal_waits_for_the_clinics_check_ins_before_it_holds_anything_else(emr: Destination) -> None:
    with CaptureQueriesContext(connection) as asked:
        destinations.remove(Destination.objects.select_related("clinic").get(pk=emr.pk))
    tables = [re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', query["sql"]) for query in asked.captured_queries]
    found = [match[1] for match in tables if match]
    assert found.index("realtime_topic") < found.index("clinic_auditchain")
