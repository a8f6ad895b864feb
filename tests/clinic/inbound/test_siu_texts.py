"""Whatever a sender writes, it is taken or refused in words; nothing else happens."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clinic.inbound import siu
from clinic.inbound.acknowledgements import ERROR, Verdict, acknowledge
from clinic.integrations import er7
from clinic.models import Clinic
from clinic.services.bookings import Appointment
from tests.clinic.conftest import Clock
from tests.clinic.inbound.messages import siu as text_of

ODD = ["", '""', "\\T\\", "\\X00\\", "^", "~", "&", "\x00", "\u202e", "Ⅷ", "٣" * 8, "0" * 14, "9" * 14, "00000000",
       "20261399", "99991231235959-1400", "00010101000000+1400", "'; DROP", "\ud7ff", "𠀀"]  # fmt: skip
PIECES = some.one_of(some.sampled_from(ODD), some.text(max_size=20))
QUICK = settings(
    max_examples=80, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def harbor(clock: Clock) -> Clinic:
    """A clinic that needs no database."""
    clock.at = datetime.fromisoformat("2026-11-26T07:00:00+00:00")
    return Clinic(name="Harbor", slug="harbor")


def read(text: str, clinic: Clinic) -> Appointment | None:
    """What it says, or nothing where it is refused in words."""
    try:
        word = siu.read(er7.parse(text.encode(errors="replace")), clinic)
    except (er7.NotHL7, siu.Unusable) as no:
        assert str(no) and "\n" not in str(no)
        return None
    return word.appointment if isinstance(word, siu.Booked) else None


@QUICK
@given(at=PIECES, name=PIECES, born=PIECES, phone=PIECES, booking_id=PIECES, status=PIECES)
def test_any_field_may_be_anything(harbor: Clinic, **said: str) -> None:
    one = read(text_of(**{"event": "S14", **said}), harbor)
    assert one is None or (one.family_name and one.booked_for.tzinfo and len(one.booking_id) <= 100)


@QUICK
@given(cut=some.integers(0, 250), put=some.text(max_size=8))
def test_any_place_may_be_broken(harbor: Clinic, cut: int, put: str) -> None:
    text = text_of("202611261430")
    read(text[:cut] + put + text[cut + len(put) :], harbor)


@QUICK
@given(family=some.text(some.characters(categories=["L", "M"]), min_size=1, max_size=30), born=some.dates())
def test_names_of_every_script_and_every_birth_date_come_out_as_they_were(
    harbor: Clinic, family: str, born: datetime
) -> None:
    escaped = er7.escape(family)
    one = read(text_of("202611261430", name=f"{escaped}^Bob", born=f"{born:%Y%m%d}"), harbor)
    if one is not None:
        assert (one.family_name, one.birth_date) == (family.strip(), born)


@QUICK
@given(said=some.lists(PIECES, min_size=1, max_size=12))
def test_whatever_the_header_says_the_answer_can_be_read(said: list[str]) -> None:
    head = "|".join(piece.replace("\n", "").replace("\r", "") for piece in said)
    try:
        message = er7.parse(f"MSH|^~\\&|{head}")
    except er7.NotHL7:
        return
    answer = er7.parse(er7.to_bytes(acknowledge(message, Verdict(ERROR, "because", "102"))))
    assert answer.get("MSA", 1) in ("AE", "CE") and answer.get("MSA", 3) == "because"
