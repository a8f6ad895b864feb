from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.calendar import ALL_DAY, Hours, Timetable, day_of, moment, overlap

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Hours(time(9), time(17))
WEEKDAYS = {key: [OFFICE] for key in range(5)}
MONDAY = date(2026, 3, 2)


def at(*parts: int) -> datetime:
    """A moment of 2026 in New York: month, day, hour, minute."""
    return datetime(2026, *parts, tzinfo=NEW_YORK)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("day", "shown", "utc"),
    [
        (date(2026, 3, 8), time(1, 59), datetime(2026, 3, 8, 6, 59)),
        (date(2026, 3, 8), time(2, 30), datetime(2026, 3, 8, 7, 30)),
        (date(2026, 3, 8), time(3), datetime(2026, 3, 8, 7)),
        (date(2026, 11, 1), time(1, 30), datetime(2026, 11, 1, 5, 30)),
        (date(2026, 11, 1), time(2), datetime(2026, 11, 1, 7)),
    ],
    ids=["before the gap", "in the gap", "after the gap", "twice: the first", "after both"],
)
def test_moment_of_a_time_that_is_left_out_or_comes_twice(day: date, shown: time, utc: datetime) -> None:
    assert moment(day, shown, NEW_YORK) == utc.replace(tzinfo=UTC)


def test_night_that_crosses_midnight_is_one_day() -> None:
    night = [at(3, 2, 22), at(3, 3, 0), at(3, 3, 3, 59)]
    assert {day_of(one, time(4), NEW_YORK) for one in night} == {MONDAY}
    assert day_of(at(3, 3, 4), time(4), NEW_YORK) == MONDAY + timedelta(days=1)


def test_day_that_a_zone_left_out_has_no_moment() -> None:
    """Samoa went from 29 December 2011 to the 31st."""
    apia = ZoneInfo("Pacific/Apia")
    starts = [moment(date(2011, 12, day), time(4), apia) for day in (29, 30, 31)]
    assert (starts[1] - starts[0], starts[2] - starts[1]) == (timedelta(days=1), timedelta(0))
    days = [day_of(starts[0] + timedelta(hours=hours), time(4), apia).day for hours in (0, 19, 23, 24)]
    assert days == [29, 29, 29, 31]


def test_without_hours_the_doors_are_always_open() -> None:
    table = Timetable(NEW_YORK)
    assert table.is_open(at(3, 8, 2))
    assert (table.opens_at(at(3, 8, 2)), table.closed_since(at(3, 8, 2))) == (None, None)


def test_without_hours_a_holiday_is_closed_from_midnight_to_midnight() -> None:
    table = Timetable(NEW_YORK, special={date(2026, 12, 25): []})
    assert table.is_open(at(12, 24, 23, 59)) and table.is_open(at(12, 26, 0))
    noon = at(12, 25, 12)
    assert not table.is_open(noon)
    assert (table.closed_since(noon), table.opens_at(noon)) == (at(12, 25, 0), at(12, 26, 0))


def test_whole_days_that_follow_each_other_never_close() -> None:
    table = Timetable(NEW_YORK, {key: [ALL_DAY] for key in range(7)})
    assert all(table.is_open(at(3, 8, 0) + timedelta(minutes=n)) for n in range(0, 2880, 30))
    assert table.opens_at(at(3, 8, 0)) is None


def test_holiday_does_not_cut_short_the_night_before_it() -> None:
    table = Timetable(NEW_YORK, {3: [Hours(time(20), time(2))]}, {date(2026, 12, 25): []})
    assert table.is_open(at(12, 25, 1, 59))
    assert table.closed_since(at(12, 25, 12)) == at(12, 25, 2)


def test_other_hours_take_the_place_of_the_weekdays() -> None:
    table = Timetable(NEW_YORK, WEEKDAYS, {MONDAY: [Hours(time(14), time(15))]})
    assert [table.is_open(at(3, 2, hour)) for hour in (9, 14, 15)] == [False, True, False]
    assert table.opens_at(at(3, 2, 15)) == at(3, 3, 9)


def test_opening_after_a_long_closure_is_found_and_none_is_none() -> None:
    closed = {date(2026, 3, 2) + timedelta(days=n): [] for n in range(180)}
    table = Timetable(NEW_YORK, WEEKDAYS, closed)
    assert table.opens_at(at(3, 2, 12)) == at(8, 31, 9)
    assert table.closed_since(at(3, 2, 12)) == at(2, 27, 17)
    assert table.closed_since(at(7, 1, 12)) is None, "so long ago that nobody can be here since then"
    never = Timetable(NEW_YORK, {0: []})
    assert (never.is_open(at(3, 2, 12)), never.opens_at(at(3, 2, 12)), never.closed_since(at(3, 2, 12))) == (
        False,
        None,
        None,
    )


@pytest.mark.parametrize(("minutes", "is_closing"), [(89, False), (90, True)])
def test_break_shorter_than_ninety_minutes_is_no_closing(minutes: int, is_closing: bool) -> None:
    again = time(12 + minutes // 60, minutes % 60)
    table = Timetable(NEW_YORK, {key: [Hours(time(9), time(12)), Hours(again, time(18))] for key in range(5)})
    assert table.closed_since(at(3, 2, 12)) == (at(3, 2, 12) if is_closing else None)


def test_hours_that_overlap_in_the_database_are_one_stretch() -> None:
    table = Timetable(NEW_YORK, {0: [Hours(time(9), time(13)), Hours(time(12), time(17))]})
    assert table.closed_since(at(3, 2, 18)) == at(3, 2, 17)
    assert table.opens_at(at(3, 2, 8)) == at(3, 2, 9)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(0, OFFICE), (1, OFFICE)], None),
        ([(0, Hours(time(9), time(12))), (0, Hours(time(12), time(17)))], None),
        ([(0, OFFICE), (0, Hours(time(16, 59), time(18)))], (0, 1)),
        ([(0, OFFICE), (0, OFFICE)], (0, 1)),
        ([(1, Hours(time(1), time(5))), (3, OFFICE), (0, Hours(time(20), time(1, 1)))], (0, 2)),
        ([(6, Hours(time(20), time(2))), (0, Hours(time(1), time(9)))], (0, 1)),
        ([(6, Hours(time(20), time(1))), (0, Hours(time(1), time(9)))], None),
        ([(0, ALL_DAY), (1, ALL_DAY)], None),
        ([(0, ALL_DAY), (3, OFFICE), (0, Hours(time(23, 59), time(0)))], (0, 2)),
        ([(0, Hours(time(8), time(18))), (0, Hours(time(9), time(10))), (0, Hours(time(11), time(12)))], (0, 1)),
    ],
)
def test_overlap_is_found_over_midnight_and_over_the_weeks_end(
    rows: list[tuple[int, Hours]], found: tuple[int, int] | None
) -> None:
    assert overlap(rows, cycle=7) == found


def test_dates_do_not_come_round() -> None:
    days = [(date(2026, 3, 8).toordinal(), Hours(time(20), time(2))), (date(2026, 3, 2).toordinal(), OFFICE)]
    assert overlap(days) is None
