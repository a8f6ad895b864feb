"""Many at once, on real connections: the topic's row is the lock that keeps them apart."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection

from clinic.models import Clinic, Delivery, Visit, VisitEvent
from clinic.services import Actor, AlreadyDone, Refused, ask_for_help, call_next, devices, move, undo
from clinic.services.closing import resolve_open_visits
from clinic.states import Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import (
    do,
    make_clinic,
    make_destination,
    make_device,
    make_user,
    make_visit,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis")]
T = TypeVar("T")


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


def at_once(*calls: Callable[[], T]) -> list[T | Refused]:
    """What each call gave, or how it was refused; all begin together, each on a connection of its own."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | Refused:
        try:
            gate.wait(10)
            return call()
        except Refused as no:
            return no
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def clerks(clinic: Clinic) -> list[Actor]:
    return [Actor(user=make_user(name, clinic)) for name in ("ana", "ben")]


def test_two_clerks_who_call_one_patient_make_one_call(clinic: Clinic) -> None:
    visit, room = make_visit(clinic), clinic.rooms.first()
    results = at_once(
        *[lambda who=who: move(clinic, visit.public_id, Verb.CALL, by=who, room=room) for who in clerks(clinic)]
    )
    done = [result for result in results if isinstance(result, VisitEvent)]
    late = [result for result in results if isinstance(result, AlreadyDone)]
    assert (len(done), len(late)) == (1, 1)
    assert f"A10: already called by {done[0].user.first_name}" in str(late[0])  # type: ignore[union-attr]
    visit.refresh_from_db()
    assert (visit.calls, visit.events.count()) == (1, 2)


def test_two_clerks_who_call_the_next_get_two_patients(clinic: Clinic) -> None:
    visits, room = [make_visit(clinic) for _n in range(3)], clinic.rooms.first()
    assert room
    events = at_once(*[lambda who=who: call_next(clinic, by=who, room=room) for who in clerks(clinic)])
    assert {event.visit_id for event in events} == {visits[0].pk, visits[1].pk}  # type: ignore[union-attr]


def test_many_kiosks_at_once_give_tickets_and_versions_without_a_gap(clinic: Clinic) -> None:
    make_destination(clinic)
    many = 12
    visits = at_once(*[lambda: make_visit(clinic, key=uuid.uuid4())] * many)
    assert sorted(visit.ticket for visit in visits) == [f"A{10 + n}" for n in range(many)]  # type: ignore[union-attr]
    assert Topic.objects.get(pk=clinic.topic_id).version == 1 + many
    assert (VisitEvent.objects.count(), Delivery.objects.count()) == (many, many)


def test_same_key_from_many_threads_makes_one_visit(clinic: Clinic) -> None:
    key = uuid.uuid4()
    visits = at_once(*[lambda: make_visit(clinic, key=key)] * 6)
    assert len({visit.pk for visit in visits}) == Visit.objects.count() == 1  # type: ignore[union-attr]
    assert Topic.objects.get(pk=clinic.topic_id).version == 2


def test_double_tap_of_two_threads_makes_one_recall(clinic: Clinic) -> None:
    visit, key = make_visit(clinic), uuid.uuid4()
    do(visit, Verb.CALL)
    events = at_once(*[lambda: move(clinic, visit.public_id, Verb.RECALL, by=Actor(), key=key)] * 4)
    assert len(set(events)) == 1
    visit.refresh_from_db()
    assert visit.calls == 2


def test_two_undos_at_once_reverse_one_move(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    do(visit, Verb.CALL)
    do(visit, Verb.ROOM)
    results = at_once(*[lambda: undo(clinic, visit.public_id, by=Actor())] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Refused", "VisitEvent"]
    visit.refresh_from_db()
    assert visit.state == "called"


def test_two_taps_on_help_raise_one_alarm(clinic: Clinic) -> None:
    device, _token = make_device(clinic)
    alarms: list[Any] = at_once(*[lambda: ask_for_help(clinic, device)] * 4)
    assert len({alarm.pk for alarm in alarms}) == 1


def test_clinics_do_not_share_tickets_or_versions(clinic: Clinic) -> None:
    inland = make_clinic("inland")
    at_once(*[lambda place=place: make_visit(place) for place in (clinic, inland) for _n in range(4)])
    assert {topic.version for topic in Topic.objects.all()} == {5}
    assert Visit.objects.of(inland).count() == 4


def test_pairing_link_opened_in_two_browsers_pairs_one(clinic: Clinic) -> None:
    device, _token = make_device(clinic)
    secret = devices.offer_pairing(device)
    found = [devices.to_pair(secret), devices.to_pair(secret)]

    def pair(one: Any) -> str:
        try:
            return devices.pair(one)
        except type(one).DoesNotExist:
            return ""

    tokens = at_once(*[lambda one=one: pair(one) for one in found])
    assert sorted(map(bool, tokens)) == [False, True]
    assert devices.to_pair(secret) is None


def test_crons_at_once_ask_about_and_close_each_visit_once(clinic: Clinic, clock: Clock) -> None:
    visits = [make_visit(clinic) for _n in range(5)]
    clock.add(days=1)
    for verb in (Verb.ASK, Verb.LEFT):
        assert sum(at_once(*[resolve_open_visits] * 3)) == len(visits)  # type: ignore[arg-type]
        assert [visit.events.filter(verb=verb).count() for visit in visits] == [1] * len(visits)
        clock.add(minutes=30)
