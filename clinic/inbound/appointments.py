"""What is asked of every appointment, whichever way it comes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from clinic import clock
from clinic.forms import BirthForm, NameForm, PhoneForm
from clinic.models import Clinic
from clinic.services.bookings import Appointment

LONGEST_ID = 100
MOST_AHEAD = timedelta(days=400)
PAST = _("That day is past.")
FAR_AHEAD = _("That day is more than a year ahead. Please check the year.")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class PatientForm(NameForm, BirthForm, PhoneForm):
    """Who it is, asked in the words of the kiosk and the desk."""


def patient(given_name: str, family_name: str, born: date, phone: str) -> PatientForm:
    """A form with these answers; `is_valid` says whether they can be."""
    birth = {"birth_year": born.year, "birth_month": born.month, "birth_day": born.day}
    return PatientForm({"given_name": given_name, "family_name": family_name, "phone": phone, **birth})


def appointment(form: PatientForm, booked_for: datetime, booking_id: str) -> Appointment:
    """What the services take, from a form that is valid."""
    names = ("given_name", "family_name", "birth_date", "phone")
    said: dict[str, Any] = {name: form.cleaned_data[name] for name in names}
    return Appointment(booked_for=booked_for, booking_id=booking_id, **said)


def complaints(form: PatientForm, names: Iterable[str]) -> list[str]:
    """What is wrong with these fields, in words."""
    return [str(error) for name in names for error in form.errors.get(name, [])]


def is_id(written: str) -> bool:
    """Whether a booking id can be kept as it is."""
    return len(written) <= LONGEST_ID and not _UNPRINTABLE.search(written)


def is_past(clinic: Clinic, at: datetime) -> bool:
    """Whether the clinic's day of it is over: on the day itself a patient may still come late."""
    return clinic.day(at) < clinic.day(clock.now())


def is_far_ahead(at: datetime) -> bool:
    return at > clock.now() + MOST_AHEAD
