"""The kiosk's pages that ask nothing: the ticket, why there is none, help on its way; and the wipe."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from clinic import phone_links, presenters, qr, services
from clinic.models import Visit
from clinic.services.persons import own_key
from clinic.views.kiosk import KioskRequest, at_kiosk, name_of, page, people
from clinic.views.kiosk_steps import next_open


@require_GET
@at_kiosk
def ticket(request: KioskRequest) -> HttpResponse:
    """The tickets in huge type, until "Done" or 20 seconds."""
    clinic, known = request.device.clinic, request.kiosk.visit_ids
    visits = list(Visit.objects.of(clinic).filter(public_id__in=known).select_related("room").order_by("pk"))
    if not visits:
        return redirect("kiosk:start")
    said = {public_id: name_of(one) for public_id, one in zip(known, request.kiosk.people(), strict=False)}
    made = made_of(request, visits)
    link = phone_links.link(made[0]) if made else ""
    context = {"party": presenters.party_tickets(visits, said, made), "qr": qr.svg(link) if link else ""}
    return page(request, "kiosk/ticket.html", context)


def made_of(request: KioskRequest, visits: Iterable[Visit]) -> list[Visit]:
    """Those that this check-in has made: the link of one who was here already is not for all who know the name."""
    keys = {own_key(request.kiosk.key, person) for person in people(request)}
    return [visit for visit in visits if visit.idempotency_key in keys]


@require_GET
@at_kiosk
def refused(request: KioskRequest) -> HttpResponse:
    """Why nobody was checked in."""
    kiosk = request.kiosk
    if kiosk.visit_ids or not kiosk.refusal:
        return redirect("kiosk:ticket" if kiosk.visit_ids else next_open(kiosk))
    return page(request, "kiosk/refused.html", {"why": gettext(kiosk.refusal)})


@require_http_methods(["GET", "POST"])
@at_kiosk
def wipe(request: KioskRequest) -> HttpResponse:
    """Forgets everything. A GET, from a browser's history, leads to the start, which does the same."""
    request.kiosk.wipe()
    return redirect("kiosk:start")


@require_http_methods(["GET", "POST"])
@at_kiosk
def need_help(request: KioskRequest) -> HttpResponse:
    """The alarm at the desk. A GET, from a browser's history, raises none."""
    if request.method == "GET":
        return redirect("kiosk:start")
    services.ask_for_help(request.device.clinic, request.device)
    if not request.kiosk.visit_ids:
        request.kiosk.raise_flag()
    return redirect("kiosk:help_coming")


@require_GET
@at_kiosk
def help_coming(request: KioskRequest) -> HttpResponse:
    return page(request, "kiosk/help.html", {})
