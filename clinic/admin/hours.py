"""Opening hours on the clinic's page: by weekday, and for dates that are not like others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet

from clinic.admin.base import EVERYTHING, ScopedInline
from clinic.calendar import overlap
from clinic.models import OpeningHours, SpecialHours

if TYPE_CHECKING:
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    InlineFormSet = BaseInlineFormSet


class HoursFormSet(InlineFormSet):
    """Rows that must not be open at one time. `cycle`: how many days make a round, 0 for dates."""

    cycle = 0

    def clean(self) -> None:
        super().clean()
        rows = [row for row in self.rows() if row.stretch]
        found = overlap([(self.number(row), row.stretch) for row in rows], cycle=self.cycle)
        if found:
            one, other = (rows[place] for place in found)
            raise ValidationError(f"These overlap: {one}, and {other}. Change or delete one of them.")

    def rows(self) -> list[Any]:
        """What will stand once the form is saved; rows with an error of their own are left out."""
        return [form.instance for form in self.forms if form.is_valid() and _is_kept(form.cleaned_data)]

    def number(self, row: Any) -> int:
        """The number of a row's day."""
        raise NotImplementedError


class WeekFormSet(HoursFormSet):
    cycle = 7

    def number(self, row: OpeningHours) -> int:
        return row.weekday


class DatesFormSet(HoursFormSet):
    def clean(self) -> None:
        super().clean()
        many = Counter(row.date for row in self.rows())
        closed = [row.date for row in self.rows() if row.stretch is None and many[row.date] > 1]
        if closed:
            raise ValidationError(f"{closed[0]} is closed all day, and stands there more than once. Delete a row.")

    def number(self, row: SpecialHours) -> int:
        return row.date.toordinal()


def _is_kept(said: dict[str, Any]) -> bool:
    return bool(said) and not said.get("DELETE")


class OpeningHoursInline(ScopedInline):
    model = OpeningHours
    formset = WeekFormSet
    allowed = EVERYTHING
    verbose_name_plural = "Opening hours (none: always open)"


class SpecialHoursInline(ScopedInline):
    model = SpecialHours
    formset = DatesFormSet
    allowed = EVERYTHING
    verbose_name_plural = "Special hours (holidays and other dates on which the opening hours do not hold)"
