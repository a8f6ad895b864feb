"""What each move of a visit is to other systems."""

from __future__ import annotations

import pytest

from clinic.integrations.triggers import trigger_of
from clinic.models import Clinic, Visit
from clinic.models.destinations import Trigger
from clinic.services import Actor, undo
from clinic.states import HISTORY_ONLY, State, Verb
from tests.factories import do, make_visit_in

pytestmark = pytest.mark.django_db


def last(visit: Visit) -> Trigger | None:
    return trigger_of(visit.events.order_by("-sequence")[0])


@pytest.mark.parametrize(
    "state,verb,trigger",
    [
        (State.WAITING, Verb.CALL, Trigger.CALLED),
        (State.CALLED, Verb.RECALL, Trigger.CALLED),
        (State.CALLED, Verb.RETURN, Trigger.CALLED),
        (State.CALLED, Verb.MORE_TIME, Trigger.CALLED),
        (State.WAITING, Verb.MORE_TIME, None),
        (State.WAITING, Verb.STEP_OUT, Trigger.STEPPED_OUT),
        (State.CALLED, Verb.ROOM, Trigger.ROOMED),
        (State.WAITING, Verb.CONFIRM, Trigger.UPDATED),
        (State.WAITING, Verb.MOVE, Trigger.UPDATED),
        (State.ROOMED, Verb.DISCHARGE, Trigger.DISCHARGED),
        (State.WAITING, Verb.LEFT, Trigger.LEFT),
        (State.CALLED, Verb.NO_SHOW, Trigger.LEFT),
        (State.EXPECTED, Verb.NO_SHOW, Trigger.NO_SHOW),
        (State.EXPECTED, Verb.CANCEL, Trigger.CANCELLED),
        (State.EXPECTED, Verb.ENTER_IN_ERROR, Trigger.CANCELLED),
        (State.ROOMED, Verb.ENTER_IN_ERROR, Trigger.ENTERED_IN_ERROR),
        (State.ROOMED, Verb.UNDO, Trigger.UPDATED),
        (State.DISCHARGED, Verb.UNDO, Trigger.REOPENED),
        (State.LEFT, Verb.UNDO, Trigger.REOPENED),
        (State.CANCELLED, Verb.UNDO, Trigger.REOPENED),
    ],
)
def test_move(harbor: Clinic, state: State, verb: Verb, trigger: Trigger | None) -> None:
    visit = make_visit_in(harbor, state)
    if verb == Verb.UNDO:
        undo(harbor, visit.public_id, by=Actor())
    else:
        do(visit, verb)
    assert last(visit) == trigger


def test_beginnings(harbor: Clinic) -> None:
    assert last(make_visit_in(harbor, State.EXPECTED)) == Trigger.BOOKED
    assert last(make_visit_in(harbor, State.WAITING)) == Trigger.CHECKED_IN


@pytest.mark.parametrize("verb", sorted(HISTORY_ONLY))
def test_what_the_desk_is_asked_is_nobody_elses_business(harbor: Clinic, verb: Verb) -> None:
    event = make_visit_in(harbor, State.WAITING).events.get()
    event.verb = verb
    assert trigger_of(event) is None
