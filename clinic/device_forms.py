"""What staff writes about kiosks and wait-room screens: a code, a name, and how each is set up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic import languages
from clinic.forms import TYPED, check_name
from clinic.models import Clinic, Device, Room
from clinic.panels import PANELS
from clinic.services.devices import SetUp

METRES, FEET = "m", "ft"
METRES_A_FOOT = Decimal("0.3048")
NEAREST, FARTHEST = Decimal("0.5"), Decimal(40)
MEASURED = ""
NO_NUMBER = {"invalid": _("Please write a number."), "required": _("Please write a number.")}


def name_field(*, required: bool = True, hint: Any = "") -> forms.CharField:
    """Where a device stands."""
    return forms.CharField(
        label=_("Where it stands"),
        max_length=50,
        required=required,
        help_text=hint,
        validators=[check_name],
        widget=forms.TextInput(TYPED),
        error_messages={
            "required": _("Please write where it stands, for example: Entrance, left."),
            "max_length": _("Please write at most 50 letters."),
        },
    )


class CodeForm(forms.Form):
    """The code on a device's screen, and which device of the clinic it is from now on."""

    code = forms.CharField(
        label=_("Code on its screen"),
        help_text=_("For example BCDF-GHJK; small letters are fine too."),
        max_length=30,
        widget=forms.TextInput({**TYPED, "autocapitalize": "characters", "maxlength": 30}),
        error_messages={"required": _("Please write the eight letters that the screen shows.")},
    )
    device = forms.ModelChoiceField(
        label=_("Which one it is"),
        queryset=Device.objects.none(),
        required=False,
        empty_label=_("A new one"),
        help_text=_("One of the list is replaced: what is that device now is locked out, its set-up stays."),
        error_messages={"invalid_choice": _("That one is not in the list any more. Please choose again.")},
    )
    name = name_field(required=False, hint=_("Only for a new one, for example: Entrance, left."))

    def __init__(self, clinic: Clinic, said: Any = None) -> None:
        super().__init__(said)
        self.fields["device"].queryset = clinic.devices.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "name" in data and not data.get("name") and not data.get("device") and "device" not in self.errors:
            self.add_error("name", self.fields["name"].error_messages["required"])
        return data


class SetUpForm(forms.Form):
    """What a kiosk and a wait-room screen share."""

    name = name_field()
    volume = forms.IntegerField(
        label=_("Volume"),
        min_value=0,
        max_value=100,
        widget=forms.NumberInput({"type": "range", "step": 5}),
        error_messages={**NO_NUMBER, **dict.fromkeys(("min_value", "max_value"), _("Please write 0 to 100."))},
    )

    def __init__(self, device: Device, said: Any = None, *, names: bool = True) -> None:
        super().__init__(said, initial=self.found(device))
        self.device = device
        if not names:
            del self.fields["name"]

    def found(self, device: Device) -> dict[str, Any]:
        """What is remembered, as the fields show it."""
        return {"name": device.name, "volume": device.volume}

    def wanted(self) -> SetUp:
        """What is to be remembered."""
        return SetUp(name=self.cleaned_data.get("name", self.device.name), volume=self.cleaned_data["volume"])


class KioskSetUpForm(SetUpForm):
    """How large a millimetre is on its glass, and which languages it offers, in which order."""

    panel = forms.ChoiceField(
        label=_("Or choose its screen"),
        choices=[(MEASURED, _("Not in this list"))] + [(panel.name, panel.name) for panel in PANELS],
        required=False,
        error_messages={"invalid_choice": _("Please choose one of the list.")},
    )
    px_per_mm = forms.DecimalField(
        label=_("Pixels a millimetre"),
        help_text=_("Most screens have 3 to 6. Empty: guessed."),
        min_value=Decimal("1.5"),
        max_value=Decimal(16),
        decimal_places=3,
        required=False,
        widget=forms.NumberInput({**TYPED, "step": "0.001", "inputmode": "decimal"}),
        error_messages={
            **NO_NUMBER,
            "max_decimal_places": _("Please write at most three digits after the point."),
            **dict.fromkeys(("min_value", "max_value"), _("Please write 1.5 to 16: most screens have 3 to 6.")),
        },
    )

    def __init__(self, device: Device, said: Any = None, *, names: bool = True) -> None:
        super().__init__(device, said, names=names)
        offered = device.languages or languages.usual()
        places = [(n, str(n)) for n in range(1, len(languages.known()) + 1)]
        for code, name in sorted(languages.choices(), key=lambda one: _place(one[0], offered)):
            is_on = forms.BooleanField(label=name, required=False, initial=code in offered)
            place = forms.TypedChoiceField(
                label=_("Place of %(language)s") % {"language": name},
                choices=places,
                coerce=int,
                required=False,
                initial=min(_place(code, offered), len(places) - 1) + 1,
                error_messages={"invalid_choice": _("Please choose one of the list.")},
            )
            self.fields |= {f"offers_{code}": is_on, f"place_{code}": place}

    def languages(self) -> list[tuple[Any, Any]]:
        """The two fields of each language."""
        codes = [name.removeprefix("offers_") for name in self.fields if name.startswith("offers_")]
        return [(self[f"offers_{code}"], self[f"place_{code}"]) for code in codes]

    def found(self, device: Device) -> dict[str, Any]:
        return {**super().found(device), "px_per_mm": device.px_per_mm}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        offered = [code for code in languages.known() if data.get(f"offers_{code}")]
        if not offered:
            raise ValidationError(_("Please choose at least one language."))
        data["languages"] = sorted(offered, key=lambda code: data.get(f"place_{code}") or len(offered))
        return data

    def wanted(self) -> SetUp:
        said, plain = self.cleaned_data, super().wanted()
        chosen = [panel.px_per_mm for panel in PANELS if panel.name == said["panel"]]
        is_usual = said["languages"] == languages.usual()
        wanted = () if is_usual else tuple(said["languages"])
        return SetUp(
            plain.name, plain.volume, px_per_mm=chosen[0] if chosen else said["px_per_mm"], languages=wanted
        )


class MonitorSetUpForm(SetUpForm):
    """How large it is, how far its farthest reader sits, and for which rooms it calls."""

    screen_inches = forms.DecimalField(
        label=_("Size of the screen, corner to corner, in inches"),
        help_text=_("For example 55."),
        min_value=10,
        max_value=150,
        max_digits=4,
        decimal_places=1,
        required=False,
        widget=forms.NumberInput({**TYPED, "step": "0.1", "inputmode": "decimal"}),
        error_messages={
            **NO_NUMBER,
            **dict.fromkeys(("min_value", "max_value", "max_digits"), _("Please write 10 to 150 inches.")),
            "max_decimal_places": _("Please write at most one digit after the point."),
        },
    )
    seat = forms.DecimalField(
        label=_("From the screen to the farthest seat"),
        min_value=0,
        max_digits=5,
        decimal_places=1,
        required=False,
        widget=forms.NumberInput({**TYPED, "step": "0.1", "inputmode": "decimal"}),
        error_messages={
            **NO_NUMBER,
            **dict.fromkeys(("min_value", "max_digits"), _("Please write 0.5 to 40 metres (2 to 130 feet).")),
            "max_decimal_places": _("Please write at most one digit after the point."),
        },
    )
    unit = forms.ChoiceField(
        label=_("Metres or feet"),
        choices=[(METRES, _("metres")), (FEET, _("feet"))],
        initial=METRES,
        error_messages={key: _("Please choose one.") for key in ("required", "invalid_choice")},
    )
    rooms = forms.ModelMultipleChoiceField(
        label=_("Rooms whose calls it shows"),
        queryset=Room.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            key: _("A room is not there any more. Please choose again.")
            for key in ("invalid_choice", "invalid_pk_value")
        },
    )
    speaks = forms.BooleanField(label=_("Says the called ticket, where it has a voice"), required=False)

    def __init__(self, device: Device, said: Any = None, *, names: bool = True) -> None:
        super().__init__(device, said, names=names)
        self.fields["rooms"].queryset = device.clinic.rooms.all()  # type: ignore[attr-defined]

    def found(self, device: Device) -> dict[str, Any]:
        return {
            **super().found(device),
            "screen_inches": device.screen_inches,
            "seat": device.seat_metres,
            "rooms": list(device.rooms.all()),
            "speaks": device.speaks,
        }

    def clean_unit(self) -> str:
        """Here, since the seat is read before it."""
        unit: str = self.cleaned_data["unit"]
        if (seat := self.cleaned_data.get("seat")) is not None:
            metres = (seat * (METRES_A_FOOT if unit == FEET else 1)).quantize(Decimal("0.1"))
            if not NEAREST <= metres <= FARTHEST:
                self.add_error("seat", self.fields["seat"].error_messages["max_digits"])
            self.cleaned_data["seat_metres"] = metres
        return unit

    def wanted(self) -> SetUp:
        said, plain = self.cleaned_data, super().wanted()
        return SetUp(
            plain.name,
            plain.volume,
            speaks=said["speaks"],
            screen_inches=said["screen_inches"],
            seat_metres=said.get("seat_metres"),
            rooms=said["rooms"],
        )


FORMS: dict[str, type[SetUpForm]] = {Device.Kind.KIOSK: KioskSetUpForm, Device.Kind.MONITOR: MonitorSetUpForm}


def _place(code: str, offered: list[str]) -> int:
    return offered.index(code) if code in offered else len(offered)
