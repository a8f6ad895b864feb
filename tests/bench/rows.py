"""One line of the table, and the judgements: what is judged makes `--strict` fail, what is reported does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tests.bench.stats import NotMeasured

NOISE, NOISE_MS = 1.1, 5.0


@dataclass(frozen=True)
class Row:
    """`met`: None where there is no goal. `judged`: a ratio or a count, not milliseconds of a noisy machine."""

    name: str
    value: float
    unit: str
    rival: str | None = None
    rival_value: float | None = None
    goal: str = ""
    met: bool | None = None
    judged: bool = False

    def __post_init__(self) -> None:
        """Raises NotMeasured for what can be no figure: a pass must rest on more than nothing."""
        for figure in (self.value, self.rival_value):
            if figure is not None and not (math.isfinite(figure) and (figure > 0 or not self.judged)):
                raise NotMeasured(f"{self.name}: {figure} {self.unit}")

    @property
    def failed(self) -> bool:
        """Whether `--strict` must fail for it."""
        return self.judged and not self.met

    def as_json(self) -> dict[str, Any]:
        """The fields that the JSON has; figures with four digits that count."""
        names = ("name", "value", "unit", "rival", "rival_value", "goal", "met")
        return {name: _rounded(getattr(self, name)) for name in names}


def at_most(name: str, value: float, unit: str, rival: str, rival_value: float, times: float) -> Row:
    """Judged: the value is at most `times` the rival's."""
    goal = f"at most {times:g}x the rival"
    return Row(name, value, unit, rival, rival_value, goal, value <= times * rival_value, True)


def sooner(name: str, value: float, unit: str, rival: str, rival_value: float, times: float) -> Row:
    """Judged: the rival needs at least `times` as long."""
    goal = f"at least {times:g}x sooner"
    return Row(name, value, unit, rival, rival_value, goal, rival_value >= times * value, True)


def more(name: str, value: float, unit: str, rival: str, rival_value: float, times: float) -> Row:
    """Judged: at least `times` the rival's rate."""
    goal = f"at least {times:g}x the rival"
    return Row(name, value, unit, rival, rival_value, goal, value >= times * rival_value, True)


def within_noise(name: str, value: float, rival: str, rival_value: float) -> Row:
    """Judged, in milliseconds: 1.1x or 5 ms, whichever is more."""
    allowed = max(NOISE * rival_value, rival_value + NOISE_MS)
    return Row(name, value, "ms", rival, rival_value, "within noise (1.1x or 5 ms)", value <= allowed, True)


def count(name: str, value: float, unit: str, rival: str | None, rival_value: float | None, most: float) -> Row:
    """Judged: at most `most`; nothing at all would show nothing."""
    goal = f"exactly {most:g}" if most == 1 else f"at most {most:g}"
    return Row(name, value, unit, rival, rival_value, goal, value <= most, True)


def reported(
    name: str,
    value: float,
    unit: str,
    rival: str | None = None,
    rival_value: float | None = None,
    reach: float = 0,
) -> Row:
    """Not judged. `reach`: the design's figure, which this machine may miss when it is busy."""
    goal, met = (f"about {reach:g} {unit} (reported)", value <= reach) if reach else ("(reported)", None)
    return Row(name, value, unit, rival, rival_value, goal, met)


def rate(name: str, value: float, rival: str, rival_value: float, least: float) -> Row:
    """Not judged: a rate of a machine that may be busy. `least`: what is to be reached, a second."""
    return Row(name, value, "/s", rival, rival_value, f"about {least:g} /s or more (reported)", value >= least)


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
