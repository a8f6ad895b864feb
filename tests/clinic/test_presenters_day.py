"""A day's summary, on days that are made up so that the answers are known."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.models import Clinic, Visit
from clinic.presenters.day import Hour, Promises, Spread, Stay, day_summary, summarise
from clinic.presenters.day_plots import day_plots
from clinic.services import Actor, undo
from clinic.states import State, Verb
from tests.clinic.conftest import Clock
from tests.factories import do, make_booking, make_visit

CHICAGO = ZoneInfo("America/Chicago")
# Four in the morning in Chicago.
STARTS = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)


def stay(hours: float, wait: float | None = None, room: float | None = None, **more: Any) -> Stay:
    """One who came so many hours after the day began; minutes to the call and to the room."""
    arrived = STARTS + timedelta(hours=hours)
    called, roomed = (
        None if minutes is None else arrived + timedelta(minutes=minutes) for minutes in (wait, room)
    )
    return Stay(more.pop("state", State.DISCHARGED), arrived, called, roomed, **more)


def test_waits_are_told_by_their_median_and_the_ninth_of_ten() -> None:
    stays = [stay(5, minutes, minutes + 3) for minutes in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)]
    day = summarise([*stays, stay(5), Stay(State.EXPECTED)], STARTS, CHICAGO)
    assert (day.to_call, day.to_room) == (Spread(10, 55, 90), Spread(10, 58, 93))
    assert (day.came, day.to_call.is_small) == (11, False)


@pytest.mark.parametrize(("count", "is_small"), [(0, False), (1, True), (4, True), (5, False)])
def test_few_visits_are_called_few(count: int, is_small: bool) -> None:
    day = summarise([stay(5, 10, promised_from=5, promised_to=15)] * count, STARTS, CHICAGO)
    assert (day.to_call.is_small, day.promises.is_small) == (is_small, is_small)


def test_those_who_left_and_those_who_did_not_come_are_told_apart() -> None:
    states = [State.LEFT, State.LEFT, State.NO_SHOW, State.WAITING, State.STEPPED_OUT, *[State.DISCHARGED] * 3]
    stays = [stay(5, state=state) for state in states] + [Stay(State.NO_SHOW), Stay(State.CANCELLED)]
    day = summarise(stays, STARTS, CHICAGO)
    assert (day.came, day.missed, day.waiting) == (8, 1, 2)
    assert (day.left, day.left_share, day.gave_up, day.unanswered) == (3, 38, 2, 1), "as the EMR is told"


def test_hours_run_from_the_first_arrival_to_the_last_over_midnight() -> None:
    stays = [stay(17.5, 10), stay(17.9, 20), stay(20.1, 40), stay(20.2), stay(19.1)]
    assert summarise(stays, STARTS, CHICAGO).hours == [
        Hour("9 PM", 2, 2, 15),
        Hour("10 PM", 0, 0, None),
        Hour("11 PM", 1, 0, None),
        Hour("12 AM", 2, 1, 40),
    ]


def test_hour_that_the_clock_shows_twice_is_two_and_one_that_it_leaves_out_is_none() -> None:
    back = datetime(2026, 10, 31, 9, 0, tzinfo=UTC)
    nights = [Stay(State.LEFT, back + timedelta(hours=hours)) for hours in (20, 21, 22, 23)]
    labels = [hour.label for hour in summarise(nights, back, CHICAGO).hours]
    assert labels == ["12 AM", "1 AM CDT", "1 AM CST", "2 AM"]
    forth = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
    nights = [Stay(State.LEFT, forth + timedelta(hours=hours)) for hours in (21, 22)]
    assert [hour.label for hour in summarise(nights, forth, CHICAGO).hours] == ["1 AM", "3 AM"]


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [(19, "early"), (20, "inside"), (35, "inside"), (35.1, "late"), (50, "late"), (50.1, "very_late")],
)
def test_promise_is_held_against_the_real_wait(minutes: float, kind: str) -> None:
    day = summarise([stay(5, minutes, promised_from=20, promised_to=35)], STARTS, CHICAGO)
    assert day.promises == Promises(1, **{kind: 1, **({"late": 1} if kind == "very_late" else {})})


def test_promise_counts_those_who_were_told_and_called_and_did_not_put_it_off() -> None:
    told = {"promised_from": 20, "promised_to": 35}
    stays = [stay(5, 30, **told), stay(5, None, **told), stay(5, 30), stay(5, 90, **told, put_off=True)]
    assert summarise(stays, STARTS, CHICAGO).promises == Promises(1, inside=1)


def test_pictures_have_a_gap_where_there_is_nothing() -> None:
    plots = day_plots(summarise([stay(5, 30), stay(7, 60), stay(8)], STARTS, CHICAGO))
    assert plots.arrivals and plots.waits and plots.to_call
    assert [int(x) for x in re.findall(r"M(\d+) ", plots.arrivals.path)] == [3, 43, 63]
    assert plots.waits.path == "M3 72v-36h14v36zM43 72v-72h14v72z"
    assert (plots.to_call.median, plots.to_call.ninth, plots.to_room) == (225, 300, None)
    assert "60 min at most, for those who came at 11 AM" in plots.waits.words


def test_pictures_of_nothing_are_none() -> None:
    plots = day_plots(summarise([], STARTS, CHICAGO))
    assert (plots.arrivals, plots.waits, plots.to_call, plots.to_room) == (None, None, None, None)
    assert [part.width for part in plots.promises] == [0, 0, 0, 0]


def test_parts_of_the_promises_fill_the_picture_with_a_gap_between_them() -> None:
    told = {"promised_from": 20, "promised_to": 35}
    stays = [stay(5, minutes, **told) for minutes in (10, 30, 30, 30, 40, 40, 60, 60, 60, 60)]
    parts = day_plots(summarise(stays, STARTS, CHICAGO)).promises
    assert [(part.kind, part.count, part.share, part.x, part.width) for part in parts] == [
        ("early", 1, 10, 0, 28),
        ("inside", 3, 30, 30, 88),
        ("late", 2, 20, 120, 58),
        ("very-late", 4, 40, 180, 118),
    ]


@pytest.mark.django_db
def test_stored_day_is_the_clinics_own_and_the_first_call_counts(
    harbor: Clinic, clock: Clock, django_assert_num_queries: Any
) -> None:
    # A night: 11:30 PM in Chicago, then past midnight. The day is still the 3rd.
    clock.at = datetime(2026, 2, 4, 5, 30, tzinfo=UTC)
    twice, mistaken, gone = make_visit(harbor), make_visit(harbor), make_visit(harbor)
    make_booking(harbor, clock.at)
    do(mistaken, Verb.CALL)
    undo(harbor, mistaken.public_id, by=Actor())
    do(gone, Verb.ENTER_IN_ERROR)
    clock.add(minutes=40)
    do(twice, Verb.CALL)
    do(twice, Verb.RETURN)
    clock.add(minutes=20)
    for verb in (Verb.CALL, Verb.ROOM):
        do(twice, verb)
    Visit.objects.filter(pk=twice.pk).update(promised_from=20, promised_to=30)
    clock.add(hours=9)
    make_visit(harbor)
    with django_assert_num_queries(1):
        day = day_summary(harbor, date(2026, 2, 3))
    assert (day.came, day.waiting, day.to_call, day.to_room) == (2, 1, Spread(1, 40, 40), Spread(1, 60, 60))
    assert day.hours == [Hour("11 PM", 2, 1, 40)]
    assert day.promises == Promises(1, late=1)
    assert day_summary(harbor, date(2026, 2, 4)).came == 1
