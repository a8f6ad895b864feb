"""What a patient does by phone: the link's life, more time, leaving."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from clinic import access, phone_links, rights
from clinic.digests import digest
from clinic.models import Clinic, Room, Visit
from clinic.services import Actor, AlreadyDone, Refused, call_next, move, phones, undo
from clinic.services.actors import name_of
from clinic.states import State, Verb
from tests.clinic.conftest import Clock
from tests.factories import do, make_booking, make_clinic, make_visit, make_visit_in

pytestmark = pytest.mark.django_db


def token_of(visit: Visit) -> str:
    return phone_links.link(visit).split("/")[-2]


def again(visit: Visit) -> Visit:
    return Visit.objects.get(pk=visit.pk)


def ask(visit: Visit) -> Any:
    """A press on a page that was just loaded."""
    return phones.more_time(visit, visit.events.count())


# --- The link ---------------------------------------------------------------------------------------------------


def test_check_in_keeps_the_digest_of_a_long_token_and_a_booking_has_none(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    token = token_of(visit)
    assert len(token) >= 22 and visit.phone_hash == digest(token)
    assert phone_links.link(visit) == f"{settings.PUBLIC_URL}/v/{token}/"
    assert phones.visit_behind(token) == visit
    booked = make_booking(harbor, visit.arrived_at)  # type: ignore[arg-type]
    assert (booked.phone_hash, phone_links.link(booked)) == ("", "")


def test_two_visits_have_two_links_and_one_visit_has_one(harbor: Clinic) -> None:
    first, second = make_visit(harbor, "Bob"), make_visit(harbor)
    assert token_of(first) != token_of(second)
    assert token_of(make_visit(harbor, "Bob")) == token_of(first)


def test_link_outlives_a_change_of_the_secret_key_while_the_old_one_is_known(
    harbor: Clinic, settings: Any
) -> None:
    visit = make_visit(harbor)
    before, old = phone_links.link(visit), settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    assert phone_links.link(visit) == ""
    settings.SECRET_KEY_FALLBACKS = [old]
    assert phone_links.link(visit) == before


@pytest.mark.parametrize("state", [State.WAITING, State.LEFT, State.DISCHARGED])
def test_link_dies_twelve_hours_after_the_end_or_the_last_event(
    harbor: Clinic, clock: Clock, state: State
) -> None:
    token = token_of(make_visit_in(harbor, state))
    clock.add(hours=11, minutes=59)
    assert phones.visit_behind(token)
    clock.add(minutes=2)
    assert phones.visit_behind(token) is None


def test_link_is_a_right_to_listen_until_it_dies(harbor: Clinic, clock: Clock) -> None:
    cookies = {access.cookie_name(access.PHONE): token_of(make_visit_in(harbor, State.LEFT))}
    grant = rights.may_listen(harbor.topic.name, cookies, AnonymousUser())
    assert grant and rights.ended([grant]) == set()
    assert rights.may_listen(make_clinic("hill").topic.name, cookies, AnonymousUser()) is None
    clock.add(hours=13)
    assert rights.ended([grant]) == {grant}
    assert rights.may_listen(harbor.topic.name, cookies, AnonymousUser()) is None


# --- More time --------------------------------------------------------------------------------------------------


def test_who_asks_for_more_time_keeps_the_place_and_is_passed_over_for_ten_minutes(
    harbor: Clinic, room: Room, clock: Clock
) -> None:
    first, second, third = (make_visit(harbor) for _n in range(3))
    event = ask(first)
    assert (event.by_patient, name_of(event)) == (True, "the patient")
    assert again(first).not_before == clock.at + timedelta(minutes=10)
    assert list(harbor.visits.in_line()) == [first, second, third]
    assert call_next(harbor, by=Actor(), room=room).visit == second
    clock.add(minutes=10)
    assert call_next(harbor, by=Actor(), room=room).visit == first
    assert again(first).not_before is None


def test_called_patient_who_asks_for_more_time_waits_again(harbor: Clinic) -> None:
    visit = make_visit_in(harbor, State.CALLED)
    ask(visit)
    now = again(visit)
    assert (now.state, now.room, now.calls) == (State.WAITING, None, 1)


def test_nobody_is_called_while_all_have_asked_and_the_desk_is_told_why(harbor: Clinic, room: Room) -> None:
    visit = make_visit(harbor)
    ask(visit)
    with pytest.raises(Refused, match="1 patient asked for more time"):
        call_next(harbor, by=Actor(), room=room)
    ask(make_visit(harbor))
    with pytest.raises(Refused, match="2 patients asked for more time"):
        call_next(harbor, by=Actor(), room=room)
    assert do(visit, Verb.CALL).to_state == State.CALLED


def test_more_time_is_given_three_times_a_visit(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    for _n in range(3):
        ask(visit)
    with pytest.raises(Refused, match="tell the front desk"):
        ask(visit)
    assert visit.events.count() == 4


def test_what_one_page_asks_twice_is_done_once(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    assert phones.more_time(visit, 1) == phones.more_time(visit, 1)
    assert phones.leave(visit, 2) == phones.leave(visit, 2)
    assert visit.events.count() == 3


def test_desk_cannot_take_a_wish_back_and_does_not_lose_it_with_a_call(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    ask(visit)
    with pytest.raises(Refused):
        undo(harbor, visit.public_id, by=Actor())
    wish = again(visit).not_before
    do(visit, Verb.CALL)
    undo(harbor, visit.public_id, by=Actor())
    assert again(visit).not_before == wish


# --- Leaving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.WAITING, State.CALLED, State.STEPPED_OUT])
def test_patient_leaves_and_the_desk_can_take_it_back(harbor: Clinic, state: State) -> None:
    visit = make_visit_in(harbor, state)
    event = phones.leave(visit, visit.events.count())
    assert (again(visit).state, event.by_patient) == (State.LEFT, True)
    undo(harbor, visit.public_id, by=Actor())
    assert again(visit).state == state


@pytest.mark.parametrize("state", [State.ROOMED, State.DISCHARGED, State.NO_SHOW])
def test_who_is_in_a_room_or_gone_does_not_leave_the_line(harbor: Clinic, state: State) -> None:
    visit = make_visit_in(harbor, state)
    for act in (phones.leave, phones.more_time):
        with pytest.raises(AlreadyDone):
            act(visit, 99)


def test_link_of_one_visit_moves_no_other(harbor: Clinic) -> None:
    visit, other = make_visit(harbor), make_visit(harbor)
    phones.leave(visit, 1)
    assert again(other).state == State.WAITING
    with pytest.raises(Visit.DoesNotExist):
        move(make_clinic("hill"), visit.public_id, Verb.LEFT, by=Actor(is_patient=True))
