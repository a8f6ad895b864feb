"""The pages that say no: our own for every status, at a kiosk in the language that the patient chose."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from clinic import context, limits
from clinic.kiosk_session import KioskSession

PUBLIC = ("kiosk:start", "monitor:screen")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that cannot be read. Django's own page reads its form again, and fails where that failed.

    A session that could not be written, most often for want of the database, is no fault of who asked: the same
    may be asked again.
    """
    if isinstance(exception, SessionInterrupted):
        return _page(request, "500.html", 503)
    return _page(request, "400.html", 400)


def too_large(request: HttpRequest) -> HttpResponse:
    """More than any page of ours sends. Whatever still comes is not waited for."""
    page = _page(request, "400.html", 413)
    page["Connection"] = "close"
    return page


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "403.html", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, "403_csrf.html", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "404.html", 404)


def no_page(request: HttpRequest, **which: str) -> HttpResponse:
    """An address of Django's that leads nowhere here."""
    return not_found(request)


def not_allowed(request: HttpRequest) -> HttpResponse:
    """A method that an address does not know."""
    return _page(request, "405.html", 405)


def too_many(request: HttpRequest) -> HttpResponse:
    """Too much was asked for from there that there is not; a minute later this may be tried again."""
    page = _page(request, "500.html", 429)
    page["Retry-After"] = str(limits.MISS.seconds)
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, "500.html", 500)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    homes = [reverse(name) for name in PUBLIC]
    home = next((home for home in homes if request.path.startswith(home)), "/")
    with translation.override(_language(request, is_at_kiosk=home == homes[0])):
        return HttpResponse(render_to_string(template, {**context.page(request), "home": home}), status=status)


def _language(request: Any, *, is_at_kiosk: bool) -> str:
    """What the patient at a kiosk chose; when that cannot be read, and for everybody else, our own."""
    if not is_at_kiosk:
        return settings.LANGUAGE_CODE
    try:
        kiosk = getattr(request, "kiosk", None) or KioskSession(request)
        return str(kiosk.answers.get("language", settings.LANGUAGE_CODE))
    except DatabaseError:
        return settings.LANGUAGE_CODE
