"""Pairing and revoking of kiosks and wait-room screens."""

from __future__ import annotations

from django.db import transaction

from clinic import clock
from clinic.digests import digest
from clinic.models import Device


def offer_pairing(device: Device) -> str:
    """A secret for a pairing link: good once, for ten minutes. Ends an earlier offer."""
    secret = device.offer_pairing()
    # Only these: the caller's copy of the rest may be old, and must not undo a revocation.
    device.save(update_fields=["pairing_hash", "pairing_ends_at"])
    return secret


def to_pair(secret: str) -> Device | None:
    """The device that a pairing link is for, while the offer stands."""
    now = clock.now()
    return (
        Device.objects.select_related("clinic")
        .filter(pairing_hash=digest(secret), pairing_ends_at__gt=now)
        .first()
    )


def pair(device: Device) -> str:
    """The token of a device from `to_pair`; whatever held the old one is locked out.

    Raises Device.DoesNotExist when the link was used, or the device revoked, since then.
    """
    with transaction.atomic():
        offered = Device.objects.select_for_update().exclude(pairing_hash="")
        locked = offered.get(pk=device.pk, pairing_hash=device.pairing_hash)
        token = locked.pair()
        locked.save()
        return token


def revoke(device: Device) -> None:
    """Locks the device out at once; its sockets are closed within seconds."""
    device.revoke()
    device.save(update_fields=["token_hash", "pairing_hash", "revoked_at"])
