"""The demo's devices and people. In demo mode only: any browser may be its kiosk and its wait-room screen."""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import salted_hmac

from clinic.digests import digest
from clinic.models import Device

CLINIC = "harbor"
PASSWORD = "evenkeel-demo"
USERS = {"desk": "ana", "manager": "mo", "ops": "olu", "admin": "admin"}


def token(kind: str) -> str:
    """The demo device's token: the same for every browser of this demo."""
    return salted_hmac("evenkeel.demo", kind, secret=settings.SECRET_KEY).hexdigest()


def device(kind: str) -> Device | None:
    """The demo's kiosk or wait-room screen; None before the demo is seeded, or once it is revoked."""
    found = Device.objects.select_related("clinic__topic", "report")
    return found.filter(kind=kind, token_hash=digest(token(kind))).first()


def is_for_all(device: Device) -> bool:
    """Whether this is a device that any browser of the demo may be."""
    return device.token_hash == digest(token(device.kind))
