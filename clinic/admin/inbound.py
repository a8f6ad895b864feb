"""What came in from schedules, and what became of it: read, and marked as reviewed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.admin.base import VIEW, ScopedAdmin
from clinic.models import InboundMessage
from clinic.services import inbound_messages


@admin.register(InboundMessage)
class InboundMessageAdmin(ScopedAdmin):
    """What was said is not shown: it is about a patient. Those that name no clinic are for superusers."""

    allowed = frozenset({VIEW})
    fixed = ()
    actions = ["mark_reviewed"]
    fields = [
        "clinic", "received_at", "sender", "control_id", "type", "outcome", "reason", "visit", "reviewed_by",
        "reviewed_at",
    ]  # fmt: skip
    list_display = ["received_at", "clinic", "sender", "control_id", "type", "outcome", "reason", "reviewed_at"]
    list_filter = [
        "outcome",
        ("clinic", admin.RelatedOnlyFieldListFilter),
        ("reviewed_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["clinic"]
    search_fields = ["=control_id"]
    search_help_text = "A whole control id (MSH-10)."
    ordering = ["-pk"]

    @admin.action(description="Reviewed", permissions=[VIEW])
    def mark_reviewed(self, request: HttpRequest, queryset: QuerySet[InboundMessage]) -> None:
        count = inbound_messages.mark_reviewed(queryset, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, f"{count} marked as reviewed.")
