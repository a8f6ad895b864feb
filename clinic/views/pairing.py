"""Pairing: the page with a code that a browser shows, and the page at the desk where the code is entered."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clinic import access, limits, misses
from clinic.access import StaffRequest, lead, staff_only
from clinic.device_forms import CodeForm
from clinic.models import Device
from clinic.networks import network
from clinic.services import Refused, devices, pairings
from clinic.views import errors
from clinic.views.devices import COOKIE_LIFE, SCREENS, set_cookie

# Longer than the code: one that is entered in its last seconds is taken up after them.
SECRET_LIFE = 2 * pairings.CODE_LIFE


@require_GET
@never_cache
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """The page of a browser that is no device yet: a code, and a new one when that has lapsed."""
    secret = request.COOKIES.get(access.pairing_cookie(_kind(kind)), "")
    if misses.refuses(request, is_proven=pairings.is_proven(secret)):
        return _refused(request, kind, pairings.too_many())
    if access.device_of(kind, request.COOKIES):
        return redirect(SCREENS[kind])
    if secret and (device := devices.taken(kind, secret)):
        return _become(device, secret)
    asks, new = pairings.standing(kind, secret), ""
    try:
        if asks is None:
            asks, new = pairings.offer(kind, network(request))
    except Refused as no:
        misses.count(request)
        return _refused(request, kind, no)
    where = f"{settings.PUBLIC_URL}{reverse('desk:pair_device')}"
    code = pairings.grouped(asks.code)
    context = {"kind": kind, "code": code, "where": where.partition("://")[2], "qr": _qr(where)}
    response = render(request, "devices/code.html", context)
    if new:
        set_cookie(response, access.pairing_cookie(kind), new, int(SECRET_LIFE.total_seconds()))
    return response


@require_GET
@never_cache
def wait(request: HttpRequest, kind: str) -> HttpResponse:
    """Whether the browser's code still waits to be entered: if not, its page has to load again."""
    secret = request.COOKIES.get(access.pairing_cookie(_kind(kind)), "")
    is_ours = pairings.is_proven(secret)
    if misses.refuses(request, is_proven=is_ours):
        return errors.too_many(request)
    waits = pairings.standing(kind, secret) is not None
    if not waits and not is_ours:
        misses.count(request)
    return JsonResponse({"waits": waits})


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def enter(request: StaffRequest) -> HttpResponse:
    """Somebody at the desk writes the code that they see on the device."""
    form = CodeForm(request.clinic, request.POST if request.method == "POST" else None)
    device = _entered(request, form) if request.method == "POST" and form.is_valid() else None
    if device is None:
        return render(request, "devices/enter.html", {"form": form}, status=422 if form.errors else 200)
    messages.success(request, _("%(device)s is paired.") % {"device": device})
    return lead(request, "desk:device", device.pk)


def _entered(request: StaffRequest, form: CodeForm) -> Device | None:
    said: dict[str, Any] = form.cleaned_data
    which = {"replaces": said["device"], "name": said["name"]}
    try:
        return pairings.enter(request.clinic, said["code"], request.user, **which)
    except Refused as no:
        form.add_error(None, str(no))
        return None


def _refused(request: HttpRequest, kind: str, why: Refused) -> HttpResponse:
    """The same page without a code: nobody is at such a screen, so it tries again by itself."""
    response = render(request, "devices/code.html", {"kind": kind, "refused": str(why)}, status=429)
    response["Retry-After"] = str(limits.MISS.seconds)
    return response


def _kind(name: str) -> str:
    if name not in SCREENS:
        raise Http404
    return name


def _become(device: Device, secret: str) -> HttpResponse:
    """The secret is the token from now on. A kiosk that nobody has measured yet asks for that first."""
    is_new = device.kind == Device.Kind.KIOSK and device.px_per_mm is None
    response = redirect("devices:set_up", device.kind) if is_new else redirect(SCREENS[device.kind])
    set_cookie(response, access.cookie_name(device.kind), secret, COOKIE_LIFE)
    response.delete_cookie(access.pairing_cookie(device.kind), samesite="Strict")
    return response


def _qr(text: str) -> str:
    """As an SVG without any inline style."""
    made = segno.make_qr(text, error="m")
    return str(made.svg_inline(omitsize=True, border=4, svgclass="qr", lineclass=None, dark="#000", light="#fff"))
