"""Which device is this? Pairing by a single-use link, and the guard of every kiosk and monitor page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic import access, demo
from clinic.models import Device
from clinic.services import devices

P = ParamSpec("P")
COOKIE_LIFE = 400 * 24 * 3600


class DeviceRequest(HttpRequest):
    """A request of a paired device."""

    device: Device


def paired(
    kind: str,
) -> Callable[
    [Callable[Concatenate[DeviceRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Lets a paired device of this kind in, and sets `request.device`; tells others how to pair."""

    def decorate(view: Callable[Concatenate[DeviceRequest, P], HttpResponse]) -> Any:
        @never_cache
        @wraps(view)
        def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            device, token = access.device_of(kind, request.COOKIES), ""
            if device is None and settings.DEMO:
                device, token = demo.device(kind), demo.token(kind)
                request.COOKIES[access.cookie_name(kind)] = token
            if device is None:
                return render(request, "devices/not_paired.html", {"kind": Device.Kind(kind)}, status=403)
            request.device = device
            response = view(request, *args, **kwargs)
            if token:
                set_cookie(response, kind, token)
            return response

        return wrapped

    return decorate


def set_cookie(response: HttpResponse, kind: str, token: str) -> None:
    response.set_cookie(
        access.cookie_name(kind), token, COOKIE_LIFE, httponly=True, secure=settings.HTTPS, samesite="Strict"
    )


@never_cache
@require_http_methods(["GET", "POST"])
def pair(request: HttpRequest, secret: str) -> HttpResponse:
    """The link that a manager opens on the device itself: good once, for ten minutes."""
    device = devices.to_pair(secret)
    if device is None:
        raise Http404
    if request.method == "GET":
        return render(request, "devices/pair.html", {"device": device})
    try:
        token = devices.pair(device)
    except Device.DoesNotExist:
        raise Http404 from None
    response = redirect("kiosk:start" if device.kind == Device.Kind.KIOSK else "monitor:screen")
    set_cookie(response, device.kind, token)
    return response
