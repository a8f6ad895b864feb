"""A clerk checks a patient in: the kiosk's own questions on one page."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic import parties, services
from clinic.access import StaffRequest, lead, staff_only
from clinic.forms import DeskCheckInForm
from clinic.services import Actor, Refused, looks
from clinic.states import Lane
from clinic.views.said import say_beside


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def check_in(request: StaffRequest) -> HttpResponse:
    """The kiosk's own service. `with`: the patient whom this one came with."""
    if request.method == "POST":
        form = DeskCheckInForm(request.clinic, request.POST)
        if form.is_valid() and _checked_in(request, form):
            return lead(request, "desk:desk")
    else:
        form = DeskCheckInForm(request.clinic, initial=_new_patient(request))
    return render(request, "desk/check_in.html", {"form": form}, status=422 if form.errors else 200)


def _new_patient(request: StaffRequest) -> dict[str, Any]:
    """What the empty form begins with; of one who came with somebody, what families share."""
    initial: dict[str, Any] = {"key": uuid.uuid4()}
    known = _uuid(request.GET.get("with", ""))
    beside = request.clinic.visits.on_site().filter(public_id=known).first() if known else None
    if beside is None:
        return initial
    looks.note(beside, by=Actor(user=request.user), at="check-in")
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
    say_beside(request, words, visit)
    return True


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None
