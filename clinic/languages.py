"""The languages that patients are offered: English, and each one with a catalog in clinic/locale."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import get_language_info

from clinic.models import Device

# What a device offers that nobody has set up otherwise.
USUAL = ("en", "es")


def known() -> list[str]:
    """The codes of all, English first."""
    return [code for code, _name in settings.LANGUAGES]


def usual() -> list[str]:
    return [code for code in USUAL if code in known()]


def choices(codes: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """Each language by its own name: these, or all."""
    wanted = known() if codes is None else codes
    return [(code, get_language_info(code)["name_local"].capitalize()) for code in wanted]


def offered(device: Device) -> list[tuple[str, str]]:
    """What a kiosk offers, in its order; one that was told nothing, or what is gone, the usual ones."""
    return choices([code for code in device.languages if code in known()] or usual())
