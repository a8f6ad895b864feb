"""The managers' summary of a day."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from clinic import clock
from clinic.access import StaffRequest, manages, staff_only
from clinic.calendar import ONE_DAY
from clinic.presenters.day import day_summary
from clinic.presenters.day_plots import day_plots

# No clinic of ours was open before.
FIRST = date(2000, 1, 1)


@require_GET
@never_cache
@staff_only
def day(request: StaffRequest) -> HttpResponse:
    """Of the day asked for, else of today. Whoever does not manage the clinic need not know that it exists."""
    if not manages(request.membership):
        raise Http404
    today = request.clinic.day(clock.now())
    chosen = _day(request.GET.get("day", ""), today)
    summary = day_summary(request.clinic, chosen)
    context = {
        "clinic": request.clinic,
        "day": chosen,
        "is_today": chosen == today,
        "earlier": chosen - ONE_DAY if chosen > FIRST else None,
        "later": chosen + ONE_DAY if chosen < today else None,
        "summary": summary,
        "plots": day_plots(summary),
    }
    return render(request, "desk/day.html", context)


def _day(written: str, today: date) -> date:
    try:
        asked = date.fromisoformat(written)
    except ValueError:
        return today
    return asked if FIRST <= asked <= today else today
