"""What is noise: a stalled machine is, a job behind a vendor call is not."""

from __future__ import annotations

import random

import pytest

from clinic.drill.noise import CALL_SECONDS, EMR_TAIL, RULE, tail, within_noise


def noisy(count: int, seed: int, middle: float = 0.02) -> list[float]:
    """Delays of a machine that others use too: a long tail, and now and then a stall."""
    chance = random.Random(seed)
    stalls = [chance.uniform(0.1, 0.4)] if chance.random() < 0.3 else []
    return sorted([chance.lognormvariate(0, 0.4) * middle for _ in range(count - len(stalls))] + stalls)


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_machine_does_not_fail_it(seed: int) -> None:
    assert within_noise(noisy(100, seed), noisy(100, 1000 + seed), EMR_TAIL)


@pytest.mark.parametrize("seed", range(20))
def test_a_tenth_of_the_jobs_behind_a_vendor_call_fails_it(seed: int) -> None:
    """As with pools merged: only until the breaker opens, so that p50 does not see it."""
    chance = random.Random(seed)
    out = sorted([*noisy(54, seed), *(chance.uniform(0.0, CALL_SECONDS) for _ in range(6))])
    assert not within_noise(noisy(60, 1000 + seed), out, EMR_TAIL)


def test_one_job_that_waited_for_a_whole_call_fails_it() -> None:
    well = [0.002] * 60
    assert within_noise(well, [*[0.002] * 59, 0.9], EMR_TAIL)
    assert not within_noise(well, [*[0.002] * 59, 1.0], EMR_TAIL)


def test_from_a_thousand_on_p99_is_judged_as_it_stands() -> None:
    well = [0.002] * 1000
    assert within_noise(well, [*[0.002] * 990, *[0.9] * 10], EMR_TAIL)
    assert not within_noise(well, [*[0.002] * 989, *[0.02] * 11], EMR_TAIL)


@pytest.mark.parametrize(("well", "out", "is_near"), [
    (0.002, 0.0069, True), (0.002, 0.0071, False), (0.080, 0.0879, True), (0.080, 0.0881, False),
    (0.02, 0.001, True),
])  # fmt: skip
def test_noise_is_a_tenth_or_five_milliseconds(well: float, out: float, is_near: bool) -> None:
    assert within_noise([well] * 20, [out] * 20, EMR_TAIL) is is_near


def test_a_slow_machine_is_slow_without_the_outage_too() -> None:
    assert within_noise([*[0.02] * 50, *[3.0] * 10], [*[0.02] * 50, *[3.2] * 10], EMR_TAIL)


@pytest.mark.parametrize(("well", "out"), [([], [0.1]), ([0.1], []), ([], [])])
def test_nothing_is_never_within_noise(well: list[float], out: list[float]) -> None:
    assert not within_noise(well, out, EMR_TAIL)


@pytest.mark.parametrize(("count", "value"), [(1, 1), (2, 1), (60, 59), (199, 198), (200, 198), (1000, 990)])
def test_the_tail_sets_one_in_a_hundred_aside(count: int, value: float) -> None:
    assert tail([float(one) for one in range(1, count + 1)]) == value


def test_the_rule_says_the_numbers_that_are_judged_by() -> None:
    for figure in ("1.1 times", "5 ms", "1,000", "one sample in a hundred", "100 ms", "150 ms", "under 1 s"):
        assert figure in RULE
