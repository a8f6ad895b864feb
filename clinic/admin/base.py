"""Who may see and change what in the admin: one mixin, by role in the clinic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from clinic.access import managed_clinics
from clinic.models import Clinic

if TYPE_CHECKING:
    BaseAdmin = admin.options.BaseModelAdmin[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    BaseAdmin = object
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"
EVERYTHING = frozenset({VIEW, ADD, CHANGE, DELETE})
PER_PAGE = 40


def manageable_people(user: Any) -> QuerySet[User]:
    """Whom a manager may make a member: people of their clinics, and those who belong to none yet."""
    if user.is_superuser:
        return User.objects.all()
    theirs = Q(memberships__clinic__in=managed_clinics(user)) | Q(memberships=None)
    return User.objects.filter(theirs, is_superuser=False, is_active=True).distinct()


class ClinicScoped(BaseAdmin):
    """Shows and lets edit the rows of the clinics that the person manages, and no others.

    `clinic_path` leads from a row to its clinic. `allowed` is what may be done here at all, `only_superusers` what
    of it managers may not do. Django's own permissions play no part.
    """

    clinic_path = "clinic"
    allowed = frozenset({VIEW, ADD, CHANGE})
    only_superusers: frozenset[str] = frozenset()

    def _may(self, request: HttpRequest, what: str) -> bool:
        user = request.user
        if what not in self.allowed or not user.is_active or not user.is_staff:
            return False
        if user.is_superuser:
            return True
        return what not in self.only_superusers and managed_clinics(user).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, ADD)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, DELETE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.clinic_path}__in": managed_clinics(request.user)})

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        choices: dict[type[Model], Any] = {Clinic: managed_clinics, User: manageable_people}
        if db_field.related_model in choices:
            kwargs["queryset"] = choices[db_field.related_model](request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ScopedAdmin(ClinicScoped, ModelAdmin):
    """A page of the admin for rows that belong to a clinic. `fixed` fields are set once, when a row is made."""

    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    fixed: tuple[str, ...] = ("clinic",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields + self.fixed if obj else fields

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only the filters on the page: others would let secrets be guessed, and put names into addresses."""
        filters = {one if isinstance(one, str) else one[0] for one in self.list_filter or ()}  # type: ignore[index]
        return lookup.split("__")[0] in filters and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


class ScopedInline(ClinicScoped, TabularInline):
    """The same as rows on the page of what they belong to."""

    extra = 0
