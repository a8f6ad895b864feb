"""What a device may say of itself: bounded, since whoever holds its cookie may send anything."""

from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator

from clinic.services.devices import Said

PATHS = ("both", "own", "vendor", "poll", "stale")
SOUNDS = ("on", "off", "none")
# As much as the smallest database's whole numbers hold; sixty years in seconds.
MOST_SECONDS = 2_000_000_000


class ReportForm(forms.Form):
    """The fields that heartbeat.js sends. A page without a live path or sound leaves these empty."""

    build = forms.CharField(max_length=40, required=False, validators=[RegexValidator(r"^[0-9a-f]*\Z")])
    path = forms.ChoiceField(choices=[(one, one) for one in PATHS], required=False)
    sound = forms.ChoiceField(choices=[(one, one) for one in SOUNDS], required=False)
    data_age = forms.IntegerField(min_value=0, max_value=MOST_SECONDS, required=False)
    up_seconds = forms.IntegerField(min_value=0, max_value=MOST_SECONDS, required=False)

    def said(self) -> Said:
        return Said(**self.cleaned_data)
