"""Visits and their history. Nothing is edited here but by the services, and nothing is deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinic import services
from clinic.admin.base import CHANGE, VIEW, ScopedAdmin, ScopedInline
from clinic.models import Visit, VisitEvent
from clinic.services import Actor, Refused, looks
from clinic.states import Lane, State, Verb

FIELDS: dict[str | None, Any] = {
    None: ["ticket", "clinic", "day", "state", "lane", "room", "calls"],
    "Patient": ["given_name", "family_name", "birth_date", "phone", "reason", "language", "answered_by"],
    "Check-in": [
        "identity_checked",
        "booking_claimed",
        "booked_for",
        "party",
        "needs_help",
        "red_flag",
        "promised_from",
        "promised_to",
        "not_before",
    ],
    "Times": ["arrived_at", "called_at", "stepped_out_at", "roomed_at", "ended_at"],
}


class EventInline(ScopedInline):
    """The history, oldest first."""

    model = VisitEvent
    allowed = frozenset({VIEW})
    clinic_path = "visit__clinic"
    fields = [
        "sequence",
        "verb",
        "from_state",
        "to_state",
        "at",
        "user",
        "device",
        "by_patient",
        "reason",
        "reverses",
    ]
    ordering = ["sequence"]
    verbose_name_plural = "History"

    def get_queryset(self, request: HttpRequest) -> QuerySet[VisitEvent]:
        return super().get_queryset(request).select_related("user", "device", "reverses")


class ReasonForm(ActionForm):
    """Beside the list's actions."""

    reason = forms.CharField(label="Reason:", required=False, max_length=200)


@admin.register(Visit)
class VisitAdmin(ScopedAdmin):
    allowed = frozenset({VIEW, CHANGE})
    inlines = [EventInline]
    action_form = ReasonForm
    actions = ["enter_in_error", "mark_left", "discharge", "mark_no_show"]
    list_display = ["ticket", "clinic", "state", "lane", "day", "arrived_at"]
    list_filter = [("clinic", admin.RelatedOnlyFieldListFilter), "state", "lane", "day"]
    list_select_related = ["clinic"]
    search_fields = ["=ticket"]
    search_help_text = "A whole ticket, such as A17."
    ordering = ["-day", "-day_number"]
    fieldsets = [(title, {"fields": names}) for title, names in FIELDS.items()]

    def get_readonly_fields(self, request: HttpRequest, obj: Visit | None = None) -> tuple[str, ...]:
        can_move = obj is not None and obj.state == State.WAITING
        return tuple(name for names in FIELDS.values() for name in names if name != "lane" or not can_move)

    def save_model(self, request: HttpRequest, obj: Visit, form: Any, change: bool) -> None:
        """The lane is all that a form can change. Raises Refused."""
        if "lane" in form.changed_data:
            lane = Lane(form.cleaned_data["lane"])
            services.move(obj.clinic, obj.public_id, Verb.MOVE, by=_actor(request), lane=lane)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as no:
            self.message_user(request, str(no), messages.ERROR)
            return _back(request)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Shows one patient, and writes down who looked."""
        looks.note(kwargs["obj"], by=_actor(request), at="admin")
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if (visit := self.get_object(request, object_id)) is not None and self.has_view_permission(request, visit):
            looks.note(visit, by=_actor(request), at="history")
        return super().history_view(request, object_id, extra_context)

    @admin.action(description="Entered in error (say why)", permissions=[CHANGE])
    def enter_in_error(self, request: HttpRequest, queryset: QuerySet[Visit]) -> None:
        self._move_all(request, queryset, Verb.ENTER_IN_ERROR)

    @admin.action(description="Left without being seen", permissions=[CHANGE])
    def mark_left(self, request: HttpRequest, queryset: QuerySet[Visit]) -> None:
        self._move_all(request, queryset, Verb.LEFT)

    @admin.action(description="Discharge", permissions=[CHANGE])
    def discharge(self, request: HttpRequest, queryset: QuerySet[Visit]) -> None:
        self._move_all(request, queryset, Verb.DISCHARGE)

    @admin.action(description="Did not come", permissions=[CHANGE])
    def mark_no_show(self, request: HttpRequest, queryset: QuerySet[Visit]) -> None:
        self._move_all(request, queryset, Verb.NO_SHOW)

    def _move_all(self, request: HttpRequest, visits: QuerySet[Visit], verb: Verb) -> None:
        reason = request.POST.get("reason", "")
        for visit in visits.select_related("clinic"):
            try:
                services.move(visit.clinic, visit.public_id, verb, by=_actor(request), reason=reason)
            except Refused as no:
                self.message_user(request, str(no), messages.ERROR)
            else:
                self.message_user(request, f"{visit}: {verb.label}")


def _actor(request: HttpRequest) -> Actor:
    return Actor(user=request.user)  # type: ignore[arg-type]


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(request.path)
