"""A clinic, its rooms and its opening hours, in its own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.states import Lane
from realtime.models import Topic


class LabelStyle(models.TextChoices):
    TICKET = "ticket", _("Ticket only")
    FIRST_NAME = "first_name", _("Ticket, first name and last initial")


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

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def day(self, at: datetime) -> date:
        """The clinic's own calendar day at a moment."""
        return at.astimezone(self.zone).date()

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

    def is_open(self, at: datetime) -> bool:
        """Whether the doors are open at a moment. A clinic without hours is always open."""
        hours = list(self.hours.all())
        return not hours or any(start <= at < end for start, end in self._spans(hours, at))

    def opens_at(self, at: datetime) -> datetime | None:
        """When the doors open next after a moment, within eight days; None if never or always open."""
        starts = [start for start, _end in self._spans(list(self.hours.all()), at) if start > at]
        return min(starts, default=None)

    def _spans(self, hours: list[OpeningHours], at: datetime) -> list[tuple[datetime, datetime]]:
        today = self.day(at)
        days = [today + timedelta(days=n) for n in range(-1, 8)]
        return [h.span(day, self.zone) for day in days for h in hours if h.weekday == day.weekday()]


class OpeningHours(models.Model):
    """One stretch of one weekday. Two rows on a day make a break; an end not after the start is the next day's."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField(help_text=_("The same as the opening, or earlier: closes on the next day."))

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name_plural = _("opening hours")
        constraints = [
            models.UniqueConstraint(fields=["clinic", "weekday", "opens"], name="hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"

    def span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end, as moments, of this stretch on a day."""
        last = day + timedelta(days=1) if self.closes <= self.opens else day
        return _moment(day, self.opens, zone), _moment(last, self.closes, zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    # In UTC: moments of one zone would be compared by the clock on the wall, which runs an hour twice in autumn.
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


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
