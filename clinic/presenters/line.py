"""Why somebody stands where they do in the line, in one sentence, for the clerk who is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import time_format
from django.utils.translation import gettext as _

from clinic.models import Clinic, Visit, VisitEvent
from clinic.services.actors import name_of
from clinic.services.line import keeps_place
from clinic.spans import span
from clinic.states import Lane, State, Verb

# More tickets than these would hide the reason.
NAMED = 3


@dataclass(frozen=True)
class Place:
    """One who waits, with all that decides the place. `moved_by`: who changed the lane, `back_from`: a state."""

    ticket: str
    arrived_at: datetime
    lane: str = Lane.STANDARD
    head_start: timedelta = timedelta(0)
    booked_for: datetime | None = None
    keeps_place: bool = False
    moved_by: str = ""
    back_from: str = ""


def why_here(line: Sequence[Place], zone: ZoneInfo) -> list[str]:
    """One sentence for each, in the line's order: what decided it, and before whom it puts them."""
    return [_sentence(place, _overtaken(place, line[n + 1 :]), zone) for n, place in enumerate(line)]


def reasons(clinic: Clinic, waiting: Sequence[Visit]) -> dict[int, str]:
    """The sentence of each who waits, by the visit's pk. `waiting`: in the line's order. One query or none."""
    moves = _moves(waiting)
    line = [_place(clinic, visit, moves.get(visit.pk, [])) for visit in waiting]
    return dict(zip([visit.pk for visit in waiting], why_here(line, clinic.zone), strict=True))


def _overtaken(place: Place, behind: Iterable[Place]) -> list[str]:
    """Those who came earlier and are called later."""
    return [other.ticket for other in behind if other.arrived_at < place.arrived_at]


def _sentence(place: Place, overtaken: list[str], zone: ZoneInfo) -> str:
    why = ", ".join(_facts(place, zone))
    if not overtaken:
        return why[:1].upper() + why[1:]
    words = {"tickets": ", ".join(overtaken[:NAMED]), "n": len(overtaken) - NAMED, "why": why}
    if len(overtaken) > NAMED:
        return _("Before %(tickets)s and %(n)s more: %(why)s") % words
    return _("Before %(tickets)s: %(why)s") % words


def _facts(place: Place, zone: ZoneInfo) -> list[str]:
    facts = []
    if place.booked_for:
        facts.append(_booking(place, place.booked_for, zone))
    if place.lane != Lane.STANDARD:
        words = {"lane": Lane(place.lane).label, "length": span(place.head_start)}
        facts.append(
            _("%(lane)s lane, %(length)s head start") % words if place.head_start else _("%(lane)s lane") % words
        )
    if place.moved_by:
        facts.append(_("lane changed by %(who)s") % {"who": place.moved_by})
    if not facts:
        facts.append(_("arrived at %(at)s") % {"at": _clock(place.arrived_at, zone)})
    if place.back_from == State.STEPPED_OUT:
        facts.append(_("was out for a while"))
    elif place.back_from == State.CALLED:
        facts.append(_("was called before"))
    return facts


def _booking(place: Place, booked_for: datetime, zone: ZoneInfo) -> str:
    words = {"booked": _clock(booked_for, zone), "arrived": _clock(place.arrived_at, zone)}
    if place.keeps_place:
        return _("booked for %(booked)s, kept the place") % words
    return _("booked for %(booked)s, in line from arrival at %(arrived)s") % words


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return time_format(at.astimezone(zone), "g:i A")


def _moves(waiting: Sequence[Visit]) -> dict[int, list[VisitEvent]]:
    """What was done to the lane and place of each, and stands."""
    events = VisitEvent.objects.select_related("user", "device").order_by("sequence")
    found: dict[int, list[VisitEvent]] = {}
    for event in events.filter(visit__in=waiting, verb__in=[Verb.MOVE, Verb.RETURN], reversed_by=None):
        found.setdefault(event.visit_id, []).append(event)
    return found


def _place(clinic: Clinic, visit: Visit, moves: Sequence[VisitEvent]) -> Place:
    assert visit.arrived_at is not None
    moved = [event for event in moves if event.verb == Verb.MOVE]
    back = [event for event in moves if event.verb == Verb.RETURN]
    return Place(
        ticket=visit.ticket,
        arrived_at=visit.arrived_at,
        lane=visit.lane,
        head_start=clinic.head_start(visit.lane),
        booked_for=visit.booked_for,
        keeps_place=bool(visit.booked_for and keeps_place(clinic, visit.arrived_at, visit.booked_for)),
        moved_by=name_of(moved[-1]) if moved else "",
        back_from=back[-1].from_state if back else "",
    )
