"""One message of a destination, and a range of them: look, send again, skip, and see the patient's data."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from clinic.models import Delivery, Destination
from clinic.presenters import engine_message, engine_rows
from clinic.presenters.ops_failures import NO_CAUSE, cause_words
from clinic.services import Actor, Refused, deliveries
from clinic.services.deliveries import Range
from clinic.views.engine import EngineRequest, engine_staff, find_destination, page


@require_http_methods(["GET", "POST"])
@engine_staff
def message(request: EngineRequest, pk: int, key: str) -> HttpResponse:
    """One message, masked. A POST acts on it by `verb`: resend, skip, or reveal, which shows it in this answer."""
    row = _find(request, pk, key)
    if request.method == "GET":
        return _page(request, row)
    try:
        if request.POST.get("verb") == "reveal":
            deliveries.reveal(row, by=Actor(user=request.user), reason=request.POST.get("reason", ""))
            return _page(request, row, reveal=True)
        _act(request, row)
    except Refused as no:
        messages.error(request, str(no))
        return _page(request, _find(request, pk, key), typed=request.POST)
    return redirect("ops:message", pk, key)


@require_http_methods(["GET", "POST"])
@engine_staff
def resend(request: EngineRequest, pk: int) -> HttpResponse:
    """A range: GET says how many it holds, POST sends them again."""
    destination = find_destination(request, pk)
    said = request.POST if request.method == "POST" else request.GET
    which = _range(said)
    if request.method == "POST" and which is not None and _resend(request, destination, which):
        return redirect("ops:destination", destination.pk)
    found = deliveries.preview(destination, which) if which else None
    context = {
        "row": destination,
        "found": found,
        "said": said,
        "cause": cause_words(which.failure) if which and which.failure is not None else "",
        "is_wrong": which is None,
        "typed": request.POST,
    }
    return page(request, "ops/engine/resend.html", context, status=422 if request.method == "POST" else 200)


def _page(
    request: HttpRequest, row: Delivery, *, reveal: bool = False, typed: QueryDict | None = None
) -> HttpResponse:
    """`typed`: a form of the page that was refused."""
    context = {
        "facts": engine_rows.facts(row),
        "parts": engine_message.parts(row, reveal=reveal),
        "is_revealed": reveal,
        "history": engine_rows.history(row.destination, row),
        "typed": typed,
    }
    return page(request, "ops/engine/message.html", context, status=422 if typed else 200)


def _find(request: EngineRequest, pk: int, key: str) -> Delivery:
    rows = Delivery.objects.select_related("destination__clinic", "event", "visit")
    return get_object_or_404(rows, destination=pk, key=key, destination__clinic__in=request.clinics)


def _act(request: EngineRequest, row: Delivery) -> None:
    """The row as the person saw it: `seen` is its fence, `state` its state."""
    by, reason = Actor(user=request.user), request.POST.get("reason", "")
    written = request.POST.get("seen", "")
    seen = int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else -1
    row.state = request.POST.get("state", "")
    if request.POST.get("verb") == "resend":
        count = deliveries.resend(row, by=by, reason=reason, seen=seen)
        behind = f", and {count - 1} of its visit behind it" if count > 1 else ""
        messages.success(request, f"It is sent again at its turn{behind}.")
    elif request.POST.get("verb") == "skip":
        deliveries.skip(row, by=by, reason=reason, seen=seen)
        messages.success(request, "Skipped: it is not sent. Later messages of its visit go on.")
    else:
        raise Http404


def _resend(request: EngineRequest, destination: Destination, which: Range) -> bool:
    """Whether it was done. Says what became of it."""
    by, reason = Actor(user=request.user), request.POST.get("reason", "")
    written = request.POST.get("latest", "")
    latest = int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else 0
    try:
        count = deliveries.resend_range(destination, which, by=by, reason=reason, latest=latest)
    except Refused as no:
        messages.error(request, str(no))
        return False
    messages.success(request, f"Sent again, in order: {count}.")
    return True


def _range(said: QueryDict) -> Range | None:
    """None when a time in it is none."""
    try:
        since, until = _time(said.get("since", "")), _time(said.get("until", ""))
    except ValueError:
        return None
    cause = said.get("cause", "")
    failure = None if not cause else "" if cause == NO_CAUSE else cause
    return Range(since, until, delivered=bool(said.get("delivered")), failure=failure)


def _time(written: str) -> datetime | None:
    """As a browser writes a date and a time, in UTC. Raises ValueError, also for one with an offset of its own."""
    if not written:
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not None:
        raise ValueError("a time with an offset")
    return moment.replace(tzinfo=UTC)
