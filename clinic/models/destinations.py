"""The systems of a clinic that want to know of each visit: medical records, schedules, anything with a webhook."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic import sealed
from clinic.models.places import Clinic

# A job lives for a minute at most: the call and what is written about it must fit.
LONGEST_CALL_SECONDS = 30


class Trigger(models.TextChoices):
    """What a destination may want to hear of: the state that a visit reached, or a change within its stay."""

    BOOKED = "booked", _("Booked")
    REBOOKED = "rebooked", _("Booking changed")
    CHECKED_IN = "checked_in", _("Checked in")
    CALLED = "called", _("Called, or back in line")
    STEPPED_OUT = "stepped_out", _("Stepped out")
    ROOMED = "roomed", _("In room")
    UPDATED = "updated", _("Identity checked, lane changed, or a step undone")
    DISCHARGED = "discharged", _("Discharged")
    LEFT = "left", _("Left without being seen")
    NO_SHOW = "no_show", _("Booked, did not come")
    CANCELLED = "cancelled", _("Booking cancelled")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")
    REOPENED = "reopened", _("An end was undone")


class Destination(models.Model):
    """A system of the clinic that wants to know of each visit.

    `mapping`: Trigger to what is sent for it, as the kind understands it; "" for nothing. One that is missing is
    as the kind's own table says. `secrets` are sealed in the row: see `clinic.sealed`.
    `next_probe_at`: while it is ill, or has asked us to wait, no call is made before.
    `retry_tokens`: of its retry budget, as of `retry_tokens_at`.
    `alarms`: the troubles that people should know of, in words apart by spaces; `mailed`: those that were mailed,
    the last time at `alarmed_at`; `given_up_mailed`: the newest delivery that was given up by then.
    """

    class Kind(models.TextChoices):
        HL7 = "hl7", _("HL7 v2 over MLLP")
        FHIR = "fhir", _("FHIR R4")
        WEBHOOK = "webhook", _("Signed webhook")

    class Charset(models.TextChoices):
        """As MSH-18 names it."""

        UTF_8 = "UNICODE UTF-8", "UTF-8"
        LATIN_1 = "8859/1", "ISO 8859-1"
        ASCII = "ASCII", "ASCII"

    class Version(models.TextChoices):
        V2_3_1 = "2.3.1", "2.3.1"
        V2_4 = "2.4", "2.4"
        V2_5_1 = "2.5.1", "2.5.1"

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="destinations")
    name = models.CharField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.WEBHOOK)
    url = models.CharField(
        _("address"),
        max_length=500,
        help_text=_("mllp://host:port, or mllps:// with TLS; https:// for FHIR (its base) and for a webhook."),
    )
    seconds = models.PositiveSmallIntegerField(
        _("time-out"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_CALL_SECONDS)],
        help_text=_("Seconds, for the whole call. One that is longer than 1 s goes on among the slow ones."),
    )
    mapping = models.JSONField(default=dict, blank=True)
    sealed_secrets = models.TextField(blank=True, editable=False)
    ca_certificate = models.TextField(
        blank=True, help_text=_("PEM. Whom to trust instead of the public authorities; empty: those.")
    )
    client_certificate = models.TextField(blank=True, help_text=_("PEM, with the chain. Shown to the other side."))

    hl7_version = models.CharField(max_length=10, choices=Version, default=Version.V2_5_1)
    charset = models.CharField(max_length=20, choices=Charset, default=Charset.UTF_8)
    sending_application = models.CharField(max_length=50, default="EVENKEEL", blank=True)
    sending_facility = models.CharField(max_length=50, blank=True, help_text=_("Empty: the clinic's short name."))
    receiving_application = models.CharField(max_length=50, blank=True)
    receiving_facility = models.CharField(max_length=50, blank=True)

    is_paused = models.BooleanField(_("paused"), default=False, help_text=_("Deliveries wait and are kept."))
    paused_because = models.CharField(max_length=200, blank=True, editable=False)
    is_ill = models.BooleanField(_("ill"), default=False, editable=False)
    ill_since = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    next_probe_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    retry_tokens = models.FloatField(default=0, editable=False)
    retry_tokens_at = models.DateTimeField(null=True, editable=False)
    alarmed_at = models.DateTimeField(null=True, editable=False)
    alarms = models.CharField(max_length=50, blank=True, default="", editable=False)
    mailed = models.CharField(max_length=50, blank=True, default="", editable=False)
    given_up_mailed = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["clinic", "name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="destination_once"),
            models.CheckConstraint(
                condition=Q(seconds__gte=1, seconds__lte=LONGEST_CALL_SECONDS), name="destination_seconds_in_range"
            ),
            models.CheckConstraint(
                condition=Q(is_ill=True, ill_since__isnull=False) | Q(is_ill=False, ill_since=None),
                name="ill_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> sealed.Secrets:
        """The signing secrets, bearer token and private key. Raises sealed.Unreadable."""
        return sealed.unseal(self.sealed_secrets)

    @secrets.setter
    def secrets(self, secrets: sealed.Secrets) -> None:
        self.sealed_secrets = sealed.seal(secrets)

    @property
    def job_queue(self) -> str:
        """One whose last call was slow has workers of its own, so that it takes none from the healthy."""
        return "ill" if self.is_ill else "integrations"


class RemoteRecord(models.Model):
    """How a destination calls what it made of a visit: `ids` is FHIR resource type to its id there."""

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="records")
    visit = models.ForeignKey("clinic.Visit", on_delete=models.PROTECT, related_name="+")
    ids: Any = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["destination", "visit"], name="remote_record_once")]

    def __str__(self) -> str:
        return f"{self.destination}: {self.visit}"
