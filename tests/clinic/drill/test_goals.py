"""The judgement: it fails for what the vendor does to a design, and not for a hiccup of the machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from clinic.drill.goals import CALL_SECONDS, EMR_TAIL, RULE, Goal, met, tail, within_noise
from clinic.drill.record import Delay, Run
from tests.clinic.drill import made

OUTAGE = (made.OUTAGE, made.SECONDS)


def missed(runs: list[Run]) -> list[str]:
    return [goal.name for goal in met(runs, OUTAGE) if not goal.is_met]


def changed(change: Callable[[Run], Run], design: str = "evenkeel", vendor: str = "out") -> list[Run]:
    """The ladder with one run changed."""
    return [change(run) if (run.design, run.vendor) == (design, vendor) else run for run in made.ladder()]


def goal(runs: list[Run], name: str) -> Goal:
    return next(one for one in met(runs, OUTAGE) if one.name == name)


def noisy(count: int, seed: int, middle: float = 0.02) -> list[float]:
    """Delays of a machine that others use too: a long tail, and now and then a stall."""
    chance = random.Random(seed)
    stalls = [chance.uniform(0.1, 0.4)] if chance.random() < 0.3 else []
    return sorted([chance.lognormvariate(0, 0.4) * middle for _ in range(count - len(stalls))] + stalls)


def test_a_good_drill_meets_all_goals() -> None:
    assert [goal.name for goal in met(made.ladder(), OUTAGE)] == ["emr", "incident", "screens", "held", "all"]
    assert missed(made.ladder()) == []


@pytest.mark.parametrize("seed", range(5))
def test_another_load_meets_them_too(seed: int) -> None:
    runs = [
        made.run(*which, seed=seed) for which in [("evenkeel", "well"), ("evenkeel", "out"), ("incident", "out")]
    ]
    assert missed(runs) == []


@pytest.mark.parametrize("design", ["incident", "timeouts", "one_try", "pools"])
def test_no_design_without_a_breaker_passes_for_evenkeel(design: str) -> None:
    stand_in = {vendor: replace(made.run(design, vendor), design="evenkeel") for vendor in ("well", "out")}
    runs = [stand_in.get(run.vendor, run) if run.design == "evenkeel" else run for run in made.ladder()]
    assert "held" in missed(runs)


def test_the_breaker_alone_does_not_pass_for_evenkeel() -> None:
    """Shared workers are held until it opens, and its screens have no other path."""
    breaker = replace(made.run("breaker"), design="evenkeel")
    assert set(missed(changed(lambda run: breaker))) >= {"screens", "all"}


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


def test_what_never_came_is_missed() -> None:
    lost = changed(lambda run: replace(run, emr=(*run.emr, Delay(59.9, None))))
    assert missed(lost) == ["all"]
    assert goal(lost, "all").text.endswith("1 and 0 did not")
    assert missed(changed(lambda run: replace(run, screens=(*run.screens, Delay(59.9, None))))) == ["all"]
    assert missed(changed(lambda run: replace(run, emr=(*run.emr, Delay(59.9, None))), vendor="well")) == ["all"]


def test_jobs_that_never_began_early_on_are_late_too() -> None:
    assert set(missed(changed(lambda run: replace(run, emr=made.waited([None] * 60))))) == {
        "emr",
        "incident",
        "all",
    }


def test_slower_screens_are_missed() -> None:
    slow = changed(lambda run: replace(run, screens=made.waited([0.05] * 120)))
    assert missed(slow) == ["screens"]


def test_an_incident_less_than_a_hundred_times_worse_is_missed() -> None:
    assert missed(changed(lambda run: replace(run, emr=made.waited([0.4] * 60)), "incident")) == ["incident"]


def test_other_work_is_not_the_same_work() -> None:
    more = changed(lambda run: replace(run, check_ins=80), "incident")
    assert missed(more) == ["incident"]
    assert goal(more, "incident").text.endswith("80 check-ins are not 60")
    assert missed(changed(lambda run: replace(run, check_ins=63), "incident")) == []


def test_a_vendor_that_nobody_asked_proves_nothing() -> None:
    unasked = changed(lambda run: replace(run, vendor_requests=0))
    assert missed(unasked) == ["held"]
    assert "never asked" in goal(unasked, "held").text


def test_a_breaker_that_never_opens_is_missed() -> None:
    shut = changed(lambda run: replace(run, samples=made.held([(5.0, 0), *[(1.0, 1), (0.25, 0)] * 44])))
    assert missed(shut) == ["held"]
    assert "never opened" in goal(shut, "held").text


def test_workers_held_while_it_is_open_are_missed() -> None:
    pattern = [(10.0, 1), (10.0, 0), (4.0, 1), (36.0, 0)]
    leaking = changed(lambda run: replace(run, samples=made.held(pattern)))
    assert missed(leaking) == ["held"]
    assert "2.0 %, with 0 probes 2.0 %" in goal(leaking, "held").text


def test_probes_are_told() -> None:
    pattern = [(10.0, 1), (10.0, 0), (1.0, 1), (39.0, 0)]
    probing = changed(lambda run: replace(run, samples=made.held(pattern)))
    assert missed(probing) == []
    assert goal(probing, "held").text.endswith("0 %, with 1 probe 0.50 %")


@pytest.mark.parametrize("gone", [("evenkeel", "well"), ("evenkeel", "out"), ("incident", "out")])
def test_what_was_not_run_is_not_met(gone: tuple[str, str]) -> None:
    assert missed([run for run in made.ladder() if (run.design, run.vendor) != gone]) == ["runs"]
    assert missed([]) == ["runs"]


def test_what_was_not_measured_is_not_met() -> None:
    nothing = [made.empty(*which) for which in [("evenkeel", "well"), ("evenkeel", "out"), ("incident", "out")]]
    assert missed(nothing) == ["emr", "incident", "screens", "held", "all"]


def test_the_rule_says_the_numbers_that_are_judged_by() -> None:
    for figure in ("1.1 times", "5 ms", "1,000", "one sample in a hundred", "100 ms", "150 ms", "under 1 s"):
        assert figure in RULE
