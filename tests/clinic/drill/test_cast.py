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


def addresses(port: int) -> dict[str, str]:
    where = f"127.0.0.1:{port}"
    return {"webhook": f"http://{where}/", "fhir": f"http://{where}/fhir", "hl7": f"mllp://{where}"}


def test_every_clinic_has_a_record_system_at_its_newest_address_and_all_kinds_are_there(db: None) -> None:
    cast.connect(addresses(9), "whsec_b2xk")
    cast.connect(addresses(10), "whsec_bmV3")
    assert Clinic.objects.count() == cast.CLINICS
    rows = [(row.kind, row.url) for row in Destination.objects.order_by("pk")]
    assert rows == [*addresses(10).items()] * (cast.CLINICS // 3)
    assert {(row.secrets.signing, row.secrets.token) for row in Destination.objects.all()} == {
        (("whsec_bmV3",), "whsec_bmV3")
    }


def test_about_one_change_a_second(transactional_db: None) -> None:
    """Enough to starve four workers of 20 s a notice within seconds, too few to do so at 2 s a notice."""
    for _done in Run(cast.plan(60), cast.desks()):
        pass
    assert 0.6 < VisitEvent.objects.count() / 60 < 1.6
