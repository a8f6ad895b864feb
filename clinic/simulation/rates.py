"""When patients come: the hourly rates of clinic/data, cut and scaled to a walk-in clinic."""

from __future__ import annotations

import csv
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "data" / "arrivals-by-hour-of-week.csv"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS_A_WEEK = 7 * 24
OPENS, CLOSES = 8, 20
SCALE = 0.5


def observed() -> list[float]:
    """Patients an hour in the 168 hours of a week, from Monday midnight, as counted in the emergency room."""
    with FILE.open(newline="") as text:
        rows = list(csv.DictReader(text))
    means = {(row["weekday"], int(row["hour"])): float(row["mean_arrivals"]) for row in rows}
    return [means[weekday, hour] for weekday in WEEKDAYS for hour in range(24)]


def of_a_clinic() -> list[float]:
    """The same for a walk-in clinic: SCALE of it from OPENS to CLOSES, and nobody while it is closed."""
    return [rate * SCALE if OPENS <= hour % 24 < CLOSES else 0.0 for hour, rate in enumerate(observed())]
