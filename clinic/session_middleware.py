"""A log-in of staff, at each of their pages: is it whole, and does this page keep it alive?"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from clinic import access, half_log_in
from clinic.services import second_step
from clinic.views.away import AWAY, database_away

# Pages that ask for no log-in, and those that machines ask for: they work without the table of log-ins.
NOT_STAFF = {"kiosk", "monitor", "phone", "pair", "demo"}
NOT_PAGES = {"healthz", "readyz", "serves", "metrics", "shell"}
# What a page asks for by itself. So do all GETs that a script makes, and the live parts of pages (X-Part).
LIVE = {"desk:board", "desk:alarms", "ops:board", "ops:status", "devices:report", "vendor_stream", "log_in_time"}
ENDED = "ended"
# In the address of a page that loads itself again, where scripts are off.
ITSELF = "itself"


class StaffLogIn:
    """After Django's own middleware for users."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        had_cookie = bool(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        response = self.get_response(request)
        if had_cookie and request.session.is_empty():
            self._say_why(request, response)
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Without the database nobody is known; the page of whom that concerns says so in its own words."""
        try:
            self._look_at(request)
        except AWAY:
            if request.resolver_match.namespace != "ops":
                raise
            return database_away(request)
        return None

    def _look_at(self, request: Any) -> None:
        match = request.resolver_match
        if match.namespace in NOT_STAFF or match.view_name in NOT_PAGES or request.user.is_anonymous:
            return
        if second_step.is_missing(request.user, request.session, lambda: access.roles_here(request)):
            # Their role may be new. The password was right: only the rest is asked for.
            half_log_in.begin(request, request.user)
            request.user = AnonymousUser()
        elif not is_live(request) and ITSELF not in request.GET:
            request.session.act(for_sure=request.method == "POST")

    def _say_why(self, request: HttpRequest, response: HttpResponse) -> None:
        """The log-in of this cookie has ended: the next page that somebody reads says so."""
        if is_live(request) or response.status_code == HTTPStatus.UNAUTHORIZED:
            # Not told to the browser by this answer: the page itself is about to ask, and then it is.
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        elif response.get("Location", "").startswith(f"{settings.LOGIN_URL}?next="):
            response["Location"] += f"&{ENDED}=1"


def is_live(request: HttpRequest) -> bool:
    """Whether a page asked this by itself, without anybody's hand."""
    match = request.resolver_match
    if match is not None and match.view_name in LIVE:
        return True
    by_script = request.headers.get("Sec-Fetch-Dest") == "empty" or "X-Part" in request.headers
    return by_script and request.method in ("GET", "HEAD")
