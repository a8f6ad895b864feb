"""Requests that the handler sends a second time, since the database hangs: answered without asking it anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from clinic.views import machines
from clinic.views.away import database_away


class WithoutDatabase:
    """Before all that knows who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if not getattr(request, "without_database", False):
            return self.get_response(request)
        if request.path == "/metrics":
            return machines.metrics(request, with_database=False)
        return database_away(request)
