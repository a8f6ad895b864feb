"""What a page of staff asks of its own log-in, so that nobody is logged out without a word."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from clinic import log_in_end


@require_GET
@never_cache
def look(request: HttpRequest) -> JsonResponse:
    """When it ends; 401 once it has. To ask keeps no log-in alive."""
    return _told(request)


@require_POST
@never_cache
def stay(request: HttpRequest) -> JsonResponse:
    """Somebody pressed the button: an act like any other. The middleware has written it down."""
    return _told(request)


def _told(request: HttpRequest) -> JsonResponse:
    if not request.user.is_authenticated:
        return JsonResponse({}, status=HTTPStatus.UNAUTHORIZED)
    # A log-in in another tab makes the one that this page has stale.
    return JsonResponse({**log_in_end.told(request), "token": get_token(request)})
