"""Expected patients from a list: a file or pasted text, a look at how it was read, then the visits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clinic.access import StaffRequest, lead, staff_only
from clinic.forms import ONE_OF, TYPED
from clinic.inbound import csv_bookings, uploads
from clinic.inbound.csv_bookings import LARGEST, Row, UnusableList
from clinic.models import BookingUpload
from clinic.services.bookings import Became

DAY_FIRST = "day"
BECAME = {
    Became.BOOKED: gettext_lazy("Added"),
    Became.CHANGED: gettext_lazy("Changed"),
    Became.SAME: gettext_lazy("Expected already, nothing to change"),
    Became.ARRIVED: gettext_lazy("Here already, or gone again: left as they are"),
    Became.CALLED_OFF: gettext_lazy("Called off earlier: left as they are"),
}


class ListForm(forms.Form):
    """A list, in one of two ways, and how its dates are meant."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste the rows, headings included"),
        required=False,
        strip=False,
        widget=forms.Textarea({**TYPED, "rows": 6, "wrap": "off"}),
    )
    order = forms.ChoiceField(
        label=gettext_lazy("Dates with slashes are"),
        choices=[
            ("month", gettext_lazy("month first: 11/26/2026")),
            (DAY_FIRST, gettext_lazy("day first: 26/11/2026")),
        ],
        initial="month",
        error_messages=ONE_OF,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is not None and file.size > LARGEST:
            raise ValidationError(_too_large())
        return file

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text.encode(errors="replace")) > LARGEST:
            raise ValidationError(_too_large())
        return text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data["file"] and not data["text"].strip():
            raise ValidationError(_("Please choose a file, or paste the rows."))
        return data

    def read(self) -> str:
        """The list, of a form that is valid."""
        file = self.cleaned_data["file"]
        return csv_bookings.decode(file.read()) if file else str(self.cleaned_data["text"])


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def upload(request: StaffRequest) -> HttpResponse:
    """Takes a list, and leads to how it was read."""
    form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
    if form.is_valid() and (kept := _kept(request, form)):
        return lead(request, "desk:booking_preview", kept.public_id)
    return render(request, "desk/bookings.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
def preview(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """How a list was read; posted, its good rows are booked, and this says what became of them."""
    mine = BookingUpload.objects.filter(clinic=request.clinic, user=request.user)
    kept = get_object_or_404(mine.select_related("clinic", "user"), public_id=public_id)
    if kept.done is not None:
        return (
            lead(request, "desk:booking_preview", public_id) if request.method == "POST" else _done(request, kept)
        )
    rows = uploads.rows(kept)
    good, bad = [row for row in rows if not row.problems], [row for row in rows if row.problems]
    # The rows are read anew: those of a day that is over by now are no longer good.
    is_as_shown = bool(good) and request.POST.get("good") == str(len(good))
    if request.method == "POST" and is_as_shown:
        return _confirmed(request, kept, good)
    context = {"good": good, "bad": bad, "is_other": request.method == "POST"}
    return render(request, "desk/bookings_preview.html", context, status=409 if context["is_other"] else 200)


@require_GET
@staff_only
def template(request: StaffRequest) -> HttpResponse:
    """An empty list with its headings."""
    # With a mark, or Excel takes the letters of names for others.
    answer = HttpResponse("\ufeff" + csv_bookings.TEMPLATE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="expected-patients.csv"'
    return answer


def _kept(request: StaffRequest, form: ListForm) -> BookingUpload | None:
    text, is_day_first = form.read(), form.cleaned_data["order"] == DAY_FIRST
    try:
        csv_bookings.read(text, request.clinic, is_day_first=is_day_first)
    except UnusableList as no:
        form.add_error(None, str(no))
        return None
    return uploads.keep(request.clinic, request.user, text, is_day_first=is_day_first)


def _confirmed(request: StaffRequest, kept: BookingUpload, good: list[Row]) -> HttpResponse:
    """Books them. Where another list took the place of this one meanwhile, what became of it is said at once."""
    uploads.confirm(kept, [row.appointment for row in good if row.appointment])
    if not BookingUpload.objects.filter(pk=kept.pk).exists():
        return _done(request, kept)
    return lead(request, "desk:booking_preview", kept.public_id)


def _done(request: StaffRequest, kept: BookingUpload) -> HttpResponse:
    done = kept.done or {}
    counts = [(label, done[became]) for became, label in BECAME.items() if became in done]
    return render(request, "desk/bookings_done.html", {"counts": counts})


def _too_large() -> str:
    return _("That is more than %(most)s kB. Please split the list.") % {"most": LARGEST // 1024}
