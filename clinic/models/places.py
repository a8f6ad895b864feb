"""A clinic, with its days in its own time zone, and its rooms."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic import calendar
from clinic.calendar import Hours, Timetable
from clinic.states import Lane, State
from realtime.models import Topic


class LabelStyle(models.TextChoices):
    TICKET = "ticket", _("Ticket only")
    FIRST_NAME = "first_name", _("Ticket, first name and last initial")


class UnansweredCall(models.TextChoices):
    """What becomes of a visit that was called and is still open long after closing time."""

    LEFT = State.LEFT, _("Left without being seen")
    NO_SHOW = State.NO_SHOW, _("Did not come")


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone. Write one such as America/Chicago."), params={"name": name}
        )


class Clinic(models.Model):
    """One place with one queue. Its topic's row is the write lock of that queue."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True, help_text=_("Short name in addresses."))
    topic = models.OneToOneField(Topic, on_delete=models.PROTECT, editable=False)
    time_zone = models.CharField(max_length=50, default="America/Chicago", validators=[check_time_zone])
    technical_email = models.EmailField(
        _("technical address"),
        blank=True,
        help_text=_("Told by mail when messages to another system were given up, or are stuck."),
    )
    hl7_facility = models.CharField(
        _("HL7 facility"),
        max_length=50,
        blank=True,
        help_text=_("How schedules name this clinic in MSH-6. Empty: its short name."),
    )
    label_style = models.CharField(
        _("what the wait-room screen shows"), max_length=20, choices=LabelStyle, default=LabelStyle.TICKET
    )
    immediate_minutes = models.PositiveSmallIntegerField(
        _("head start, immediate"), default=1440, help_text=_("Minutes by which this lane goes before standard.")
    )
    priority_minutes = models.PositiveSmallIntegerField(_("head start, priority"), default=45)
    quick_minutes = models.PositiveSmallIntegerField(_("head start, quick"), default=15)
    late_minutes = models.PositiveSmallIntegerField(
        _("booked patients may come late by"),
        default=60,
        help_text=_(
            "Minutes. Up to then they keep the place of their booked time; later, they are in line from then."
        ),
    )

    day_begins = models.TimeField(
        default=time(4),
        help_text=_("The clinic's day, and its tickets, begin anew then. Choose a time when nobody is there."),
    )
    close_after_minutes = models.PositiveSmallIntegerField(
        _("close open visits after"),
        null=True,
        blank=True,
        default=30,
        validators=[MinValueValidator(5)],
        help_text=_(
            "Minutes. At closing time, and when the day ends, the desk is asked about each open visit. "
            "One that nobody answers for is closed after this time. Empty: only ask."
        ),
    )
    unanswered_call = models.CharField(
        _("called patients are then"),
        max_length=20,
        choices=UnansweredCall,
        default=UnansweredCall.NO_SHOW,
        help_text=_("Those who wait or stepped out have left, those expected did not come, rooms are empty."),
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["hl7_facility"], condition=~Q(hl7_facility=""), name="hl7_facility_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def day(self, at: datetime) -> date:
        """The clinic's own day at a moment: a night that crosses midnight is one day."""
        return calendar.day_of(at, self.day_begins, self.zone)

    def wall_date(self, at: datetime) -> date:
        """The date on the calendar there, by which ages go; from midnight to `day_begins` not yet the day's."""
        return at.astimezone(self.zone).date()

    def day_starts(self, day: date) -> datetime:
        """When a day of the clinic begins, in UTC. It ends when the next begins: 23 to 25 hours later."""
        return calendar.moment(day, self.day_begins, self.zone)

    def head_start(self, lane: str) -> timedelta:
        """How far a lane goes before the standard lane."""
        minutes = {
            Lane.IMMEDIATE: self.immediate_minutes,
            Lane.PRIORITY: self.priority_minutes,
            Lane.QUICK: self.quick_minutes,
        }
        return timedelta(minutes=minutes.get(Lane(lane), 0))

    @property
    def late_allowance(self) -> timedelta:
        """How late a booked patient may come and keep the place of the booked time."""
        return timedelta(minutes=self.late_minutes)

    @property
    def timetable(self) -> Timetable:
        """The opening hours as plain values. Two queries, unless the hours were fetched with the clinic."""
        week, special = defaultdict[int, list[Hours]](list), defaultdict[date, list[Hours]](list)
        for row in self.hours.all():
            week[row.weekday].append(row.stretch)
        for exception in self.special_hours.all():
            special[exception.date] += [exception.stretch] if exception.stretch else []
        return Timetable(self.zone, week, special)

    def is_open(self, at: datetime) -> bool:
        """Whether the doors are open at a moment. A clinic without hours is always open."""
        return self.timetable.is_open(at)

    def opens_at(self, at: datetime) -> datetime | None:
        """When the doors open next after a moment, within a year; None if never, or if they do not close."""
        return self.timetable.opens_at(at)


class Room(models.Model):
    """Where a called patient goes: an exam room or a desk. Its name must tell nothing of an illness."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="rooms")
    name = models.CharField(max_length=30, help_text=_("As on the door. Shown on the wait-room screen."))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="room_once")]

    def __str__(self) -> str:
        return self.name
