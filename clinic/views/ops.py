"""For the engineer on call: one sentence of truth, the vendor switch, the evidence. And what machines ask."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from clinic import access, boards, health
from clinic.build import build_id
from clinic.health.away import absence
from clinic.middleware import NUL
from clinic.models import Clinic
from clinic.presenters import ops as presenter
from clinic.presenters import ops_status
from clinic.services import Actor, Refused, failed_jobs
from clinic.views import errors
from clinic.views.away import AWAY, database_away
from realtime import obedience, switch
from realtime.failures import Cause, Interrupted
from realtime.models import Desired

SETTLE_SECONDS = 0.5


class OpsRequest(HttpRequest):
    """A request of somebody who may flip the switch. `clinics`: those whose messages they look after."""

    user: User
    clinics: QuerySet[Clinic]


def ops_only(view: Callable[[OpsRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lets those in who may flip the switch; 404 for others.

    Who that is, the database knows: while it does not answer, everybody is told that, and nothing else.
    """

    @login_required
    def inner(request: Any) -> HttpResponse:
        if not access.is_ops(request.user):
            raise Http404
        if any(NUL in value for _name, values in request.POST.lists() for value in values):
            return errors.bad_request(request)
        request.clinics = access.engine_clinics(request.user)
        return view(request)

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        try:
            answer = inner(request)
        except AWAY:
            return database_away(request)
        absence.over()
        return answer

    return wrapped


@require_GET
@ops_only
def ops(request: OpsRequest) -> HttpResponse:
    """The whole page."""
    return _page(request)


@require_GET
@ops_only
def board(request: OpsRequest) -> HttpResponse:
    """What of the page changes, for its script; 304 while it has this very one."""
    shown = _board(request)
    etag = _etag(request, shown)
    if boards.is_known(request, etag):
        answer = HttpResponse(status=304)
    else:
        answer = render(request, "ops/_board.html", {"board": shown})
    answer["ETag"], answer["X-Build"] = etag, build_id()
    return answer


@require_GET
@ops_only
def status(request: OpsRequest) -> HttpResponse:
    """All of it as JSON, by the keys that `clinic.presenters.ops_status` tells."""
    found = health.look(request.clinics)
    return JsonResponse(ops_status.status(found, presenter.board(found, request.clinics)))


@require_POST
@ops_only
def flip(request: OpsRequest) -> HttpResponse:
    """Stops or starts all vendor connections, or holds a stop for longer.

    What is refused is shown again, as it was typed.
    """
    action = request.POST.get("action", "")
    desired = Desired.OFF if action in ("stop", "hold") else Desired.AUTO
    chosen, seen = request.POST.get("length", "4h"), request.POST.get("seen", "")
    reason = request.POST.get("reason", "")
    try:
        row = switch.flip(
            desired,
            by=request.user.get_username(),
            user=request.user.pk,
            reason=reason,
            length=switch.LENGTHS.get(chosen, switch.DEFAULT_LENGTH),
            expected=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
        )
        # So that the page can say at once that all have obeyed.
        obedience.settle(row.version, SETTLE_SECONDS)
    except switch.SwitchRefused as no:
        typed = {"reason": reason, "length": chosen, "refused": str(no), "action": action}
        return _page(request, status=422, typed=typed)
    return redirect("ops:ops")


@require_POST
@ops_only
def retry(request: OpsRequest) -> HttpResponse:
    """Puts the jobs that failed by one cause back in their queue."""
    cause = Cause(*(request.POST.get(name, "")[:100] for name in Cause._fields))
    try:
        done = failed_jobs.retry(cause, by=Actor(user=request.user))
        messages.success(request, f"{_run_again(done)}.")
    except Refused as no:
        messages.error(request, str(no))
    except Interrupted as halfway:
        messages.error(
            request,
            f"Redis stopped answering. {_run_again(halfway.done)}; "
            f"{halfway.left} not, as far as is known: retry them.",
        )
    except redis.RedisError:
        messages.error(request, "Redis does not answer. Nothing was put back.")
    return redirect("ops:ops")


def _run_again(count: int) -> str:
    return f"{count} {'job runs' if count == 1 else 'jobs run'} once more"


def _page(request: OpsRequest, status: int = 200, typed: dict[str, str] | None = None) -> HttpResponse:
    """`typed`: what was refused, which is shown in the form that there is for it now."""
    shown = _board(request)
    is_of_dialog = typed is not None and shown.lever.act in ("stop", typed["action"])
    forms = {"typed_dialog": typed if is_of_dialog else None, "typed_start": None if is_of_dialog else typed}
    context = {"board": shown, "etag": _etag(request, shown), "typed": typed, **forms}
    return render(request, "ops/ops.html", context, status=status)


def _board(request: OpsRequest) -> presenter.OpsBoard:
    return presenter.board(health.look(request.clinics), request.clinics)


def _etag(request: OpsRequest, shown: presenter.OpsBoard) -> str:
    text = f"{build_id()} {request.user.pk} {shown!r}"
    return quote_etag(hashlib.blake2b(text.encode(), digest_size=12).hexdigest())


@require_GET
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process is alive."""
    return JsonResponse({"alive": True})
