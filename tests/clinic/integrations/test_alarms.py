"""Who is told when a destination is in trouble, and how often: with a real mail server, which can hang."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis

from clinic.integrations import alarms
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import Failure
from clinic.running import schedule
from clinic.services import Actor, destinations
from realtime import job_queues
from tests.clinic.conftest import Clock
from tests.clinic.mail_server import MailServer, mail_server
from tests.clinic.owed import owe
from tests.factories import make_destination

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]


@pytest.fixture
def post() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def emr(harbor: Clinic, settings: Any, post: MailServer) -> Destination:
    """A destination whose clinic has a technical address, and a mail server that takes mails for it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.SENDS_MAIL = "127.0.0.1", post.port, True
    harbor.technical_email = "it@harbor.example"
    harbor.save()
    return make_destination(harbor, name="EMR North")


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


def test_silence_is_told_once_and_once_when_it_is_over(emr: Destination, post: MailServer, clock: Clock) -> None:
    fall_silent(emr, clock, count=3)
    assert [tick() for _n in range(3)] == [["sent"], [], []]
    recover(emr, clock)
    assert [tick() for _n in range(3)] == [["sent"], [], []]
    assert subjects(post) == ["EMR North (Harbor) silent for 16 min", "EMR North (Harbor): over"]
    assert Destination.objects.get().alarms == Destination.objects.get().mailed == ""


def test_mail_says_what_it_means_and_what_to_do_and_names_no_patient(
    emr: Destination, post: MailServer, clock: Clock
) -> None:
    fall_silent(emr, clock, count=2)
    tick()
    mail = post.mails[0]
    text = mail.get_content()
    assert (mail["to"], mail["from"]) == ("it@harbor.example", "evenkeel@127.0.0.1")
    assert "2 messages wait, none lost" in text
    assert "No answer: it may have been taken." in text
    assert f"http://127.0.0.1:8000/ops/engine/{emr.pk}/" in text
    assert "Test connection" in text
    assert "Miller" not in mail.as_string()


def test_short_silence_or_an_empty_one_is_no_alarm(emr: Destination, post: MailServer, clock: Clock) -> None:
    fall_silent(emr, clock, minutes=14.9)
    assert tick() == []
    clock.add(minutes=1)
    Delivery.objects.update(state="skipped")
    assert tick() == []
    assert post.calls == 0


def test_a_slow_one_whose_calls_did_not_fail_is_not_silent(emr: Destination, clock: Clock) -> None:
    fall_silent(emr, clock, minutes=500)
    Destination.objects.update(failures=0)
    assert tick() == []


def test_a_slow_one_that_takes_its_messages_is_not_silent(emr: Destination, clock: Clock) -> None:
    fall_silent(emr, clock, minutes=500, count=2)
    first = emr.deliveries.earliest("pk")
    Delivery.objects.filter(pk=first.pk).update(state="delivered", delivered_at=clock.at - timedelta(minutes=3))
    assert tick() == []
    Delivery.objects.filter(pk=first.pk).update(delivered_at=clock.at - timedelta(minutes=17))
    assert tick() == ["sent"]


def test_given_up_messages_are_told_at_once_and_new_ones_an_hour_later(
    emr: Destination, post: MailServer, clock: Clock
) -> None:
    give_up(emr)
    assert tick() == ["sent"]
    give_up(emr)
    clock.add(minutes=59)
    assert tick() == []
    clock.add(minutes=2)
    assert [tick(), tick()] == [["sent"], []]
    assert subjects(post) == [
        "EMR North (Harbor) did not take 1 message",
        "EMR North (Harbor) did not take 2 messages",
    ]


def test_mail_says_why_those_were_given_up_and_not_what_a_later_one_met(
    emr: Destination, post: MailServer, clock: Clock
) -> None:
    give_up(emr)
    [later] = owe(emr.clinic)
    Delivery.objects.filter(pk=later).update(last_failure=Failure.NO_ANSWER)
    tick()
    text = str(post.mails[0].get_content())
    assert "at the last try: Will not take it." in text and "No answer" not in text


def test_what_was_sent_again_to_one_that_is_still_ill_is_not_called_well(
    emr: Destination, post: MailServer, clock: Clock
) -> None:
    give_up(emr)
    tick()
    emr.deliveries.update(state="pending")
    fall_silent(emr, clock, minutes=2, count=0)
    assert tick() == ["sent"]
    assert "It has not taken all yet: 1 message waits" in str(post.mails[1].get_content())


def test_silence_that_comes_back_within_the_hour_waits_for_its_turn(
    emr: Destination, post: MailServer, clock: Clock
) -> None:
    fall_silent(emr, clock)
    tick()
    recover(emr, clock)
    tick()
    clock.add(minutes=20)
    fall_silent(emr, clock)
    assert tick() == []
    clock.add(minutes=41)
    assert tick() == ["sent"]


def test_what_was_told_and_ended_is_told_anew_though_another_trouble_lasts(emr: Destination, clock: Clock) -> None:
    give_up(emr)
    fall_silent(emr, clock)
    assert tick() == ["sent"]
    recover(emr, clock)
    assert tick() == []
    assert Destination.objects.get().mailed == "given_up"
    clock.add(hours=2)
    fall_silent(emr, clock)
    assert tick() == ["sent"]


def test_one_that_wants_no_more_is_told(emr: Destination, post: MailServer, by_ana: Actor) -> None:
    owe(emr.clinic)
    emr.deliveries.update(last_failure=Failure.GONE)
    Destination.objects.update(is_paused=True, paused_because="it answered 410")
    assert tick() == ["sent"]
    assert "asked for no more messages" in subjects(post)[0]
    owe(emr.clinic)
    destinations.resume(Destination.objects.get(), by=by_ana)
    assert tick() == ["sent"]


def test_pause_ends_the_alarm_and_the_mail_says_so(
    emr: Destination, post: MailServer, clock: Clock, by_ana: Actor
) -> None:
    fall_silent(emr, clock)
    tick()
    destinations.pause(emr, by=by_ana, reason="their upgrade")
    assert tick() == ["sent"]
    assert "is paused: 1 message waits until somebody resumes it" in post.mails[1].get_content()


def test_server_that_hangs_holds_a_worker_for_moments_and_the_mail_is_sent_later(
    emr: Destination, post: MailServer, clock: Clock, monkeypatch: pytest.MonkeyPatch, live_redis: Any
) -> None:
    monkeypatch.setattr(alarms, "MAIL_SECONDS", 0.2)
    make_destination(emr.clinic, name="EMR South")
    fall_silent(emr, clock)
    Destination.objects.update(is_ill=True, ill_since=clock.at - timedelta(minutes=20), failures=3)
    post.hangs, began = True, time.monotonic()
    assert tick() == ["failed", "later"]
    assert (time.monotonic() - began < 2, post.calls) == (True, 1)
    assert tick() == ["later", "later"]
    post.hangs = False
    live_redis.delete(alarms.AWAY_KEY)
    assert tick() == ["sent", "sent"]


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


@pytest.mark.parametrize("lacks", ["address", "server"])
def test_without_an_address_or_a_server_the_log_alone_tells_once(
    emr: Destination, clock: Clock, settings: Any, caplog: pytest.LogCaptureFixture, lacks: str
) -> None:
    settings.SENDS_MAIL = lacks != "server"
    Clinic.objects.update(technical_email="" if lacks == "address" else "it@harbor.example")
    fall_silent(emr, clock)
    assert [tick(), tick()] == [[], []]
    told = [record.getMessage() for record in caplog.records if record.name == "clinic.integrations.alarms"]
    assert told == [f"alarm: destination {emr.pk} does not answer, and messages wait"]


def test_name_of_several_lines_makes_no_header(emr: Destination, post: MailServer, clock: Clock) -> None:
    Destination.objects.update(name="EMR\r\nBcc: all@example.com")
    fall_silent(emr, clock)
    tick()
    assert post.mails[0]["bcc"] is None


def test_alarms_are_looked_for_by_the_clock_of_the_system() -> None:
    assert [task.every for task in schedule.tasks() if task.do == alarms.sweep] == [30]
