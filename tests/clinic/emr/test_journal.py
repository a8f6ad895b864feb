"""What was taken outlives the process: it is in the journal before it is acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinic.emr import records as kept
from clinic.emr.beside import listening
from clinic.emr.records import Records, Taken
from tests.clinic.emr.peers import FhirClient, Hook, adt, event, named, send
from tests.factories import SECRET


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    journal = tmp_path / "emr.jsonl"
    with listening(SECRET, journal=journal) as emr:
        Hook(emr).post("KEY1", event(2))
        send(emr, adt("KEY2"))
        known = FhirClient(emr).ask("POST", "Patient", named("Patient")).json()["id"]
        before = emr.received()
    with listening(SECRET, journal=journal) as emr:
        assert emr.received() == before
        assert FhirClient(emr).ask("GET", f"Patient/{known}").status_code == 200
        Hook(emr).post("KEY3", event(1))
        assert [one["key"] for one in emr.received()["violations"]] == ["KEY3"]
        emr.reset()
    with listening(SECRET, journal=journal) as emr:
        assert emr.received()["count"] == 0


def test_line_that_a_kill_cut_is_left_out(tmp_path: Path) -> None:
    journal = tmp_path / "emr.jsonl"
    for _run in range(2):
        records = Records(journal)
        records.take(Taken("hl7", "", f"KEY{_run}", "ADT", "v", "body"))
        records.close()
        with journal.open("a") as file:
            file.write('[1.0, {"protocol": "hl')
    records = Records(journal)
    records.close()
    assert records.report()["count"] == 2


def test_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 2)
    records = Records()
    for number in range(3):
        records.take(Taken("hl7", "", f"KEY{number}", "ADT", "v", "body"))
    found = records.report()
    assert (found["count"], [one["key"] for one in found["received"]]) == (3, ["KEY1", "KEY2"])
