"""What a run of the drill leaves behind: the contract between the runner and the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Design:
    """One way to publish to the vendor and to share the workers."""

    key: str
    title: str
    says: str


DESIGNS = (
    Design("incident", "The incident's", "Shared queues, vendor's defaults, three retries"),
    Design("timeouts", "Time-outs", "Time-outs of 2 s, same retries"),
    Design("one_try", "One attempt", "Time-outs of 2 s, one attempt"),
    Design("breaker", "Breaker", "One attempt and a breaker"),
    Design("pools", "Own workers", "The incident's, with workers of their own for the record system"),
    Design("evenkeel", "Evenkeel", "Own workers, one attempt, a deadline, a breaker, our own path"),
)
"""The ladder, in order: from the incident's design to Evenkeel."""


@dataclass(frozen=True)
class Sample:
    """One look at the job queues and workers, `at` seconds after the run began."""

    at: float
    depths: dict[str, int]
    """Jobs waiting, by job queue name."""
    held: int
    """Workers that are inside a vendor call now."""


@dataclass(frozen=True)
class Delay:
    """How long something took that was committed `at` seconds after the run began."""

    at: float
    seconds: float | None
    """None: never, by the run's end."""


@dataclass(frozen=True)
class Run:
    """One design under one state of the vendor ("well" or "out"), for `seconds`, with `workers` processes."""

    design: str
    vendor: str
    seconds: float
    workers: int
    emr: tuple[Delay, ...]
    """Commit of a delivery to the start of its job."""
    screens: tuple[Delay, ...]
    """Commit of a change to its rows on a screen."""
    samples: tuple[Sample, ...]
    """About four a second."""
    held_seconds: float
    """Workers' time inside vendor calls, summed."""
    vendor_requests: int
    """As counted at the stand-in."""
    check_ins: int
    """This and `changes` in the whole run, its warm-up too: how much work it was."""
    changes: int
