"""Devices that spoke and fell silent, or show old data, while their clinic is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from clinic import clock, demo
from clinic.models import Clinic, Device
from clinic.presenters.devices import OLD_SECONDS, SILENT_AFTER
from clinic.spans import span


@dataclass(frozen=True)
class Missed:
    """`kind`: of Device.Kind. `since`: silent for so long, or what it shows is so old, by `is_silent`."""

    pk: int
    kind: str
    kind_word: str
    name: str
    clinic: str
    since: timedelta
    is_silent: bool

    def __str__(self) -> str:
        what = f"not heard for {span(self.since)}" if self.is_silent else f"shows data {span(self.since)} old"
        return f"{self.kind_word} {self.name} at {self.clinic} {what}"


def missed(clinics: QuerySet[Clinic], now: datetime) -> list[Missed]:
    """The longest first. Screens are dark at night: a clinic that is closed misses none.

    A device that runs no script says nothing of itself, and one that never spoke was never hung up.
    """
    is_silent = Q(report__at__lt=now - SILENT_AFTER)
    is_old = Q(kind=Device.Kind.MONITOR) & (Q(report__path="stale") | Q(report__data_age__gt=OLD_SECONDS))
    found = Device.objects.filter(is_silent | is_old, clinic__in=clinics).exclude(token_hash="")
    found = found.exclude(report__build="").select_related("clinic", "report")
    rows = [_missed(one, now) for one in found if not _is_for_all(one) and one.clinic.is_open(clock.now())]
    return sorted(rows, key=lambda one: (not one.is_silent, -one.since))


def _missed(device: Device, now: datetime) -> Missed:
    age = now - device.report.at
    is_silent = age > SILENT_AFTER
    old = timedelta(seconds=device.report.data_age or 0)
    return Missed(
        pk=device.pk,
        kind=device.kind,
        kind_word=device.get_kind_display(),
        name=device.name,
        clinic=device.clinic.name,
        since=age if is_silent else old + age,
        is_silent=is_silent,
    )


def _is_for_all(device: Device) -> bool:
    """The demo's own device is any browser that was opened, and may be closed again."""
    return settings.DEMO and demo.is_for_all(device)
