"""What is changed in the admin is told to the audit: which fields, and no values but roles and switches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from clinic import audit
from clinic.admin.base import ModelAdmin
from clinic.models import Clinic, Membership, OpeningHours, SpecialHours

ADD, CHANGE, REMOVE = "add", "change", "remove"
NOUNS: dict[type[Model], str] = {OpeningHours: "hours", SpecialHours: "hours"}
SWITCHES = ("is_active", "is_staff", "is_superuser")


class Told(NamedTuple):
    """One row for each of these chains."""

    chains: set[int]
    action: str
    of: tuple[str, object]
    detail: dict[str, audit.Plain]


class Audited(ModelAdmin):
    """A page of the admin whose rows, and those of its inlines, are written by the admin itself."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        rows = [told(row, ADD) for row in formset.new_objects]
        rows += [told(row, CHANGE, fields) for row, fields in formset.changed_objects]
        _kept(request).extend(rows + [told(row, REMOVE) for row in formset.deleted_objects])

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django's own, of what was saved just now. Without formsets it is about a person's password."""
        row = form.user if formsets is None else form.instance
        own = [told(row, ADD)] if add else []
        if not add and form.changed_data:
            own = [told(row, CHANGE, form.changed_data)]
        write_all(request, [*own, *_kept(request)])
        return super().construct_change_message(request, form, formsets, add)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            write_all(request, [told(obj, REMOVE)])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            write_all(request, [told(row, REMOVE) for row in queryset])
            super().delete_queryset(request, queryset)


def told(row: Any, verb: str, fields: Iterable[str] = ()) -> Told:
    """`row` may be deleted already: its number is empty then."""
    noun = NOUNS.get(type(row), row._meta.model_name)
    detail = _detail(row) | ({"fields": ", ".join(fields)[:300]} if fields else {})
    return Told(_chains(row), f"{noun}.{verb}", (noun, "" if row.pk is None else row.pk), detail)


def write_all(request: HttpRequest, rows: list[Told]) -> None:
    """In the order of the chains, whose ends are locked: two people at once must not wait for each other."""
    by = audit.staff(request.user)  # type: ignore[arg-type]
    for chain in sorted({chain for row in rows for chain in row.chains}):
        for row in (one for one in rows if chain in one.chains):
            audit.write(chain, row.action, by=by, of=row.of, detail=row.detail)


def _kept(request: HttpRequest) -> list[Told]:
    kept: list[Told] = request.__dict__.setdefault("_told_of_inlines", [])
    return kept


def _chains(row: Any) -> set[int]:
    """Of a person: those of all their clinics, and the system's."""
    if isinstance(row, Clinic):
        return {row.pk}
    if isinstance(row, User):
        return {audit.SYSTEM, *Membership.objects.filter(user=row.pk).values_list("clinic", flat=True)}
    return {getattr(row, "clinic_id", audit.SYSTEM)}


def _detail(row: Any) -> dict[str, audit.Plain]:
    if isinstance(row, Membership):
        return {"role": row.role, "user": row.user.get_username()}
    if isinstance(row, User):
        return {"user": row.get_username(), "to": ", ".join(name for name in SWITCHES if getattr(row, name))}
    return {}
