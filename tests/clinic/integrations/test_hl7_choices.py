"""Every message that a site can choose is valid in every version, to a parser of another author."""

from __future__ import annotations

from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from clinic.integrations import er7, hl7_messages
from clinic.integrations.hl7 import CHOICES, MAPPING
from clinic.models import Clinic
from clinic.models.destinations import Trigger
from clinic.states import State
from tests.factories import make_destination, make_visit_in

WHAT = sorted({what for choices in CHOICES.values() for what, _shown in choices if what})


@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize("version", ["2.3.1", "2.4", "2.5.1"])
def test_every_choice_is_valid(harbor: Clinic, version: str) -> None:
    destination = make_destination(harbor, "mllp://127.0.0.1:9", kind="hl7", hl7_version=version)
    event = make_visit_in(harbor, State.DISCHARGED).events.latest("pk")
    event.visit.booked_for = event.at
    for what in WHAT:
        code, _space, disposition = what.partition(" ")
        text = hl7_messages.text(destination, event, code, "KEY1", disposition)
        assert parse_message(text, validation_level=VALIDATION_LEVEL.STRICT).validate()
        assert (er7.parse(text).get("MSH", 9, 2), er7.parse(text).get("PV1", 36)) == (code, disposition)


def test_page_for_the_other_side_names_every_choice() -> None:
    page = (Path(__file__).parents[3] / "docs" / "hl7.md").read_text()
    for trigger in Trigger:
        usual = MAPPING[trigger]
        others = ", ".join(what for what, _shown in CHOICES[trigger] if what not in (usual, ""))
        cells = " ".join(f"| {cell}".rstrip() for cell in (trigger.label, usual or "nothing", others))
        assert f"\n{cells} |\n" in page
