"""Clinics with their rooms and opening hours."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from clinic.admin.audited import Audited
from clinic.admin.base import ADD, EVERYTHING, ScopedAdmin, ScopedInline
from clinic.admin.hours import OpeningHoursInline, SpecialHoursInline
from clinic.models import Clinic, Room
from clinic.services import clinics


class RoomInline(ScopedInline):
    model = Room
    allowed = EVERYTHING


@admin.register(Clinic)
class ClinicAdmin(Audited, ScopedAdmin):
    clinic_path = "pk"
    only_superusers = frozenset({ADD})
    fixed = ("slug",)
    inlines = [RoomInline, OpeningHoursInline, SpecialHoursInline]
    list_display = ["name", "slug", "time_zone", "label_style"]
    search_fields = ["name", "slug"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "time_zone", "label_style"]}),
        ("Other systems", {"fields": ["technical_email", "hl7_facility"]}),
        ("Order in line", {"fields": ["immediate_minutes", "priority_minutes", "quick_minutes"]}),
        ("Appointments", {"fields": ["late_minutes"]}),
        ("Closing time", {"fields": ["day_begins", "close_after_minutes", "unanswered_call"]}),
    ]

    def save_model(self, request: HttpRequest, obj: Clinic, form: Any, change: bool) -> None:
        """Makes a new clinic with its topic; tells the screens of an old one, its rooms and hours included."""
        if not change:
            clinics.create(obj)
            return
        clinics.about_to_change(obj)
        super().save_model(request, obj, form, change)
