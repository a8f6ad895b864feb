"""Many at once, on real connections: the topic's row is the lock that keeps them apart."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection
from django.utils import timezone

from clinic.models import Clinic, Delivery, Device, Pairing, Visit, VisitEvent, WrongCode
from clinic.services import (
    Actor,
    AlreadyDone,
    Refused,
    arrive,
    ask_for_help,
    call_next,
    call_together,
    check_in_together,
    move,
    pairings,
    undo,
)
from clinic.services.closing import resolve_open_visits
from clinic.states import Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import (
    answers,
    do,
    make_booking,
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
    visits = at_once(*[lambda: make_visit(clinic, "Bob", key=key)] * 6)
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


@pytest.mark.parametrize("key", [None, uuid.uuid4()], ids=["two kiosks", "one form sent twice"])
def test_same_person_at_once_gets_one_visit(clinic: Clinic, key: uuid.UUID | None) -> None:
    keys = [key or uuid.uuid4() for _n in range(4)]
    visits = at_once(*[lambda key=key: make_visit(clinic, "Zoë", key=key) for key in keys])
    assert len({visit.pk for visit in visits}) == Visit.objects.count() == 1  # type: ignore[union-attr]
    assert Topic.objects.get(pk=clinic.topic_id).version == 2


def test_booked_person_at_two_kiosks_and_the_desk_arrives_once(clinic: Clinic) -> None:
    booking = make_booking(clinic, timezone.now(), given="Zoë")
    ana, _ben = clerks(clinic)
    results = at_once(
        *[lambda: make_visit(clinic, "zoe", key=uuid.uuid4())] * 2,
        lambda: arrive(clinic, booking.public_id, by=ana),
    )
    assert {one.pk for one in results if isinstance(one, Visit)} == {booking.pk}
    assert [event.verb for event in booking.events.all()] == ["book", "check-in"]
    for late in results:
        assert isinstance(late, Visit) or "the system was first (Check in)" in str(late)


def test_family_beside_its_members_alone_makes_one_visit_each(clinic: Clinic) -> None:
    names = ["Ana", "Leo", "Mia"]
    at_once(
        *[lambda: check_in_together(clinic, [answers(name) for name in names], by=Actor(), key=uuid.uuid4())] * 2,
        *[lambda name=name: [make_visit(clinic, name)] for name in names],
    )
    assert sorted(Visit.objects.values_list("given_name", flat=True)) == names
    assert Topic.objects.get(pk=clinic.topic_id).version == 4


def test_family_called_together_and_one_of_them_alone_is_called_once_each(clinic: Clinic) -> None:
    family = check_in_together(clinic, [answers(name) for name in ("Ana", "Leo", "Mia")], by=Actor())
    ana, ben = clerks(clinic)
    room = clinic.rooms.first()
    assert room
    results = at_once(
        lambda: call_together(clinic, family[0].public_id, by=ana, room=room),
        lambda: [move(clinic, family[2].public_id, Verb.CALL, by=ben, room=room)],
    )
    late = [result for result in results if isinstance(result, AlreadyDone)]
    assert [str(one) for one in late] in ([], ["A12: already called by Ana."])
    assert list(Visit.objects.values_list("calls", flat=True)) == [1, 1, 1]


def test_undo_against_another_clerks_move_takes_back_nothing_of_theirs(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    ana, ben = clerks(clinic)
    seen = do(visit, Verb.CALL, by=ana).sequence
    results = at_once(
        lambda: undo(clinic, visit.public_id, by=ana, seen=seen),
        lambda: move(clinic, visit.public_id, Verb.ROOM, by=ben),
    )
    (late,) = (str(result) for result in results if isinstance(result, AlreadyDone))
    assert late in ("A10: Ben was first (In room).", "A10: Ana was first (Undo).")
    visit.refresh_from_db()
    assert visit.state == ("roomed" if "Ben" in late else "waiting")


def test_undo_against_the_patients_return_brings_back_one_of_them(clinic: Clinic) -> None:
    gone = make_visit(clinic, "Zoë")
    do(gone, Verb.LEFT)
    at_once(lambda: undo(clinic, gone.public_id, by=Actor()), lambda: make_visit(clinic, "Zoë", key=uuid.uuid4()))
    assert clinic.visits.on_site().count() == 1


def test_two_clerks_do_not_send_two_patients_to_one_free_room(clinic: Clinic) -> None:
    for _n in range(2):
        make_visit(clinic)
    room = clinic.rooms.first()
    assert room
    results = at_once(
        *[lambda who=who: call_next(clinic, by=who, room=room, seen_free=True) for who in clerks(clinic)]
    )
    assert sorted(type(result).__name__ for result in results) == ["Refused", "VisitEvent"]
    assert Visit.objects.filter(room=room).count() == 1


def test_two_taps_on_help_raise_one_alarm(clinic: Clinic) -> None:
    device, _token = make_device(clinic)
    alarms: list[Any] = at_once(*[lambda: ask_for_help(clinic, device)] * 4)
    assert len({alarm.pk for alarm in alarms}) == 1


def test_clinics_do_not_share_tickets_or_versions(clinic: Clinic) -> None:
    inland = make_clinic("inland")
    at_once(*[lambda place=place: make_visit(place) for place in (clinic, inland) for _n in range(4)])
    assert {topic.version for topic in Topic.objects.all()} == {5}
    assert Visit.objects.of(inland).count() == 4


def test_code_that_two_enter_at_once_is_taken_by_one(clinic: Clinic) -> None:
    inland = make_clinic("inland")
    staff = [(clinic, make_user("ana", clinic)), (inland, make_user("zoe", inland))]
    asks, _secret = pairings.offer("monitor", "")
    took = at_once(*[lambda who=who: pairings.enter(who[0], asks.code, who[1], name="Hall") for who in staff])
    assert sorted(isinstance(one, Refused) for one in took) == [False, True]
    assert Device.objects.count() == 1


def test_guesses_at_once_are_all_counted(clinic: Clinic) -> None:
    ana, (asks, _secret) = make_user("ana", clinic), pairings.offer("kiosk", "")
    wrong = asks.code[:4] + ("XXXX" if asks.code[4:] != "XXXX" else "BBBB")
    took = at_once(*[lambda: pairings.enter(clinic, wrong, ana, name="Hall")] * 8)
    assert all(isinstance(one, Refused) for one in took)
    assert WrongCode.objects.count() == pairings.MOST_GUESSES and not Pairing.objects.exists()


def test_crons_at_once_ask_about_and_close_each_visit_once(clinic: Clinic, clock: Clock) -> None:
    visits = [make_visit(clinic) for _n in range(5)]
    clock.add(days=1)
    for verb in (Verb.ASK, Verb.LEFT):
        assert sum(at_once(*[resolve_open_visits] * 3)) == len(visits)  # type: ignore[arg-type]
        assert [visit.events.filter(verb=verb).count() for visit in visits] == [1] * len(visits)
        clock.add(minutes=30)
