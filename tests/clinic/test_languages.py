"""Which languages a device offers."""

from __future__ import annotations

from typing import Any

import pytest

from clinic import languages
from clinic.models import Clinic
from tests.factories import make_device

pytestmark = pytest.mark.django_db


def codes(clinic: Clinic, *wanted: str) -> list[str]:
    device, _token = make_device(clinic, name=f"of {wanted}")
    device.languages = list(wanted)
    return [code for code, _name in languages.offered(device)]


def test_device_offers_what_it_was_told_in_that_order_else_the_usual(harbor: Clinic) -> None:
    assert codes(harbor) == ["en", "es"]
    assert codes(harbor, "ar", "en") == ["ar", "en"]


def test_language_whose_catalog_is_gone_is_not_offered(harbor: Clinic, settings: Any) -> None:
    assert codes(harbor, "tlh") == ["en", "es"] and codes(harbor, "tlh", "es") == ["es"]
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    assert codes(harbor) == ["en"]


def test_each_is_shown_by_its_own_name() -> None:
    assert dict(languages.choices(["en", "es", "ar"])) == {"en": "English", "es": "Español", "ar": "العربيّة"}
