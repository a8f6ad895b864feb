"""Makes clinics and people for the demo and the simulator. Everything here may be done again."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from clinic.models import Clinic, Room
from clinic.services import clinics


def make_clinic(
    name: str, slug: str, rooms: Sequence[str], *, time_zone: str = "America/Chicago", only_ask: bool = False
) -> Clinic:
    """The clinic with this slug; made, with its rooms, if it is not there.

    `only_ask`: no visit is ever closed unless somebody does it.
    """
    with transaction.atomic():
        clinic = Clinic.objects.select_related("topic").filter(slug=slug).first()
        if clinic is None:
            closing = {"close_after_minutes": None} if only_ask else {}
            clinic = clinics.create(Clinic(name=name, slug=slug, time_zone=time_zone, **closing))
        for position, room in enumerate(rooms):
            Room.objects.get_or_create(clinic=clinic, name=room, defaults={"position": position})
        return clinic


def make_user(username: str, password: str | None = None, *, first_name: str = "") -> User:
    """The user of this name; made if not there. No password: nobody can log in as them."""
    found = User.objects.filter(username=username).first()
    return found or User.objects.create_user(username, password=password, first_name=first_name)
