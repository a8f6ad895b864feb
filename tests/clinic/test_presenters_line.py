"""Why somebody stands where they do: one sentence from lane, booking and moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic import presenters
from clinic.models import Clinic
from clinic.presenters.line import Place, why_here
from clinic.services import Actor, check_in, undo
from clinic.states import Lane, State, Verb
from tests.clinic.conftest import Clock
from tests.factories import answers, do, make_booking, make_visit

CHICAGO = ZoneInfo("America/Chicago")
# 9:12 AM in Chicago.
ARRIVED = datetime(2026, 2, 3, 15, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """So many minutes after 9:12."""
    return ARRIVED + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (Place("A1", ARRIVED), "Arrived at 9:12 AM"),
        (
            Place("A1", ARRIVED, lane=Lane.PRIORITY, head_start=timedelta(minutes=45)),
            "Priority lane, 45 min head start",
        ),
        (
            Place("A1", ARRIVED, lane=Lane.IMMEDIATE, head_start=timedelta(days=1)),
            "Immediate lane, 1 d head start",
        ),
        (Place("A1", ARRIVED, lane=Lane.QUICK), "Quick lane"),
        (
            Place("A1", ARRIVED, lane=Lane.QUICK, head_start=timedelta(minutes=15), moved_by="Ana"),
            "Quick lane, 15 min head start, lane changed by Ana",
        ),
        (Place("A1", ARRIVED, moved_by="Ana"), "Lane changed by Ana"),
        (Place("A1", ARRIVED, booked_for=at(-12), keeps_place=True), "Booked for 9:00 AM, kept the place"),
        (Place("A1", ARRIVED, booked_for=at(18)), "Booked for 9:30 AM, in line from arrival at 9:12 AM"),
        (Place("A1", ARRIVED, back_from=State.STEPPED_OUT), "Arrived at 9:12 AM, was out for a while"),
        (Place("A1", ARRIVED, back_from=State.CALLED), "Arrived at 9:12 AM, was called before"),
    ],
)
def test_one_sentence_says_what_decided_the_place(place: Place, says: str) -> None:
    assert why_here([place], CHICAGO) == [says]


@pytest.mark.parametrize(
    ("behind", "says"),
    [
        ([], "Booked for 9:00 AM, kept the place"),
        ([5], "Booked for 9:00 AM, kept the place"),
        ([-5], "Before B0: booked for 9:00 AM, kept the place"),
        ([-5, 5, -4], "Before B0, B2: booked for 9:00 AM, kept the place"),
        ([-5, -4, -3, -2, -1], "Before B0, B1, B2 and 2 more: booked for 9:00 AM, kept the place"),
    ],
)
def test_those_who_came_earlier_and_wait_longer_are_named(behind: list[int], says: str) -> None:
    first = Place("A1", ARRIVED, booked_for=at(-12), keeps_place=True)
    line = [first, *(Place(f"B{n}", at(minutes)) for n, minutes in enumerate(behind))]
    assert why_here(line, CHICAGO)[0] == says


@pytest.mark.django_db
def test_board_says_it_of_those_who_wait_from_what_is_stored(harbor: Clinic, clock: Clock) -> None:
    clock.at = ARRIVED
    make_booking(harbor, at(20), "Eve")
    first = make_visit(harbor)
    clock.add(minutes=10)
    moved = make_visit(harbor)
    do(moved, Verb.MOVE, by=Actor())
    undone = make_visit(harbor)
    do(undone, Verb.MOVE)
    undo(harbor, undone.public_id, by=Actor())
    clock.add(minutes=20)
    booked = check_in(harbor, answers("Eve", booked=True), by=Actor())
    do(booked, Verb.STEP_OUT)
    do(booked, Verb.RETURN)
    why = {card.ticket: card.why_here for card in presenters.desk_board(harbor).waiting}
    assert why == {
        moved.ticket: f"Before {first.ticket}: Priority lane, 45 min head start, lane changed by the system",
        first.ticket: "Arrived at 9:12 AM",
        undone.ticket: "Arrived at 9:22 AM",
        booked.ticket: "Booked for 9:32 AM, kept the place, was out for a while",
    }


@pytest.mark.django_db
def test_only_those_who_wait_have_a_place(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.CALL)
    assert presenters.desk_board(harbor).called[0].why_here == ""
