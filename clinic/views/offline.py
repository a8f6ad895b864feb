"""What a kiosk and a wait-room screen show while their server is away, and the worker that keeps it ready."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from clinic import languages


@require_GET
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It names its build: a browser takes up a new one when its text differs."""
    return render(request, "offline/worker.js", content_type="text/javascript; charset=utf-8")


@require_GET
@cache_control(no_cache=True)
def monitor(request: HttpRequest) -> HttpResponse:
    """The wait-room screen's shell. Open to all, since it says nothing of anybody."""
    return _shell(request, "monitor/offline.html", "monitor:screen")


@require_GET
@cache_control(no_cache=True)
def kiosk(request: HttpRequest) -> HttpResponse:
    """The kiosk's shell."""
    return _shell(request, "kiosk/offline.html", "kiosk:start")


def _shell(request: HttpRequest, template: str, home: str) -> HttpResponse:
    return render(request, template, {"codes": languages.usual(), "home": reverse(home)})
