"""Is this person here already, or expected? A person is a first name, a last name and a birth date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID, uuid5

from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.models import Clinic, Visit
from clinic.models.visits import name_key
from clinic.services.actors import AlreadyDone
from clinic.states import CALLED_OFF, ON_SITE, State


class Person(Protocol):
    """What somebody says of who they are."""

    @property
    def given_name(self) -> str: ...
    @property
    def family_name(self) -> str: ...
    @property
    def birth_date(self) -> date: ...


def visit_on_site(clinic: Clinic, person: Person) -> Visit | None:
    """The visit of somebody who is in the clinic now. One without a first name is nobody else than that."""
    here = clinic.visits.on_site().of_person(person.given_name, person.family_name, person.birth_date)
    return here.order_by("-arrived_at", "-pk").first()


def own_key(form_key: UUID, person: Person) -> UUID:
    """The key of one person's check-in on a form: the form sent again with somebody else on it is another one."""
    said = (name_key(person.given_name), name_key(person.family_name), person.birth_date.isoformat())
    return uuid5(form_key, "|".join(said))


def key(visit: Visit) -> tuple[str, str, date]:
    """What makes one person, as it is compared."""
    return visit.given_name_key, visit.family_name_key, visit.birth_date


def last_ended(visits: Sequence[Visit], day: date) -> dict[tuple[str, str, date], Visit]:
    """By person, the visit of this clinic day that ended last, of those who are in `visits`. One query or none."""
    if not visits:
        return {}
    ended = Visit.objects.filter(
        clinic=visits[0].clinic_id,
        day=day,
        state__in=[State.DISCHARGED, State.LEFT, State.NO_SHOW],
        birth_date__in={visit.birth_date for visit in visits if visit.state in ON_SITE},
    )
    return {key(visit): visit for visit in ended.order_by("ended_at", "pk")}


def must_not_be_here(visit: Visit) -> None:
    """Raises AlreadyDone when this visit's person is here with another one: nobody waits twice."""
    theirs = visit.clinic.visits.of_person(visit.given_name, visit.family_name, visit.birth_date)
    here = theirs.on_site().exclude(pk=visit.pk).first()
    if here is not None:
        raise here_already(here)


def must_not_be_booked_anew(visit: Visit) -> None:
    """Raises AlreadyDone when the schedule has used the id of this booking, called off, for a new one."""
    same = visit.clinic.visits.filter(booking_id=visit.booking_id).exclude(pk=visit.pk)
    if visit.booking_id and same.exclude(state__in=CALLED_OFF).exists():
        raise AlreadyDone(_("%(ticket)s: the schedule has booked this appointment anew.") % {"ticket": visit})


def here_already(visit: Visit) -> AlreadyDone:
    """What is said of somebody who is here, to whoever would let them in."""
    name = f"{visit.given_name} {visit.family_name}".strip()
    return AlreadyDone(_("%(name)s is here already: %(ticket)s.") % {"name": name, "ticket": visit})


def booking(clinic: Clinic, person: Person, at: datetime, *, claimed: bool) -> Visit | None:
    """The booking of this clinic day, or of about now, that is this person's.

    Of several, the one nearest to now. Another first name is another person: a twin. Where one of the two gives
    none, the last name and birth date must suffice, but only for somebody who has `claimed` to be booked, and only
    if they fit one booking, and that of nobody who is here already.
    """
    bookings = _of_now(clinic, person, at)
    said = name_key(person.given_name)
    same = [visit for visit in bookings if visit.given_name_key == said]
    if same:
        return min(same, key=lambda visit: abs((visit.booked_for or at) - at))
    unnamed = [visit for visit in bookings if not said or not visit.given_name_key]
    only = unnamed[0] if claimed and len(unnamed) == 1 else None
    return None if only is None or visit_on_site(clinic, only) else only


def _of_now(clinic: Clinic, person: Person, at: datetime) -> list[Visit]:
    about_now = Q(booked_for__range=(at - clinic.late_allowance, at + clinic.late_allowance))
    bookings = clinic.visits.filter(
        about_now | Q(day=clinic.day(at)),
        state=State.EXPECTED,
        birth_date=person.birth_date,
        family_name_key=name_key(person.family_name),
    )
    return list(bookings.order_by("booked_for", "pk"))
