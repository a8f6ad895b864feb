"""Lists of bookings as spreadsheets write them."""

from __future__ import annotations

from datetime import datetime

HEADINGS = "Booking ID,First Name,Last Name,Birth Date,Appointment Date,Appointment Time,Phone"


def row(at: datetime, given: str = "Bob", family: str = "Miller", booking_id: str = "A1", **said: str) -> str:
    """One line; `at` on the clinic's wall. `said`: born, day, time, phone."""
    day, time = said.get("day", f"{at:%Y-%m-%d}"), said.get("time", f"{at:%H:%M}")
    return ",".join([booking_id, given, family, said.get("born", "1985-04-17"), day, time, said.get("phone", "")])


def listed(*rows: str) -> str:
    return "\r\n".join([HEADINGS, *rows]) + "\r\n"
