from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from clinic import health
from clinic.models import Clinic, Delivery
from clinic.presenters import engine
from realtime import switch, vendor_path
from realtime.breaker import Breaker
from realtime.models import Desired, Switch
from tests.factories import make_destination, make_visit
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
    assert (found.sentence, found.depths) == (
        "All good",
        {"notices": 0, "integrations": 0, "default": 0, "low": 0, "ill": 0},
    )
    assert [(owed.name, owed.clinic, owed.waiting) for owed in found.owed] == [("EMR", "Harbor", 1)]


def test_redis_that_is_away_comes_first_and_is_waited_for_briefly(harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor)
    grow_old(9)
    found = health.look()
    assert found.sentence.startswith("Redis does not answer")
    assert (found.depths, found.sent) == (None, None)


@pytest.mark.usefixtures("in_use")
def test_late_destination_is_named_with_its_backlog_and_no_patient(harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor), make_visit(harbor)
    grow_old(5)
    assert health.look().sentence == "EMR behind by 5 min: 2 messages wait, none lost"
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
    said = f"EMR North {word} for 2 h 14 min: 2 messages wait, none lost"
    assert (found.sentence, found.alarm) == (said, True)
    assert engine.standing(emr).word.lower() == f"{word} for 2 h 14 min"


@pytest.mark.usefixtures("in_use")
def test_destination_that_stopped_by_its_answer_is_an_alarm(harbor: Clinic) -> None:
    emr = make_destination(harbor, is_paused=True, paused_because="410 Gone")
    make_visit(harbor)
    assert health.look().sentence == "All good"
    emr.deliveries.update(last_failure=Delivery.Failure.GONE)
    found = health.look()
    said = "EMR asked for no more messages, and was paused: 1 message waits, none lost"
    assert (found.sentence, found.alarm) == (said, True)


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize(
    ("number", "kept", "them"), [(1, "1 message, of", "it"), (2, "2 messages, the oldest of", "them")]
)
def test_given_up_delivery_comes_before_a_late_one(harbor: Clinic, number: int, kept: str, them: str) -> None:
    make_destination(harbor, name="Behind")
    emr = make_destination(harbor)
    for _visit in range(number):
        make_visit(harbor)
    grow_old(5)
    emr.deliveries.update(state=Delivery.State.DEAD)
    found = health.look()
    since = timezone.now() - timedelta(minutes=5)
    assert found.sentence.startswith(f"EMR gave up on {kept} {since:%Y-%m-%d %H:}")
    assert found.sentence.endswith(f" UTC: none lost, send {them} again or skip {them} on its page")
    assert found.alarm


@pytest.mark.usefixtures("in_use")
def test_vendor_that_fails_is_told_until_it_answers_again(harbor: Clinic, live_redis: Any) -> None:
    live_redis.set(vendor_path.PROBLEM, "vendor answered 503")
    assert health.look().sentence == "Vendor not well (vendor answered 503): screens run on our own path"
    assert not health.look().alarm
    live_redis.delete(vendor_path.PROBLEM)
    assert health.look().sentence == "All good"


@pytest.mark.usefixtures("in_use")
def test_paused_destination_is_not_late(harbor: Clinic) -> None:
    make_destination(harbor, is_paused=True)
    make_visit(harbor)
    grow_old(500)
    assert health.look().sentence == "All good"


@pytest.mark.usefixtures("in_use")
def test_vendor_that_is_off_is_said_with_who_did_it() -> None:
    row = switch.read()
    assert row
    Switch.objects.filter(pk=1).update(desired=Desired.OFF, actor="olu", reason="drill")
    assert "by olu: screens run on our own path" in health.look().sentence


@pytest.mark.usefixtures("in_use")
def test_open_breaker_is_said_with_since_when_and_why(harbor: Clinic, live_redis: Any) -> None:
    guard = Breaker(live_redis)
    calls(guard, lapse(live_redis), "xxxxx")
    view, found = guard.peek(), health.look()
    since = datetime.fromtimestamp(view.since, UTC).strftime("%H:%M")
    assert found.sentence.startswith(
        f"Vendor ill since {since} UTC (5 of the last 5 calls failed; it is tried again"
    )
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
