"""What monitoring systems, proxies and pages that lost us ask. Figures are not for the world."""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from clinic import readiness
from clinic.metrics import CONTENT_TYPE
from clinic.metrics import text as metrics_text

# A proxy on this machine asks for others, from loopback; it says so in one of these.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED")


@require_GET
@never_cache
def metrics(request: HttpRequest, *, with_database: bool = True) -> HttpResponse:
    """Prometheus's text form. 404 to whoever is neither on this machine nor has the token."""
    if not (_has_token(request) or _is_from_here(request)):
        raise Http404
    return HttpResponse(metrics_text(with_database=with_database), content_type=CONTENT_TYPE)


@require_GET
@never_cache
def readyz(request: HttpRequest, found: readiness.Readiness | None = None) -> HttpResponse:
    """200 where this process can serve, else 503 and why. `found`: by whoever asked for us."""
    found = found or readiness.look()
    return JsonResponse(found.said, status=found.status)


@require_GET
@never_cache
def serves(request: HttpRequest, found: readiness.Readiness | None = None) -> HttpResponse:
    """What a page asks that nobody is at: 204 where the next page would come, else 503. Redis is not asked."""
    found = found or readiness.database()
    return HttpResponse(status=HTTPStatus.NO_CONTENT if found.ready else HTTPStatus.SERVICE_UNAVAILABLE)


def _has_token(request: HttpRequest) -> bool:
    said = request.headers.get("authorization", "")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(said, f"Bearer {settings.METRICS_TOKEN}")


def _is_from_here(request: HttpRequest) -> bool:
    if any(name in request.META for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
