"""Who acts, and how a service says no."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import F
from django.utils.translation import gettext as _

from clinic import audit
from clinic.models import Device, Visit, VisitEvent
from clinic.states import Verb


@dataclass(frozen=True)
class Actor:
    """A member of staff, a paired device, the patient by their phone, or none of these: the system itself."""

    user: User | None = None
    device: Device | None = None
    is_patient: bool = False

    @property
    def who(self) -> audit.Who:
        """As the audit keeps it."""
        if self.user is not None:
            return audit.staff(self.user)
        if self.device is not None:
            return audit.device(self.device)
        return audit.PATIENT if self.is_patient else audit.EVENKEEL


# Of what nobody in particular does: a schedule's word, the clock.
EVENKEEL = Actor()


class Refused(Exception):
    """The move was not made and nothing was stored. The text is for the person who asked."""


class AlreadyDone(Refused):
    """Somebody else was first."""


def too_late(visit: Visit, verb: Verb, by: Actor) -> AlreadyDone:
    """Says who was first: the one who brought the visit where it is now, checked the identity, or acted last."""
    events = visit.events.select_related("user", "device").order_by("-sequence")
    if verb in (Verb.UNDO, Verb.KEEP):
        first = events[0]
    elif verb == Verb.CONFIRM and visit.identity_checked:
        first = events.filter(verb__in=[Verb.CONFIRM, Verb.CHECK_IN])[0]
    else:
        first = events.exclude(from_state=F("to_state"))[0]
    words = {"ticket": str(visit), "who": name_of(first), "what": first.get_verb_display()}
    if by.user is not None and first.user_id == by.user.pk:
        return AlreadyDone(_("%(ticket)s: you were there already (%(what)s).") % words)
    if verb == first.verb == Verb.CALL:
        return AlreadyDone(_("%(ticket)s: already called by %(who)s.") % words)
    return AlreadyDone(_("%(ticket)s: %(who)s was first (%(what)s).") % words)


def name_of(event: VisitEvent) -> str:
    """Who made an event, as colleagues say it."""
    if event.user is not None:
        return short_name(event.user)
    if event.by_patient:
        return _("the patient")
    return event.device.name if event.device else _("the system")


def short_name(user: User) -> str:
    """A member of staff as colleagues say it."""
    return user.get_short_name() or user.get_username()
