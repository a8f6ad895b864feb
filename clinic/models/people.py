"""Who may act: members of staff, paired devices; and a call for help."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic import clock
from clinic.models.places import Clinic

PAIRING_LIFE = timedelta(minutes=10)


def digest(token: str) -> str:
    """What is kept of a device's token: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class Membership(models.Model):
    """What a person may do in a clinic."""

    class Role(models.TextChoices):
        CLERK = "clerk", _("Clerk")
        MANAGER = "manager", _("Manager")
        OPS = "ops", _("Operations")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(
        max_length=10,
        choices=Role,
        default=Role.CLERK,
        help_text=_("Managers and ops also need “Staff status” on their user, to enter the admin."),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "clinic"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} at {self.clinic}"


class Device(models.Model):
    """A kiosk or a wait-room screen, paired with one clinic until it is revoked."""

    class Kind(models.TextChoices):
        KIOSK = "kiosk", _("Kiosk")
        MONITOR = "monitor", _("Wait-room screen")

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=50, help_text=_("Where it stands, for example: Entrance, left."))
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    pairing_hash = models.CharField(max_length=64, blank=True, editable=False)
    pairing_ends_at = models.DateTimeField(null=True, editable=False)
    paired_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["clinic", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind", "name"], name="device_once"),
            models.UniqueConstraint(fields=["token_hash"], condition=~Q(token_hash=""), name="device_token_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

    def offer_pairing(self) -> str:
        """A single-use secret for the pairing link, good for PAIRING_LIFE. Not saved."""
        secret = secrets.token_urlsafe(16)
        self.pairing_hash, self.pairing_ends_at = digest(secret), clock.now() + PAIRING_LIFE
        return secret

    def pair(self) -> str:
        """A new token for the device's cookie; ends the pairing link and any earlier token. Not saved."""
        token = secrets.token_urlsafe(32)
        self.token_hash, self.paired_at, self.revoked_at = digest(token), clock.now(), None
        self.pairing_hash, self.pairing_ends_at = "", None
        return token

    def revoke(self) -> None:
        """Locks the device out. Not saved."""
        self.token_hash, self.pairing_hash, self.revoked_at = "", "", clock.now()


class HelpRequest(models.Model):
    """Somebody at a kiosk needs a person now. It stays on the desk until someone takes it."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="help_requests")
    device = models.ForeignKey(Device, null=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(default=timezone.now)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["clinic"], condition=Q(taken_at=None), name="help_open")]

    def __str__(self) -> str:
        return f"Help at {self.device or 'the kiosk'}"
