"""The admin's pages of a destination, as a manager fills them in."""

from __future__ import annotations

import html
from typing import Any

from django.test import Client

from clinic.models import Clinic, Destination
from clinic.models.destinations import Trigger
from tests.clinic.admin.rig import page

URLS = {
    "hl7": "mllp://emr.example:2575",
    "fhir": "https://emr.example/fhir",
    "webhook": "https://emr.example/hook",
}
HEADER = {"hl7_version": "2.5.1", "charset": "UNICODE UTF-8", "sending_application": "EVENKEEL"}


def filled(clinic: Clinic, kind: str = "webhook", **changed: Any) -> dict[str, Any]:
    said = {"clinic": clinic.pk, "name": "EMR", "url": URLS[kind], "seconds": 5}
    said |= {f"sent_{trigger}": "as usual" for trigger in Trigger} | (HEADER if kind == "hl7" else {})
    return said | changed


def add(client: Client, clinic: Clinic, kind: str = "webhook", **changed: Any) -> str:
    """What is shown after the form of a new one was sent."""
    said = filled(clinic, kind, **changed)
    return shown(client.post(f"{page('destination', 'add')}?kind={kind}", said, follow=True))


def change(client: Client, made: Destination, **changed: Any) -> str:
    said = {"name": made.name, "url": made.url, **changed}
    said = filled(made.clinic, made.kind, client_certificate=made.client_certificate) | said
    return shown(client.post(page("destination", "change", made.pk), said, follow=True))


def look(client: Client, made: Destination) -> str:
    return shown(client.get(page("destination", "change", made.pk)))


def press(client: Client, made: Destination, button: str, **said: str) -> str:
    return shown(client.post(page("destination", button, made.pk), said, follow=True))


def shown(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())
