"""The integration engine for the engineer on call and a clinic's IT: how destinations stand, and the levers.

A page is also its own live part: asked for with the header X-Part, it gives what changes, or 304.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import access, boards
from clinic.build import build_id
from clinic.middleware import NUL
from clinic.models import Clinic, Delivery, Destination
from clinic.presenters import engine, engine_rows
from clinic.services import Actor, Refused, destinations
from clinic.views import errors

P = ParamSpec("P")


class EngineRequest(HttpRequest):
    """A request of somebody who looks after the messages of `clinics`."""

    user: User
    clinics: QuerySet[Clinic]


def engine_staff(
    view: Callable[Concatenate[EngineRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Lets those in who look after a clinic's messages, or after the whole; 404 for others. Nothing is kept.

    No form of these pages sends a NUL, and PostgreSQL fails on it.
    """

    @never_cache
    @login_required
    @wraps(view)
    def wrapped(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if any(NUL in value for _name, values in request.POST.lists() for value in values):
            return errors.bad_request(request)
        request.clinics = access.engine_clinics(request.user)
        if not (access.is_ops(request.user) or request.clinics.exists()):
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


@require_GET
@engine_staff
def overview(request: EngineRequest) -> HttpResponse:
    """All destinations that the person may know of, the worst first."""
    words, number = request.GET.get("find", "")[:60], _number(request.GET.get("page", ""))
    board = engine.overview(request.clinics, words=words, page=number)
    return live(request, "overview", repr(board), {"board": board, "find": words})


@require_GET
@engine_staff
def destination(request: EngineRequest, pk: int) -> HttpResponse:
    """One destination: its state, its levers, a list of its messages, and what staff did."""
    return _whole(request, find_destination(request, pk))


def _whole(request: EngineRequest, row: Destination, **typed: str) -> HttpResponse:
    """The page of a destination. `typed`: into a form of it, which was refused."""
    standing, state = engine.standing(row), _state(request, row)
    of, after = _visit_of(request, row), request.GET.get("after", "")
    if of is not None:
        listed = engine_rows.rows_of_visit(row, of.visit, after=after)
    else:
        listed = engine_rows.rows(row, state, after=after)
    oldest = row.deliveries.filter(state=Delivery.State.PENDING).order_by("created_at", "pk").first()
    context = {
        "row": row,
        "one": standing,
        "list": listed,
        "state": "" if of else state,
        "states": [(value, label) for value, label in Delivery.State.choices],
        "of": of,
        "oldest": oldest,
        "give_up_at": oldest.give_up_at if oldest else None,
        "history": engine_rows.history(row),
        "may_set_up": access.may_set_up(request.user, row.clinic_id),
    }
    shown = (standing, listed, context["history"], oldest and (oldest.pk, oldest.fence, oldest.give_up_at))
    return live(request, "destination", repr(shown), {**context, **typed})


@require_POST
@engine_staff
def find(request: EngineRequest) -> HttpResponse:
    """Leads to a message by its control id, or to the messages of a visit by the visit's id. Never by a name.

    A visit that several destinations were told of: lists them.
    """
    asked = request.POST.get("id", "").strip()
    rows = Delivery.objects.filter(destination__clinic__in=request.clinics)
    if found := rows.filter(key=asked.upper()[:20]).first():
        return redirect("ops:message", found.destination_id, found.key)
    if (visit := _uuid(asked)) and (told := engine_rows.told_of(rows.filter(visit__public_id=visit))):
        if len(told) > 1:
            return page(request, "ops/engine/found.html", {"told": told})
        return redirect(f"{reverse('ops:destination', args=[told[0].destination_id])}?visit={told[0].key}")
    messages.error(request, "Nothing here has that id. A control id has 20 letters and digits; a visit's id 36.")
    return redirect("ops:engine")


@require_http_methods(["GET", "POST"])
@engine_staff
def pause(request: EngineRequest, pk: int) -> HttpResponse:
    """Pauses or resumes a destination, by `verb`. What is refused is shown again; its links lead back."""
    row, by, reason = find_destination(request, pk), Actor(user=request.user), request.POST.get("reason", "")
    if request.method == "GET":
        return redirect(f"{reverse('ops:destination', args=[pk])}?{request.GET.urlencode()}".rstrip("?"))
    try:
        if request.POST.get("verb") == "pause":
            destinations.pause(row, by=by, reason=reason)
        else:
            destinations.resume(row, by=by, reason=reason)
    except Refused as no:
        messages.error(request, str(no))
        answer = _whole(request, find_destination(request, pk), pause_why=reason)
        answer.status_code = 422
        return answer
    return redirect("ops:destination", row.pk)


def find_destination(request: EngineRequest, pk: int) -> Destination:
    """Raises Http404 also for one of a clinic that the person does not look after."""
    rows = Destination.objects.select_related("clinic").defer(*engine.BIG)
    return get_object_or_404(rows, pk=pk, clinic__in=request.clinics)


def live(request: HttpRequest, name: str, shown: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or its live part alone. `shown`: all that the part depends on; its hash is the part's ETag."""
    text = f"{build_id()} {request.user.pk} {request.get_full_path()} {shown}"
    etag = quote_etag(hashlib.blake2b(text.encode(), digest_size=12).hexdigest())
    is_part = "X-Part" in request.headers
    if is_part and boards.is_known(request, etag):
        response = HttpResponse(status=304)
    else:
        template = f"ops/engine/_{name}.html" if is_part else f"ops/engine/{name}.html"
        response = page(request, template, {**context, "etag": etag})
    response["ETag"] = etag
    response["X-Build"] = build_id()
    return response


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """With what the frame of all these pages needs."""
    return render(request, template, {**context, "is_ops": access.is_ops(request.user)}, status=status)


def _state(request: HttpRequest, row: Destination) -> str:
    """Which list: as asked for, else those given up when there are any, else those waiting."""
    asked = request.GET.get("state", "")
    if asked in Delivery.State.values:
        return asked
    has_dead = row.deliveries.filter(state=Delivery.State.DEAD).exists()
    return Delivery.State.DEAD if has_dead else Delivery.State.PENDING


def _visit_of(request: HttpRequest, row: Destination) -> Delivery | None:
    """A message of the visit whose messages are asked for: addresses name keys, never a visit."""
    key = request.GET.get("visit", "")
    return row.deliveries.select_related("visit").filter(key=key).first() if key else None


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 7 else 1


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None
