"""The report of a drill: one row for each run, and the whole as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from clinic.drill.goals import Goal, met
from clinic.drill.measures import longest, never, percentile, share_held, waits
from clinic.drill.record import DESIGNS, Run

Row = dict[str, Any]


def row(run: Run) -> Row:
    """The figures of one run. Delays of nothing are None; what never came has waited to the run's end."""
    emr, screens = waits(run.emr, run.seconds), waits(run.screens, run.seconds)
    return {
        "design": run.design,
        "vendor": run.vendor,
        "emr_start_p50_s": _rounded(percentile(emr, 50), 4),
        "emr_start_p99_s": _rounded(percentile(emr, 99), 4),
        "emr_never_started": never(run.emr),
        "screen_p50_ms": _rounded(percentile(screens, 50), 1, 1000),
        "screen_p99_ms": _rounded(percentile(screens, 99), 1, 1000),
        "worker_share_held": round(share_held(run), 4),
        "vendor_requests": run.vendor_requests,
        "longest_queue": max(map(longest, run.samples), default=0),
    }


def in_order(runs: Iterable[Run]) -> list[Run]:
    """Down the ladder, well before out."""
    rank = {design.key: place for place, design in enumerate(DESIGNS)}
    return sorted(runs, key=lambda run: (rank.get(run.design, len(rank)), run.vendor != "well"))


def last(runs: Iterable[Run]) -> list[Run]:
    """Of what was played several times, the last, in order. It alone is shown; the goals judge all."""
    return in_order({(run.design, run.vendor): run for run in runs}.values())


def as_json(runs: Sequence[Run]) -> str:
    """One line: `{"rows": [...], "met": bool}`. Of what was played several times, the last is told."""
    return json.dumps({"rows": [row(run) for run in last(runs)], "met": is_met(met(runs))})


def is_met(goals: Iterable[Goal]) -> bool:
    return all(goal.is_met for goal in goals)


def _rounded(value: float | None, digits: int, times: float = 1) -> float | None:
    return None if value is None else round(value * times, digits)
