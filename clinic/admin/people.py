"""Staff, devices and calls for help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic import audit
from clinic.admin.audited import Audited
from clinic.admin.base import ADD, CHANGE, DELETE, VIEW, ScopedAdmin, TabularInline
from clinic.models import Device, HelpRequest, Membership
from clinic.services import Actor, devices, second_step, sessions

if TYPE_CHECKING:
    DjangoUserAdmin = UserAdmin[User]
    DjangoGroupAdmin = GroupAdmin
else:
    DjangoUserAdmin, DjangoGroupAdmin = UserAdmin, GroupAdmin

IN_CLINIC = ("clinic", admin.RelatedOnlyFieldListFilter)


@admin.register(Device)
class DeviceAdmin(Audited, ScopedAdmin):
    """Paired and set up at the desk, under Devices."""

    fixed = ("clinic", "kind")
    fields = ["clinic", "kind", "name", "paired_at", "revoked_at"]
    readonly_fields = ["paired_at", "revoked_at"]
    list_display = ["name", "kind", "clinic", "paired_at", "revoked_at"]
    list_filter = [IN_CLINIC, "kind"]
    list_select_related = ["clinic"]
    search_fields = ["name"]
    actions = ["revoke"]

    @admin.action(description="Revoke: lock the device out", permissions=[CHANGE])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        for device in queryset:
            devices.revoke(device, by=Actor(user=request.user))  # type: ignore[arg-type]
            self.message_user(request, f"{device} is locked out.", messages.WARNING)


@admin.register(Membership)
class MembershipAdmin(Audited, ScopedAdmin):
    """Who works where. Managers cannot touch the memberships of superusers."""

    allowed = frozenset({VIEW, ADD, CHANGE, DELETE})
    fixed = ("clinic", "user")
    list_display = ["user", "clinic", "role"]
    list_filter = [IN_CLINIC, "role"]
    list_select_related = ["user", "clinic"]
    search_fields = ["user__username"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Ops is a right over all clinics: only superusers give or take it."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.exclude(user__is_superuser=True).exclude(role=Membership.Role.OPS)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role" and not request.user.is_superuser:
            kwargs["choices"] = [choice for choice in Membership.Role.choices if choice[0] != Membership.Role.OPS]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(HelpRequest)
class HelpRequestAdmin(ScopedAdmin):
    allowed = frozenset({VIEW})
    list_display = ["at", "clinic", "device", "taken_by", "taken_at"]
    list_filter = [IN_CLINIC, "at"]
    list_select_related = ["clinic", "device", "taken_by"]
    ordering = ["-at"]


class MembershipInline(TabularInline):
    model = Membership
    extra = 0


class StaffAdmin(Audited, DjangoUserAdmin):
    """Django's own, with the clinics that a person works in; and how their log-ins are ended. For superusers."""

    actions = ["log_out_everywhere", "reset_second_step"]

    @admin.action(description="Log out everywhere", permissions=[CHANGE])
    def log_out_everywhere(self, request: Any, queryset: QuerySet[User]) -> None:
        for user in queryset:
            ended = sessions.end_all(user, by=audit.staff(request.user))
            self.message_user(request, f"{user}: {ended} log-ins ended.", messages.WARNING)

    @admin.action(description="Reset the second step: phone and paper are lost", permissions=[CHANGE])
    def reset_second_step(self, request: Any, queryset: QuerySet[User]) -> None:
        for user in queryset:
            by = audit.staff(request.user)
            if second_step.reset(user, by=by):
                sessions.end_all(user, by=by)
                self.message_user(request, f"{user} sets it up anew at the next log-in.", messages.WARNING)
            else:
                self.message_user(request, f"{user} has no second step.")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[admin.options.InlineModelAdmin[Any, Any]]]:
        return [MembershipInline] if obj else []

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Saved and told together, or not at all."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)


class AuditedGroupAdmin(Audited, DjangoGroupAdmin):
    """Django's own."""


# Nothing of a second step is for anybody's eyes; what django-otp brings for it is not used.
admin.site.unregister([User, Group, TOTPDevice, StaticDevice])
admin.site.register(Group, AuditedGroupAdmin)
admin.site.register(User, StaffAdmin)
