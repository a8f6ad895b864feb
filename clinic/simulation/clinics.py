"""The simulator's own clinics and clerks in the database, and desks at them or at an existing clinic."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from clinic import seeding
from clinic.models import Clinic, Device, Membership, OpeningHours
from clinic.services import clinics
from clinic.simulation.desks import Desk
from clinic.simulation.sites import USUAL_CLERKS, Site

NAMES = ("Sam", "Sol", "Sky")


def desk_for(number: int, site: Site) -> Desk:
    """The desk of the simulator's clinic of this number, from 1, made as the site is; harmless when done again."""
    rooms = [f"Room {room}" for room in range(1, site.rooms + 1)]
    clinic = seeding.make_clinic(f"Simulated clinic {number}", f"sim-{number}", rooms, time_zone=site.time_zone)
    _make_as(clinic, site)
    kiosk, _is_new = Device.objects.get_or_create(clinic=clinic, kind=Device.Kind.KIOSK, name="Simulated")
    return Desk(clinic, clerks(clinic, site.clerks), list(clinic.rooms.all()), kiosk)


def desk_at(clinic: Clinic) -> Desk:
    """A desk with simulated clerks at an existing clinic, beside whoever works there."""
    kiosk = clinic.devices.filter(kind=Device.Kind.KIOSK, revoked_at=None).first()
    return Desk(clinic, clerks(clinic, USUAL_CLERKS), list(clinic.rooms.all()), kiosk)


def clerks(clinic: Clinic, many: int) -> list[User]:
    """Simulated members of staff: nobody can log in as them."""
    users = [seeding.make_user(f"simulator-{n}", first_name=name) for n, name in enumerate(NAMES[:many], 1)]
    for user in users:
        Membership.objects.get_or_create(user=user, clinic=clinic)
    return users


def _make_as(clinic: Clinic, site: Site) -> None:
    """One that an earlier simulator made may have had another clock and other hours."""
    wanted = {tuple(stretch) for stretch in site.hours}
    rows = set(clinic.hours.values_list("weekday", "opens", "closes"))
    if clinic.time_zone == site.time_zone and rows == wanted:
        return
    with transaction.atomic():
        clinics.about_to_change(clinic)
        clinic.time_zone = site.time_zone
        clinic.save(update_fields=["time_zone"])
        clinic.hours.all().delete()
        OpeningHours.objects.bulk_create(OpeningHours(clinic=clinic, **s._asdict()) for s in site.hours)
