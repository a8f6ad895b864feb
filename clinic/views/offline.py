"""What a kiosk and a wait-room screen show while their server is away, and the worker that keeps it ready."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from clinic import access, languages
from clinic.models import Device
from clinic.views.devices import SCREENS


@require_GET
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It names its build and the kiosk's languages: what differs is taken up anew."""
    context = {"codes": _spoken(request, Device.Kind.KIOSK)}
    return render(request, "offline/worker.js", context, content_type="text/javascript; charset=utf-8")


@require_GET
@cache_control(no_cache=True)
def monitor(request: HttpRequest) -> HttpResponse:
    """The wait-room screen's shell. Open to all, since it says nothing of anybody."""
    return _shell(request, "monitor/offline.html", Device.Kind.MONITOR)


@require_GET
@cache_control(no_cache=True)
def kiosk(request: HttpRequest) -> HttpResponse:
    """The kiosk's shell, in the languages that it offers."""
    return _shell(request, "kiosk/offline.html", Device.Kind.KIOSK)


def _shell(request: HttpRequest, template: str, kind: str) -> HttpResponse:
    return render(request, template, {"codes": _spoken(request, kind), "home": reverse(SCREENS[kind])})


def _spoken(request: HttpRequest, kind: str) -> list[str]:
    device = access.device_of(kind, request.COOKIES)
    return [code for code, _name in languages.offered(device)] if device else languages.usual()
