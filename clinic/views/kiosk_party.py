"""The kiosk, for people who came together: one more, one fewer, one of them again. All from the check page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from clinic.kiosk_session import KioskSession
from clinic.services import LARGEST_PARTY
from clinic.views.kiosk import KioskRequest, at_kiosk
from clinic.views.kiosk_steps import CHECK, first_unanswered, next_open


def _press(act: Callable[..., None]) -> Callable[..., HttpResponse]:
    """A button that changes who is asked. Neither a GET, from a browser's history, nor a second tap does."""

    @require_http_methods(["GET", "POST"])
    @at_kiosk
    def view(request: KioskRequest, **which: str) -> HttpResponse:
        kiosk = request.kiosk
        if request.method == "POST" and not kiosk.visit_ids:
            act(kiosk, **which)
        return redirect("kiosk:ticket" if kiosk.visit_ids else next_open(kiosk))

    return view


@_press
def ask_another(kiosk: KioskSession) -> None:
    """One more person: the next page asks for their name."""
    if first_unanswered(kiosk) == CHECK and len(kiosk.people()) < LARGEST_PARTY:
        kiosk.ask_another()


@_press
def take_up(kiosk: KioskSession, who: str) -> None:
    """Another one's answers, to change them."""
    if first_unanswered(kiosk) == CHECK:
        kiosk.take_up(who)


@_press
def remove(kiosk: KioskSession, who: str) -> None:
    """One of several does not check in after all."""
    if kiosk.others:
        kiosk.remove(who)
