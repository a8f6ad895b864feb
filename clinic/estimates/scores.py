"""How good quotes were: figures over many check-ins, as numbers and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from clinic.estimates.replay import Case
from clinic.estimates.rivals import WAYS

LATE = 15.0
HEAD = ("way", "check-ins", "median abs. error", "MSE", "coverage", "bias", f"over {LATE:.0f} min late")


@dataclass(frozen=True)
class Score:
    """Of one way, in minutes. `coverage`: the share who waited no longer than they were told at most; `late`: the
    share who waited over 15 minutes longer. `bias` above 0: it said more than it was.
    """

    way: str
    many: int
    median_error: float
    mse: float
    coverage: float
    bias: float
    late: float


def score(way: str, cases: Sequence[Case]) -> Score:
    """Of at least one case."""
    pairs = [(case.quotes[way], case.waited) for case in cases]
    errors = [quote.likely - waited for quote, waited in pairs]
    return Score(
        way,
        len(pairs),
        median(abs(error) for error in errors),
        fmean(error * error for error in errors),
        fmean(waited <= quote.most for quote, waited in pairs),
        fmean(errors),
        fmean(waited > quote.most + LATE for quote, waited in pairs),
    )


def groups(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """All, those who found somebody before them, then by lane, then by hour."""
    yield "all", list(cases)
    yield "somebody ahead", [case for case in cases if case.ahead]
    for lane in sorted({case.lane for case in cases}):
        yield f"lane {lane}", [case for case in cases if case.lane == lane]
    for hour in sorted({case.hour for case in cases}):
        yield f"from {hour:02}:00", [case for case in cases if case.hour == hour]


def scores(cases: Sequence[Case]) -> dict[str, list[Score]]:
    """Each group's, each way's."""
    return {name: [score(way, some) for way in WAYS] for name, some in groups(cases) if some}


def as_json(found: dict[str, list[Score]]) -> dict[str, Any]:
    return {name: [asdict(one) for one in some] for name, some in found.items()}


def table(found: dict[str, list[Score]]) -> str:
    """The same in Markdown."""
    lines = [_line(("", *HEAD)), _line(["---"] * (len(HEAD) + 1))]
    for name, some in found.items():
        lines += [_line((name if n == 0 else "", *_cells(one))) for n, one in enumerate(some)]
    return "\n".join(lines)


def _cells(one: Score) -> tuple[str, ...]:
    return (
        one.way,
        f"{one.many}",
        f"{one.median_error:.1f}",
        f"{one.mse:.0f}",
        f"{one.coverage:.0%}",
        f"{one.bias:+.1f}",
        f"{one.late:.1%}",
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
