"""A year of days, in zones whose clocks change by an hour, by half an hour, at midnight, or never."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from clinic.calendar import BREAK, Hours, Timetable, day_of, moment

NEW_YORK, BERLIN, LORD_HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"
KATHMANDU, HAVANA = "Asia/Kathmandu", "America/Havana"
ZONES = [NEW_YORK, BERLIN, LORD_HOWE, KATHMANDU, HAVANA]
# How long the year's shortest and longest day are, in hours.
LENGTHS = {NEW_YORK: (23, 25), BERLIN: (23, 25), LORD_HOWE: (23.5, 24.5), KATHMANDU: (24, 24), HAVANA: (23, 25)}
# Half past two is left out on one day in New York, and comes twice on one in Berlin; midnight is so in Havana.
BEGINNINGS = [time(4), time(2, 30), time(0)]
ONE_DAY, STEP = timedelta(days=1), timedelta(minutes=15)
DATES = [date(2026, 1, 1) + n * ONE_DAY for n in range(365)]
# From some days before the year to some after it, whatever the zone.
MOMENTS = [datetime(2025, 12, 29, tzinfo=UTC) + n * STEP for n in range(96 * 371)]

each_zone = pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=str)
each_beginning = pytest.mark.parametrize("begins", BEGINNINGS, ids=str)


@each_zone
@each_beginning
def test_days_follow_each_other_without_a_gap_and_two_of_them_are_not_24_hours(
    zone: ZoneInfo, begins: time
) -> None:
    starts = [moment(day, begins, zone) for day in [*DATES, date(2027, 1, 1)]]
    lengths = Counter((after - before) / timedelta(hours=1) for before, after in pairwise(starts))
    shortest, longest = LENGTHS[str(zone)]
    assert set(lengths) == {shortest, 24, longest}
    assert all(count == 1 for hours, count in lengths.items() if hours != 24)


@each_zone
@each_beginning
def test_every_half_hour_of_the_year_is_in_one_day_and_that_is_the_day_that_has_begun_last(
    zone: ZoneInfo, begins: time
) -> None:
    starts = [moment(day, begins, zone) for day in [*DATES, date(2027, 1, 1)]]
    count, place = 0, 0
    for at in MOMENTS[::2]:
        if not starts[0] <= at < starts[-1]:
            continue
        place += at >= starts[place + 1]
        count += 1
        assert day_of(at, begins, zone) == DATES[place], at
    assert count == (starts[-1] - starts[0]) / timedelta(minutes=30)


@each_zone
def test_day_of_a_moment_is_the_same_in_whichever_zone_it_is_written(zone: ZoneInfo) -> None:
    for at in MOMENTS[:: 7 * 96 + 5]:
        days = {day_of(at.astimezone(ZoneInfo(name)), time(4), zone) for name in ZONES}
        assert len(days) == 1


# --- Opening hours, against a clock on the wall that is read every quarter of an hour ----------------------------

MORNING, AFTERNOON = Hours(time(8), time(12)), Hours(time(12, 45), time(18))
WEEK = {
    0: [MORNING, AFTERNOON],
    1: [MORNING, Hours(time(13, 30), time(20))],
    2: [Hours(time(0), time(0))],
    3: [Hours(time(0), time(9)), Hours(time(10, 15), time(23, 45))],
    5: [Hours(time(18), time(1, 15))],
    6: [Hours(time(1, 30), time(2, 15)), Hours(time(2, 30), time(2, 45)), Hours(time(3, 45), time(5))],
}
SPECIAL = {
    date(2026, 1, 1): [],
    date(2026, 3, 8): [Hours(time(0, 30), time(2, 30)), Hours(time(2, 45), time(6))],
    date(2026, 7, 3): [Hours(time(9), time(11))],
    date(2026, 7, 4): [],
    date(2026, 11, 1): [Hours(time(1), time(1, 30)), Hours(time(3), time(3, 15))],
    **{date(2026, 8, 3) + n * ONE_DAY: [] for n in range(14)},
    date(2026, 12, 24): [MORNING],
    date(2026, 12, 31): [Hours(time(20), time(3))],
}


class Wall:
    """A clock on the wall, and the doors beside it: `doors[n]` tells whether they are open at `MOMENTS[n]`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.places: dict[datetime, int] = {}
        for place, at in enumerate(MOMENTS):
            self.places.setdefault(at.astimezone(zone).replace(tzinfo=None, fold=0), place)
        self.doors = [False] * len(MOMENTS)
        for day in [DATES[0] - ONE_DAY, *DATES]:
            for hours in SPECIAL.get(day, WEEK.get(day.weekday(), [])):
                self.open(day, hours)

    def open(self, day: date, hours: Hours) -> None:
        last = day + ONE_DAY if hours.closes <= hours.opens else day
        first, end = (
            self.place(datetime.combine(day, hours.opens)),
            self.place(datetime.combine(last, hours.closes)),
        )
        self.doors[first:end] = [True] * (end - first)

    def place(self, shown: datetime) -> int:
        """When the wall shows it first; what it leaves out comes as long after the last it showed as it should."""
        steps = 0
        while shown not in self.places:
            shown, steps = shown - STEP, steps + 1
        return self.places[shown] + steps


YEAR = [place for place, at in enumerate(MOMENTS) if at.year == 2026]


@each_zone
def test_doors_are_open_when_the_clock_on_the_wall_says_so(zone: ZoneInfo) -> None:
    doors, table = Wall(zone).doors, Timetable(zone, WEEK, SPECIAL)
    wrong = [MOMENTS[place] for place in YEAR if table.is_open(MOMENTS[place]) != doors[place]]
    assert wrong == []


@each_zone
def test_next_opening_and_last_closing_are_those_of_the_wall(zone: ZoneInfo) -> None:
    doors, table = Wall(zone).doors, Timetable(zone, WEEK, SPECIAL)
    turns = [place for place in YEAR if doors[place] != doors[place - 1]]
    shut, breaks = 0, 0
    for closing, opening in pairwise(turns):
        if doors[closing]:
            continue
        closed, opened = MOMENTS[closing], MOMENTS[opening]
        is_break = opened - closed < BREAK
        shut, breaks = shut + 1, breaks + is_break
        for at in (closed, closed + STEP / 2, opened - STEP / 2):
            assert table.opens_at(at) == opened
            assert table.closed_since(at) == (None if is_break else closed)
        assert table.closed_since(opened) is None
    assert shut > 300 and breaks > 40
