"""Kiosks and wait-room screens once they are paired: set-up, reports, and how they are locked out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit, clock
from clinic.digests import digest
from clinic.models import Device, DeviceReport, Room
from clinic.services.actors import EVENKEEL, Actor, Refused
from realtime import notices

SEEN_EVERY = timedelta(minutes=1)
SAID = ("build", "path", "data_age", "sound", "up_seconds")


@dataclass(frozen=True)
class SetUp:
    """What is remembered with a device. Kiosks have no use for some of it, other screens none for the rest."""

    name: str
    volume: int
    px_per_mm: Decimal | None = None
    languages: tuple[str, ...] = ()
    speaks: bool = True
    screen_inches: Decimal | None = None
    seat_metres: Decimal | None = None
    rooms: Collection[Room] = ()


@dataclass(frozen=True)
class Said:
    """What a device says of itself."""

    build: str
    path: str
    sound: str
    data_age: int | None
    up_seconds: int | None


def taken(kind: str, secret: str) -> Device | None:
    """The device that a browser with this secret has become, since its code was entered."""
    return Device.objects.filter(kind=kind, token_hash=digest(secret)).first()


def set_up(device: Device, wanted: SetUp, *, by: Actor = EVENKEEL) -> None:
    """Remembers it, and lets the clinic's screens look again. Refused when another device has the name."""
    with transaction.atomic():
        topic = notices.lock(device.clinic.topic_id)
        same = Device.objects.filter(clinic=device.clinic, kind=device.kind, name=wanted.name)
        if same.exclude(pk=device.pk).exists():
            raise Refused(_("Another device has this name. Please write another one."))
        for name in (one for one in vars(wanted) if one != "rooms"):
            setattr(device, name, getattr(wanted, name))
        device.languages = list(wanted.languages)
        # Not all of it: the caller's copy may be old, and must not undo a revocation.
        device.save(update_fields=[name for name in vars(wanted) if name != "rooms"])
        device.rooms.set(wanted.rooms)
        audit.write(device.clinic_id, "device.set-up", by=by.who, of=("device", device.pk))
        notices.announce(topic)


def revoke(device: Device, *, by: Actor = EVENKEEL) -> None:
    """Locks the device out: its sockets are closed at once, and its next page is the one with a code."""
    with transaction.atomic():
        topic = notices.lock(device.clinic.topic_id)
        device.token_hash, device.revoked_at = "", clock.now()
        device.save(update_fields=["token_hash", "revoked_at"])
        audit.write(device.clinic_id, "device.revoke", by=by.who, of=("device", device.pk))
        notices.announce(topic)
        notices.end_rights(topic)


def report(device: Device, said: Said) -> None:
    """What the device says of itself every half minute, in one query."""
    row = DeviceReport(device=device, at=clock.now(), **vars(said))
    DeviceReport.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["device"], update_fields=["at", *SAID]
    )


def seen(device: Device) -> None:
    """It asked for a page: remembered once a minute, for a kiosk that runs no script."""
    last: DeviceReport | None = getattr(device, "report", None)
    if last is None or timezone.now() - last.at > SEEN_EVERY:
        row = DeviceReport(device=device, at=clock.now())
        DeviceReport.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["device"], update_fields=["at"]
        )
