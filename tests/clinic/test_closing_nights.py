"""The closing job through nights in which the clock changes: a step every ten minutes, from evening to morning."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.models import Clinic, OpeningHours, Visit
from clinic.services.closing import resolve_open_visits
from clinic.states import ENDED, OPEN, Verb
from tests.clinic.conftest import Clock
from tests.factories import do, make_clinic, make_visit, make_visit_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_redis")]
ANSWER = timedelta(minutes=30)
MANY = 10
NIGHTS = [
    # The zone, the Saturday, when the doors close on Sunday by the wall, and what moment that is.
    ("America/New_York", date(2026, 3, 7), time(2, 30), datetime(2026, 3, 8, 7, 30)),
    ("America/New_York", date(2026, 10, 31), time(1, 30), datetime(2026, 11, 1, 5, 30)),
    ("Europe/Berlin", date(2026, 3, 28), time(3), datetime(2026, 3, 29, 1, 0)),
    ("Europe/Berlin", date(2026, 10, 24), time(2, 30), datetime(2026, 10, 25, 0, 30)),
    ("Australia/Lord_Howe", date(2026, 10, 3), time(2, 10), datetime(2026, 10, 3, 15, 40)),
    ("Australia/Lord_Howe", date(2026, 4, 4), time(1, 40), datetime(2026, 4, 4, 14, 40)),
    ("Asia/Kathmandu", date(2026, 3, 7), time(2, 40), datetime(2026, 3, 7, 20, 55)),
]


def through_the_night(clinic: Clinic, clock: Clock, saturday: date) -> None:
    """Runs the job from ten in the evening to eight in the morning."""
    clock.at = datetime.combine(saturday, time(22), clinic.zone).astimezone(UTC)
    for state in sorted(OPEN):
        make_visit_in(clinic, state)
    for _n in range(10 * 6):
        clock.add(minutes=10)
        resolve_open_visits()


def asked_and_closed(visit: Visit) -> tuple[datetime, datetime]:
    asked, closed = visit.events.order_by("-sequence")[:2][::-1]
    assert (asked.verb, closed.to_state in ENDED) == (Verb.ASK, True)
    assert visit.events.filter(verb=Verb.ASK).count() == 1
    return asked.at, closed.at


@pytest.mark.parametrize(("zone", "saturday", "closes", "closing"), NIGHTS)
def test_night_clinic_closes_when_its_doors_do(
    clock: Clock, zone: str, saturday: date, closes: time, closing: datetime
) -> None:
    clinic = make_clinic(time_zone=zone)
    OpeningHours.objects.create(clinic=clinic, weekday=5, opens=time(18), closes=closes)
    through_the_night(clinic, clock, saturday)
    at = closing.replace(tzinfo=UTC)
    assert {asked_and_closed(visit) for visit in clinic.visits.all()} == {(at, at + ANSWER)}


@pytest.mark.parametrize(("zone", "saturday"), [night[:2] for night in NIGHTS])
def test_clinic_open_at_all_hours_turns_its_day_once(clock: Clock, zone: str, saturday: date) -> None:
    clinic = make_clinic(time_zone=zone)
    through_the_night(clinic, clock, saturday)
    four = datetime.combine(saturday + timedelta(days=1), time(4), ZoneInfo(zone)).astimezone(UTC)
    assert {asked_and_closed(visit) for visit in clinic.visits.all()} == {(four, four + ANSWER)}


@pytest.mark.parametrize(("zone", "saturday"), [night[:2] for night in NIGHTS])
def test_tickets_do_not_repeat_in_a_day_and_begin_anew_with_it(clock: Clock, zone: str, saturday: date) -> None:
    clinic = make_clinic(time_zone=zone, day_begins=time(2, 30))
    clock.at = datetime.combine(saturday, time(23, 30), clinic.zone).astimezone(UTC)
    visits = []
    for _n in range(MANY):
        visits.append(make_visit(clinic))
        do(visits[-1], Verb.LEFT)
        clock.add(minutes=30)
    turn = clinic.day_starts(saturday + timedelta(days=1))
    days = [saturday + timedelta(days=visit.arrived_at >= turn) for visit in visits]  # type: ignore[operator]
    assert [visit.day for visit in visits] == days
    assert len({(visit.day, visit.ticket) for visit in visits}) == MANY
    assert [visit.day_number for visit in visits if visit.day != saturday] == [
        n + 1 for n in range(MANY - days.count(saturday))
    ]
    assert 0 < days.count(saturday) < MANY
