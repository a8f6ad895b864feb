"""What is owed to other systems: one row a destination and visit event, written with the event itself."""

from __future__ import annotations

import secrets
import string
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models.destinations import Destination
from clinic.models.visits import Visit, VisitEvent

KEY_LETTERS = string.ascii_uppercase + string.digits
GIVE_UP_AFTER = timedelta(hours=72)


def new_key() -> str:
    """20 characters of A to Z and 0 to 9: fits HL7's MSH-10, and is the idempotency key everywhere."""
    return "".join(secrets.choice(KEY_LETTERS) for _n in range(20))


class Failure(models.TextChoices):
    """Why a try came to nothing, as far as it decides what is done next."""

    NO_ANSWER = "no_answer", _("No answer: it may have been taken")
    UNREACHABLE = "unreachable", _("Cannot be reached")
    BUSY = "busy", _("Asked us to come back later")
    ERROR = "error", _("Could not process it")
    REJECTED = "rejected", _("Will not take it")
    GONE = "gone", _("Wants no more of them")
    PROTOCOL = "protocol", _("An answer that makes no sense")
    SETUP = "setup", _("Our own set-up is wrong")


class Delivery(models.Model):
    """One message owed to one destination. Its key and body never change, however often it is sent.

    A dead one holds back the later ones of its visit at its destination until somebody resends or skips it.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")
        SKIPPED = "skipped", _("Skipped")

    Failure = Failure
    # Of a claimed one: another was due behind it. Not stored.
    is_followed = False

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="deliveries")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(VisitEvent, on_delete=models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=20, unique=True, default=new_key, editable=False)
    body = models.TextField(editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    # Of these, how often it was answered that it could not be processed.
    errors = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    give_up_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    last_failure = models.CharField(max_length=20, choices=Failure, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    first_tried_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["destination", "created_at", "id"], condition=Q(state="pending"), name="delivery_due"
            ),
            models.Index(
                fields=["destination", "visit", "id"],
                condition=Q(state__in=["pending", "dead"]),
                name="delivery_order",
            ),
            models.Index(fields=["destination"], condition=Q(state="dead"), name="delivery_dead"),
            models.Index(
                fields=["destination"],
                condition=Q(state="pending", leased_until__isnull=False),
                name="delivery_leased",
            ),
            # How much arrives, and what arrived last, among a million rows.
            models.Index(
                fields=["destination", "delivered_at", "id"],
                condition=Q(state="delivered"),
                name="delivery_delivered",
            ),
            models.Index(fields=["destination", "id"], condition=Q(state="skipped"), name="delivery_skipped"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["destination", "event"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False) | ~Q(state="delivered"),
                name="delivered_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class EngineEventQuerySet(models.QuerySet["EngineEvent"]):
    """History is only ever added to."""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("what staff did to the engine is never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("what staff did to the engine is never deleted")


class EngineEvent(models.Model):
    """What somebody did to a destination or one of its deliveries, or whose data they looked at. Append-only."""

    class Verb(models.TextChoices):
        PAUSE = "pause", _("Paused")
        RESUME = "resume", _("Resumed")
        RESEND = "resend", _("Sent again")
        SKIP = "skip", _("Skipped")
        REVEAL = "reveal", _("Patient data looked at")

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="events")
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=10, choices=Verb)
    count = models.PositiveIntegerField(default=1, help_text=_("How many deliveries it was done to."))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = EngineEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}: {self.destination}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("what staff did to the engine is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("what staff did to the engine is never deleted")
