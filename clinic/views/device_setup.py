"""How a device is set up: by staff from the list, or on the device itself by whoever has just paired it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic import access, clock, presenters
from clinic.access import StaffRequest, lead, manages, staff_only
from clinic.device_forms import FORMS, SetUpForm
from clinic.models import Device
from clinic.panels import PANELS
from clinic.services import Actor, Refused, devices, sessions
from clinic.views.devices import SCREENS

# So long whoever paired a device may set it up there without logging in; and so long, and no longer, a log-in for
# it lasts there when nothing more is sent.
OPEN_FOR = timedelta(minutes=10)


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def at_desk(request: StaffRequest, pk: int) -> HttpResponse:
    """One device of the clinic, from the list."""
    device = Device.objects.select_related("clinic__topic").filter(clinic=request.clinic, pk=pk).first()
    if device is None:
        raise Http404
    form = FORMS[device.kind](device, request.POST if request.method == "POST" else None)
    if _is_saved(form, Actor(user=request.user)):
        messages.success(request, _("Saved. %(device)s follows by itself.") % {"device": device})
        return lead(request, "desk:device", pk)
    more = {
        "manages": manages(request.membership),
        "there": reverse("devices:set_up", args=[device.kind]),
    }
    return _page(request, form, more)


@require_http_methods(["GET", "POST"])
@never_cache
def on_device(request: HttpRequest, kind: str) -> HttpResponse:
    """The device that this browser is. Who logs in for it is logged out in any case: patients come next."""
    device = access.device_of(kind, request.COOKIES) if kind in SCREENS else None
    if device is None:
        raise Http404
    if not _may_set_up(request, device):
        sessions.log_out(request)
        return redirect_to_login(request.path)
    form = FORMS[kind](device, request.POST if request.method == "POST" else None, names=False)
    if "leave" in request.POST or _is_saved(form, _actor(request, device)):
        sessions.log_out(request)
        return redirect(SCREENS[kind])
    if request.user.is_authenticated:
        request.session.set_expiry(int(OPEN_FOR.total_seconds()))
    return _page(request, form, {"is_here": True, "screen": reverse(SCREENS[kind])})


def _actor(request: HttpRequest, device: Device) -> Actor:
    """Who logged in there; while it is open to whoever paired it, the device itself."""
    return Actor(user=request.user) if isinstance(request.user, User) else Actor(device=device)


def _may_set_up(request: HttpRequest, device: Device) -> bool:
    if device.paired_at and clock.now() - device.paired_at < OPEN_FOR:
        return True
    member = access.membership_of(request.user, device.clinic.slug)
    return member is not None and access.works_at_desk(member)


def _is_saved(form: SetUpForm, by: Actor) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    try:
        devices.set_up(form.device, form.wanted(), by=by)
    except Refused as no:
        form.add_error("name" if "name" in form.fields else None, str(no))
        return False
    return True


def _page(request: HttpRequest, form: SetUpForm, more: dict[str, Any]) -> HttpResponse:
    context = {"form": form, "device": form.device, "panels": PANELS, "type": presenters.screen_type(form.device)}
    return render(request, "devices/set_up.html", {**context, **more}, status=422 if form.errors else 200)
