"""What is counted on the way of a notice and around jobs. Each name is told of in docs/ops/figures.md."""

from __future__ import annotations

import time
from concurrent.futures import Future
from functools import partial

from realtime.tally import Counter, Histogram

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
PATIENT = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)

RINGS = Histogram("evenkeel_commit_to_ring_seconds", "From a commit until Redis took the ring to all hubs.", QUICK)
RINGS_LOST = Counter("evenkeel_rings_lost", "Commits whose ring Redis did not take.")
NEWS = Counter(
    "evenkeel_hub_news", "New versions that a web process learned of, by a ring or by its look.", ("by",)
)
GATE = Counter("evenkeel_gate_decisions", "Answers of the gate, and which part gave them.", ("part", "decision"))
MISSES = Counter("evenkeel_deadline_misses", "Calls that were cut at their deadline.", ("of",))
JOB_DELAYS = Histogram(
    "evenkeel_job_start_delay_seconds", "From the enqueueing of a job until it began.", PATIENT, ("queue",)
)
JOBS = Counter("evenkeel_jobs", "Jobs that ended.", ("queue", "outcome"))

ALL = (RINGS, RINGS_LOST, NEWS, GATE, MISSES, JOB_DELAYS, JOBS)


def time_ring(began: float, sent: Future[bool] | None) -> None:
    """`began`: the commit, by time.monotonic(). `sent`: whether Redis takes it; None: it was not even asked."""
    if sent is None:
        RINGS_LOST.count()
    else:
        sent.add_done_callback(partial(_rung, began))


def _rung(began: float, sent: Future[bool]) -> None:
    if sent.cancelled() or not sent.result():
        RINGS_LOST.count()
    else:
        RINGS.observe(time.monotonic() - began)
