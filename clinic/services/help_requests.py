"""Somebody at a kiosk needs a person now."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from clinic import audit, clock
from clinic.models import Clinic, Device, HelpRequest
from realtime import notices


def ask_for_help(clinic: Clinic, device: Device | None) -> HelpRequest:
    """Raises the alarm at the desk. A second tap at the same device does not raise a second one."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if known := HelpRequest.objects.filter(clinic=clinic, device=device, taken_at=None).first():
            return known
        asked = HelpRequest.objects.create(clinic=clinic, device=device, at=clock.now())
        by = audit.device(device) if device else audit.PATIENT
        audit.write(clinic.pk, "help.ask", by=by, of=("help", asked.pk))
        notices.announce(topic)
        return asked


def take_help_request(clinic: Clinic, pk: int, by: User) -> HelpRequest:
    """Somebody goes there; the first is written down. Raises HelpRequest.DoesNotExist at other clinics."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        request = HelpRequest.objects.select_related("taken_by").get(clinic=clinic, pk=pk)
        if request.taken_at is None:
            request.taken_at, request.taken_by = clock.now(), by
            request.save(update_fields=["taken_at", "taken_by"])
            audit.write(clinic.pk, "help.take", by=audit.staff(by), of=("help", pk))
            notices.announce(topic)
        return request
