"""What the engineer on call gets while the database does not answer: one sentence, from memory."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from clinic import context
from clinic.build import build_id
from clinic.health.away import absence

# What a database raises that cannot be reached. All else is a fault of ours, and must not hide behind it.
AWAY = (OperationalError, InterfaceError)


def database_away(request: HttpRequest) -> HttpResponse:
    """No query is made for it, and nobody is asked who they are: it says nothing that is not for all to hear."""
    truth = absence.noticed()
    if request.path.endswith(".json"):
        plain = {"sentence": truth.sentence, "alarm": True, "runbook": truth.runbook, "lever": truth.lever.words}
        return JsonResponse(plain, status=503)
    is_part = request.path.endswith("/board/") or "X-Part" in request.headers
    said = {**context.page(request), "truth": truth, "is_engine": request.path.startswith("/ops/engine/")}
    text = render_to_string("ops/_away.html" if is_part else "ops/away.html", said)
    answer = HttpResponse(text, status=503)
    add_never_cache_headers(answer)
    # Ours, and not that of a proxy.
    answer["X-Build"] = build_id()
    return answer
