"""The judgement: it fails for what the vendor does to a design, and not for a hiccup of the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from clinic.drill.goals import Goal, met
from clinic.drill.record import Delay, Run
from tests.clinic.drill import made


def missed(runs: list[Run]) -> list[str]:
    return [goal.name for goal in met(runs) if not goal.is_met]


def changed(change: Callable[[Run], Run], design: str = "evenkeel", vendor: str = "out") -> list[Run]:
    """The ladder with one run changed."""
    return [change(run) if (run.design, run.vendor) == (design, vendor) else run for run in made.ladder()]


def goal(runs: list[Run], name: str) -> Goal:
    return next(one for one in met(runs) if one.name == name)


def test_a_good_drill_meets_all_goals() -> None:
    assert [goal.name for goal in met(made.ladder())] == ["emr", "incident", "screens", "held", "all"]
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


def test_a_breaker_that_keeps_probing_is_missed() -> None:
    """Every call is alone, short and after a rest, so that each passes for a probe."""
    pattern = [(5.0, 1), (5.0, 0), *[(1.0, 1), (5.0, 0)] * 8, (2.0, 0)]
    probing = changed(lambda run: replace(run, samples=made.held(pattern)))
    assert missed(probing) == ["held"]
    assert goal(probing, "held").text.endswith(": 0 %, with 8 probes 3.6 %")


def test_one_probe_of_a_short_outage_is_met() -> None:
    """As the breaker has it: 5 s of calls, open for 10 s, one probe, and open for longer."""
    samples = made.held([(5.5, 1), (10.0, 0), (1.0, 1), (13.5, 0)])
    pair = [replace(made.run("evenkeel", vendor), seconds=30.0, samples=samples) for vendor in ("well", "out")]
    assert "held" not in missed(pair)
    assert goal(pair, "held").text.endswith("with 1 probe 1.0 %")


def test_the_goal_says_both_bounds() -> None:
    assert "Under 1 %" in goal(made.ladder(), "held").text and "under 2 % with" in goal(made.ladder(), "held").text


def test_probes_are_told() -> None:
    pattern = [(10.0, 1), (10.0, 0), (1.0, 1), (39.0, 0)]
    probing = changed(lambda run: replace(run, samples=made.held(pattern)))
    assert missed(probing) == []
    assert goal(probing, "held").text.endswith("0 %, with 1 probe 0.50 %")


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (("evenkeel", "well"), ["emr", "screens", "all"]),
        (("evenkeel", "out"), ["emr", "incident", "screens", "held", "all"]),
        (("incident", "out"), ["incident"]),
        (("incident", "well"), []),
    ],
)
def test_what_was_not_run_is_not_met(gone: tuple[str, str], expected: list[str]) -> None:
    found = missed([run for run in made.ladder() if (run.design, run.vendor) != gone])
    assert found == expected


def test_without_runs_nothing_is_met() -> None:
    assert missed([]) == ["emr", "incident", "screens", "held", "all"]


def test_what_was_not_measured_is_not_met() -> None:
    nothing = [made.empty(*which) for which in [("evenkeel", "well"), ("evenkeel", "out"), ("incident", "out")]]
    assert missed(nothing) == ["emr", "incident", "screens", "held", "all"]


def slowed(run: Run, by: float) -> Run:
    return replace(run, screens=made.waited([(delay.seconds or 0.0) + by for delay in run.screens]))


def test_of_several_pairs_the_best_is_judged_for_noise() -> None:
    well, out = made.run("evenkeel", "well"), made.run("evenkeel", "out")
    assert missed([made.run("incident"), well, slowed(out, 0.1), slowed(well, 0.1), slowed(out, 0.1)]) == []
    assert missed([made.run("incident"), well, slowed(out, 0.1), well, slowed(out, 0.1)]) == ["screens"]
    assert goal([well, out, well, slowed(out, 0.1)], "screens").text.endswith("the best of 2 pairs of runs")


def test_what_one_of_several_runs_lost_or_held_is_missed() -> None:
    rest = [run for run in made.ladder() if run.design != "evenkeel" or run.vendor == "well"]
    good, well = made.run("evenkeel", "out"), made.run("evenkeel", "well")
    lost = replace(good, screens=(*good.screens, Delay(59.9, None)))
    held = replace(good, samples=made.held([(10.0, 1), (10.0, 0), (4.0, 1), (36.0, 0)]))
    shut = replace(good, samples=made.held([(60.0, 1)]))
    assert missed([*rest, good, well, lost]) == ["all"]
    assert missed([*rest, good, well, held]) == missed([*rest, good, well, shut]) == ["held"]


def test_a_pair_that_was_cut_short_is_not_met() -> None:
    assert missed([*made.ladder(), made.run("evenkeel", "well")]) == ["emr", "screens"]
