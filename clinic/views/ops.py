"""For the engineer on call: one sentence of truth, the vendor switch, the job queues. And what machines ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import Error as AnyDatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from clinic import access, health, presenters
from realtime import obedience, switch
from realtime.models import Desired, Switch, SwitchEvent

SETTLE_SECONDS = 0.5


def ops_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lets those in who may flip the switch; 404 for others."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        if not access.is_ops(request.user):
            raise Http404
        return view(request)

    return wrapped


@require_GET
@never_cache
@ops_only
def ops(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    clinics = access.engine_clinics(request.user)
    context = {
        "health": health.look(),
        "history": SwitchEvent.objects.all()[:20],
        "theirs": set(clinics.values_list("pk", flat=True)),
        "devices": presenters.device_rows(clinics),
    }
    return render(request, "ops/ops.html", context)


@require_POST
@ops_only
def flip(request: HttpRequest) -> HttpResponse:
    """Stops or starts all vendor connections."""
    desired = Desired.OFF if request.POST.get("action") == "stop" else Desired.AUTO
    length = switch.LENGTHS.get(request.POST.get("length", "4h"), switch.DEFAULT_LENGTH)
    seen = request.POST.get("seen", "")
    try:
        row = switch.flip(
            desired,
            by=request.user.get_username(),
            user=request.user.pk,
            reason=request.POST.get("reason", ""),
            length=length,
            expected=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
        )
        # So that the page can say at once that all have obeyed.
        obedience.settle(row.version, SETTLE_SECONDS)
    except switch.SwitchRefused as no:
        messages.error(request, str(no))
    return redirect("ops:ops")


@require_GET
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process is alive."""
    return JsonResponse({"alive": True})


@require_GET
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers. Redis and the vendor may be away: we serve without them."""
    try:
        Switch.objects.exists()
    except AnyDatabaseError:
        return JsonResponse({"ready": False, "why": "the database does not answer"}, status=503)
    return JsonResponse({"ready": True})
