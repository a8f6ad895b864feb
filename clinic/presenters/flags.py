"""What a clerk must see of a patient before anything else: each flag in words, with a shape of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.formats import time_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from clinic.ages import is_child
from clinic.models import Visit
from clinic.states import ENDED, ON_SITE


@dataclass(frozen=True)
class Flag:
    """`kind` names its icon too; `until`: when it is over by itself."""

    kind: str
    words: str
    until: datetime | None = None

    @property
    def icon(self) -> str:
        return f"icons/flag-{self.kind}.svg"


def flags(visit: Visit, now: datetime, before: Visit | None) -> list[Flag]:
    """Of one who is here, the gravest first; of one expected, the language. `before`: it ended today."""
    if visit.state in ENDED:
        return []
    return [
        *(_of_one_here(visit, now) if visit.state in ON_SITE else ()),
        *_language(visit),
        *_records(visit, before),
    ]


def _of_one_here(visit: Visit, now: datetime) -> Iterator[Flag]:
    if visit.red_flag:
        yield Flag("red", _("Red flag"))
    if visit.needs_help:
        yield Flag("help", _("Needs help"))
    if visit.not_before and visit.not_before > now:
        at = time_format(visit.not_before.astimezone(visit.clinic.zone), "g:i A")
        yield Flag("time", _("Needs until %(at)s") % {"at": at}, visit.not_before)
    if is_child(visit.birth_date, visit.clinic.wall_date(now)):
        yield Flag("child", _("Child") if visit.answered_by else _("Child, no adult named"))


def _language(visit: Visit) -> Iterator[Flag]:
    """Of whoever does not speak the desk's own."""
    if visit.language != settings.LANGUAGE_CODE:
        yield Flag("language", str(get_language_info(visit.language)["name_translated"]))


def _records(visit: Visit, before: Visit | None) -> Iterator[Flag]:
    """What has to be cleared up with one who is here."""
    if visit.state not in ON_SITE:
        return
    if not visit.identity_checked:
        yield Flag("identity", _("Identity not checked"))
    if visit.booking_claimed and visit.booked_for is None:
        yield Flag("booking", _("Booking not found"))
    if before and before.ended_at:
        at = time_format(before.ended_at.astimezone(visit.clinic.zone), "g:i A")
        yield Flag(
            "again", _("Here earlier today: %(how)s, %(at)s") % {"how": before.get_state_display(), "at": at}
        )
