"""The demo's welcome page: every screen side by side, and buttons that break what they need. In demo mode only."""

from __future__ import annotations

import httpx
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from clinic.demo import PASSWORD, USERS
from clinic.services import sessions
from realtime import switch
from realtime.models import Desired

FAULTS = {
    "ok": "Healthy again",
    "refuse": "Refuses connections",
    "silent": "Accepts, never answers",
    "drip": "Answers one byte at a time",
    "tls_silent": "Hangs in the TLS handshake",
    "slow_503": "Fails after 3 seconds",
    "slow_200": "Answers after 3 seconds",
    "rate_limited": "Says: too many requests",
    "html_200": "Answers with a web page",
    "partial": "Takes every second notice",
    "cut_stream": "Cuts browsers off",
    "deaf": "Says yes, delivers nothing",
}
RECORD_FAULTS = {
    "ok": "Healthy again",
    "silent": "Take messages, never answer",
    "error": "Answer with an error",
    "reject": "Refuse messages for good",
}
ROLES = {"desk": "/desk/", "manager": "/admin/", "ops": "/ops/", "admin": "/admin/"}


@require_GET
@never_cache
def welcome(request: HttpRequest) -> HttpResponse:
    context = {
        "faults": FAULTS.items(),
        "fault": _fault_now(settings.DEMO_CONTROL),
        "record_faults": RECORD_FAULTS.items(),
        "record_fault": _fault_now(settings.DEMO_EMR_CONTROL),
        "switch": switch.read(),
        "users": USERS,
        "password": PASSWORD,
    }
    return render(request, "demo/welcome.html", context)


@require_POST
def fault(request: HttpRequest) -> HttpResponse:
    """Breaks the vendor stand-in, or mends it."""
    mode = request.POST.get("mode", "")
    if mode not in FAULTS:
        raise Http404
    return _break(request, settings.DEMO_CONTROL, mode, "The vendor stand-in does not answer.")


@require_POST
def break_records(request: HttpRequest) -> HttpResponse:
    """Breaks the record systems, or mends them."""
    mode = request.POST.get("records", "")
    if mode not in RECORD_FAULTS:
        raise Http404
    return _break(request, settings.DEMO_EMR_CONTROL, mode, "The stand-in for record systems does not answer.")


@require_POST
def flip(request: HttpRequest) -> HttpResponse:
    """The operator's switch, as anybody who tries the demo may flip it."""
    desired = Desired.OFF if request.POST.get("action") == "stop" else Desired.AUTO
    switch.flip(desired, by="a visitor of the demo", reason="tried it on the welcome page")
    return redirect("demo:welcome")


@require_POST
def log_in(request: HttpRequest, role: str) -> HttpResponse:
    """Logs this browser in as one of the demo's people, without typing."""
    user = User.objects.filter(username=USERS.get(role, "")).first()
    if user is None:
        raise Http404
    sessions.log_in(request, user)
    return redirect(ROLES[role])


def _break(request: HttpRequest, control: str, mode: str, sorry: str) -> HttpResponse:
    try:
        httpx.post(f"{control}/__fault", json={"mode": mode}, timeout=2, trust_env=False)
    except httpx.HTTPError:
        messages.error(request, f"{sorry} It is started again by itself; try once more.")
    return redirect("demo:welcome")


def _fault_now(control: str) -> str:
    try:
        mode = httpx.get(f"{control}/__fault", timeout=1, trust_env=False).json()["mode"]
    except (httpx.HTTPError, ValueError, KeyError):
        return ""
    return str(mode)
