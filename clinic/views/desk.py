"""The front desk: who waits, who is called, who is in a room."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import boards, presenters, services
from clinic.access import StaffRequest, engine_clinics, is_ops, lead, manages, others, staff_only
from clinic.models import HelpRequest
from clinic.presenters import DeskBoard
from clinic.views.said import said, say_no


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def desk(request: StaffRequest) -> HttpResponse:
    """The whole page. `others`: further clinics of the same person; `q`, posted: part of a ticket or a name.

    Posted, since an address is kept in many places where no name belongs.
    """
    version, board = boards.current_version(request.clinic), presenters.desk_board(request.clinic)
    context = {
        **boards.page(request.clinic, version),
        "board": _html(request, board, version, request.POST.get("q", "")),
        "alarms": board.alarms,
        "said": said(request),
        "is_ops": is_ops(request.user),
        "minds_engine": engine_clinics(request.user).exists(),
        "others": others(request),
        "manages": manages(request.membership),
    }
    return render(request, "desk/desk.html", context)


@require_GET
@staff_only
def board(request: StaffRequest) -> HttpResponse:
    """The fragment; its forms carry this person's own token, so it is kept for nobody else."""
    version = boards.current_version(request.clinic)
    return boards.answer(
        request,
        version,
        f"desk-{request.user.pk}-{get_language()}",
        lambda: _html(request, presenters.desk_board(request.clinic), version),
    )


@require_GET
@staff_only
def alarms(request: StaffRequest) -> HttpResponse:
    """The calls for help alone, for the strip above the desk's other pages."""
    version = boards.current_version(request.clinic)
    return boards.answer(
        request, version, f"alarms-{request.user.pk}-{get_language()}", lambda: _alarms_html(request)
    )


@require_POST
@staff_only
def take_help(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody goes to the patient who asked for help."""
    try:
        taken = services.take_help_request(request.clinic, pk, request.user)
    except HelpRequest.DoesNotExist:
        raise Http404 from None
    if taken.taken_by and taken.taken_by != request.user:
        say_no(request, _("%(who)s is there already.") % {"who": services.short_name(taken.taken_by)})
    return lead(request, "desk:desk")


def _alarms_html(request: StaffRequest) -> str:
    context = {"alarms": presenters.help_alarms(request.clinic)}
    return render_to_string("desk/_alarms.html", context, request=request)


def _html(request: StaffRequest, board: DeskBoard, version: int, words: str = "") -> str:
    found = board.found(words)
    context = {"clinic": request.clinic, "board": board, "version": version, "words": words, "found": found}
    return render_to_string("desk/_board.html", context, request=request)
