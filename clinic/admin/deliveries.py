"""Where visits are reported to, and what is owed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import URLField
from django.http import HttpRequest

from clinic.admin.base import ADD, CHANGE, DELETE, VIEW, ScopedAdmin
from clinic.models import Delivery, Destination
from clinic.sealed import Secrets
from clinic.services import destinations

if TYPE_CHECKING:
    DestinationModelForm = forms.ModelForm[Destination]
else:
    DestinationModelForm = forms.ModelForm


class DestinationForm(DestinationModelForm):
    """The secret can be set and is never shown."""

    secret = forms.CharField(
        label="Signing secret",
        required=False,
        max_length=100,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text="Empty: a new destination gets a fresh secret, an old one keeps what it has.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["secret"] = ""

    def clean_secret(self) -> str:
        written: str = self.cleaned_data["secret"]
        if written and not destinations.is_secret(written):
            raise ValidationError("Write whsec_ and then 24 bytes or more in base64.")
        return written or next(iter(self.instance.secrets.signing), "") or destinations.new_secret()


@admin.register(Destination)
class DestinationAdmin(ScopedAdmin):
    form = DestinationForm
    allowed = frozenset({VIEW, ADD, CHANGE, DELETE})
    fields = ["clinic", "name", "kind", "url", "secret", "seconds", "is_paused", "is_ill"]
    readonly_fields = ["is_ill"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = ["name", "clinic", "kind", "is_paused", "is_ill"]
    list_filter = [("clinic", admin.RelatedOnlyFieldListFilter), "kind", "is_paused", "is_ill"]
    list_select_related = ["clinic"]

    def save_model(self, request: HttpRequest, obj: Destination, form: Any, change: bool) -> None:
        obj.secrets = Secrets(signing=(form.cleaned_data["secret"],))
        super().save_model(request, obj, form, change)
        if not change and "secret" not in form.changed_data:
            text = f"The signing secret of {obj}, shown only now: {obj.secrets.signing[0]}"
            self.message_user(request, text, messages.WARNING)


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
