from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from clinic.integrations import engine, jobs, webhook
from clinic.models import Clinic, Delivery, Destination, EngineEvent
from clinic.models.deliveries import GIVE_UP_AFTER
from clinic.services import Actor, Refused, deliveries
from clinic.services.actors import AlreadyDone
from clinic.services.deliveries import Range
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.engine_states import given_up, put
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Receiver
from tests.factories import make_clinic, make_destination

pytestmark = pytest.mark.django_db
WHY = "they have mended it"


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def resend(delivery: Delivery, by: Actor, reason: str = WHY) -> int:
    return deliveries.resend(delivery, by=by, reason=reason, seen=delivery.fence)


def resend_all(destination: Destination, by: Actor, which: Range = Range()) -> int:  # noqa: B008
    latest = deliveries.preview(destination, which).latest
    return deliveries.resend_range(destination, which, by=by, reason=WHY, latest=latest)


def test_resent_has_a_whole_new_set_of_tries_and_keeps_key_and_body(
    harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock
) -> None:
    lost = given_up(harbor, emr)
    clock.add(hours=80)
    assert resend(lost, by_ana) == 1
    now = row(lost.pk)
    assert (now.state, now.attempts, now.last_failure, now.fence) == ("pending", 0, "", 3)
    assert (now.next_try_at, now.give_up_at) == (clock.at, clock.at + GIVE_UP_AFTER)
    assert (now.key, now.body, now.created_at) == (lost.key, lost.body, lost.created_at)


def test_resent_is_asked_for_on_commit_and_arrives_under_its_old_key(
    harbor: Clinic,
    emr: Destination,
    by_ana: Actor,
    receiver: Receiver,
    no_redis: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    lost = given_up(harbor, emr)
    with django_capture_on_commit_callbacks(execute=True) as asked:
        resend(lost, by_ana)
    assert len(asked) == 1
    assert jobs.deliver(emr.pk) == "tried"
    assert [post.headers["webhook-id"] for post in receiver.posts] == [lost.key]
    assert states() == ["delivered"]


def test_what_staff_does_is_written_down(harbor: Clinic, emr: Destination, by_ana: Actor, ana: User) -> None:
    lost, unwanted = given_up(harbor, emr), given_up(harbor, emr)
    resend(lost, by_ana)
    deliveries.skip(unwanted, by=by_ana, reason=" entered  twice ", seen=3)
    deliveries.reveal(lost, by=by_ana, reason="they ask for the name")
    found = EngineEvent.objects.values_list("verb", "delivery", "count", "user", "reason")
    assert list(found) == [
        ("reveal", lost.pk, 1, ana.pk, "they ask for the name"),
        ("skip", unwanted.pk, 1, ana.pk, "entered twice"),
        ("resend", lost.pk, 1, ana.pk, WHY),
    ]


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_nothing_is_done_without_a_reason(harbor: Clinic, emr: Destination, by_ana: Actor, reason: str) -> None:
    lost = given_up(harbor, emr)
    for act in (
        lambda: resend(lost, by_ana, reason),
        lambda: deliveries.skip(lost, by=by_ana, reason=reason, seen=3),
        lambda: deliveries.reveal(lost, by=by_ana, reason=reason),
        lambda: deliveries.resend_range(emr, Range(), by=by_ana, reason=reason, latest=0),
    ):
        with pytest.raises(Refused, match="Say why"):
            act()
    assert states() == ["dead"] and not EngineEvent.objects.exists()


def test_second_tap_changes_nothing(harbor: Clinic, emr: Destination, by_ana: Actor, by_ben: Actor) -> None:
    lost = given_up(harbor, emr)
    resend(lost, by_ana)
    for by in (by_ana, by_ben):
        with pytest.raises(AlreadyDone, match="changed since you looked: waiting now"):
            resend(lost, by)
    with pytest.raises(AlreadyDone, match="waits to be sent already"):
        resend(row(lost.pk), by_ben)
    assert EngineEvent.objects.count() == 1


def test_tap_on_an_old_page_does_not_send_again_what_has_arrived_since(
    harbor: Clinic, emr: Destination, by_ana: Actor, no_redis: list[Any]
) -> None:
    lost = given_up(harbor, emr)
    resend(lost, by_ana)
    jobs.deliver(emr.pk)
    with pytest.raises(AlreadyDone, match="delivered now"):
        resend(lost, by_ana)
    assert states() == ["delivered"]


def test_what_is_on_its_way_is_left_alone(harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock) -> None:
    owe(harbor)
    claimed = engine.claim(emr.pk)
    assert claimed
    for act in (resend, lambda one, by: deliveries.skip(one, by=by, reason=WHY, seen=one.fence)):
        with pytest.raises(Refused, match="being sent at this moment"):
            act(claimed, by_ana)
    clock.add(minutes=2)
    deliveries.skip(row(claimed.pk), by=by_ana, reason=WHY, seen=claimed.fence)
    assert states() == ["skipped"]


def test_waiting_one_is_tried_at_once_whatever_it_and_its_destination_waited_for(
    harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock
) -> None:
    (pk,) = owe(harbor)
    Delivery.objects.update(next_try_at=clock.at + timedelta(hours=1), attempts=4)
    Destination.objects.update(next_probe_at=clock.at + timedelta(minutes=5))
    assert engine.claim(emr.pk) is None
    resend(row(pk), by_ana)
    claimed = engine.claim(emr.pk)
    assert claimed and claimed.pk == pk


def test_fresh_one_behind_a_later_probe_can_be_tried_at_once(
    harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock
) -> None:
    (pk,) = owe(harbor)
    Destination.objects.update(next_probe_at=clock.at + timedelta(minutes=5))
    resend(row(pk), by_ana)
    with pytest.raises(AlreadyDone):
        resend(row(pk), by_ana)


def test_skipping_releases_the_later_ones_of_the_visit(
    harbor: Clinic, emr: Destination, by_ana: Actor, receiver: Receiver, no_redis: list[Any]
) -> None:
    first, second = owe(harbor, Verb.CALL)
    put(first, "dead")
    assert jobs.deliver(emr.pk) == "nothing"
    deliveries.skip(row(first), by=by_ana, reason="wrong person", seen=0)
    assert jobs.deliver(emr.pk) == "tried"
    assert states() == ["skipped", "delivered"]
    assert [post.headers["webhook-id"] for post in receiver.posts] == [row(second).key]


@pytest.mark.parametrize("state", ["delivered", "skipped"])
def test_only_what_is_in_the_way_is_skipped(harbor: Clinic, emr: Destination, by_ana: Actor, state: str) -> None:
    done = put(owe(harbor)[0], state)
    with pytest.raises(AlreadyDone, match=f"not in the way: {state}"):
        deliveries.skip(done, by=by_ana, reason=WHY, seen=0)
    assert states() == [state]


def test_later_delivered_ones_of_the_visit_go_again_behind_it(
    harbor: Clinic, emr: Destination, by_ana: Actor, receiver: Receiver, no_redis: list[Any]
) -> None:
    """Else the other system would end at the state that the old message tells of."""
    pks, others = owe(harbor, Verb.CALL, Verb.ROOM), owe(harbor)
    for pk, state in zip([*pks, *others], ["skipped", "delivered", "delivered", "delivered"], strict=True):
        put(pk, state)
    assert resend(row(pks[0]), by_ana) == 3
    assert states() == ["pending", "pending", "pending", "delivered"]
    for _n in pks:
        jobs.deliver(emr.pk)
    assert [post.headers["webhook-id"] for post in receiver.posts] == [row(pk).key for pk in pks]


def test_range_goes_in_order_and_takes_what_is_in_it_alone(
    harbor: Clinic, emr: Destination, by_ana: Actor, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    lost = [given_up(harbor, emr, created_at=clock.at - timedelta(hours=n)) for n in (5, 3, 2, 1)]
    which = Range(clock.at - timedelta(hours=3), clock.at - timedelta(hours=2))
    found = deliveries.preview(emr, which)
    assert (found.chosen, found.followers, found.count) == (2, 0, 2)
    assert resend_all(emr, by_ana, which) == 2
    assert states() == ["dead", "pending", "pending", "dead"]
    for _n in range(3):
        jobs.deliver(emr.pk)
    assert [post.headers["webhook-id"] for post in receiver.posts] == [lost[1].key, lost[2].key]
    event = EngineEvent.objects.get()
    assert (event.verb, event.count, event.delivery) == ("resend", 2, None)


def test_range_of_what_was_delivered_is_for_a_system_that_lost_it(
    harbor: Clinic, emr: Destination, by_ana: Actor
) -> None:
    first, second, third = owe(harbor, Verb.CALL, Verb.ROOM)
    for pk in (first, second, third):
        put(pk, "delivered")
    Delivery.objects.filter(pk=third).update(created_at=row(third).created_at + timedelta(hours=1))
    which = Range(until=row(second).created_at, delivered=True)
    found = deliveries.preview(emr, which)
    assert (found.chosen, found.followers) == (2, 1)
    assert resend_all(emr, by_ana, which) == 3
    assert states() == ["pending"] * 3


def test_second_person_with_the_same_preview_is_told_who_was_first(
    harbor: Clinic, emr: Destination, by_ana: Actor, by_ben: Actor
) -> None:
    lost = given_up(harbor, emr)
    seen = deliveries.preview(emr, Range()).latest
    deliveries.resend_range(emr, Range(), by=by_ana, reason=WHY, latest=seen)
    put(lost.pk, "dead")
    with pytest.raises(AlreadyDone, match="Ana was first: sent again, 1"):
        deliveries.resend_range(emr, Range(), by=by_ben, reason=WHY, latest=seen)
    assert states() == ["dead"]


def test_empty_range_is_refused(emr: Destination, by_ana: Actor) -> None:
    with pytest.raises(Refused, match="nothing to send again"):
        resend_all(emr, by_ana)


def test_range_of_another_destination_is_untouched(harbor: Clinic, emr: Destination, by_ana: Actor) -> None:
    other = make_destination(harbor, name="Other")
    for pk in owe(harbor):
        put(pk, "dead")
    assert resend_all(other, by_ana) == 1
    assert {one.destination_id: one.state for one in Delivery.objects.all()} == {
        emr.pk: "dead",
        other.pk: "pending",
    }


def test_message_that_could_not_be_made_is_made_anew(harbor: Clinic, emr: Destination, by_ana: Actor) -> None:
    unmade = given_up(harbor, emr, body="", attempts=0, fence=0)
    assert resend(unmade, by_ana) == 1
    assert '"type":"visit.waiting"' in row(unmade.pk).body


def test_message_that_still_cannot_be_made_stays_and_says_why(
    harbor: Clinic, emr: Destination, by_ana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    unmade, lost = given_up(harbor, emr, body=""), given_up(harbor, emr)

    def explode(*_words: Any) -> str:
        raise KeyError("Miller")

    monkeypatch.setattr(webhook, "compose", explode)
    with pytest.raises(Refused, match=r"^The message still cannot be made: KeyError\.$"):
        resend(unmade, by_ana)
    assert resend_all(emr, by_ana) == 1
    assert [row(unmade.pk).state, row(lost.pk).state] == ["dead", "pending"]


def test_message_that_is_no_longer_wanted_is_to_be_skipped(
    harbor: Clinic, emr: Destination, by_ana: Actor
) -> None:
    unmade = given_up(harbor, emr, body="")
    Destination.objects.update(mapping={"checked_in": ""})
    with pytest.raises(Refused, match="skip it"):
        resend(unmade, by_ana)


@pytest.mark.django_db(transaction=True)
def test_one_of_many_people_sends_it_again(no_redis: list[Any]) -> None:
    clinic = make_clinic()
    emr = make_destination(clinic)
    lost = given_up(clinic, emr)
    gate = threading.Barrier(5)

    def tap(_n: int) -> bool:
        gate.wait(10)
        try:
            return resend(Delivery.objects.select_related("destination").get(pk=lost.pk), Actor()) == 1
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(tap, range(5))) == [False] * 4 + [True]
    assert (EngineEvent.objects.count(), row(lost.pk).state) == (1, "pending")
