"""Where visits are reported to: set up, tested, paused and resumed here. Everything is written by the services."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from clinic import certificates, clock, sealed
from clinic.admin.base import ADD, CHANGE, DELETE, VIEW, ScopedAdmin
from clinic.admin.destination_form import FORMS, SENT, DestinationForm, fingerprints
from clinic.integrations import kinds, probe
from clinic.models import Delivery, Destination
from clinic.models.destinations import Trigger
from clinic.services import Actor, Refused, destinations

Kind = Destination.Kind
HL7_FIELDS = (
    "hl7_version", "charset", "sending_application", "sending_facility", "receiving_application",
    "receiving_facility",
)  # fmt: skip
OWN: dict[str, tuple[str, tuple[str, ...], str]] = {
    Kind.HL7: ("HL7", HL7_FIELDS, "What stands in the header of each message, as agreed with the other side."),
    Kind.FHIR: ("FHIR", ("token", "forget_token"), "How the FHIR server knows us."),
    Kind.WEBHOOK: (
        "Webhook",
        ("signing_now", "signing", "secret"),
        "How the other side knows that a message is from us: it is signed as Standard Webhooks says.",
    ),
}
SECURITY = ("ca_certificate", "ca_until", "client_certificate", "client_until", "private_key")
SECURITY_HELP = "For TLS: mllps:// and https://. Most need nothing here."
# What a new one has none of.
OF_OLD_ONES = {"condition", "signing_now", "signing", "forget_token", "ca_until", "client_until"}
SENT_HELP = (
    'What is sent when something happens to a visit. "As usual" is what most systems expect; choose another only '
    "if the other side asks for it."
)


@admin.register(Destination)
class DestinationAdmin(ScopedAdmin):
    allowed = frozenset({VIEW, ADD, CHANGE, DELETE})
    fixed = ("clinic",)
    readonly_fields = ("kind", "condition", "signing_now", "ca_until", "client_until")
    list_display = ["name", "clinic", "kind", "condition", "is_paused", "is_ill"]
    list_filter = [("clinic", admin.RelatedOnlyFieldListFilter), "kind", "is_paused", "is_ill"]
    list_select_related = ["clinic"]
    change_form_template = "admin/clinic/destination/change_form.html"

    # --- The form, by kind -------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """First the kind is chosen, then its form is filled in."""
        if _asked_kind(request) or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        offered = [kind for kind in Kind if kind in kinds.SENDERS]
        context = {**self.admin_site.each_context(request), "title": "Add destination", "opts": self.opts}
        context["kinds"] = [(kind, kind.label, KIND_HELP[kind]) for kind in offered]
        return TemplateResponse(request, "admin/clinic/destination/choose_kind.html", context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kind = obj.kind if obj else _asked_kind(request)
        kwargs["form"] = FORMS[kind or Kind.WEBHOOK]
        kwargs["fields"] = [name for name in _names(self.get_fieldsets(request, obj)) if _is_stored(name)]
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        kind = obj.kind if obj else _asked_kind(request) or Kind.WEBHOOK
        title, own, own_help = OWN[kind]
        sent = [f"{SENT}{trigger}" for trigger in Trigger]
        fieldsets = [
            (None, {"fields": ["condition", "clinic", "name", "kind", "url", "seconds"]}),
            (title, {"fields": list(own), "description": own_help}),
            ("What is sent", {"fields": sent, "description": SENT_HELP}),
            ("Security", {"fields": list(SECURITY), "description": SECURITY_HELP}),
        ]
        return _without(fieldsets, _empty(obj) if obj else OF_OLD_ONES)

    def save_model(self, request: HttpRequest, obj: Destination, form: DestinationForm, change: bool) -> None:
        obj.secrets = form.secrets()
        destinations.save(obj, by=_actor(request), fields=form.changed_data)
        request.fresh_secrets = form.fresh  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return _with_secrets(self, request, obj, super().response_add(request, obj, post_url_continue))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return _with_secrets(self, request, obj, super().response_change(request, obj))

    # --- What is shown -----------------------------------------------------------------------------------------

    @admin.display(description="Condition")
    def condition(self, row: Destination) -> str:
        """One sentence: paused, ill, soon without a certificate, or well; since when and why."""
        if row.is_paused:
            return f"Paused: {row.paused_because or 'no reason was given'}. Deliveries wait and are kept."
        if row.is_ill:
            return f"Ill since {row.ill_since:%Y-%m-%d %H:%M} UTC: {row.last_error}. It is tried again by itself."
        now = clock.now()
        pems = {"Our certificate": row.client_certificate, "Their authority's certificate": row.ca_certificate}
        soon = [f"{whose}: {said}" for whose, pem in pems.items() if (said := certificates.warning(pem, now))]
        return " ".join(soon) or "Well"

    @admin.display(description="Signing secrets now")
    def signing_now(self, row: Destination) -> str:
        """How many, told apart by fingerprints; or that they cannot be read."""
        try:
            sealed.unseal(row.sealed_secrets)
        except sealed.Unreadable as no:
            return f"None can be read: {no}"
        marks = fingerprints(row)
        if not marks:
            return "None yet: one is made when you save, and shown once."
        return f"{len(marks)}, by fingerprint, the newest first: {', '.join(marks)}"

    @admin.display(description="Until when")
    def ca_until(self, row: Destination) -> str:
        return certificates.words(row.ca_certificate, clock.now())

    @admin.display(description="Until when")
    def client_until(self, row: Destination) -> str:
        return certificates.words(row.client_certificate, clock.now())

    # --- Buttons -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        buttons: dict[str, Callable[[HttpRequest, Destination], HttpResponse]] = {
            "test": self._test, "pause": self._pause, "resume": self._resume,
        }  # fmt: skip
        ours = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(require_POST(partial(self._pressed, do))),
                name=f"clinic_destination_{name}",
            )
            for name, do in buttons.items()
        ]
        return ours + super().get_urls()

    def _pressed(self, do: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """A button of a destination's page, for those who may change it; not found for others."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        try:
            answer: HttpResponse = do(request, found)
        except Refused as no:
            self.message_user(request, str(no), messages.ERROR)
            return redirect("admin:clinic_destination_change", found.pk)
        return answer

    def _test(self, request: HttpRequest, row: Destination) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": f"Test of {row}", "opts": self.opts}
        context |= {"destination": row, "report": probe.probe(row)}
        return TemplateResponse(request, "admin/clinic/destination/test.html", context)

    def _pause(self, request: HttpRequest, row: Destination) -> HttpResponse:
        destinations.pause(row, by=_actor(request), reason=request.POST.get("reason", ""))
        self.message_user(request, f"{row} is paused: deliveries wait and are kept.")
        return redirect("admin:clinic_destination_change", row.pk)

    def _resume(self, request: HttpRequest, row: Destination) -> HttpResponse:
        destinations.resume(row, by=_actor(request), reason=request.POST.get("reason", ""))
        waiting = row.deliveries.filter(state=Delivery.State.PENDING).count()
        self.message_user(request, f"{row} goes on. Waiting: {waiting}.")
        return redirect("admin:clinic_destination_change", row.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Destination]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def delete_model(self, request: HttpRequest, obj: Destination) -> None:
        destinations.remove(obj, by=_actor(request))


KIND_HELP = {
    Kind.HL7: "For most medical record systems: ADT and SIU messages to a host and port.",
    Kind.FHIR: "For systems with a FHIR R4 server: Patient, Encounter and Appointment.",
    Kind.WEBHOOK: "For everything that can take a signed HTTPS message in JSON.",
}


def _with_secrets(
    site: DestinationAdmin, request: HttpRequest, row: Destination, onward: HttpResponse
) -> HttpResponse:
    """`onward`; or a page that shows the secrets made just now: a message would lie in the session, in plain."""
    fresh = getattr(request, "fresh_secrets", [])
    if not fresh:
        return onward
    context = {**site.admin_site.each_context(request), "title": f"New signing secret of {row}", "opts": site.opts}
    context |= {"destination": row, "secrets": fresh, "onward": onward.get("Location", "")}
    return TemplateResponse(request, "admin/clinic/destination/secret.html", context)


def _asked_kind(request: HttpRequest) -> str | None:
    """From the address, where the choice put it, or from the form."""
    asked = request.GET.get("kind") or request.POST.get("kind") or ""
    return asked if asked in kinds.SENDERS else None


def _empty(row: Destination) -> set[str]:
    """The ends of certificates that it has not."""
    ends = {"ca_until": row.ca_certificate, "client_until": row.client_certificate}
    return {name for name, pem in ends.items() if not pem}


def _without(fieldsets: Any, names: Collection[str]) -> Any:
    return [
        (title, {**options, "fields": [name for name in options["fields"] if name not in names]})
        for title, options in fieldsets
    ]


def _names(fieldsets: Any) -> list[str]:
    return [name for _title, options in fieldsets for name in options["fields"]]


def _is_stored(name: str) -> bool:
    """A column that the form sets itself; what is sent and secrets are worked out of other fields."""
    return not name.startswith(SENT) and name not in ("signing", "secret", "token", "forget_token", "private_key")


def _actor(request: HttpRequest) -> Actor:
    return Actor(user=request.user)  # type: ignore[arg-type]
