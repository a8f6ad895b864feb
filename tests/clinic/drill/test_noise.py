"""What is noise: a stalled machine is, a job behind a vendor call is not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from clinic.drill.measures import Wait
from clinic.drill.noise import EMR_TAIL, RULE, tail, within_noise
from realtime.transports.ably import SECONDS


def one_by_one(seconds: Sequence[float], every: float = 2.0) -> list[Wait]:
    """Waits that were committed apart from each other."""
    return [Wait(place * every, one) for place, one in enumerate(seconds)]


def is_near(well: Sequence[float], out: Sequence[float]) -> bool:
    return within_noise(one_by_one(well), one_by_one(out), EMR_TAIL)


def noisy(count: int, seed: int, length: float = 30.0) -> list[Wait]:
    """A machine that others use too: a long tail, and now and then a stall that meets all who come then."""
    chance = random.Random(seed)
    stall = chance.uniform(0.0, length) if chance.random() < 0.5 else length + 9
    lasts = chance.uniform(0.05, 0.18)
    ats = sorted(chance.uniform(0.0, length) for _ in range(count))
    return [Wait(at, chance.lognormvariate(-4, 0.4) + max(0.0, lasts - abs(at - stall))) for at in ats]


@pytest.mark.parametrize("seed", range(30))
def test_a_noisy_machine_does_not_fail_it(seed: int) -> None:
    assert within_noise(noisy(75, seed), noisy(75, 1000 + seed), EMR_TAIL)


@pytest.mark.parametrize("seed", range(30))
def test_jobs_behind_the_calls_before_the_breaker_opens_fail_it(seed: int) -> None:
    """As with pools merged: six seconds of thirty, so that p50 does not see it."""
    chance = random.Random(seed)
    out = [
        Wait(at, chance.uniform(0.0, SECONDS)) if 10.0 < at < 16.0 else Wait(at, seconds)
        for at, seconds in noisy(60, seed)
    ]
    assert not within_noise(noisy(60, 1000 + seed), out, EMR_TAIL)


def test_one_hiccup_meets_many_and_is_set_aside_as_one() -> None:
    calm = one_by_one([0.002] * 60, every=0.5)
    one = [Wait(at, 0.2 if 10.0 <= at <= 11.0 else seconds) for at, seconds in calm]
    two = [Wait(at, 0.2 if 20.0 <= at <= 21.0 else seconds) for at, seconds in one]
    assert within_noise(calm, one, EMR_TAIL)
    assert not within_noise(calm, two, EMR_TAIL)


@pytest.mark.parametrize("waited", [0.25, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_one_job_behind_a_call_fails_it(waited: float) -> None:
    assert is_near([0.002] * 60, [*[0.002] * 59, 0.249])
    assert not is_near([0.002] * 60, [*[0.002] * 59, waited])


@pytest.mark.parametrize("seed", range(30))
def test_jobs_that_met_one_call_together_fail_it(seed: int) -> None:
    """All within a second of each other: they are set aside as one hiccup, but it was too long for one."""
    chance = random.Random(seed)
    calm = one_by_one([0.002] * 60, every=0.5)
    out = [Wait(at, chance.uniform(0.3, SECONDS)) if 10.0 <= at <= 10.5 else Wait(at, one) for at, one in calm]
    assert within_noise(calm, calm, EMR_TAIL)
    assert not within_noise(calm, out, EMR_TAIL)


def test_a_hiccup_as_long_without_the_outage_is_the_machines() -> None:
    assert is_near([*[0.002] * 59, 0.5], [*[0.002] * 59, 0.54])
    assert not is_near([*[0.002] * 59, 0.5], [*[0.002] * 59, 0.56])


def test_from_a_thousand_on_p99_is_judged_as_it_stands() -> None:
    assert is_near([0.002] * 1000, [*[0.002] * 990, *[0.9] * 10])
    assert not is_near([0.002] * 1000, [*[0.002] * 989, *[0.02] * 11])


@pytest.mark.parametrize(
    ("well", "out", "expected"),
    [
        (0.002, 0.0069, True),
        (0.002, 0.0071, False),
        (0.080, 0.0879, True),
        (0.080, 0.0881, False),
        (0.02, 0.001, True),
    ],
)
def test_noise_is_a_tenth_or_five_milliseconds(well: float, out: float, expected: bool) -> None:
    assert is_near([well] * 20, [out] * 20) is expected


def test_a_slow_machine_is_slow_without_the_outage_too() -> None:
    assert is_near([*[0.02] * 50, *[3.0] * 10], [*[0.02] * 50, *[3.2] * 10])


@pytest.mark.parametrize(("well", "out"), [([], [0.1]), ([0.1], []), ([], [])])
def test_nothing_is_never_within_noise(well: list[float], out: list[float]) -> None:
    assert not is_near(well, out)


@pytest.mark.parametrize(("count", "value"), [(1, 1), (2, 1), (60, 59), (199, 198), (200, 198), (1000, 990)])
def test_the_tail_sets_one_in_a_hundred_aside(count: int, value: float) -> None:
    assert tail(one_by_one([float(one) for one in range(1, count + 1)])) == value


def test_where_all_came_at_once_the_slowest_stays() -> None:
    assert tail([Wait(1.0, 0.1), Wait(1.5, 0.3), Wait(1.2, 0.2)]) == 0.3


def test_the_rule_says_the_numbers_that_are_judged_by() -> None:
    for figure in ("1.1 times", "5 ms", "1,000", "every hundred samples", "100 ms", "150 ms", "under 0.25 s"):
        assert figure in RULE
