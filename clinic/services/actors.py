"""Who acts, and how a service says no."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from clinic.models import Device, VisitEvent


@dataclass(frozen=True)
class Actor:
    """A member of staff, a paired device, or neither: the system itself."""

    user: User | None = None
    device: Device | None = None


class Refused(Exception):
    """The move was not made and nothing was stored. The text is for the person who asked."""


class AlreadyDone(Refused):
    """Somebody else was first."""


def name_of(event: VisitEvent) -> str:
    """Who made an event, as colleagues say it."""
    if event.user is not None:
        return event.user.get_short_name() or event.user.get_username()
    return event.device.name if event.device else _("the system")
