"""What is owed to other systems, to read only."""

from __future__ import annotations

from django.contrib import admin

from clinic.admin.base import VIEW, ScopedAdmin
from clinic.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ScopedAdmin):
    """What was said is not shown: it is about a patient."""

    allowed = frozenset({VIEW})
    clinic_path = "destination__clinic"
    fixed = ()
    fields = [
        "key", "destination", "visit", "event", "state", "attempts", "created_at", "next_try_at", "delivered_at",
        "last_error",
    ]  # fmt: skip
    list_display = ["key", "destination", "visit", "event", "state", "attempts", "next_try_at", "last_error"]
    list_filter = ["state", ("destination", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["destination", "visit", "event"]
    search_fields = ["=key"]
    ordering = ["-pk"]
