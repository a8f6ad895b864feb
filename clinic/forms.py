"""The questions of kiosk and desk. Each field refuses what it cannot mean, in words that help."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from clinic import languages
from clinic.models import Clinic, Visit
from clinic.models.visits import Reason
from clinic.services import Answers
from clinic.states import Lane

OLDEST_YEARS = 130
# Marks that turn the text after them around, on every screen that shows the name.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# A device that many people use must not offer what the last one typed.
TYPED = {"autocomplete": "off", "autocorrect": "off", "spellcheck": "false"}
NAME = {**TYPED, "autocapitalize": "words"}
NUMBER = {**TYPED, "inputmode": "numeric"}
# What can be dialled within one town only is "possible" too, but nobody can be called by it from here.
WHOLE = phonenumbers.ValidationResult.IS_POSSIBLE

ONE_OF = {key: _("Please choose one.") for key in ("required", "invalid_choice")}
TOO_LONG = {"max_length": _("That is too long. Please write a shorter form.")}
MONTH = {key: _("Please choose the month.") for key in ("required", "invalid_choice", "invalid")}
DAY = {
    "required": _("Please write the day."),
    "invalid": _("Please write the day as a number."),
    **{key: _("Please write the day as a number from 1 to 31.") for key in ("min_value", "max_value")},
}
YEAR = {
    "required": _("Please write the year."),
    "invalid": _("Please write the year as a number."),
    **{key: _("Please write the year with four digits, for example 1985.") for key in ("min_value", "max_value")},
}


def check_name(value: str) -> None:
    if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") or char in TURNING for char in value):
        raise ValidationError(_("Please use only letters and marks that belong in a name."))
    if not any(char.isalpha() for char in value):
        raise ValidationError(_("Please write a name with at least one letter."))


class PhoneInput(forms.TextInput):
    """A phone number as people write it; what is stored as +1... is shown grouped."""

    input_type = "tel"

    def format_value(self, value: Any) -> str | None:
        return written_phone(value) if value else None


def written_phone(number: str) -> str:
    """A stored number as people read it: (202) 555-0143, or with its country's code. Other text stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    style = phonenumbers.PhoneNumberFormat
    form = style.NATIONAL if parsed.country_code == 1 else style.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, form))


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=languages.choices, widget=forms.RadioSelect, error_messages=ONE_OF)


class ArrivalForm(forms.Form):
    arrival = forms.ChoiceField(
        choices=[
            ("walk_in", _("No, I came without an appointment")),
            ("booked", _("Yes, I have an appointment today")),
        ],
        widget=forms.RadioSelect,
        error_messages=ONE_OF,
    )


class NameForm(forms.Form):
    given_name = forms.CharField(
        label=_("First name"),
        max_length=100,
        required=False,
        validators=[check_name],
        widget=forms.TextInput(NAME),
        error_messages=TOO_LONG,
    )
    family_name = forms.CharField(
        label=_("Last name"),
        max_length=100,
        validators=[check_name],
        widget=forms.TextInput(NAME),
        error_messages={**TOO_LONG, "required": _("Please write the last name.")},
    )


class BirthForm(forms.Form):
    birth_month = forms.TypedChoiceField(
        label=_("Month"),
        choices=list(MONTHS.items()),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages=MONTH,
    )
    birth_day = forms.IntegerField(
        label=_("Day"),
        min_value=1,
        max_value=31,
        widget=forms.TextInput({**NUMBER, "maxlength": 2}),
        error_messages=DAY,
    )
    birth_year = forms.IntegerField(
        label=_("Year"),
        min_value=1,
        max_value=9999,
        widget=forms.TextInput({**NUMBER, "maxlength": 4}),
        error_messages=YEAR,
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            data["birth_date"] = self._date(data)
        return data

    def _date(self, data: dict[str, Any]) -> date | None:
        try:
            born = date(data["birth_year"], data["birth_month"], data["birth_day"])
        except ValueError:
            self.add_error("birth_day", _("That date does not exist. Please check the day."))
            return None
        today = timezone.localdate()
        if born > today:
            self.add_error("birth_year", _("That date is still to come. Please check the year."))
        elif born.year < today.year - OLDEST_YEARS:
            self.add_error("birth_year", YEAR["min_value"])
        return born


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("Mobile phone"), max_length=40, required=False, widget=PhoneInput(TYPED), error_messages=TOO_LONG
    )

    answered_by = forms.CharField(
        label=_("Adult with this child"),
        max_length=201,
        required=False,
        validators=[check_name],
        widget=forms.TextInput(NAME),
        error_messages=TOO_LONG,
    )

    def clean_phone(self) -> str:
        """The number as +1..., or nothing."""
        written = self.cleaned_data["phone"]
        if not written:
            return ""
        try:
            number = phonenumbers.parse(written, "US")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or phonenumbers.is_possible_number_with_reason(number) != WHOLE:
            raise ValidationError(_("Please write all ten digits, or leave it empty."))
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Reason"), choices=Reason.choices, widget=forms.RadioSelect, error_messages=ONE_OF
    )
    needs_help = forms.BooleanField(
        label=_("I need help here: moving, seeing, hearing or understanding"), required=False
    )


class CompanionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of those who are here, by the public id."""

    default_error_messages = {"invalid_choice": _("That patient is not here any more. Please choose again.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(to_field_name="public_id", empty_label=_("Nobody"), blank=True, **options)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.ticket} {obj.given_name} {obj.family_name}".strip()

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None


class DeskCheckInForm(NameForm, BirthForm, PhoneForm, ReasonForm):
    """All questions on one page, asked by a clerk. `beside`: a patient of the clinic whom this one came with."""

    lane = forms.ChoiceField(label=_("Lane"), choices=Lane.choices, initial=Lane.STANDARD, error_messages=ONE_OF)
    language = forms.ChoiceField(label=_("Language"), choices=languages.choices, error_messages=ONE_OF)
    arrival = forms.BooleanField(label=_("Has an appointment today"), required=False)
    identity_checked = forms.BooleanField(label=_("Identity checked"), required=False, initial=True)
    key = forms.UUIDField(widget=forms.HiddenInput)
    beside = CompanionField(label=_("Came with"), queryset=Visit.objects.none(), required=False)
    field_order = ["given_name", "family_name", "birth_month", "birth_day", "birth_year", "phone", "reason"]

    def __init__(self, clinic: Clinic, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["beside"].queryset = clinic.visits.on_site()  # type: ignore[attr-defined]
        self.fields["birth_month"].widget = forms.Select(choices=list(MONTHS.items()))
        self.fields["reason"].widget = forms.Select(choices=Reason.choices)
        self.fields["needs_help"].label = _("Needs help: moving, seeing, hearing or understanding")

    def answers(self) -> Answers:
        return answers_from(self.cleaned_data)


def answers_from(data: dict[str, Any]) -> Answers:
    """What the services take, from the cleaned answers of all questions."""
    return Answers(
        given_name=data.get("given_name", ""),
        family_name=data["family_name"],
        birth_date=data["birth_date"],
        phone=data.get("phone", ""),
        reason=data.get("reason", Reason.PRIVATE),
        language=data.get("language", "en"),
        booked=data.get("arrival") in ("booked", True),
        answered_by=data.get("answered_by", ""),
        needs_help=data.get("needs_help", False),
        red_flag=data.get("red_flag", False),
    )
