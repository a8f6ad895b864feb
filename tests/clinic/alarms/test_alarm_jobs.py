"""Mails of alarms that are refused, and what is done while others hang."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis

from clinic.integrations import alarms
from clinic.models import Destination
from realtime import job_queues
from tests.clinic.alarms.rig import fall_silent, recover, tick
from tests.clinic.conftest import Clock
from tests.clinic.mail_server import MailServer
from tests.factories import make_destination

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]


def test_refused_mail_keeps_no_other_one_back(emr: Destination, post: MailServer, clock: Clock) -> None:
    make_destination(emr.clinic, name="EMR South")
    fall_silent(emr, clock)
    Destination.objects.update(is_ill=True, ill_since=clock.at - timedelta(minutes=20), failures=3)
    post.refuses = True
    assert tick() == ["refused", "refused"]


def test_refused_mails_are_tried_again_after_an_hour(emr: Destination, post: MailServer, clock: Clock) -> None:
    fall_silent(emr, clock)
    post.refuses = True
    assert [tick(), tick()] == [["refused"], []]
    post.refuses = False
    clock.add(minutes=59)
    assert tick() == []
    clock.add(minutes=2)
    assert tick() == ["sent"]
    recover(emr, clock)
    post.refuses = True
    assert [tick(), tick()] == [["refused"], []]
    post.refuses = False
    clock.add(minutes=61)
    assert [tick(), tick()] == [["sent"], []]
    assert Destination.objects.get().mailed == ""


def test_no_destination_is_always_the_first_whose_mail_is_tried(emr: Destination, clock: Clock) -> None:
    make_destination(emr.clinic, name="EMR South")
    fall_silent(emr, clock)
    Destination.objects.update(is_ill=True, ill_since=clock.at - timedelta(minutes=20), failures=3)
    firsts = set()
    for _n in range(30):
        alarms.sweep()
        jobs = job_queues.get("low").get_jobs()
        firsts.add(jobs[0].args[0])
        job_queues.get("low").empty()
        for job in jobs:
            job_queues.begun(alarms.mail, job.args[0])
    assert len(firsts) == 2


def test_without_redis_all_alarms_are_noted(
    emr: Destination, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_destination(emr.clinic, name="EMR South")
    fall_silent(emr, clock)
    Destination.objects.update(is_ill=True, ill_since=clock.at - timedelta(minutes=20), failures=3)

    def away(*_args: Any) -> bool:
        raise redis.ConnectionError

    monkeypatch.setattr(job_queues, "enqueue_once", away)
    with pytest.raises(redis.ConnectionError):
        alarms.sweep()
    assert list(Destination.objects.values_list("alarms", flat=True)) == ["silent", "silent"]
