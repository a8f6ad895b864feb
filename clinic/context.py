"""What every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi

from clinic.build import build_id


def page(request: HttpRequest) -> dict[str, object]:
    return {
        "build": build_id(),
        "demo": settings.DEMO,
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
    }
