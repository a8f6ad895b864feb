"""Who looks at the ops page in its tests."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.clinic.views.desk_pages import logged_in
from tests.factories import make_clinic, make_user


def with_vendor(settings: Any) -> Client:
    """Somebody of ops at a clinic of their own, where the vendor's keys are set."""
    settings.ABLY_PUBLISH_KEY = "tests.publish:" + "p" * 43
    settings.ABLY_SUBSCRIBE_KEY = "tests.subscribe:" + "s" * 43
    return logged_in(make_user("olu", make_clinic("depot"), "ops"))
