"""When a clinic's doors are open: by weekday, and on dates that are not like others."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.calendar import Hours
from clinic.models.places import Clinic


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

    @property
    def stretch(self) -> Hours:
        return Hours(self.opens, self.closes)


class SpecialHours(models.Model):
    """A date on which the weekday's hours do not hold: closed all day, or one stretch of other hours."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="special_hours")
    date = models.DateField()
    opens = models.TimeField(null=True, blank=True, help_text=_("Leave both times empty: closed all day."))
    closes = models.TimeField(
        null=True, blank=True, help_text=_("The same as the opening, or earlier: closes on the next day.")
    )
    note = models.CharField(max_length=60, blank=True, help_text=_("For colleagues, such as Thanksgiving."))

    class Meta:
        ordering = ["date", "opens"]
        verbose_name_plural = _("special hours")
        constraints = [
            models.UniqueConstraint(fields=["clinic", "date", "opens"], name="special_hours_once"),
            models.UniqueConstraint(fields=["clinic", "date"], condition=Q(opens=None), name="closed_once_a_date"),
            models.CheckConstraint(
                condition=Q(opens=None, closes=None) | Q(opens__isnull=False, closes__isnull=False),
                name="special_hours_both_times",
                violation_error_message=_("Give both times, or none of them for closed all day."),
            ),
        ]

    def __str__(self) -> str:
        if self.opens is None or self.closes is None:
            return f"{self.date} closed"
        return f"{self.date} {self.opens:%H:%M} to {self.closes:%H:%M}"

    @property
    def stretch(self) -> Hours | None:
        """None: closed all day."""
        return Hours(self.opens, self.closes) if self.opens is not None and self.closes is not None else None
