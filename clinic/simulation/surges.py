"""Surges: times at which more patients come than usual, or fewer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clinic.simulation.times import parse_moment, parse_span

MOST = 100.0


@dataclass(frozen=True)
class Surge:
    """`factor` times as many arrivals for as long as it `lasts`; `begins` after the week's first midnight."""

    begins: timedelta
    lasts: timedelta
    factor: float


def parse_surge(text: str) -> Surge:
    """A surge such as "Mon 09:00 2h 3x". Raises ValueError."""
    moment, _space, rest = text.strip().rpartition(" ")[0].rpartition(" ")
    factor = re.fullmatch(r".* (\d+(?:\.\d+)?)x", text.strip(), re.ASCII | re.IGNORECASE)
    if not factor or not 0 < float(factor[1]) <= MOST:
        raise ValueError(text)
    return Surge(parse_moment(moment), parse_span(rest), float(factor[1]))


def factor_at(surges: Sequence[Surge], passed: timedelta) -> float:
    """What the surges come to, stacked, so long after the week's first midnight."""
    factor = 1.0
    for surge in surges:
        if surge.begins <= passed < surge.begins + surge.lasts:
            factor *= surge.factor
    return factor


def highest(surges: Sequence[Surge]) -> float:
    """The most that they ever come to; 1 at least. It is reached where one of them begins or ends."""
    turns = [turn for surge in surges for turn in (surge.begins, surge.begins + surge.lasts)]
    return max([1.0, *(factor_at(surges, turn) for turn in turns)])
