"""The simulator's own clinics and clerks in the database, and desks at them or at an existing clinic."""

from __future__ import annotations

from datetime import time

from django.contrib.auth.models import User
from django.db import transaction

from clinic import seeding
from clinic.calendar import Timetable
from clinic.models import Clinic, Device, Membership, OpeningHours
from clinic.services import clinics
from clinic.simulation.desks import Desk
from clinic.simulation.sites import Site

NAMES = ("Sam", "Sol", "Sky")


def desk_for(number: int, site: Site, *, is_always_open: bool = False) -> Desk:
    """The desk of the simulator's clinic of this number, from 1, made as the site is; harmless when done again.

    `is_always_open`: its doors are, whatever the site's simulated hours, for a run whose screens show real time.
    """
    rooms = [f"Room {room}" for room in range(1, site.rooms + 1)]
    clinic = seeding.make_clinic(f"Simulated clinic {number}", f"sim-{number}", rooms, time_zone=site.zone.key)
    _make_as(clinic, Timetable(site.zone) if is_always_open else site.timetable)
    kiosk, _is_new = Device.objects.get_or_create(clinic=clinic, kind=Device.Kind.KIOSK, name="Simulated")
    return Desk(clinic, clerks(clinic, site.clerks), list(clinic.rooms.all()), kiosk)


def desk_at(clinic: Clinic) -> Desk:
    """A desk with simulated clerks at an existing clinic, beside whoever works there."""
    kiosk = clinic.devices.filter(kind=Device.Kind.KIOSK, revoked_at=None).first()
    return Desk(clinic, clerks(clinic, Site.clerks), list(clinic.rooms.all()), kiosk)


def clerks(clinic: Clinic, many: int) -> list[User]:
    """Simulated members of staff: nobody can log in as them."""
    users = [seeding.make_user(f"simulator-{n}", first_name=name) for n, name in enumerate(NAMES[:many], 1)]
    for user in users:
        Membership.objects.get_or_create(user=user, clinic=clinic)
    return users


def _make_as(clinic: Clinic, timetable: Timetable) -> None:
    """One that an earlier simulator made may have had another clock and other hours."""
    is_so = clinic.zone == timetable.zone and _plain(clinic.timetable) == _plain(timetable)
    if is_so and clinic.close_after_minutes is None:
        return
    with transaction.atomic():
        clinics.about_to_change(clinic)
        # Its simulated hours are no measure for those who close what is left open.
        clinic.time_zone, clinic.close_after_minutes = timetable.zone.key, None
        clinic.save(update_fields=["time_zone", "close_after_minutes"])
        clinic.hours.all().delete()
        rows = _plain(timetable)
        OpeningHours.objects.bulk_create(
            OpeningHours(clinic=clinic, weekday=weekday, opens=opens, closes=closes)
            for weekday, opens, closes in rows
        )


def _plain(timetable: Timetable) -> list[tuple[int, time, time]]:
    return sorted((day, *hours) for day, stretches in timetable.week.items() for hours in stretches)
