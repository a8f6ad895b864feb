"""What the engineer on call gets while the database does not answer: one sentence, from memory."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from clinic import context
from clinic.build import build_id
from clinic.health.away import absence

# What a database raises that cannot be reached. All else is a fault of ours, and must not hide behind it.
AWAY = (OperationalError, InterfaceError)


def database_away(request: HttpRequest) -> HttpResponse:
    """No query is made for it, and nobody is asked who they are: it says nothing that is not for all to hear."""
    truth = absence.noticed()
    if request.path.endswith(".json"):
        said = {"sentence": truth.sentence, "alarm": True, "runbook": truth.runbook}
        return JsonResponse(said, status=503)
    name = "ops/_away.html" if request.path.endswith("/board/") else "ops/away.html"
    answer = HttpResponse(render_to_string(name, {**context.page(request), "truth": truth}), status=503)
    # Ours, and not that of a proxy.
    answer["X-Build"] = build_id()
    return answer
