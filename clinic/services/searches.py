"""What a kiosk was asked about people by name: what counts against its limit, and what the audit is told of it.

The audit gets a row for each, found or not: a row takes a twentieth of a check-in, and for those that were not
found alone it would tell by its time who has an appointment. It holds no name: a keyed digest, the same each time
that this clinic is asked for the same person on one day, so that an auditor sees one person being tried for again
and again. On another day it is another: no row leads to somebody's visits of years.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.utils.crypto import salted_hmac

from clinic import audit, clock, limits
from clinic.models import Clinic, Device
from clinic.models.visits import name_key
from clinic.services.persons import Person


class Found(StrEnum):
    """What there was for somebody who says that they are booked; or that the person asked for is here already."""

    BOOKING = "booking"
    NOTHING = "nothing"
    HERE = "here"


class Search(NamedTuple):
    found: Found
    person: Person

    @property
    def counts(self) -> bool:
        """Whether it would tell something if others asked for them, or there was nothing to be found."""
        return self.found != Found.BOOKING


def left(device: Device | None) -> int | None:
    """How many more that count this kiosk may make now.

    None for no limit: at the desk, and for a simulation, whose ten minutes are an instant.
    """
    return limits.left(limits.SEARCH, device.pk) if device and clock.is_real() else None


def count(device: Device | None, made: Iterable[Search]) -> None:
    if device and clock.is_real():
        for _search in filter(lambda one: one.counts, made):
            limits.take(limits.SEARCH, device.pk)


def tell(clinic: Clinic, device: Device | None, made: Iterable[Search], at: datetime) -> None:
    """One row each, as of this moment. Where its transaction is rolled back, tell them again after it."""
    if device:
        for one in made:
            of = ("person", _digest(clinic, one.person, at))
            audit.write(clinic.pk, f"search.{one.found}", by=audit.device(device), of=of)


def _digest(clinic: Clinic, person: Person, at: datetime) -> str:
    """Of one person as the clinic compares people, and its day, under this installation's key: 32 hex digits."""
    said = (
        str(clinic.pk),
        clinic.day(at).isoformat(),
        name_key(person.given_name),
        name_key(person.family_name),
        person.birth_date.isoformat(),
    )
    return salted_hmac("clinic.services.searches", "|".join(said), algorithm="sha256").hexdigest()[:32]
