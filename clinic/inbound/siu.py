"""Reads an HL7 SIU message: which appointment, whose and when it is, or that it is off."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from clinic import calendar
from clinic.inbound import appointments
from clinic.integrations.er7 import NULL, Message
from clinic.models import Clinic
from clinic.services.bookings import Appointment
from clinic.states import Verb

NEW = "S12"
ENDS = {"S15": Verb.CANCEL, "S26": Verb.NO_SHOW}
EVENTS = {NEW, "S13", "S14", *ENDS}
# SCH-25: a change to one of these is an end, whatever the event says.
STATUS_ENDS = {
    "cancelled": Verb.CANCEL, "canceled": Verb.CANCEL, "deleted": Verb.CANCEL, "dc": Verb.CANCEL,
    "noshow": Verb.NO_SHOW,
}  # fmt: skip
TIME = re.compile(r"(\d{8})(\d{2})(\d{2})(?:(\d{2})(?:\.\d{1,4})?)?(?:([+-])(\d{2})(\d{2}))?", re.ASCII)
DAY = re.compile(r"\d{8}", re.ASCII)
# Of HL7's table 0357.
MISSING, WRONG, NO_SUCH_TYPE, NO_SUCH_EVENT = "101", "102", "200", "201"


class Unusable(Exception):
    """It cannot be used; the text says why, without anything of the patient's. `code`: of HL7's table 0357."""

    def __init__(self, why: str, code: str) -> None:
        super().__init__(why)
        self.code = code

    @property
    def is_not_ours(self) -> bool:
        """Whether no message of this kind will ever be taken, so that the sender need not try again."""
        return self.code in (NO_SUCH_TYPE, NO_SUCH_EVENT)


@dataclass(frozen=True)
class Ended:
    """An appointment is off: cancelled, or nobody came."""

    booking_id: str
    verb: Verb


@dataclass(frozen=True)
class Booked:
    """How an appointment stands now."""

    appointment: Appointment
    is_new: bool


def read(message: Message, clinic: Clinic) -> Booked | Ended:
    """What it says, for this clinic. Raises Unusable."""
    event = _event(message)
    booking_id = _booking_id(message)
    end = ENDS.get(event) or (STATUS_ENDS.get(_text(message, "SCH", 25).lower()) if event != NEW else None)
    if end:
        return Ended(booking_id, end)
    return Booked(_appointment(message, clinic, booking_id), event == NEW)


def _event(message: Message) -> str:
    kind, event = message.get("MSH", 9), message.get("MSH", 9, 2)
    if kind != "SIU":
        raise Unusable("MSH-9: only SIU messages are taken here", NO_SUCH_TYPE)
    if event not in EVENTS:
        raise Unusable(f"MSH-9: of SIU, only {', '.join(sorted(EVENTS))} are taken here", NO_SUCH_EVENT)
    return event


def _booking_id(message: Message) -> str:
    booking_id = _text(message, "SCH", 2) or _text(message, "SCH", 1)
    if not booking_id:
        raise Unusable("SCH-2 and SCH-1 are empty: which appointment?", MISSING)
    if not appointments.is_id(booking_id):
        raise Unusable(f"SCH-2: longer than {appointments.LONGEST_ID} characters, or not printable", WRONG)
    return booking_id


def _appointment(message: Message, clinic: Clinic, booking_id: str) -> Appointment:
    when = _time(message, clinic)
    form = appointments.patient(
        _text(message, "PID", 5, 2), _text(message, "PID", 5), _birth_date(message), _phone(message)
    )
    if not form.is_valid() and "phone" in form.errors:
        # One that nobody can call keeps nobody from coming.
        form = appointments.patient(form.data["given_name"], form.data["family_name"], _birth_date(message), "")
    if form.is_valid():
        return appointments.appointment(form, when, booking_id)
    where = {"family_name": "PID-5.1", "given_name": "PID-5.2"}
    field = next(iter(form.errors))
    raise Unusable(f"{where.get(field, 'PID-7')}: {form.errors[field][0]}", WRONG)


def _birth_date(message: Message) -> date:
    written = _text(message, "PID", 7)
    if not written:
        raise Unusable("PID-7 is empty: without a birth date the kiosk cannot find the patient", MISSING)
    if found := DAY.match(written):
        with suppress(ValueError):
            return _day(found[0])
    raise Unusable("PID-7: not a date as YYYYMMDD", WRONG)


def _time(message: Message, clinic: Clinic) -> datetime:
    written = _text(message, "SCH", 11, 4) or _text(message, "TQ1", 7)
    if not written:
        raise Unusable("SCH-11.4 and TQ1-7 are empty: when is the appointment?", MISSING)
    if found := TIME.fullmatch(written):
        with suppress(ValueError, OverflowError):
            at = _moment(found, clinic)
            if appointments.is_far_ahead(at):
                raise Unusable("SCH-11.4: more than a year ahead", WRONG)
            return at
    raise Unusable("SCH-11.4: not a time as YYYYMMDDHHMM", WRONG)


def _moment(found: re.Match[str], clinic: Clinic) -> datetime:
    """In UTC; a time without an offset is on the clinic's wall. Raises ValueError."""
    day, clock = _day(found[1]), time(int(found[2]), int(found[3]), int(found[4] or 0))
    if not found[5]:
        return calendar.moment(day, clock, clinic.zone)
    offset = timedelta(hours=int(found[6]), minutes=int(found[7])) * (1 if found[5] == "+" else -1)
    return datetime.combine(day, clock, timezone(offset)).astimezone(UTC)


def _day(digits: str) -> date:
    """Raises ValueError: also for a year that nobody means, and with which no sums can be done."""
    year = int(digits[:4])
    if not 1800 < year < 2200:
        raise ValueError("no such year")
    return date(year, int(digits[4:6]), int(digits[6:8]))


def _phone(message: Message) -> str:
    """Of the first number: as one text, else from its parts."""
    whole = _text(message, "PID", 13) or _text(message, "PID", 13, 12)
    return (whole or _text(message, "PID", 13, 6) + _text(message, "PID", 13, 7))[:40]


def _text(message: Message, segment: str, field: int, component: int = 1) -> str:
    found = message.get(segment, field, component).strip()
    return "" if found == NULL else found
