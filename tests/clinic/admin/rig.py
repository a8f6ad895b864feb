"""What tests of the admin share."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic
from realtime.models import Topic


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(model: str, what: str, *args: Any) -> str:
    return reverse(f"admin:clinic_{model}_{what}", args=args)


def act(client: Client, model: str, action: str, *rows: Any, **more: str) -> Any:
    said = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(page(model, "changelist"), said, follow=True)


def clinic_form(clinic: Clinic, **changed: Any) -> dict[str, Any]:
    said = {
        "name": clinic.name, "slug": clinic.slug, "time_zone": clinic.time_zone, "label_style": clinic.label_style,
        "immediate_minutes": 1440, "priority_minutes": 45, "quick_minutes": 15,
        "late_minutes": 60, "day_begins": "04:00", "close_after_minutes": 30, "unanswered_call": "no_show",
        "rooms-TOTAL_FORMS": 0, "rooms-INITIAL_FORMS": 0, "hours-TOTAL_FORMS": 0, "hours-INITIAL_FORMS": 0,
        "special_hours-TOTAL_FORMS": 0, "special_hours-INITIAL_FORMS": 0,
    }  # fmt: skip
    return said | changed


def version(clinic: Clinic) -> int:
    return Topic.objects.get(pk=clinic.topic_id).version
