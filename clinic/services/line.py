"""The line: who goes before whom."""

from __future__ import annotations

from datetime import datetime

from clinic.models import Clinic


def order_key(clinic: Clinic, lane: str, arrived_at: datetime, booked_for: datetime | None) -> datetime:
    """The place in line: the lower goes first. It is the arrival, less the lane's head start.

    A booked patient who comes late, but within the clinic's allowance, keeps the booked time's place; one who
    comes early, or later than that, is in line from the arrival.
    """
    since = booked_for if booked_for and keeps_place(clinic, arrived_at, booked_for) else arrived_at
    return since - clinic.head_start(lane)


def keeps_place(clinic: Clinic, arrived_at: datetime, booked_for: datetime) -> bool:
    """Whether somebody booked for one moment, who came at another, has the booked time's place in line."""
    return booked_for <= arrived_at <= booked_for + clinic.late_allowance
