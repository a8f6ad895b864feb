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
from clinic.presenters import Shown
from clinic.views.devices import DeviceRequest, paired

KEPT_SECONDS = 3600


@require_GET
@paired("monitor")
def screen(request: DeviceRequest) -> HttpResponse:
    """The whole page, right after a plain reload."""
    clinic, shown = request.device.clinic, presenters.shown_on(request.device)
    version = boards.current_version(clinic)
    context = {**boards.page(clinic, version), "board": _board(clinic, shown, version)}
    return render(request, "monitor/screen.html", context)


@require_GET
@paired("monitor", is_page=False)
def board(request: DeviceRequest) -> HttpResponse:
    """The fragment that the page fetches when it hears of a newer version."""
    clinic, shown = request.device.clinic, presenters.shown_on(request.device)
    version = boards.current_version(clinic)
    return boards.answer(request, version, shown.variant, lambda: _board(clinic, shown, version))


def _board(clinic: Clinic, shown: Shown, version: int) -> str:
    """Rendered once a version and variant, however many screens ask."""
    key = f"{clinic.topic_id}:{version}:{build_id()}:{shown.variant}"
    html: str | None = cache.get(key)
    if html is None:
        html = render_to_string("monitor/_board.html", {"board": presenters.monitor_board(clinic, shown)})
        cache.set(key, html, KEPT_SECONDS)
    return html
