"""A visit and its history. The database itself refuses a state without its times."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Min, OuterRef, Q
from django.db.models.lookups import LessThan
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models.devices import Device
from clinic.models.places import Clinic, Room
from clinic.names import fold
from clinic.states import CALLED_OFF, ENDED, ON_SITE, OPEN, PUTS_OFF, Lane, State, Verb

PHONE_LIFE = timedelta(hours=12)
# For so long nobody calls a patient who asked for more time.
MORE_TIME = timedelta(minutes=10)
# Of a visit with its events: the first call that nobody took back, and whether the patient put it off before that.
# What was promised is held against that call, and of those alone who did not put it off.
_CALL = Q(events__verb=Verb.CALL, events__reversed_by=None)
_WISH = Q(events__verb__in=PUTS_OFF, events__reversed_by=None)
FIRST_CALL = Min("events__at", filter=_CALL)
PUT_OFF = LessThan(Min("events__sequence", filter=_WISH), Min("events__sequence", filter=_CALL))
NEVER_CHANGED = "A visit's history is never changed: write a new event."


class Reason(models.TextChoices):
    """Why someone comes, as a tile on the kiosk. Never shown in the room, never sent to the vendor."""

    ILLNESS = "illness", _("Fever, cough or feeling ill")
    INJURY = "injury", _("Injury or pain")
    SKIN = "skin", _("Skin, bite or rash")
    STOMACH = "stomach", _("Stomach or bowels")
    CHECKUP = "checkup", _("Check-up, vaccine or form")
    FOLLOW_UP = "follow_up", _("Follow-up visit")
    OTHER = "other", _("Something else")
    PRIVATE = "private", _("I would rather tell staff")


class VisitQuerySet(models.QuerySet["Visit"]):
    def of(self, clinic: Clinic) -> Self:
        return self.filter(clinic=clinic)

    def in_line(self) -> Self:
        """Those waiting, in the order in which they are to be called."""
        return self.filter(state=State.WAITING).order_by("order_key", "pk")

    def ready(self, now: datetime) -> Self:
        """Those in line who did not ask to be called later than now."""
        return self.in_line().filter(Q(not_before=None) | Q(not_before__lte=now))

    def called(self) -> Self:
        """Those called, the latest first."""
        return self.filter(state=State.CALLED).order_by("-called_at", "pk")

    def on_site(self) -> Self:
        return self.filter(state__in=ON_SITE)

    def of_person(self, given_name: str, family_name: str, birth_date: date) -> Self:
        """Those of one person: twins share the last name and the birth date, and not the first name."""
        return self.filter(
            birth_date=birth_date,
            family_name_key=name_key(family_name),
            given_name_key=name_key(given_name),
        )

    def of_party(self, visit: Visit) -> Self:
        """Those who checked in together with this one, and itself."""
        first = visit.party_id or visit.pk
        return self.filter(Q(pk=first) | Q(party=first))

    def with_phone_link(self, now: datetime) -> Self:
        """Those whose link for the patient's phone is alive: until PHONE_LIFE after their end, or last event."""
        since = now - PHONE_LIFE
        heard_of = VisitEvent.objects.filter(visit=OuterRef("pk"), at__gt=since)
        return self.exclude(phone_hash="").filter(Q(ended_at__gt=since) | Q(Exists(heard_of), ended_at=None))


class Visit(models.Model):
    """One patient's stay, from expected to gone. Written by the services alone."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="visits")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    idempotency_key = models.UUIDField(null=True, editable=False)
    state = models.CharField(max_length=20, choices=State)
    lane = models.CharField(max_length=10, choices=Lane, default=Lane.STANDARD)
    day = models.DateField(help_text=_("The clinic's own day of the check-in or booking."))
    day_number = models.PositiveIntegerField(null=True)
    ticket = models.CharField(max_length=4, blank=True)
    order_key = models.DateTimeField(null=True)

    given_name = models.CharField(max_length=100, blank=True)
    given_name_key = models.CharField(max_length=100, blank=True, editable=False)
    family_name = models.CharField(max_length=100)
    family_name_key = models.CharField(max_length=100, editable=False)
    birth_date = models.DateField()
    phone = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=20, choices=Reason, default=Reason.PRIVATE)
    language = models.CharField(max_length=10, default="en")
    booking_id = models.CharField(
        max_length=100, blank=True, help_text=_("What the schedule that booked it calls the appointment.")
    )
    booking_claimed = models.BooleanField(default=False)
    identity_checked = models.BooleanField(default=False)
    answered_by = models.CharField(
        max_length=201, blank=True, help_text=_("The adult who answers for a child, as the kiosk was told.")
    )
    needs_help = models.BooleanField(
        default=False, help_text=_("Said at the kiosk: moving, seeing, hearing or understanding is hard.")
    )
    red_flag = models.BooleanField(
        default=False, help_text=_("Asked for help at once while checking in, or the desk says so.")
    )
    phone_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("Of the token in the link of the patient's phone.")
    )
    promised_from = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text=_("The wait that was named at check-in, in minutes: at least.")
    )
    promised_to = models.PositiveSmallIntegerField(null=True, editable=False, help_text=_("At most."))
    not_before = models.DateTimeField(
        null=True, help_text=_("The patient asked not to be called before; the place in line stays.")
    )
    party = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="companions",
        help_text=_("The first visit of those who checked in together."),
    )

    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT)
    calls = models.PositiveSmallIntegerField(default=0)
    booked_for = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)
    stepped_out_at = models.DateTimeField(null=True)
    roomed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["order_key", "pk"]
        indexes = [
            models.Index(fields=["clinic", "state", "order_key"], name="visit_line"),
            models.Index(fields=["clinic", "day"], name="visit_day"),
            models.Index(fields=["clinic", "booking_id"], condition=~Q(booking_id=""), name="visit_booking"),
            models.Index(fields=["clinic", "birth_date"], condition=Q(state__in=OPEN), name="visit_person"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "idempotency_key"], name="visit_once_a_key"),
            models.UniqueConstraint(fields=["phone_hash"], condition=~Q(phone_hash=""), name="phone_link_once"),
            models.CheckConstraint(
                condition=Q(promised_from=None, promised_to=None) | Q(promised_to__gte=F("promised_from")),
                name="promise_is_a_range",
            ),
            models.UniqueConstraint(
                fields=["clinic", "booking_id"],
                condition=~Q(booking_id="") & ~Q(state__in=CALLED_OFF),
                name="booking_once",
            ),
            models.UniqueConstraint(
                fields=["clinic", "day", "ticket"], condition=~Q(ticket=""), name="ticket_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["clinic", "day", "day_number"],
                condition=Q(day_number__isnull=False),
                name="number_once_a_day",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="state_known"),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="lane_known"),
            models.CheckConstraint(
                condition=~Q(state__in=ON_SITE)
                | (Q(arrived_at__isnull=False, order_key__isnull=False, day_number__isnull=False) & ~Q(ticket="")),
                name="on_site_has_arrived",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.CALLED) | Q(called_at__isnull=False, room__isnull=False, calls__gte=1),
                name="called_to_a_room",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.STEPPED_OUT) | Q(stepped_out_at__isnull=False),
                name="stepped_out_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.ROOMED, State.DISCHARGED])
                | Q(roomed_at__isnull=False, called_at__isnull=False, room__isnull=False),
                name="roomed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_at__isnull=False) | Q(~Q(state__in=ENDED), ended_at=None),
                name="ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.EXPECTED) | Q(booked_for__isnull=False, arrived_at=None),
                name="expected_is_booked",
            ),
            models.CheckConstraint(
                condition=Q(called_at=None) | Q(arrived_at=None) | Q(called_at__gte=F("arrived_at")),
                name="arrival_before_call",
            ),
            models.CheckConstraint(condition=Q(party=None) | ~Q(party=F("pk")), name="party_is_another"),
        ]

    def __str__(self) -> str:
        return self.ticket or f"visit {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.given_name_key, self.family_name_key = name_key(self.given_name), name_key(self.family_name)
        super().save(*args, **kwargs)


class HistoryQuerySet(models.QuerySet["VisitEvent"]):
    """History is only ever added to."""

    def last_of(self, visits: Iterable[Visit]) -> dict[int, VisitEvent]:
        """Each visit's last event, by the visit's pk. One query, however long the histories are."""
        later = VisitEvent.objects.filter(visit=OuterRef("visit"), sequence__gt=OuterRef("sequence"))
        events = self.filter(~Exists(later), visit__in=visits).order_by()
        return {event.visit_id: event for event in events}

    def update(self, **kwargs: Any) -> int:
        raise TypeError(NEVER_CHANGED)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(NEVER_CHANGED)


class VisitEvent(models.Model):
    """One move of one visit. Append-only: an undo is a new event that names the one it reverses."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    verb = models.CharField(max_length=20, choices=Verb)
    from_state = models.CharField(max_length=20, choices=State, blank=True)
    to_state = models.CharField(max_length=20, choices=State)
    at = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")
    by_patient = models.BooleanField(default=False, help_text=_("From the page on the patient's own phone."))
    reason = models.CharField(max_length=200, blank=True)
    key = models.UUIDField(null=True, editable=False)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    before = models.JSONField(default=dict, editable=False)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        ordering = ["visit", "sequence"]
        indexes = [models.Index(fields=["key"], condition=Q(key__isnull=False), name="event_key")]
        constraints = [
            models.UniqueConstraint(fields=["visit", "key"], name="event_once_a_key"),
            models.UniqueConstraint(fields=["visit", "sequence"], name="event_sequence_once"),
            models.CheckConstraint(condition=Q(to_state__in=State.values), name="event_state_known"),
            models.CheckConstraint(condition=Q(user=None) | Q(device=None), name="event_one_actor"),
            models.CheckConstraint(
                condition=Q(by_patient=False) | Q(user=None, device=None), name="event_by_patient_alone"
            ),
            models.CheckConstraint(
                condition=Q(verb=Verb.UNDO, reverses__isnull=False) | Q(~Q(verb=Verb.UNDO), reverses=None),
                name="undo_names_what_it_reverses",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}. {self.get_verb_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError(NEVER_CHANGED)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(NEVER_CHANGED)


def name_key(name: str) -> str:
    """A name as it is compared: letters and digits of any script, without case, accents, spaces or marks."""
    return fold(name)[:100] or name.strip().casefold()[:100]
