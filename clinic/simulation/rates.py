"""When patients come: the hourly rates of clinic/data, cut and scaled to each clinic."""

from __future__ import annotations

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

from clinic.simulation.sites import Site
from clinic.simulation.times import WEEKDAYS

FILE = Path(__file__).resolve().parent.parent / "data" / "arrivals-by-hour-of-week.csv"


@cache
def observed() -> tuple[float, ...]:
    """Patients an hour in the 168 hours of a week, from Monday midnight, as counted in the emergency room."""
    with FILE.open(newline="") as text:
        rows = list(csv.DictReader(text))
    means = {(row["weekday"], int(row["hour"])): float(row["mean_arrivals"]) for row in rows}
    return tuple(means[weekday, hour] for weekday in WEEKDAYS for hour in range(24))


def at_site(site: Site, at: datetime) -> float:
    """The same at a clinic at a moment, by its own clock: its share of it, and nobody while it is closed."""
    if not site.is_open(at):
        return 0.0
    local = site.local(at)
    return site.level * observed()[local.weekday() * 24 + local.hour]
