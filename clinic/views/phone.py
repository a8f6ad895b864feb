"""The page on a patient's own phone. Who holds the link is let in; any other link is answered alike, kindly."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clinic import access, boards, languages, misses, phone_links, presenters
from clinic.digests import digest
from clinic.models import Visit
from clinic.presenters import PhoneBoard
from clinic.services import Refused, phones
from clinic.views import errors


class PhoneRequest(HttpRequest):
    """A request from the page of one visit."""

    visit: Visit
    token: str


def by_phone(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lets a living link in, in its visit's language and its clinic's time. No answer is kept anywhere.

    A link of ours that has ended is no miss: many phones of one clinic may still show theirs.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: Any, token: str) -> HttpResponse:
        is_ours = phone_links.is_proven(token)
        if misses.refuses(request, is_proven=is_ours):
            return _untraced(errors.too_many(request))
        visit = phones.visit_behind(token)
        if visit is None:
            return no_link(request) if is_ours else _miss(request)
        request.visit, request.token = visit, token
        with translation.override(visit.language), timezone.override(visit.clinic.zone):
            return _untraced(view(request))

    return wrapped


def _miss(request: HttpRequest) -> HttpResponse:
    misses.count(request)
    return no_link(request)


@never_cache
def no_link(request: HttpRequest, rest: str = "") -> HttpResponse:
    """What every link gets that has died, never was, or is none."""
    return _untraced(render(request, "phone/ended.html", {"spoken": languages.usual()}, status=404))


def _untraced(response: HttpResponse) -> HttpResponse:
    """The address is a secret: no search engine lists it, and no other site is told of it."""
    response["Referrer-Policy"], response["X-Robots-Tag"] = "no-referrer", "noindex, nofollow"
    return response


@require_GET
@by_phone
def page(request: PhoneRequest) -> HttpResponse:
    """The whole page. Its cookie lets the page hear the bell, for as long as the link lives."""
    version = boards.current_version(request.visit.clinic)
    board = presenters.phone_board(request.visit)
    context = {
        **boards.page(request.visit.clinic, version),
        "board": _html(request, board),
        "token": request.token,
    }
    response = render(request, "phone/page.html", {**context, "own": board.own})
    name = access.cookie_name(access.PHONE)
    response.set_cookie(name, request.token, httponly=True, secure=settings.HTTPS, samesite="Strict")
    return response


@require_GET
@by_phone
def board(request: PhoneRequest) -> HttpResponse:
    """The fragment. It changes with the queue and, where a wait or a wish runs out, with time alone."""
    version = boards.current_version(request.visit.clinic)
    board = presenters.phone_board(request.visit)
    return boards.answer(request, version, f"phone-{digest(repr(board))}", lambda: _html(request, board))


@require_http_methods(["GET", "POST"])
@by_phone
def more_time(request: PhoneRequest) -> HttpResponse:
    """Not to be called for ten minutes. Whatever came of it, the page says how things are."""
    if request.method == "POST":
        _try(phones.more_time, request)
    return redirect("phone:page", request.token)


@require_http_methods(["GET", "POST"])
@by_phone
def leave(request: PhoneRequest) -> HttpResponse:
    """Asks once more, then gives the place up."""
    if request.method == "POST":
        _try(phones.leave, request)
    else:
        board = presenters.phone_board(request.visit)
        if board.may_leave:
            context = {"clinic": request.visit.clinic, "board": board, "token": request.token}
            return render(request, "phone/leave.html", context)
    return redirect("phone:page", request.token)


def _try(act: Callable[[Visit, int], object], request: PhoneRequest) -> None:
    """Does it unless it came too late or too often, which the page then shows by itself."""
    seen = request.POST.get("seen", "")
    if re.fullmatch(r"[0-9]{1,9}", seen):
        with suppress(Refused):
            act(request.visit, int(seen))


def _html(request: PhoneRequest, board: PhoneBoard) -> str:
    context = {"board": board, "own": board.own, "clinic": request.visit.clinic, "token": request.token}
    return render_to_string("phone/_board.html", context)
