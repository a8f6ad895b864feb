"""The form of a destination, by its kind. Secrets can be set, and are never shown again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from clinic import certificates, sealed
from clinic.certificates import Useless
from clinic.integrations import kinds, places
from clinic.models import Destination
from clinic.models.destinations import Trigger
from clinic.sealed import Secrets
from clinic.services import destinations

if TYPE_CHECKING:
    DestinationModelForm = forms.ModelForm[Destination]
else:
    DestinationModelForm = forms.ModelForm

Kind = Destination.Kind
USUAL = "as usual"
SENT = "sent_"
KEEP, ADD, END = "keep", "add", "end"


class SecretArea(forms.Textarea):
    """Never says what was in it, also on a form that comes back with errors."""

    def format_value(self, value: Any) -> str | None:
        return ""


def typed(label: str, help_text: str, most: int) -> forms.CharField:
    """A secret of one line."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"})
    return forms.CharField(label=label, help_text=help_text, max_length=most, required=False, widget=widget)


class DestinationForm(DestinationModelForm):
    """What all kinds have. `kind` is fixed for each class. `fresh`: signing secrets that were made just now."""

    kind = Kind.WEBHOOK
    private_key = forms.CharField(
        label="Our private key",
        required=False,
        widget=SecretArea(attrs={"class": "vLargeTextField", "rows": 4, "autocomplete": "off"}),
        help_text="PEM, without a password; of the certificate above. Never shown. Empty: the one we have stays.",
    )

    class Meta:
        model = Destination
        exclude = ("kind",)
        labels = {
            "ca_certificate": "Their authority's certificate",
            "client_certificate": "Our certificate",
            "hl7_version": "HL7 version",
            "charset": "Character set",
        }
        widgets = dict.fromkeys(
            ("ca_certificate", "client_certificate"), forms.Textarea(attrs={"class": "vLargeTextField", "rows": 4})
        )
        help_texts = {
            "name": "As your people call it: it stands on the ops page and in mails.",
            "client_certificate": "PEM, with its chain. Only if the other side asks who we are. "
            "Empty: we show none, and its private key is forgotten.",
            "ca_certificate": "PEM. Only if the other side's certificate is signed by an authority of its own; "
            "then that one alone is trusted. Empty: the public authorities.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fresh: list[str] = []
        self.instance.kind = self.kind
        self.stored = _stored(self.instance)
        if "url" in self.fields:
            self.fields["url"].help_text = ADDRESS_HELP[self.kind]
            for trigger in Trigger:
                self.fields[f"{SENT}{trigger}"] = self._choice(trigger)

    def _choice(self, trigger: Trigger) -> forms.ChoiceField:
        """One choice a trigger; what the kind does by itself is named in the first."""
        sender = kinds.SENDERS[self.kind]
        offered = list(sender.CHOICES[trigger])
        usual = dict(offered).get(sender.MAPPING[trigger], sender.MAPPING[trigger] or "Nothing")
        choices = [(USUAL, f"As usual: {usual}"), *[(f"={what}", words) for what, words in offered]]
        chosen = self.instance.mapping.get(trigger)
        initial = USUAL if chosen is None else f"={chosen}"
        if initial not in dict(choices):
            choices.append((initial, f"{chosen} (of an earlier version)"))
        return forms.ChoiceField(label=trigger.label, choices=choices, initial=initial)

    def clean_url(self) -> str:
        address = str(self.cleaned_data["url"]).strip()
        try:
            places.check(self.kind, address)
        except places.NoPlace as no:
            raise ValidationError(str(no)) from None
        return address

    def clean_ca_certificate(self) -> str:
        return _certificates(self.cleaned_data["ca_certificate"])

    def clean_client_certificate(self) -> str:
        return _certificates(self.cleaned_data["client_certificate"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors:
            self._check_pair(said)
            self.instance.mapping = self._mapping(said)
        return said

    def _check_pair(self, said: dict[str, Any]) -> None:
        certificate, key = said["client_certificate"], said["private_key"] or self.stored.private_key
        if not certificate:
            if said["private_key"]:
                self.add_error("client_certificate", "Paste the certificate of this private key, too.")
            return
        try:
            certificates.check_pair(certificate, key)
        except Useless as no:
            self.add_error("private_key", str(no))

    def _mapping(self, said: dict[str, Any]) -> dict[str, str]:
        chosen = {trigger: said[f"{SENT}{trigger}"] for trigger in Trigger}
        return {str(trigger): what[1:] for trigger, what in chosen.items() if what != USUAL}

    def secrets(self) -> Secrets:
        """All that is to be kept, old and new. Fills `fresh`."""
        said = self.cleaned_data
        key = said["private_key"] or self.stored.private_key
        return Secrets(
            signing=self.stored.signing,
            token=self.stored.token,
            private_key=key.strip() if said["client_certificate"] else "",
        )


class Hl7Form(DestinationForm):
    kind = Kind.HL7


class FhirForm(DestinationForm):
    kind = Kind.FHIR
    token = typed("Bearer token", "As the other side gave it to you. Never shown. Empty: as it is.", 4000)
    forget_token = forms.BooleanField(label="Forget the token: it asks for none", required=False)

    def clean_token(self) -> str:
        token = str(self.cleaned_data["token"]).removeprefix("Bearer ").strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ValidationError("A token has no spaces and no letters with accents: paste it once more.")
        return token

    def secrets(self) -> Secrets:
        said, kept = self.cleaned_data, super().secrets()
        token = "" if said["forget_token"] else said["token"] or kept.token
        return Secrets(signing=kept.signing, token=token, private_key=kept.private_key)


class WebhookForm(DestinationForm):
    """Signing secrets are changed in two steps, so that no message is refused in between."""

    kind = Kind.WEBHOOK
    signing = forms.ChoiceField(
        label="Signing secrets",
        choices=[
            (KEEP, "Leave them as they are"),
            (ADD, "Add a new one: messages are signed with it and with the old ones"),
            (END, "End the old ones: only the newest stays"),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
        required=False,
        initial=KEEP,
        help_text="To change the secret: add a new one, give it to the other side, then end the old one.",
    )
    secret = typed(
        "New secret", "Only if the other side chose it: whsec_ and base64. Empty: we make one, shown once.", 200
    )

    def clean_secret(self) -> str:
        written = str(self.cleaned_data["secret"]).strip()
        if written and not destinations.is_secret(written):
            raise ValidationError("Write whsec_ and then 24 bytes or more in base64.")
        return written

    def secrets(self) -> Secrets:
        kept = super().secrets()
        return Secrets(signing=self._signing(kept.signing), token=kept.token, private_key=kept.private_key)

    def _signing(self, old: tuple[str, ...]) -> tuple[str, ...]:
        asked, written = self.cleaned_data["signing"], self.cleaned_data["secret"]
        if asked == END and not written:
            return old[:1]
        if asked != ADD and not written and old:
            return old
        if not written:
            written = destinations.new_secret()
            self.fresh.append(written)
        return (written,) if asked == END else tuple(dict.fromkeys([written, *old]))


FORMS: dict[str, type[DestinationForm]] = {form.kind: form for form in (Hl7Form, FhirForm, WebhookForm)}
ADDRESS_HELP = {
    Kind.HL7: "mllp://host:port, or mllps://host:port with TLS.",
    Kind.FHIR: "https://, the base of the FHIR server, such as https://emr.example/fhir/r4.",
    Kind.WEBHOOK: "https://, where it takes messages.",
}


def fingerprints(destination: Destination) -> list[str]:
    """One a signing secret, the newest first: tells them apart, and gives nothing away."""
    return [hashlib.sha256(secret.encode()).hexdigest()[:8] for secret in _stored(destination).signing]


def _stored(destination: Destination) -> Secrets:
    """None when they were kept under a key that is gone: then they are set anew."""
    try:
        return destination.secrets
    except sealed.Unreadable:
        return Secrets()


def _certificates(pem: str) -> str:
    pem = pem.strip()
    if pem:
        try:
            certificates.read(pem)
        except Useless as no:
            raise ValidationError(str(no)) from None
    return pem
