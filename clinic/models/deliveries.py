"""What is owed to other systems: one row a destination and visit event, written with the event itself."""

from __future__ import annotations

import secrets
import string
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models.places import Clinic
from clinic.models.visits import Visit, VisitEvent

KEY_LETTERS = string.ascii_uppercase + string.digits
GIVE_UP_AFTER = timedelta(hours=72)
# A job lives for a minute at most: the call and what is written about it must fit.
LONGEST_CALL_SECONDS = 30


def new_key() -> str:
    """20 characters of A to Z and 0 to 9: fits HL7's MSH-10, and is the idempotency key everywhere."""
    return "".join(secrets.choice(KEY_LETTERS) for _n in range(20))


class Destination(models.Model):
    """A system of the clinic that wants to know of each visit."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("Signed webhook")

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="destinations")
    name = models.CharField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.WEBHOOK)
    url = models.URLField(max_length=500, help_text=_("Each event is posted here."))
    secret = models.CharField(
        max_length=100,
        help_text=_("The signing secret of Standard Webhooks: whsec_ and 24 bytes or more in base64."),
    )
    seconds = models.PositiveSmallIntegerField(
        _("time-out"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_CALL_SECONDS)],
        help_text=_("Seconds, for the whole call."),
    )
    is_paused = models.BooleanField(_("paused"), default=False, help_text=_("Deliveries wait and are kept."))
    is_ill = models.BooleanField(_("ill"), default=False, editable=False)

    class Meta:
        ordering = ["clinic", "name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="destination_once"),
            models.CheckConstraint(
                condition=Q(seconds__gte=1, seconds__lte=LONGEST_CALL_SECONDS), name="destination_seconds_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def job_queue(self) -> str:
        """One whose last call was slow has workers of its own, so that it takes none from the healthy."""
        return "ill" if self.is_ill else "integrations"


class Delivery(models.Model):
    """One message owed to one destination. Its key and body never change, however often it is sent."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="deliveries")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(VisitEvent, on_delete=models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=20, unique=True, default=new_key, editable=False)
    body = models.TextField(editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(
                fields=["destination", "visit", "id"], condition=Q(state="pending"), name="delivery_order"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["destination", "event"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | Q(~Q(state="delivered"), delivered_at=None),
                name="delivered_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.key
