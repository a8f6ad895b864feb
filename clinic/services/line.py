"""The line: who goes before whom."""

from __future__ import annotations

from datetime import datetime

from clinic.models import Clinic


def order_key(clinic: Clinic, lane: str, arrived_at: datetime, booked_for: datetime | None) -> datetime:
    """The place in line: the lower goes first. It is the arrival, less the lane's head start.

    A booked patient who comes late keeps the booked time's place; one who comes early is in line from now.
    """
    since = min(arrived_at, booked_for) if booked_for else arrived_at
    return since - clinic.head_start(lane)
