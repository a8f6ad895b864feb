"""A destination brought into trouble and out of it, and rounds of the sweep for alarms."""

from __future__ import annotations

from datetime import timedelta

from clinic.integrations import alarms
from clinic.models import Delivery, Destination
from clinic.models.deliveries import Failure
from realtime import job_queues
from tests.clinic.conftest import Clock
from tests.clinic.mail_server import MailServer
from tests.clinic.owed import owe


def fall_silent(emr: Destination, clock: Clock, minutes: float = 16, count: int = 1) -> None:
    for _n in range(count):
        owe(emr.clinic)
    emr.deliveries.update(last_failure=Failure.NO_ANSWER, last_error="ERR: Miller unknown")
    since = clock.at - timedelta(minutes=minutes)
    is_away = {"is_ill": True, "failures": 3, "last_error": "no answer within 10 s"}
    Destination.objects.filter(pk=emr.pk).update(ill_since=since, **is_away)


def recover(emr: Destination, clock: Clock) -> None:
    emr.deliveries.filter(state="pending").update(state="delivered", delivered_at=clock.at)
    Destination.objects.filter(pk=emr.pk).update(is_ill=False, ill_since=None, failures=0)


def give_up(emr: Destination) -> None:
    [pk] = owe(emr.clinic)
    Delivery.objects.filter(pk=pk).update(state="dead", last_failure=Failure.REJECTED)


def tick() -> list[str]:
    """One round of the sweep, and of the jobs that it asked for."""
    alarms.sweep()
    done = []
    queue = job_queues.get("low")
    for job in queue.get_jobs():
        done.append(str(job.perform()))
    queue.empty()
    return done


def subjects(post: MailServer) -> list[str]:
    return [str(mail["subject"]) for mail in post.mails]
