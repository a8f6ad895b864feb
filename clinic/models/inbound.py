"""What comes in from schedules: messages, each kept with what became of it, and lists that staff upload."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models.places import Clinic
from clinic.models.visits import Visit

KEEP_UPLOADS_FOR = timedelta(minutes=30)


class InboundMessage(models.Model):
    """One message from a schedule. Its text is patient data: shown in no list, and never logged.

    `sender`: MSH-3 and MSH-4. `digest`: of the bytes as they came. `answer`: our acknowledgement, for one who
    sends the same again. `reason`: why it was refused or came to nothing, without patient data.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        IGNORED = "ignored", _("Taken, changed nothing")
        REFUSED = "refused", _("Refused")

    clinic = models.ForeignKey(Clinic, null=True, on_delete=models.PROTECT, related_name="inbound_messages")
    received_at = models.DateTimeField(default=timezone.now)
    sender = models.CharField(max_length=200, blank=True)
    control_id = models.CharField(max_length=200, blank=True)
    type = models.CharField(max_length=20, blank=True)
    digest = models.CharField(max_length=64, editable=False)
    text = models.TextField(editable=False)
    answer = models.TextField(editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=200, blank=True)
    visit = models.ForeignKey(Visit, null=True, on_delete=models.PROTECT, related_name="inbound_messages")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    reviewed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["clinic", "received_at"],
                condition=Q(reviewed_at=None) & ~Q(outcome="accepted"),
                name="inbound_to_review",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["sender", "control_id", "digest"], name="inbound_once"),
            models.CheckConstraint(
                condition=Q(reviewed_by=None, reviewed_at=None)
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="reviewed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.control_id or f"message {self.pk}"


class BookingUpload(models.Model):
    """A list of bookings between the preview and the confirmation: kept here, and not in a browser.

    `done`: how many rows came to what, once it was confirmed; its text is dropped then.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    text = models.TextField()
    is_day_first = models.BooleanField(default=False)
    done = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="upload_age")]

    def __str__(self) -> str:
        return str(self.public_id)
