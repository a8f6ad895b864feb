"""Makes the demo's clinic, people and devices, and a few bookings for today. Harmless when done again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from clinic import demo, seeding, services
from clinic.digests import digest
from clinic.models import Clinic, Destination, Device, Membership, Visit
from clinic.models.visits import Reason
from clinic.sealed import Secrets, seal
from clinic.services import Actor, Answers
from clinic.states import State

ROOMS = ["Room 1", "Room 2", "Room 3", "Front desk"]
PEOPLE = {"desk": "Ana", "manager": "Mo", "ops": "Olu", "admin": "Ada"}
RECORD_SYSTEMS = {
    Destination.Kind.WEBHOOK: "Record system",
    Destination.Kind.HL7: "Record system HL7",
    Destination.Kind.FHIR: "Record system FHIR",
}
BOOKINGS = [
    (
        Answers(given_name="Maria", family_name="Lopez", birth_date=date(1980, 3, 5), reason=Reason.FOLLOW_UP),
        20,
    ),
    (Answers(given_name="Jun", family_name="Park", birth_date=date(1994, 11, 12), reason=Reason.CHECKUP), 35),
    (Answers(given_name="Ruth", family_name="Okafor", birth_date=date(1951, 7, 30), reason=Reason.SKIN), 50),
]


def seed(addresses: Mapping[str, str], secret: str) -> Clinic:
    """The clinic, ready to use. `addresses`: of its record systems, by kind; `secret` opens each of them."""
    clinic = seeding.make_clinic("Harbor Walk-in Clinic", demo.CLINIC, ROOMS, only_ask=True)
    for kind in Device.Kind:
        _make_device(clinic, kind)
    for role, name in PEOPLE.items():
        _make_person(clinic, role, name)
    for system, name in RECORD_SYSTEMS.items():
        secrets = {"sealed_secrets": seal(Secrets(signing=(secret,), token=secret))}
        found = {"kind": system, "url": addresses[system], **secrets}
        Destination.objects.update_or_create(clinic=clinic, name=name, defaults=found)
    _book_today(clinic, timezone.now())
    return clinic


def _make_device(clinic: Clinic, kind: Device.Kind) -> None:
    Device.objects.update_or_create(
        clinic=clinic, kind=kind, name="Demo", defaults={"token_hash": digest(demo.token(kind))}
    )


def _make_person(clinic: Clinic, role: str, name: str) -> None:
    user = seeding.make_user(demo.USERS[role], demo.PASSWORD, first_name=name)
    if role == "admin":
        User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
        return
    roles = {"desk": Membership.Role.CLERK, "manager": Membership.Role.MANAGER, "ops": Membership.Role.OPS}
    Membership.objects.get_or_create(user=user, clinic=clinic, defaults={"role": roles[role]})
    User.objects.filter(pk=user.pk).update(is_staff=role in ("manager", "ops"))


def _book_today(clinic: Clinic, now: datetime) -> None:
    """Three people who are expected within the hour, unless some still are."""
    if Visit.objects.of(clinic).filter(state=State.EXPECTED, booked_for__gt=now).exists():
        return
    for answers, minutes in BOOKINGS:
        services.book(clinic, answers, now + timedelta(minutes=minutes), by=Actor())
