"""How the kiosk looks to this patient: the tools of every page; and how large a millimetre is on its glass."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from clinic import languages
from clinic.views import kiosk_tools
from clinic.views.kiosk import KioskRequest, at_kiosk, shown_again
from clinic.views.kiosk_steps import BY_NAME, CHECK, FIRST, address

# Pages that ask nothing, by the names of their templates.
QUIET = {"ticket": "kiosk:ticket", "refused": "kiosk:refused", "help": "kiosk:help_coming"}


@require_http_methods(["GET", "POST"])
@at_kiosk
def display(request: KioskRequest, at: str) -> HttpResponse:
    """Language, text size or contrast, chosen at a page. What is there unsent comes back. A GET does nothing."""
    if request.method == "GET":
        return redirect("kiosk:start")
    kiosk = request.kiosk
    what, _colon, chosen = request.POST.get("show", "").partition(":")
    if what == "language" and chosen in dict(languages.offered(request.device)):
        kiosk.add({what: chosen})
    elif kiosk_tools.offers(what, chosen):
        kiosk.show({what: chosen})
    if at in QUIET:
        return redirect(QUIET[at])
    if at == CHECK:
        return redirect(address(CHECK))
    return shown_again(request, BY_NAME.get(at, BY_NAME[FIRST]), was_wrong="wrong" in request.GET)


@require_GET
@cache_control(public=True, immutable=True, max_age=365 * 24 * 3600)
def millimetre(request: HttpRequest, px: str) -> HttpResponse:
    """The kiosk's one measure. The address says all of it, so a browser asks once and works without script."""
    if not re.fullmatch(r"\d{1,2}\.\d{3}", px):
        raise Http404
    return HttpResponse(f"@layer screens {{ :root:has(.kiosk) {{ --mm: {px}px; }} }}\n", content_type="text/css")
