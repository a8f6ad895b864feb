"""The wait-room screen and its board."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from clinic import boards, presenters
from clinic.build import build_id
from clinic.models import Clinic
from clinic.views.devices import DeviceRequest, paired

KEPT_SECONDS = 3600


@require_GET
@paired("monitor")
def screen(request: DeviceRequest) -> HttpResponse:
    """The whole page, right after a plain reload."""
    clinic = request.device.clinic
    version = boards.current_version(clinic)
    context = {**boards.page(clinic, version), "board": _board(clinic, version)}
    return render(request, "monitor/screen.html", context)


@require_GET
@paired("monitor")
def board(request: DeviceRequest) -> HttpResponse:
    """The fragment that the page fetches when it hears of a newer version."""
    clinic = request.device.clinic
    version = boards.current_version(clinic)
    return boards.answer(request, version, "monitor", lambda: _board(clinic, version))


def _board(clinic: Clinic, version: int) -> str:
    """Rendered once a version, however many screens ask."""
    key = f"monitor:{clinic.topic_id}:{version}:{build_id()}"
    html: str | None = cache.get(key)
    if html is None:
        html = render_to_string("monitor/_board.html", {"board": presenters.monitor_board(clinic)})
        cache.set(key, html, KEPT_SECONDS)
    return html
