"""Kiosks and wait-room screens: how they are paired, set up, and what they say of themselves."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from clinic.models.places import Clinic, Room

# So many letters of a code find its pairing; the others prove it.
FINDING_LETTERS = 4


class Device(models.Model):
    """A kiosk or a wait-room screen, paired with one clinic until it is revoked."""

    class Kind(models.TextChoices):
        KIOSK = "kiosk", _("Kiosk")
        MONITOR = "monitor", _("Wait-room screen")

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=50, help_text=_("Where it stands, for example: Entrance, left."))
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    paired_at = models.DateTimeField(null=True, editable=False)
    paired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, editable=False, related_name="+"
    )
    paired_code = models.CharField(max_length=8, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    # Its set-up, remembered with it.
    px_per_mm = models.DecimalField(
        _("pixels a millimetre"),
        max_digits=5,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("CSS pixels to a millimetre on the glass; empty: guessed from the screen."),
    )
    languages = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Codes of the languages a kiosk offers, in order; empty: the usual ones."),
    )
    volume = models.PositiveSmallIntegerField(
        default=60, validators=[MaxValueValidator(100)], help_text=_("0 to 100.")
    )
    speaks = models.BooleanField(default=True, help_text=_("Says the called ticket, where it has a voice."))
    screen_inches = models.DecimalField(
        max_digits=4, decimal_places=1, null=True, blank=True, help_text=_("Diagonal of a wait-room screen.")
    )
    seat_metres = models.DecimalField(
        max_digits=4, decimal_places=1, null=True, blank=True, help_text=_("To the farthest seat.")
    )
    rooms = models.ManyToManyField(
        Room, blank=True, help_text=_("Calls to these are shown; empty: calls to all rooms.")
    )

    class Meta:
        ordering = ["clinic", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind", "name"], name="device_once"),
            models.UniqueConstraint(fields=["token_hash"], condition=~Q(token_hash=""), name="device_token_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class DeviceReport(models.Model):
    """What a device last said of itself, every half minute. Nothing of a patient."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="report")
    at = models.DateTimeField(help_text=_("By the server's clock."))
    build = models.CharField(max_length=40, blank=True)
    path = models.CharField(max_length=10, blank=True, help_text=_("As `data-live`."))
    data_age = models.PositiveIntegerField(null=True, help_text=_("Seconds."))
    sound = models.CharField(max_length=10, blank=True, help_text=_("on, off, or none where it has no use."))
    up_seconds = models.PositiveIntegerField(null=True, help_text=_("Since the page was loaded."))

    def __str__(self) -> str:
        return f"{self.device} at {self.at}"


class Pairing(models.Model):
    """A browser that asks to be a device: it shows the code, and proves by its secret that it is the one.

    There is none for a browser that was taken, nor for a code that was guessed at too often.
    """

    kind = models.CharField(max_length=10, choices=Device.Kind)
    code = models.CharField(max_length=8, unique=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    address = models.CharField(max_length=45, blank=True, help_text=_("Where the browser asks from."))
    ends_at = models.DateTimeField()
    wrong_guesses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(Left("code", FINDING_LETTERS), name="pairing_found_by_half")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} until {self.ends_at}"


class WrongCode(models.Model):
    """Somebody wrote a pairing code that was none: whoever guesses has to wait."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} at {self.at}"
