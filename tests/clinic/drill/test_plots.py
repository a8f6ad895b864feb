"""The plots: on one scale, true to the samples, their words apart from each other, and read without colour."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from clinic.drill import plots
from clinic.drill.plots import BOTTOM, FLOOR, LEFT, NEVER, RIGHT, TOP, Scale
from clinic.drill.record import Delay, Run, Sample
from tests.clinic.drill import drawn, made

SCALE = Scale(seconds=60.0, jobs=100, delay=100.0)
LADDER = made.ladder()
ONE = replace(made.empty(), emr=made.waited([0.02]), samples=(Sample(0.0, {"notices": 1}, 0),))
LOST = replace(made.empty(), emr=made.waited([None] * 60), samples=(Sample(0.0, {}, 0), Sample(59.0, {}, 4)))
HUGE = replace(
    made.empty(), emr=made.waited([9000.0, None, 1e-7, 0.0]), seconds=9999.0,
    samples=(Sample(0.0, {"notices": 0}, 0), Sample(9000.0, {"notices": 123_456}, 4)),
)  # fmt: skip
QUICK = replace(ONE, emr=made.waited([0.0005] * 9))
ALL = [*LADDER, made.empty(), ONE, LOST, QUICK, HUGE]


def both(run: Run, well: Run | None = None) -> list[str]:
    scale = plots.scale([run])
    return [plots.queue(run, scale), plots.delays(run, scale, well)]


@pytest.mark.parametrize("run", ALL)
@pytest.mark.parametrize("well", [None, *LADDER[::4], LOST, QUICK])
def test_no_words_are_drawn_over_others(run: Run, well: Run | None) -> None:
    assert [drawn.overlaps(plot) for plot in both(run, well)] == [[], []]


@pytest.mark.parametrize("run", ALL)
def test_all_is_inside_the_panel(run: Run) -> None:
    for plot in both(run, run):
        found = drawn.boxes(plot)
        assert min(box.left for box in found) >= 0 and max(box.right for box in found) <= plots.WIDTH
        assert min(box.top for box in found) >= 0 and max(box.bottom for box in found) <= plots.HEIGHT
        for kind in ("curve", "dots", "crosses"):
            for x, y in (point for steps in drawn.paths(plot, kind) for point in drawn.points(steps)):
                assert LEFT - 3 <= x <= RIGHT and TOP <= y <= BOTTOM


def test_a_scale_holds_every_run() -> None:
    scale = plots.scale(LADDER)
    assert scale == Scale(seconds=60.0, jobs=120, delay=100.0)
    assert plots.scale([]) == Scale(seconds=1.0, jobs=4, delay=1.0)
    assert plots.scale([HUGE]) == Scale(seconds=9999.0, jobs=160_000, delay=1e4)


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (4, 4), (5, 6), (10, 10), (11, 12), (25, 30), (98, 100), (101, 120)]
)
def test_the_top_of_the_jobs_has_a_whole_half(most: int, top: int) -> None:
    run = replace(made.empty(), samples=(Sample(0.0, {"notices": most}, 0),))
    assert plots.scale([run]).jobs == top and top % 2 == 0


def test_the_queue_is_drawn_to_scale() -> None:
    run = replace(made.empty(), samples=(Sample(0.0, {"a": 0}, 0), Sample(30.0, {"a": 50, "b": 7}, 0)))
    [curve] = drawn.paths(plots.queue(run, SCALE), "curve")
    assert drawn.points(curve) == [(LEFT, BOTTOM), ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2)]
    assert "peak 50" in drawn.words(plots.queue(run, SCALE))


def test_a_wait_is_a_dot_and_ten_times_the_wait_one_decade_higher() -> None:
    run = replace(made.empty(), emr=made.waited([FLOOR, 0.01, 0.1, 1.0, 10.0, 100.0], every=10.0))
    [dots] = drawn.paths(plots.delays(run, SCALE), "dots")
    xs, ys = zip(*drawn.points(dots), strict=True)
    steps = [before - after for before, after in pairwise(ys)]
    assert xs[0] == LEFT and ys[0] == BOTTOM
    assert steps == pytest.approx([(BOTTOM - TOP - plots.BAND) / 5] * 5, abs=0.11)


def test_what_never_began_is_a_cross_above_the_scale_and_is_counted() -> None:
    plot = plots.delays(replace(made.empty(), emr=made.waited([0.02, None, None])), SCALE)
    [crosses], [dots] = drawn.paths(plot, "crosses"), drawn.paths(plot, "dots")
    assert crosses.count("M") == 2 and dots.count("M") == 1
    assert {y + 3 for _, y in drawn.points(crosses)} == {NEVER}
    assert SCALE.delay_y(SCALE.delay) - NEVER > 10
    assert {"never", "2 of 3"} <= set(drawn.words(plot))


def test_where_all_began_no_cross_is_drawn() -> None:
    assert drawn.paths(plots.delays(ONE, SCALE), "crosses") == []


def test_the_p99_is_told_beside_what_it_was_without_the_outage() -> None:
    well = replace(ONE, emr=made.waited([0.004]))
    found = drawn.words(plots.delays(ONE, SCALE, well))
    assert {"p99 20 ms", "well 4.0 ms"} <= set(found)
    assert not [word for word in drawn.words(plots.delays(ONE, SCALE)) if word.startswith("well")]


def test_the_outage_is_hatched_and_named_where_it_was() -> None:
    plot = plots.queue(replace(ONE, seconds=45.0), SCALE)
    [hatch] = drawn.paths(plot, "hatch")
    xs = [x for x, _ in drawn.points(hatch)]
    assert abs(min(xs) - LEFT) < 0.1 and SCALE.x(45.0) - 10 < max(xs) <= SCALE.x(45.0)
    assert "vendor out" in drawn.words(plot)
    assert "vendor out" not in drawn.words(plots.queue(replace(ONE, vendor="well"), SCALE))


def test_time_is_on_the_foot() -> None:
    assert {"0", "10 s", "60 s"} <= set(drawn.words(plots.queue(ONE, SCALE)))


@pytest.mark.parametrize("length", [1.0, 8.0, 30.0, 60.0, 300.0, 3600.0, 86400.0])
def test_any_length_has_few_ticks(length: float) -> None:
    run = replace(ONE, seconds=length)
    ticks = [word for word in drawn.words(plots.queue(run, plots.scale([run]))) if word.endswith(" s")]
    assert 1 <= len(ticks) <= 6


def test_nothing_measured_is_said_not_drawn_as_zero() -> None:
    for plot in both(made.empty()):
        assert "nothing was measured" in drawn.words(plot)
        assert drawn.paths(plot, "curve") == drawn.paths(plot, "dots") == []


def test_no_colour_stands_in_a_plot() -> None:
    """Looks come from classes, and each kind has a shape of its own."""
    for plot in both(made.run("incident"), made.run("incident", "well")):
        assert not any(node.get(key) for node in drawn.tree(plot).iter() for key in ("fill", "stroke", "style"))


def test_a_run_in_a_sentence() -> None:
    run = replace(made.empty(), emr=(Delay(0.0, 31.2), Delay(1.0, 0.5)), samples=(Sample(0.0, {"a": 9}, 0),))
    assert plots.says(run) == (
        "At most 9 jobs waited in one queue; 99 of 100 EMR jobs waited 31 s or less; 0 of 2 never began."
    )
    assert "no EMR job was measured" in plots.says(made.empty())
