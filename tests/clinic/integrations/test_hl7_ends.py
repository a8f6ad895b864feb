"""How a visit or a booking ends, as HL7 destinations hear of it: valid to a parser of another author."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from clinic.integrations import er7
from clinic.integrations.er7 import Message
from clinic.models import Clinic, Delivery, Visit
from clinic.services import Actor, bookings, undo
from clinic.services.bookings import Appointment
from clinic.states import State, Verb
from tests.clinic.conftest import Clock
from tests.factories import BORN, do, make_destination, make_visit_in

pytestmark = pytest.mark.usefixtures("no_redis")


def make_hl7(clinic: Clinic, **mapping: str) -> None:
    make_destination(clinic, "mllp://127.0.0.1:9", kind="hl7", mapping=mapping)


def told(visit: Visit) -> list[Message]:
    """All that was owed of it, in its order."""
    bodies = list(Delivery.objects.filter(visit=visit).order_by("pk").values_list("body", flat=True))
    assert all(parse_message(body, validation_level=VALIDATION_LEVEL.STRICT).validate() for body in bodies)
    return [er7.parse(body) for body in bodies]


def codes(visit: Visit) -> list[str]:
    return [message.get("MSH", 9, 2) for message in told(visit)]


@pytest.mark.parametrize(("left", "code"), [("A03 left", ["A03"]), ("A11", ["A11"]), ("", [])])
@pytest.mark.parametrize("end", [Verb.NO_SHOW, Verb.LEFT])
def test_walk_in_who_is_gone_when_called_ends_as_one_who_left(
    harbor: Clinic, end: Verb, left: str, code: list[str]
) -> None:
    make_hl7(harbor, left=left)
    visit = make_visit_in(harbor, State.CALLED)
    do(visit, end)
    assert codes(visit) == ["A04", *code]


def test_nothing_of_a_walk_in_is_told_as_an_appointment(harbor: Clinic) -> None:
    make_hl7(harbor)
    for state in State:
        visit = make_visit_in(harbor, state)
        if state in (State.NO_SHOW, State.LEFT, State.DISCHARGED, State.CANCELLED):
            undo(harbor, visit.public_id, by=Actor())
        is_booked = visit.booked_for is not None
        assert {code[0] for code in codes(visit)} == {"S" if is_booked else "A"}
        assert all(message.get("SCH", 11, 4) for message in told(visit)) is is_booked


@pytest.fixture
def booked(harbor: Clinic, clock: Clock) -> Visit:
    """As its schedule told us, after the destination was set up."""
    make_hl7(harbor)
    at: datetime = clock.at.replace(microsecond=0) + timedelta(minutes=30)
    said = Appointment(at, "Miller", BORN, given_name="Bob", booking_id="B|77")
    visit = bookings.put(harbor, said, by=Actor()).visit
    assert visit
    return visit


@pytest.mark.parametrize(("verb", "code"), [(Verb.CANCEL, "S15"), (Verb.NO_SHOW, "S26")])
def test_end_of_a_schedules_booking_at_the_desk_is_told_under_its_id(booked: Visit, verb: Verb, code: str) -> None:
    do(booked, verb)
    assert codes(booked) == [code]
    (message,) = told(booked)
    assert (message.get("SCH", 2), message.get("SCH", 1)) == ("B|77", str(booked.public_id))


@pytest.mark.parametrize("verb", [Verb.CANCEL, Verb.NO_SHOW])
def test_end_by_the_schedule_itself_is_not_echoed(booked: Visit, verb: Verb) -> None:
    assert bookings.end(booked.clinic, "B|77", verb, by=Actor()).became == "ended"
    assert codes(booked) == []
