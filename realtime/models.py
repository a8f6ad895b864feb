"""What screens subscribe to, and the operator's switch. Nothing here knows of patients."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone


def new_topic_name() -> str:
    """26 characters of a to z and 2 to 7: 128 random bits, fit for a URL, an Ably channel and a Channels group."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


class Topic(models.Model):
    """What screens subscribe to. Its row is also the write lock of the clinic that owns it."""

    name = models.CharField(max_length=26, unique=True, default=new_topic_name, editable=False)
    version = models.BigIntegerField(default=1, editable=False)

    def __str__(self) -> str:
        return f"{self.name} at {self.version}"


class Desired(models.TextChoices):
    AUTO = "auto", "On: the vendor is used while it is well"
    OFF = "off", "Off: no connection to the vendor at all"


class SwitchState(models.Model):
    """What one setting of the switch says: shared by the row in force and its history."""

    desired = models.CharField(max_length=4, choices=Desired, default=Desired.AUTO)
    reason = models.CharField(max_length=200, default="as installed")
    actor = models.CharField(max_length=150, default="nobody yet")
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Switch(SwitchState):
    """The one row that says whether the vendor may be talked to. Written by `realtime.switch` alone."""

    version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "vendor switch"
        verbose_name_plural = "vendor switch"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="switch_is_one_row"),
            models.CheckConstraint(
                condition=Q(desired=Desired.OFF) | Q(expires_at=None), name="switch_only_off_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"Vendor switch: {self.desired}"

    def is_off(self, now: datetime | None = None) -> bool:
        """Whether it stops the vendor at `now`: an expiry only ever goes back to auto."""
        if self.desired != Desired.OFF:
            return False
        return self.expires_at is None or (now or timezone.now()) < self.expires_at


class SwitchEvent(SwitchState):
    """One flip of the switch. Never changed, never deleted."""

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.desired} by {self.actor}: {self.reason}"
