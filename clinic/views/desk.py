"""The front desk: who waits, who is called, who is in a room; one form a card, one service a press."""

from __future__ import annotations

import re
import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import boards, parties, presenters, services
from clinic.access import StaffRequest, engine_clinics, is_ops, may_book, others, staff_only
from clinic.forms import DeskCheckInForm
from clinic.models import HelpRequest, Room, Visit, VisitEvent
from clinic.services import Actor, Refused
from clinic.services.moves import can_undo
from clinic.states import Lane, State, Verb

KEYS = uuid.UUID("8b3f8a57-5b0c-4a86-9f0e-0d5a2a0a7f11")
# Calls those of a family who wait, at once. It is several moves: no verb of a visit's.
CALL_TOGETHER = "call-together"
# What cards offer. The rest is the admin's, with a reason.
VERBS = frozenset(Verb) - {Verb.BOOK, Verb.REBOOK, Verb.MOVE, Verb.MORE_TIME, Verb.ENTER_IN_ERROR, Verb.ASK}


@require_GET
@never_cache
@staff_only
def desk(request: StaffRequest) -> HttpResponse:
    """The whole page. `others`: further clinics of the same person."""
    version = boards.current_version(request.clinic)
    context = {**boards.page(request.clinic, version), "board": _board(request, version)}
    context |= {
        "is_ops": is_ops(request.user),
        "minds_engine": engine_clinics(request.user).exists(),
        "others": others(request),
        "may_book": may_book(request.membership),
    }
    return render(request, "desk/desk.html", context)


@require_GET
@staff_only
def board(request: StaffRequest) -> HttpResponse:
    """The fragment; its forms carry this person's own token, so it is kept for nobody else."""
    version = boards.current_version(request.clinic)
    return boards.answer(request, version, f"desk-{request.user.pk}", lambda: _board(request, version))


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
        messages.error(request, str(no))
    except Visit.DoesNotExist:
        raise Http404 from None
    return redirect("desk:desk")


@require_POST
@staff_only
def call_next(request: StaffRequest) -> HttpResponse:
    """Calls the first in line; a double tap calls one."""
    try:
        room = _room(request)
        if room is None:
            raise Refused(_("Choose a room first."))
        key = _key(request, f"call-next:{room.pk}")
        actor, free = Actor(user=request.user), _was_free(request)
        _say(request, services.call_next(request.clinic, by=actor, room=room, seen_free=free, key=key))
    except Refused as no:
        messages.error(request, str(no))
    return redirect("desk:desk")


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def check_in(request: StaffRequest) -> HttpResponse:
    """A clerk checks a patient in: the kiosk's own service. `with`: the patient whom this one came with."""
    if request.method == "POST":
        form = DeskCheckInForm(request.clinic, request.POST)
        if form.is_valid() and _checked_in(request, form):
            return redirect("desk:desk")
    else:
        form = DeskCheckInForm(request.clinic, initial=_new_patient(request))
    return render(request, "desk/check_in.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@staff_only
def take_help(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody goes to the patient who asked for help."""
    try:
        taken = services.take_help_request(request.clinic, pk, request.user)
    except HelpRequest.DoesNotExist:
        raise Http404 from None
    if taken.taken_by and taken.taken_by != request.user:
        messages.error(request, _("%(who)s is there already.") % {"who": services.short_name(taken.taken_by)})
    return redirect("desk:desk")


def _new_patient(request: StaffRequest) -> dict[str, Any]:
    """What the empty form begins with; of one who came with somebody, what families share."""
    initial: dict[str, Any] = {"key": uuid.uuid4()}
    known = _uuid(request.GET.get("with", ""))
    beside = request.clinic.visits.on_site().filter(public_id=known).first() if known else None
    if beside is None:
        return initial
    shared = {"family_name": beside.family_name, "phone": beside.phone, "language": beside.language}
    adult = parties.adult_of(beside, timezone.localdate())
    return {**initial, **shared, "beside": beside.public_id, "answered_by": adult}


def _checked_in(request: StaffRequest, form: DeskCheckInForm) -> bool:
    said = form.cleaned_data
    try:
        visit = services.check_in(
            request.clinic,
            parties.answered_for([form.answers()], timezone.localdate())[0],
            by=Actor(user=request.user),
            key=said["key"],
            lane=Lane(said["lane"]),
            identity_checked=said["identity_checked"],
            beside=said["beside"],
            newly=True,
        )
    except Refused as no:
        form.add_error(None, str(no))
        return False
    words = _("Checked in. The ticket is %(ticket)s.") % {"ticket": visit.ticket}
    messages.success(request, words, extra_tags=f"with-{visit.public_id}")
    return True


def _call_together(request: StaffRequest, public_id: UUID) -> None:
    room = _room(request)
    if room is None:
        raise Refused(_("Choose a room first."))
    events = services.call_together(
        request.clinic,
        public_id,
        by=Actor(user=request.user),
        room=room,
        seen_free=_was_free(request),
        key=_key(request, f"{CALL_TOGETHER}:{public_id}:{room.pk}"),
    )
    tickets = ", ".join(event.visit.ticket for event in events)
    messages.success(request, f"{tickets}: {Verb.CALL.label} → {room}")


def _do(request: StaffRequest, public_id: UUID, verb: Verb) -> VisitEvent:
    actor, room = Actor(user=request.user), _room(request)
    key = _key(request, f"{verb}:{public_id}:{room.pk if room else ''}")
    if verb == Verb.CHECK_IN:
        return services.arrive(request.clinic, public_id, by=actor).events.latest("sequence")
    if verb == Verb.UNDO:
        return services.undo(request.clinic, public_id, by=actor, seen=_number(request, "seen"), key=key)
    free = verb == Verb.CALL and _was_free(request)
    return services.move(request.clinic, public_id, verb, by=actor, room=room, seen_free=free, key=key)


def _verb(name: str) -> Verb:
    if name not in VERBS:
        raise Http404
    return Verb(name)


def _number(request: StaffRequest, name: str) -> int | None:
    """A whole number from the form, or None."""
    written = request.POST.get(name, "")
    return int(written) if re.fullmatch(r"[0-9]{1,9}", written) else None


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


def _room(request: StaffRequest) -> Room | None:
    return Room.objects.filter(clinic=request.clinic, pk=_number(request, "room") or 0).first()


def _was_free(request: StaffRequest) -> bool:
    """Whether the chosen room was one of those that the page showed as free."""
    return request.POST.get("room", "") in request.POST.get("free", "").split(",")


def _key(request: StaffRequest, what: str) -> UUID | None:
    """One key for one person's press on one state of things: a double tap acts once. `what` names the room too."""
    seen = _number(request, "seen")
    return None if seen is None else uuid.uuid5(KEYS, f"{request.user.pk}:{request.clinic.pk}:{what}:{seen}")


def _say(request: StaffRequest, event: VisitEvent) -> None:
    visit = event.visit
    where = f" → {visit.room}" if visit.room and visit.state in (State.CALLED, State.ROOMED) else ""
    undo = f"visit-{visit.public_id}-{event.sequence}" if can_undo(event, event.at) else ""
    messages.success(request, f"{visit}: {event.get_verb_display()}{where}", extra_tags=undo)


def _board(request: StaffRequest, version: int) -> str:
    context = {"clinic": request.clinic, "board": presenters.desk_board(request.clinic), "version": version}
    return render_to_string("desk/_board.html", context, request=request)
