"""The database itself refuses what the services never write. Runs on whichever database the settings name."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.models import Clinic, Delivery, Destination, Device, Membership, OpeningHours, Room, Visit, VisitEvent
from clinic.models.places import check_time_zone
from clinic.states import State, Verb
from tests.factories import make_clinic, make_destination, make_device, make_user, make_visit, make_visit_in

NOW = timezone.now()
VISIT_RULES: list[tuple[State, dict[str, Any], str]] = [
    (State.WAITING, {"state": "asleep"}, "state_known"),
    (State.WAITING, {"lane": "fast"}, "lane_known"),
    (State.WAITING, {"arrived_at": None}, "on_site_has_arrived"),
    (State.WAITING, {"order_key": None}, "on_site_has_arrived"),
    (State.WAITING, {"day_number": None}, "on_site_has_arrived"),
    (State.WAITING, {"ticket": ""}, "on_site_has_arrived"),
    (State.CALLED, {"called_at": None}, "called_to_a_room"),
    (State.CALLED, {"room": None}, "called_to_a_room"),
    (State.CALLED, {"calls": 0}, "called_to_a_room"),
    (State.STEPPED_OUT, {"stepped_out_at": None}, "stepped_out_has_time"),
    (State.ROOMED, {"roomed_at": None}, "roomed_has_time"),
    (State.ROOMED, {"room": None}, "roomed_has_time"),
    (State.DISCHARGED, {"called_at": None}, "roomed_has_time"),
    (State.DISCHARGED, {"ended_at": None}, "ended_has_time"),
    (State.NO_SHOW, {"ended_at": None}, "ended_has_time"),
    (State.WAITING, {"ended_at": NOW}, "ended_has_time"),
    (State.EXPECTED, {"booked_for": None}, "expected_is_booked"),
    (State.EXPECTED, {"arrived_at": NOW}, "expected_is_booked"),
    (State.CALLED, {"called_at": NOW - timedelta(days=1)}, "arrival_before_call"),
]


def refused(rule: str, write: Callable[[], object]) -> None:
    """SQLite names the columns of a broken unique rule, PostgreSQL the rule."""
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        write()
    assert rule in str(broken.value) or "UNIQUE constraint failed" in str(broken.value)


@pytest.mark.parametrize(("state", "wrong", "rule"), VISIT_RULES)
def test_visit_whose_state_lacks_its_times_is_refused(
    harbor: Clinic, state: State, wrong: dict[str, Any], rule: str
) -> None:
    visit = make_visit_in(harbor, state)
    refused(rule, lambda: Visit.objects.filter(pk=visit.pk).update(**wrong))


@pytest.mark.parametrize(("same", "rule"), [("ticket", "ticket_once_a_day"), ("day_number", "number_once_a_day")])
def test_ticket_and_number_twice_in_a_day_are_refused(harbor: Clinic, same: str, rule: str) -> None:
    first, second = make_visit(harbor), make_visit(harbor)
    refused(rule, lambda: Visit.objects.filter(pk=second.pk).update(**{same: getattr(first, same)}))


def test_ticket_of_another_clinic_or_day_may_be_the_same(harbor: Clinic) -> None:
    first, second = make_visit(harbor), make_visit(harbor)
    elsewhere = make_visit(make_clinic("inland"))
    assert elsewhere.ticket == first.ticket
    Visit.objects.filter(pk=second.pk).update(day=first.day + timedelta(days=1), ticket=first.ticket)


def test_idempotency_key_is_of_one_visit_in_a_clinic(harbor: Clinic) -> None:
    key = uuid.uuid4()
    first, other = make_visit(harbor, "Bob", key=key), make_visit(harbor)
    own = first.idempotency_key
    refused("visit_once_a_key", lambda: Visit.objects.filter(pk=other.pk).update(idempotency_key=own))
    assert own and make_visit(make_clinic("inland"), "Bob", key=key).idempotency_key == own


def event(visit: Visit, **fields: Any) -> VisitEvent:
    defaults: dict[str, Any] = {"sequence": 99, "verb": Verb.CONFIRM, "to_state": visit.state}
    return VisitEvent.objects.create(visit=visit, **{**defaults, **fields})


def test_event_with_a_taken_sequence_key_or_unknown_state_is_refused(harbor: Clinic) -> None:
    visit, key = make_visit(harbor), uuid.uuid4()
    event(visit, key=key)
    refused("event_sequence_once", lambda: event(visit, sequence=1))
    refused("event_once_a_key", lambda: event(visit, sequence=100, key=key))
    refused("event_state_known", lambda: event(visit, sequence=100, to_state="asleep"))


def test_event_of_two_actors_or_undo_of_nothing_is_refused(harbor: Clinic) -> None:
    visit, (device, _token) = make_visit(harbor), make_device(harbor)
    refused("event_one_actor", lambda: event(visit, user=make_user("ana"), device=device))
    refused("undo_names_what_it_reverses", lambda: event(visit, verb=Verb.UNDO))
    refused("undo_names_what_it_reverses", lambda: event(visit, reverses=visit.events.get()))


def test_event_is_reversed_once(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    first = visit.events.get()
    event(visit, verb=Verb.UNDO, reverses=first)
    refused("reverses", lambda: event(visit, sequence=100, verb=Verb.UNDO, reverses=first))


def test_history_can_be_neither_changed_nor_deleted(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    first = visit.events.get()
    for write in (first.save, first.delete, visit.events.all().delete, lambda: visit.events.update(reason="x")):
        with pytest.raises(TypeError, match="never changed"):
            write()


def test_delivery_of_an_event_is_one_a_destination_and_delivered_has_its_time(harbor: Clinic) -> None:
    make_destination(harbor)
    delivery = make_visit(harbor).deliveries.get()
    again = {"destination": delivery.destination, "visit": delivery.visit, "event": delivery.event}
    refused("delivery_once", lambda: Delivery.objects.create(**again, body="{}", give_up_at=NOW))
    row = Delivery.objects.filter(pk=delivery.pk)
    refused("delivered_has_time", lambda: row.update(state="delivered"))


def test_destination_is_ill_since_some_time(harbor: Clinic) -> None:
    make_destination(harbor)
    for changes in ({"is_ill": True}, {"ill_since": NOW}):
        refused("ill_has_time", lambda changes=changes: Destination.objects.update(**changes))


@pytest.mark.parametrize("seconds", [0, 31])
def test_destination_time_out_that_a_job_cannot_hold_is_refused(harbor: Clinic, seconds: int) -> None:
    refused("destination_seconds_in_range", lambda: make_destination(harbor, seconds=seconds))


def test_names_are_once_a_clinic(harbor: Clinic) -> None:
    make_destination(harbor)
    refused("destination_once", lambda: make_destination(harbor))
    refused("room_once", lambda: Room.objects.create(clinic=harbor, name="Room 1"))
    make_device(harbor)
    refused("device_once", lambda: Device.objects.create(clinic=harbor, kind="kiosk", name="Entrance"))


def test_device_token_is_of_one_device_and_no_token_of_many(harbor: Clinic) -> None:
    device, _token = make_device(harbor)
    for name in ("Left", "Right"):
        Device.objects.create(clinic=harbor, kind="kiosk", name=name)
    left = Device.objects.filter(name="Left")
    refused("device_token_once", lambda: left.update(token_hash=device.token_hash))


def test_membership_is_once_a_clinic(harbor: Clinic) -> None:
    ana = make_user("ana", harbor)
    refused("membership_once", lambda: Membership.objects.create(user=ana, clinic=harbor))


def test_opening_hours_stand_once(harbor: Clinic) -> None:
    OpeningHours.objects.create(clinic=harbor, weekday=0, opens=time(8), closes=time(12))
    twice = {"clinic": harbor, "weekday": 0, "opens": time(8)}
    refused("hours_once", lambda: OpeningHours.objects.create(**twice, closes=time(13)))


@pytest.mark.parametrize(
    ("local", "is_open", "opens"),
    [
        (datetime(2026, 3, 2, 7, 59), False, datetime(2026, 3, 2, 8)),
        (datetime(2026, 3, 2, 8), True, datetime(2026, 3, 2, 13)),
        (datetime(2026, 3, 2, 12), False, datetime(2026, 3, 2, 13)),
        (datetime(2026, 3, 3, 1, 59), True, datetime(2026, 3, 9, 8)),
        (datetime(2026, 3, 3, 2), False, datetime(2026, 3, 9, 8)),
        # The night of 8 March has no hour from two to three in Chicago.
        (datetime(2026, 3, 8, 12), False, datetime(2026, 3, 9, 8)),
    ],
)
def test_opening_hours_with_a_break_and_past_midnight(
    harbor: Clinic, local: datetime, is_open: bool, opens: datetime
) -> None:
    for start, end in [(time(8), time(12)), (time(13), time(2))]:
        OpeningHours.objects.create(clinic=harbor, weekday=0, opens=start, closes=end)
    zone = ZoneInfo("America/Chicago")
    for at in (local.replace(tzinfo=zone), local.replace(tzinfo=zone).astimezone(UTC)):
        assert harbor.is_open(at) is is_open
        assert harbor.opens_at(at) == opens.replace(tzinfo=zone)


def test_clinic_closes_once_in_the_night_that_has_an_hour_twice(harbor: Clinic) -> None:
    OpeningHours.objects.create(clinic=harbor, weekday=6, opens=time(0, 30), closes=time(1, 30))
    first = datetime(2026, 11, 1, 1, 15, tzinfo=harbor.zone)
    assert harbor.is_open(first)
    assert not harbor.is_open(first.replace(fold=1))


def test_clinic_without_hours_is_always_open(harbor: Clinic) -> None:
    assert harbor.is_open(NOW)
    assert harbor.opens_at(NOW) is None


def test_day_is_the_clinics_own() -> None:
    moment = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
    assert Clinic(time_zone="America/Chicago").day(moment).day == 1
    assert Clinic(time_zone="Asia/Manila").day(moment).day == 2


def test_time_zone_that_does_not_exist_is_refused() -> None:
    check_time_zone("America/New_York")
    with pytest.raises(ValidationError, match="Chicago"):
        check_time_zone("America/Harborville")
