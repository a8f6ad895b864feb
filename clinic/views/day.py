"""The managers' summary of a day."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from clinic.access import StaffRequest, staff_only


@require_GET
@staff_only
def day(request: StaffRequest) -> HttpResponse:
    raise Http404
