"""The buttons of the front desk: one form a card, one service a press."""

from __future__ import annotations

import re
import uuid
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic import services
from clinic.access import StaffRequest, lead, staff_only
from clinic.models import Room, Visit, VisitEvent
from clinic.presenters.cards import OFFERED
from clinic.services import Actor, Refused
from clinic.services.moves import can_undo
from clinic.states import State, Verb
from clinic.views.said import say_no, say_undo

KEYS = uuid.UUID("8b3f8a57-5b0c-4a86-9f0e-0d5a2a0a7f11")
# Calls those of a family who wait, at once. It is several moves: no verb of a visit's.
CALL_TOGETHER = "call-together"


@require_POST
@staff_only
def act(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One press on a card: `verb`, with `room` where it needs one, and `seen`, the card's sequence."""
    name = request.POST.get("verb", "")
    try:
        if name == CALL_TOGETHER:
            _call_together(request, public_id)
        else:
            _say(request, _do(request, public_id, _verb(name)))
    except Refused as no:
        say_no(request, str(no), public_id)
    except Visit.DoesNotExist:
        raise Http404 from None
    return lead(request, "desk:desk")


@require_POST
@staff_only
def call_next(request: StaffRequest) -> HttpResponse:
    """Calls the first in line; a double tap calls one."""
    try:
        room = _chosen_room(request)
        key = _key(request, "call-next")
        actor, free = Actor(user=request.user), _was_free(request)
        _say(request, services.call_next(request.clinic, by=actor, room=room, seen_free=free, key=key))
    except Refused as no:
        say_no(request, str(no))
    return lead(request, "desk:desk")


def _call_together(request: StaffRequest, public_id: UUID) -> None:
    room = _chosen_room(request)
    events = services.call_together(
        request.clinic,
        public_id,
        by=Actor(user=request.user),
        room=room,
        seen_free=_was_free(request),
        key=_key(request, f"{CALL_TOGETHER}:{public_id}"),
    )
    tickets = ", ".join(event.visit.ticket for event in events)
    messages.success(request, f"{tickets}: {Verb.CALL.label} → {room}")


def _do(request: StaffRequest, public_id: UUID, verb: Verb) -> VisitEvent:
    actor, room = Actor(user=request.user), _room(request)
    key = _key(request, f"{verb}:{public_id}")
    if verb == Verb.CHECK_IN:
        return services.arrive(request.clinic, public_id, by=actor).events.latest("sequence")
    if verb == Verb.UNDO:
        return services.undo(request.clinic, public_id, by=actor, seen=_number(request, "seen"), key=key)
    free = verb == Verb.CALL and _was_free(request)
    return services.move(request.clinic, public_id, verb, by=actor, room=room, seen_free=free, key=key)


def _verb(name: str) -> Verb:
    if name not in OFFERED:
        raise Http404
    return Verb(name)


def _number(request: StaffRequest, name: str) -> int | None:
    """A whole number from the form, or None."""
    written = request.POST.get(name, "")
    return int(written) if re.fullmatch(r"[0-9]{1,9}", written) else None


def _room(request: StaffRequest) -> Room | None:
    return Room.objects.filter(clinic=request.clinic, pk=_number(request, "room") or 0).first()


def _chosen_room(request: StaffRequest) -> Room:
    room = _room(request)
    if room is None:
        raise Refused(_("Choose a room first."))
    return room


def _was_free(request: StaffRequest) -> bool:
    """Whether the chosen room was one of those that the page showed as free."""
    return request.POST.get("room", "") in request.POST.get("free", "").split(",")


def _key(request: StaffRequest, what: str) -> UUID | None:
    """One key for one person's press on one state of things, with one room: a double tap acts once.

    A press that is repeated since nothing answered says by `press` what was seen and chosen at the first try.
    """
    if _number(request, "seen") is None:
        return None
    first = request.POST.get("press") or f"{request.POST['seen']}:{request.POST.get('room', '')}"
    return uuid.uuid5(KEYS, f"{request.user.pk}:{request.clinic.pk}:{what}:{first}")


def _say(request: StaffRequest, event: VisitEvent) -> None:
    visit = event.visit
    where = f" → {visit.room}" if visit.room and visit.state in (State.CALLED, State.ROOMED) else ""
    words = f"{visit}: {event.get_verb_display()}{where}"
    if can_undo(event, event.at):
        say_undo(request, words, event)
    else:
        messages.success(request, words)
