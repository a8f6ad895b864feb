"""The clinics of a drill."""

from __future__ import annotations

import json
from pathlib import Path

from django.test import Client

from clinic.access import cookie_name
from clinic.drill import cast
from clinic.models import Clinic, Destination, VisitEvent
from clinic.simulation import Run


def test_every_screen_is_paired_with_its_clinic(db: None, tmp_path: Path) -> None:
    cast.make(tmp_path / "cast.json")
    screens = json.loads((tmp_path / "cast.json").read_text())
    assert len(screens) == cast.CLINICS * cast.SCREENS
    for topic, token in screens:
        client = Client()
        client.cookies[cookie_name("monitor")] = token
        answer = client.get("/monitor/")
        assert answer.status_code == 200
        assert answer.context["topic"] == topic


def test_every_clinic_has_the_record_system_at_its_newest_address(db: None) -> None:
    cast.connect("http://127.0.0.1:9/", "whsec_b2xk")
    cast.connect("http://127.0.0.1:10/", "whsec_bmV3")
    assert Clinic.objects.count() == cast.CLINICS
    rows = [(row.url, row.secrets.signing) for row in Destination.objects.all()]
    assert rows == [("http://127.0.0.1:10/", ("whsec_bmV3",))] * cast.CLINICS


def test_about_one_change_a_second(transactional_db: None) -> None:
    """Enough to starve four workers of 20 s a notice within seconds, too few to do so at 2 s a notice."""
    for _done in Run(cast.plan(60), cast.desks()):
        pass
    assert 0.6 < VisitEvent.objects.count() / 60 < 1.6
