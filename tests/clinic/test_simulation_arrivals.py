"""When simulated patients come: the data, the clinics' hours, surges; and times as people write them."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean, pvariance
from zoneinfo import ZoneInfo

import pytest

from clinic.calendar import Timetable
from clinic.simulation import (
    Plan,
    Site,
    group,
    parse_moment,
    parse_span,
    parse_surge,
    parse_week,
    rates,
    surges,
    times,
)
from clinic.simulation.times import HOUR

DAY, WEEK_HOURS = 24.0, 168.0
# Where clocks never change.
ALWAYS = Site(rooms=7, clerks=3, level=1.0, timetable=Timetable(ZoneInfo("America/Phoenix")))


def test_observed_holds_a_week_of_real_rates() -> None:
    table = rates.observed()
    assert len(table) == 168
    assert (table[0], table[17]) == (4.340, 11.026)
    assert fmean(table) == pytest.approx(6.6, abs=0.05)


def hourly(plan: Plan) -> list[int]:
    """Arrivals in each hour of a plan that begins with its week, at its first clinic."""
    seen = Counter(int(at // HOUR) for at in plan.arrivals(0, "walk-ins"))
    return [seen[hour] for hour in range(int(plan.hours))]


def test_arrivals_follow_the_data_in_every_hour_of_the_week() -> None:
    weeks, table = 26, rates.observed()
    counts = hourly(Plan((ALWAYS,), seed=3, begins=timedelta(0), hours=weeks * WEEK_HOURS))
    for hour, rate in enumerate(table):
        seen, expected = sum(counts[hour::168]), weeks * rate
        # 5 standard deviations of a Poisson count: one run in thousands would fail.
        assert abs(seen - expected) <= 5 * math.sqrt(expected), (hour, seen, expected)
    for hour in range(24):
        seen, expected = sum(counts[hour::24]), weeks * sum(table[hour::24])
        assert abs(seen - expected) <= 4 * math.sqrt(expected), (hour, seen, expected)
    assert sum(counts) == pytest.approx(weeks * sum(table), rel=0.02)


def test_arrivals_of_an_hour_are_poisson() -> None:
    """The variance of Poisson counts is their mean; scaled by it, all hours can be pooled."""
    counts = hourly(Plan((ALWAYS,), seed=4, begins=timedelta(0), hours=8 * WEEK_HOURS))
    table = rates.observed()
    scaled = [(seen - table[n % 168]) / math.sqrt(table[n % 168]) for n, seen in enumerate(counts)]
    assert pvariance(scaled) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("week", ["2019-W03", "2019-W10", "2019-W44"])
def test_nobody_comes_while_a_clinic_is_closed_by_its_own_clock(week: str) -> None:
    """Also in the weeks in which clocks change."""
    plan = Plan(tuple(group(5)), week=parse_week(week), begins=timedelta(0), hours=WEEK_HOURS)
    for n, site in enumerate(plan.sites):
        moments = [plan.moment(at) for at in plan.arrivals(n, "walk-ins")]
        assert all(site.timetable.is_open(moment) for moment in moments)
        many = expected(plan, n)
        assert abs(len(moments) - many) < 5 * math.sqrt(many)
    evening = plan.sites[3]
    hours = {plan.moment(at).astimezone(evening.zone).hour for at in plan.arrivals(3, "walk-ins")}
    assert hours == {0, *range(14, 24)}


def expected(plan: Plan, clinic: int) -> float:
    """How many should come to a clinic, from its rate each half hour."""
    halves = int(plan.hours * 2)
    return sum(plan.rate(clinic, (n + 0.5) * HOUR / 2) for n in range(halves)) / 2


# --- Surges -----------------------------------------------------------------------------------------------------


def test_a_surge_brings_so_many_times_the_patients_for_so_long() -> None:
    """Over 40 seeds; the hours beside it are as ever."""
    inside, outside = Counter[str](), Counter[str]()
    for seed in range(40):
        for name, given in (("plain", ()), ("surge", (parse_surge("Mon 10:00 2h 3x"),))):
            counts = hourly(Plan((ALWAYS,), seed=seed, begins=timedelta(0), hours=DAY, surges=given))
            inside[name] += sum(counts[10:12])
            outside[name] += sum(counts[:10]) + sum(counts[12:])
    assert inside["surge"] / inside["plain"] == pytest.approx(3, abs=0.35)
    assert outside["surge"] / outside["plain"] == pytest.approx(1, abs=0.06)


def test_surges_stack() -> None:
    both = [parse_surge("Mon 09:00 2h 3x"), parse_surge("Mon 10:00 30m 2x"), parse_surge("mon 9:00 2h 0.5X")]
    at = [surges.factor_at(both, timedelta(hours=hour)) for hour in (8.9, 9, 10, 10.4, 10.5, 11)]
    assert at == [1, 1.5, 3, 3, 1.5, 1]
    assert (surges.highest(both), surges.highest([])) == (3, 1)
    assert surges.highest([parse_surge("Mon 09:00 2h 0.5x"), parse_surge("Mon 10:00 2h 3x")]) == 3


@pytest.mark.parametrize(
    "text",
    ["", "Mon 09:00", "Mon 09:00 2h", "Mon 09:00 2h 3", "Mon 09:00 0h 3x", "Mon 09:00 2h 0x", "Mon 25:00 2h 3x",
     "Mon 09:00 2d 3x", "Mon 09:00 2h 101x", "Mon 09:00 2h -3x", "Mon 09:00 2h nanx", "2h 3x", "Mon  09:00 2h 3x"],
)  # fmt: skip
def test_a_surge_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_surge(text)


# --- Times as people write them


@pytest.mark.parametrize("text", ["Mon 00:00", "Wed 13:37", "Sun 23:59"])
def test_moment_reads_what_it_writes(text: str) -> None:
    assert times.moment(parse_moment(text)) == text


@pytest.mark.parametrize(
    "text", ["", "Mon", "Noday 08:00", "Mon 24:00", "Mon 8.30", "Mon 08:60", "Mon -1:00", "Mon 08:00x", "M 08:00"]
)
def test_moment_refuses_nonsense(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)


@pytest.mark.parametrize(
    "text", ["", "2019", "2019-W54", "2021-W53", "2019-W00", "2019-3", "1969-W01", "9999-W01"]
)
def test_week_refuses_what_no_calendar_has(text: str) -> None:
    with pytest.raises(ValueError):
        parse_week(text)


def test_a_week_begins_on_its_monday_whatever_the_year_says() -> None:
    weeks = [parse_week(text) for text in ("2019-W03", "2020-W53", "2019-w01")]
    assert weeks == [date(2019, 1, 14), date(2020, 12, 28), date(2018, 12, 31)]
    assert parse_span("90m") == timedelta(minutes=90)


def test_a_plan_begins_by_the_first_clinics_clock_also_after_a_change_of_it() -> None:
    sunday = Plan(tuple(group(2)), week=parse_week("2019-W10"), begins=parse_moment("Sun 08:00"))
    assert sunday.start == datetime(2019, 3, 10, 13, tzinfo=UTC)
    assert sunday.local(HOUR).time() == time(9)
    assert sunday.sites[0].zone == sunday.sites[0].local(sunday.start).tzinfo
    assert sunday.passed(0) == parse_moment("Sun 08:00")
