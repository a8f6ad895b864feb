"""What every template may use."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi

from clinic import boards, log_in_end, presenters
from clinic.build import build_id
from clinic.models import Clinic


def page(request: HttpRequest) -> dict[str, object]:
    return {
        "build": build_id(),
        "demo": settings.DEMO,
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
    }


def staff(request: HttpRequest) -> dict[str, object]:
    """Of pages for the staff of one clinic: the strip with its calls for help, made where it is shown.

    `at` ends each address of these pages, `at_and` leads to more of it. `log_in_end`: of their log-in.
    """
    clinic, at = getattr(request, "clinic", None), getattr(request, "at", "")
    shared: dict[str, object] = {"at": at, "at_and": f"{at}&" if at else "?"}
    shared["log_in_end"] = partial(log_in_end.on_page, request)
    return {**shared, "alarm_strip": partial(_strip, clinic)} if clinic else shared


def _strip(clinic: Clinic) -> dict[str, object]:
    version = boards.current_version(clinic)
    return {**boards.page(clinic, version), "alarms": presenters.help_alarms(clinic)}
