"""Which device is this? The guard of every kiosk and monitor page, and what a device reports of itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clinic import access, demo, presenters
from clinic.device_report import ReportForm
from clinic.models import Device
from clinic.services import devices

P = ParamSpec("P")
COOKIE_LIFE = 400 * 24 * 3600
SCREENS: dict[str, str] = {Device.Kind.KIOSK: "kiosk:start", Device.Kind.MONITOR: "monitor:screen"}


class DeviceRequest(HttpRequest):
    """A request of a paired device."""

    device: Device


def paired(
    kind: str, *, is_page: bool = True
) -> Callable[
    [Callable[Concatenate[DeviceRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Lets a paired device of this kind in, and sets `request.device`; shows others a code to be paired by.

    Each page gives its cookie anew: a device that is in use stays paired for good.
    """

    def decorate(view: Callable[Concatenate[DeviceRequest, P], HttpResponse]) -> Any:
        @never_cache
        @wraps(view)
        def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            device, cookie = access.device_of(kind, request.COOKIES), access.cookie_name(kind)
            if device is None and settings.DEMO:
                device, request.COOKIES[cookie] = demo.device(kind), demo.token(kind)
            if device is None:
                return redirect("pair:ask", kind)
            if kind == Device.Kind.KIOSK:
                devices.seen(device)
            request.device = device
            response = view(request, *args, **kwargs)
            if is_page:
                set_cookie(response, cookie, request.COOKIES[cookie], COOKIE_LIFE)
            return response

        return wrapped

    return decorate


def set_cookie(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    """One that no script reads and no other site makes a browser send."""
    response.set_cookie(name, value, seconds, httponly=True, secure=settings.HTTPS, samesite="Strict")


@csrf_exempt
@require_POST
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """What heartbeat.js says. Its page may have no form, so the page's origin stands for the form's token.

    A kiosk hears what its first page would be made of now; other screens hear that by their boards.
    """
    device = access.device_of(request.POST.get("kind", ""), request.COOKIES)
    form = ReportForm(request.POST)
    if request.headers.get("Origin") != settings.PUBLIC_URL or (device and not form.is_valid()):
        return JsonResponse({"error": "not what a page of ours says"}, status=400)
    if device is None:
        return JsonResponse({"error": "not a device, or no more"}, status=403)
    devices.report(device, form.said())
    if device.kind == Device.Kind.KIOSK:
        return JsonResponse({"edition": presenters.edition(device)})
    return HttpResponse(status=204)
