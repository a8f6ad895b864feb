from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from clinic import health
from clinic.models import Clinic, Delivery
from clinic.moments import moment
from clinic.presenters import engine, ops, ops_status
from clinic.services import Actor, destinations
from realtime import switch, vendor_path
from realtime.breaker import Breaker
from realtime.models import Desired, Switch
from tests.clinic.conftest import Clock
from tests.factories import make_clinic, make_destination, make_visit
from tests.realtime.breaker_rig import calls, hurry, lapse

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_use(live_redis: Any) -> None:
    """The vendor is in use: as installed, and looked at."""
    Switch.objects.update_or_create(pk=1, defaults={"desired": Desired.AUTO})


def grow_old(minutes: int) -> None:
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))


@pytest.mark.usefixtures("in_use")
def test_all_good_when_nothing_is_late(harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor)
    found = health.look()
    assert found.sentence == "All good"
    assert [(one.destination.name, one.owed.waiting) for one in found.owed] == [("EMR", 1)]


def test_redis_that_is_away_comes_first_and_is_waited_for_briefly(harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor)
    grow_old(9)
    found = health.look()
    assert found.sentence.startswith("Redis does not answer")
    assert (found.facts.queues, found.sent) == (None, None)


@pytest.mark.usefixtures("in_use")
def test_late_destination_is_named_with_its_backlog_and_no_patient(harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor), make_visit(harbor)
    grow_old(5)
    assert health.look().sentence == "EMR at Harbor behind by 5 min: 2 messages wait, none lost"
    assert "Miller" not in str(health.look())


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize(
    ("last_error", "word"),
    [("no answer within 10 s", "silent"), ("503 Service Unavailable", "not taking messages")],
)
def test_destination_that_is_away_is_told_as_on_its_own_page(harbor: Clinic, last_error: str, word: str) -> None:
    since = timezone.now() - timedelta(minutes=134)
    emr = make_destination(
        harbor, name="EMR North", is_ill=True, ill_since=since, failures=4, last_error=last_error
    )
    make_visit(harbor), make_visit(harbor)
    grow_old(134)
    found = health.look()
    said = f"EMR North at Harbor {word} for 2 h 14 min: 2 messages wait, none lost"
    assert (found.sentence, found.alarm) == (said, True)
    assert engine.standing(emr).word.lower() == f"{word} for 2 h 14 min"


@pytest.mark.usefixtures("in_use")
def test_destination_that_stopped_by_its_answer_is_an_alarm(harbor: Clinic) -> None:
    emr = make_destination(harbor, is_paused=True, paused_because="410 Gone")
    make_visit(harbor)
    emr.deliveries.update(last_failure=Delivery.Failure.GONE)
    found = health.look()
    said = "EMR at Harbor asked for no more messages, and was paused: 1 message waits, none lost"
    assert (found.sentence, found.alarm) == (said, True)
    assert engine.standing(emr).word == "Stopped by its answer"


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize(("number", "kept"), [(1, "1 message, of"), (2, "2 messages, the oldest of")])
def test_given_up_delivery_comes_before_a_late_one(clock: Clock, harbor: Clinic, number: int, kept: str) -> None:
    make_destination(harbor, name="Behind")
    emr = make_destination(harbor)
    for _visit in range(number):
        make_visit(harbor)
    grow_old(5)
    emr.deliveries.update(state=Delivery.State.DEAD)
    found = health.look()
    assert found.sentence.startswith(
        f"EMR at Harbor gave up on {kept} {clock.at - timedelta(minutes=5):%H:%M} UTC: "
    )
    said = ": none lost; 1 more destination needs somebody"
    assert found.sentence.endswith(said) and found.alarm
    clock.add(days=20)
    assert f"{clock.at - timedelta(days=20, minutes=5):%-d %b %H:%M} UTC: none lost" in health.look().sentence


@pytest.mark.usefixtures("in_use")
def test_vendor_that_fails_is_told_until_it_answers_again(harbor: Clinic, live_redis: Any) -> None:
    live_redis.set(vendor_path.PROBLEM, "vendor answered 503")
    assert health.look().sentence == "Vendor not well (vendor answered 503): screens run on our own path"
    assert not health.look().alarm
    live_redis.delete(vendor_path.PROBLEM)
    assert health.look().sentence == "All good"


@pytest.mark.usefixtures("in_use")
def test_paused_destination_is_not_late_but_named_on_both_pages(harbor: Clinic) -> None:
    destinations.pause(make_destination(harbor), by=Actor(), reason="their upgrade")
    make_visit(harbor)
    grow_old(500)
    found = health.look()
    assert (found.sentence, found.alarm) == ("EMR at Harbor is paused: 1 message waits, none lost", False)
    assert engine.overview(Clinic.objects.all()).sentence == "EMR, Harbor is paused, none is lost"


@pytest.mark.usefixtures("in_use")
def test_paused_destination_with_given_up_messages_needs_somebody(harbor: Clinic) -> None:
    emr = make_destination(harbor)
    make_visit(harbor)
    emr.deliveries.update(state=Delivery.State.DEAD)
    destinations.pause(emr, by=Actor(), reason="their upgrade")
    assert health.look().sentence.startswith("EMR at Harbor gave up on 1 message") and health.look().alarm


@pytest.mark.usefixtures("in_use")
def test_both_pages_name_the_same_as_the_worst(harbor: Clinic) -> None:
    """Who takes nothing goes before what was given up, though more messages were; then the one most wait for."""
    away = {"is_ill": True, "failures": 9, "last_error": "it cannot be reached"}
    make_destination(harbor, name="EMR North", ill_since=timezone.now() - timedelta(hours=7), **away)
    other, third = make_clinic("bay"), make_clinic("inland")
    lost = make_destination(other, name="EMR South")
    make_visit(harbor), make_visit(other), make_visit(other)
    lost.deliveries.update(state=Delivery.State.DEAD)
    said, more = "not taking messages for 7 h", "1 more destination needs somebody"
    assert health.look().sentence == f"EMR North at Harbor {said}: 1 message waits, none lost; {more}"
    board = engine.overview(Clinic.objects.all())
    assert board.sentence == f"EMR North, Harbor: {said}; 1 more needs somebody"
    make_destination(third, ill_since=timezone.now() - timedelta(minutes=2), **away)
    make_visit(third), make_visit(third)
    said, more = "not taking messages for 2 min", "2 more destinations need somebody"
    assert health.look().sentence == f"EMR at Inland {said}: 2 messages wait, none lost; {more}"
    board = engine.overview(Clinic.objects.all())
    assert board.sentence == f"EMR, Inland: {said}; 2 more need somebody"


@pytest.mark.usefixtures("in_use")
def test_one_that_answers_and_takes_nothing_is_an_alarm(harbor: Clinic) -> None:
    emr = make_destination(harbor)
    make_visit(harbor), make_visit(harbor)
    tried = timezone.now() - timedelta(minutes=20)
    emr.deliveries.update(last_failure=Delivery.Failure.ERROR, first_tried_at=tried)
    found = health.look()
    assert (found.sentence, found.alarm) == ("EMR at Harbor failing for 20 min: 2 messages wait, none lost", True)
    assert engine.standing(emr).word == "Failing for 20 min"
    taken = {"state": Delivery.State.DELIVERED, "delivered_at": timezone.now() - timedelta(minutes=14)}
    Delivery.objects.filter(pk=emr.deliveries.latest("pk").pk).update(**taken)
    assert health.look().sentence == "All good"


@pytest.mark.usefixtures("in_use")
def test_vendor_that_is_off_is_said_with_who_did_it_and_since_which_day(clock: Clock, db: None) -> None:
    switch.flip("off", by="olu", reason="drill", length=None)
    assert health.look().sentence == f"Vendor off since {clock.at:%H:%M} UTC by olu: screens run on our own path"
    clock.add(days=5)
    found, day = health.look(), clock.at - timedelta(days=5)
    assert found.sentence.startswith(f"Vendor off since {day:%-d %b %H:%M} UTC by olu: ")
    twin = ops_status.status(found, ops.board(found, Clinic.objects.all()))
    assert twin["sentence"] == twin["truths"][0]["sentence"] == found.sentence


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"ABLY_PUBLISH_KEY": "", "ABLY_SUBSCRIBE_KEY": ""}, "not configured"),
        ({"VENDOR_FORCED_OFF": True}, "forced off by EVENKEEL_VENDOR=off in this process's environment"),
    ],
)
def test_vendor_that_nobody_wants_is_no_trouble(settings: Any, said: dict[str, Any], why: str) -> None:
    for name, value in said.items():
        setattr(settings, name, value)
    found = health.look()
    assert found.sentence == "All good"
    part = found.facts.gate_parts[0]
    assert (part.name, part.opens, part.why) == (
        "configuration",
        False,
        f"{why}: screens run on our own path",
    )


@pytest.mark.usefixtures("in_use")
def test_open_breaker_is_said_with_since_when_and_why(harbor: Clinic, live_redis: Any) -> None:
    guard = Breaker(live_redis)
    calls(guard, lapse(live_redis), "xxxxx")
    view, found = guard.peek(), health.look()
    since = moment(datetime.fromtimestamp(view.since, UTC), found.facts.now)
    assert found.sentence.startswith(f"Vendor ill since {since} (5 of the last 5 calls failed; it is tried again")
    assert found.sentence.endswith("): screens run on our own path")
    assert not found.alarm
    hurry(guard)
    assert "(the next notice tries it)" in health.look().sentence


@pytest.mark.usefixtures("in_use")
def test_forced_breaker_is_said_too(harbor: Clinic, live_redis: Any) -> None:
    guard, fence = Breaker(live_redis), lapse(live_redis)
    calls(guard, fence, "xxxxx")
    guard.force("open", why="olu: a drill")
    assert health.look().sentence == "Vendor not in use (forced open by a person): screens run on our own path"
