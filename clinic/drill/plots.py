"""The plots of a run: jobs waiting over time, and the wait of each EMR job, on one scale for all runs.

They read in black and white: shapes and words, not colours, tell what is what.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, log10
from typing import NamedTuple

from clinic.drill import svg
from clinic.drill.measures import longest, never, percentile, waits
from clinic.drill.record import Run
from clinic.drill.words import duration

WIDTH, HEIGHT = 420.0, 172.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 333.0, 24.0, 148.0
"""Where the plot lies in the panel: labels go around it, direct labels right of it."""
BAND = 28.0
"""The band for jobs that never began, above the scale of delays."""
FLOOR = 0.001
"""Seconds at the foot of the delays' scale."""
NEVER = TOP + 9
HEADS = "Jobs waiting in the longest queue", "Wait of each EMR job, log scale"
STRIP = 5.0
LINE = 14.0
MOST_DECADES = 6


class Scale(NamedTuple):
    """What all panels share: their length in seconds, jobs at the top, seconds of delay at the top."""

    seconds: float
    jobs: int
    delay: float

    def x(self, at: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(max(at / self.seconds, 0.0), 1.0)

    def jobs_y(self, jobs: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * min(jobs / self.jobs, 1.0)

    def delay_y(self, seconds: float) -> float:
        share = log10(min(max(seconds, FLOOR), self.delay) / FLOOR) / log10(self.delay / FLOOR)
        return BOTTOM - (BOTTOM - TOP - BAND) * share


def scale(runs: Iterable[Run]) -> Scale:
    """A scale that holds every run: whole decades of delay, a round number of jobs."""
    runs = list(runs)
    delays = [wait for run in runs for wait in waits(run.emr, run.seconds)]
    jobs = max((longest(sample) for run in runs for sample in run.samples), default=0)
    return Scale(
        seconds=max((run.seconds for run in runs), default=0.0) or 1.0,
        jobs=_round_up(max(jobs, 4)),
        delay=10.0 ** ceil(log10(max([*delays, 1.0]))),
    )


def queue(run: Run, scale: Scale) -> str:
    """Jobs waiting in the longest job queue, over time; shaded where the vendor was out."""
    points = [(scale.x(one.at), scale.jobs_y(longest(one))) for one in run.samples]
    peak = max(map(longest, run.samples), default=0)
    shapes = [_ground(run, scale), _grid([(scale.jobs_y(jobs), f"{jobs}") for jobs in _halves(scale.jobs)])]
    if points:
        foot = [(points[-1][0], BOTTOM), (points[0][0], BOTTOM)]
        shapes += [svg.path(svg.polyline([*points, *foot]) + "z", "area"), svg.path(svg.polyline(points), "curve")]
        shapes.append(_beside([(scale.jobs_y(peak), f"peak {peak}", "strong")]))
    else:
        shapes.append(_nothing())
    return "".join(shapes)


def delays(run: Run, scale: Scale, well: Run | None = None) -> str:
    """The wait of each EMR job at its commit's time, log scale; a cross in the band on top where it never began.

    With `well`, the same design's run without the outage, a dotted line marks what its p99 was.
    """
    came = [(scale.x(one.at), scale.delay_y(one.seconds)) for one in run.emr if one.seconds is not None]
    lost = [(scale.x(one.at), NEVER) for one in run.emr if one.seconds is None]
    grid = [*((scale.delay_y(one), _decade(one)) for one in _decades(scale.delay)), (NEVER, "never")]
    labels, marks = _levels(run, scale, well)
    shapes = [_ground(run, scale), _grid(grid), *marks, _beside(labels)]
    shapes += [svg.path(svg.dots(came), "dots")] if came else []
    shapes += [svg.path(svg.crosses(lost), "crosses")] if lost else []
    return "".join(shapes if run.emr else [*shapes, _nothing()])


def says(run: Run) -> str:
    """Both plots of a run in a sentence, for who does not see them."""
    peak = max(map(longest, run.samples), default=0)
    wait = percentile(waits(run.emr, run.seconds), 99)
    waited = "no EMR job was measured" if wait is None else f"99 of 100 EMR jobs waited {duration(wait)} or less"
    return f"At most {peak} jobs waited in one queue; {waited}; {never(run.emr)} of {len(run.emr)} never began."


def _levels(run: Run, scale: Scale, well: Run | None) -> tuple[list[tuple[float, str, str]], list[str]]:
    """The labels beside the plot of delays, and the lines that they name."""
    labels, marks = [], []
    for one, head, kind in ((run, "p99", "strong"), (well, "well", "soft")):
        value = percentile(waits(one.emr, one.seconds), 99) if one else None
        if value is None:
            continue
        y = scale.delay_y(value)
        labels.append((y, f"{head} {duration(value)}", kind))
        marks.append(svg.line((LEFT, y), (RIGHT, y), f"level {kind}"))
    if lost := never(run.emr):
        labels.append((NEVER, f"{lost} of {len(run.emr)}", "strong"))
    return labels, marks


def _ground(run: Run, scale: Scale) -> str:
    """Time along the foot, and the outage, which lasts the whole run, as a wash under a hatched strip."""
    ticks = _ticks(scale.seconds)
    shapes = [
        svg.text((scale.x(at), BOTTOM + LINE + 2), f"{at:g} s" if at else "0", "tick", "middle") for at in ticks
    ]
    if run.vendor == "out":
        begin, end = LEFT, scale.x(run.seconds)
        shapes += [
            svg.box(begin, TOP, end - begin, BOTTOM - TOP, "wash"),
            svg.path(svg.hatch(begin, end, TOP - STRIP - 1, STRIP), "hatch"),
            svg.text((begin, TOP - STRIP - 5), "vendor out", "tick"),
        ]
    return "".join(shapes)


def _grid(levels: Iterable[tuple[float, str]]) -> str:
    return "".join(
        svg.line((LEFT, y), (RIGHT, y), "grid") + svg.text((LEFT - 6, y + 4), words, "tick", "end")
        for y, words in levels
    )


def _beside(labels: Iterable[tuple[float, str, str]]) -> str:
    """Labels right of the plot, each at its height, from the foot; moved up where they would touch."""
    shapes, free = [], BOTTOM
    for y, words, kind in sorted(labels, reverse=True):
        free = min(y, free)
        shapes.append(svg.text((RIGHT + 6, free + 4), words, kind))
        free -= LINE
    return "".join(shapes)


def _nothing() -> str:
    return svg.text(((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2), "nothing was measured", "soft", "middle")


def _round_up(number: int) -> int:
    """The next round number that has a whole half."""
    if number <= 10:
        return number + number % 2
    power = int("1" + "0" * (len(str(number)) - 2))
    return next(step * power for step in (12, 16, 20, 24, 30, 40, 50, 60, 80, 100) if step * power >= number)


def _halves(top: int) -> list[int]:
    return [0, top // 2, top]


def _ticks(length: float) -> list[float]:
    step = next((step for step in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if length / step <= 6), length / 4)
    return [step * place for place in range(int(length / step) + 1)]


def _decades(top: float) -> list[float]:
    """Powers of ten from the floor to the top, all or every other one, so that their labels have room."""
    powers = round(log10(top / FLOOR))
    return [FLOOR * 10**power for power in range(0, powers + 1, ceil(powers / MOST_DECADES))]


def _decade(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds > 0.5 else f"{1000 * seconds:.0f} ms"
