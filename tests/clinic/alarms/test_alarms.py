"""Who is told when a destination is in trouble, and how often: with a real mail server, which can hang."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from clinic.integrations import alarms
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import Failure
from clinic.running import schedule
from clinic.services import Actor, destinations
from tests.clinic.alarms.rig import fall_silent, give_up, recover, subjects, tick
from tests.clinic.conftest import Clock
from tests.clinic.mail_server import MailServer
from tests.clinic.owed import owe
from tests.factories import make_destination

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]


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


def fail(emr: Destination, clock: Clock, minutes: float) -> None:
    owe(emr.clinic)
    emr.deliveries.update(last_failure=Failure.ERROR, first_tried_at=clock.at - timedelta(minutes=minutes))


def test_one_that_answers_and_takes_nothing_is_told_once(
    emr: Destination, post: MailServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(emr, clock, minutes=14.9)
    assert tick() == []
    clock.add(minutes=1)
    assert [tick(), tick()] == [["sent"], []]
    assert subjects(post) == ["EMR North (Harbor) failing for 15 min"]
    text = str(post.mails[0].get_content())
    assert "1 message waits, none lost" in text and "Could not process it." in text
    assert f"alarm: destination {emr.pk} answers, and takes nothing" in caplog.text
    recover(emr, clock)
    assert tick() == ["sent"]


def test_slow_one_that_takes_nothing_is_failing_too(emr: Destination, post: MailServer, clock: Clock) -> None:
    fail(emr, clock, minutes=20)
    Destination.objects.update(is_ill=True, ill_since=clock.at - timedelta(minutes=20), failures=0)
    assert tick() == ["sent"]
    assert subjects(post) == ["EMR North (Harbor) failing for 20 min"]


def test_one_that_takes_other_messages_is_not_failing(emr: Destination, clock: Clock) -> None:
    fail(emr, clock, minutes=60)
    [other] = owe(emr.clinic)
    Delivery.objects.filter(pk=other).update(state="delivered", delivered_at=clock.at - timedelta(minutes=3))
    assert tick() == []


@pytest.mark.parametrize(
    ("said", "hours", "subject"),
    [
        ("it cannot be reached", 2, "not taking messages for 2 h"),
        ("no answer within 10 s", 70, "silent for 2 d 22 h"),
    ],
)
def test_mail_calls_it_as_the_pages_do(
    emr: Destination, post: MailServer, clock: Clock, caplog: pytest.LogCaptureFixture,
    said: str, hours: int, subject: str,
) -> None:  # fmt: skip
    fall_silent(emr, clock, minutes=60 * hours)
    Destination.objects.update(last_error=said)
    tick()
    assert subjects(post) == [f"EMR North (Harbor) {subject}"]
    assert f"is {subject.partition(' for')[0]}, and messages wait" in caplog.text


def test_mail_of_what_was_given_up_names_no_other_trouble_that_has_hardly_begun(
    emr: Destination, post: MailServer, clock: Clock
) -> None:
    fail(emr, clock, minutes=1)
    give_up(emr)
    tick()
    assert subjects(post) == ["EMR North (Harbor) did not take 1 message"]
    assert "at the last try: Will not take it." in str(post.mails[0].get_content())


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


@pytest.mark.parametrize("lacks", ["address", "server"])
def test_without_an_address_or_a_server_the_log_alone_tells_once(
    emr: Destination, clock: Clock, settings: Any, caplog: pytest.LogCaptureFixture, lacks: str
) -> None:
    settings.SENDS_MAIL = lacks != "server"
    Clinic.objects.update(technical_email="" if lacks == "address" else "it@harbor.example")
    fall_silent(emr, clock)
    assert [tick(), tick()] == [[], []]
    told = [record.getMessage() for record in caplog.records if record.name == "clinic.integrations.alarms"]
    assert told == [f"alarm: destination {emr.pk} is silent, and messages wait"]


def test_name_of_several_lines_makes_no_header(emr: Destination, post: MailServer, clock: Clock) -> None:
    Destination.objects.update(name="EMR\r\nBcc: all@example.com")
    fall_silent(emr, clock)
    tick()
    assert post.mails[0]["bcc"] is None


def test_alarms_are_looked_for_by_the_clock_of_the_system() -> None:
    assert [task.every for task in schedule.tasks() if task.do == alarms.sweep] == [30]
