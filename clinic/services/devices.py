"""Pairing and revoking of kiosks and wait-room screens."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from clinic.models import Device
from clinic.models.people import digest


def offer_pairing(device: Device) -> str:
    """A secret for a pairing link: good once, for ten minutes. Ends an earlier offer."""
    secret = device.offer_pairing()
    device.save()
    return secret


def to_pair(secret: str) -> Device | None:
    """The device that a pairing link is for, while the offer stands."""
    now = timezone.now()
    return Device.objects.select_related("clinic").filter(pairing_hash=digest(secret), pairing_ends_at__gt=now).first()


def pair(device: Device) -> str:
    """The device's new token; whatever held the old one is locked out."""
    with transaction.atomic():
        locked = Device.objects.select_for_update().get(pk=device.pk)
        token = locked.pair()
        locked.save()
        return token


def revoke(device: Device) -> None:
    """Locks the device out at once; its sockets are closed within seconds."""
    device.revoke()
    device.save()
