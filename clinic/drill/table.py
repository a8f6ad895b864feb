"""The report as a terminal shows it: one table, the goals, and the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from clinic.drill.goals import Goal, met
from clinic.drill.record import Run
from clinic.drill.report import Row, in_order, is_met, last, row
from clinic.drill.words import milliseconds, percent, seconds

WIDTH = 118
HEADS = (
    ("", "design"),
    ("", "vendor"),
    ("EMR start", "p50 s"),
    ("EMR start", "p99 s"),
    ("EMR never", "started"),
    ("screen", "p50 ms"),
    ("screen", "p99 ms"),
    ("workers", "held %"),
    ("vendor", "requests"),
    ("longest", "queue"),
)
"""Two lines of head for each column, units in the second."""
WORDS = 2
"""So many columns hold words and begin at the left; the others hold numbers and end at the right."""


def cells(row: Row) -> list[str]:
    """A row's figures as people read them, in the order of HEADS."""
    return [
        row["design"],
        row["vendor"],
        seconds(row["emr_start_p50_s"]),
        seconds(row["emr_start_p99_s"]),
        str(row["emr_never_started"]),
        milliseconds(row["screen_p50_ms"]),
        milliseconds(row["screen_p99_ms"]),
        percent(row["worker_share_held"]),
        str(row["vendor_requests"]),
        str(row["longest_queue"]),
    ]


def table(runs: Iterable[Run]) -> str:
    """All runs, a line each, under two lines of head. At most WIDTH columns wide."""
    lines = [*map(list, zip(*HEADS, strict=True)), *(cells(row(run)) for run in in_order(runs))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = [_line(line, widths) for line in lines]
    return "\n".join([*drawn[:2], "-" * len(drawn[1]), *drawn[2:]])


def text(runs: Sequence[Run]) -> str:
    """The table of the last runs, then each goal with "met" or "MISSED", then the verdict."""
    goals = met(runs)
    verdict = "Evenkeel met its goals." if is_met(goals) else "Evenkeel MISSED its goals."
    return "\n".join([table(last(runs)), "", *map(_goal, goals), "", verdict])


def _line(line: Sequence[str], widths: Sequence[int]) -> str:
    words = [cell.ljust(width) for cell, width in zip(line[:WORDS], widths, strict=False)]
    numbers = [cell.rjust(width) for cell, width in zip(line[WORDS:], widths[WORDS:], strict=True)]
    return "  ".join([*words, *numbers])


def _goal(goal: Goal) -> str:
    mark = "met     " if goal.is_met else "MISSED  "
    return textwrap.fill(goal.text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark))
