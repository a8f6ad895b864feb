"""What a drill says in a sentence: how long EMR jobs waited with the design of 2019, and with Evenkeel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from clinic.drill.measures import never, percentile, waits
from clinic.drill.record import Run
from clinic.drill.words import in_seconds


class Side(NamedTuple):
    """One design in the outage: its EMR jobs' p99 wait in words, how many they were, how many never began."""

    wait: str
    jobs: int
    lost: int


class Story(NamedTuple):
    """The incident's design against Evenkeel."""

    theirs: Side
    ours: Side

    @property
    def lines(self) -> tuple[str, str]:
        """The sentence, in two lines."""
        return (
            f"In the outage, the record system's jobs waited {self.theirs.wait} with the design of 2019",
            f"and {self.ours.wait} with Evenkeel, on the same work.",
        )


def story(runs: Iterable[Run]) -> Story | None:
    """The sentence's figures. None where a side was not measured."""
    of = {run.design: run for run in runs if run.vendor == "out"}
    theirs, ours = _side(of.get("incident")), _side(of.get("evenkeel"))
    return Story(theirs, ours) if theirs and ours else None


def _side(run: Run | None) -> Side | None:
    wait = percentile(waits(run.emr, run.seconds), 99) if run else None
    if run is None or wait is None:
        return None
    return Side(in_seconds(wait), len(run.emr), never(run.emr))
