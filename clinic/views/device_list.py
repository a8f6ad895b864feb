"""The clinic's kiosks and wait-room screens: how each is doing, and who has to go."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clinic import presenters
from clinic.access import StaffRequest, lead, manages, staff_only
from clinic.models import Clinic, Device
from clinic.services import Actor, devices


@require_GET
@never_cache
@staff_only
def overview(request: StaffRequest) -> HttpResponse:
    """All of them. The page asks for itself again every half minute."""
    rows = presenters.device_rows(Clinic.objects.filter(pk=request.clinic.pk))
    return render(request, "devices/list.html", {"rows": rows, "manages": manages(request.membership)})


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """Asks whether it is meant, then locks the device out."""
    device = Device.objects.select_related("clinic__topic").filter(clinic=request.clinic, pk=pk).first()
    if device is None or not manages(request.membership):
        raise Http404
    if request.method == "GET":
        return render(request, "devices/revoke.html", {"device": device})
    devices.revoke(device, by=Actor(user=request.user))
    messages.success(request, _("%(device)s is locked out.") % {"device": device})
    return lead(request, "desk:devices")
