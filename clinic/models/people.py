"""Members of staff, and a call for help."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models.devices import Device
from clinic.models.places import Clinic


class Membership(models.Model):
    """What a person may do in a clinic."""

    class Role(models.TextChoices):
        CLERK = "clerk", _("Clerk")
        MANAGER = "manager", _("Manager")
        OPS = "ops", _("Operations")
        AUDITOR = "auditor", _("Auditor")

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
