from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from hl7apy.parser import parse_message

from clinic.inbound import receiver
from clinic.models import Clinic, InboundMessage, Visit
from clinic.services import Actor, bookings, check_in
from tests.clinic.conftest import Clock
from tests.clinic.inbound.messages import siu, tell
from tests.clinic.views.kiosk_pages import answer, finish, paired_client, ticket_in
from tests.factories import answers, make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(harbor: Clinic, clock: Clock) -> datetime:
    return clock.at.replace(microsecond=0) + timedelta(minutes=30)


def test_patient_whom_a_schedule_booked_is_found_at_the_kiosk(harbor: Clinic) -> None:
    assert tell(siu(timezone.now() + timedelta(minutes=5)))["code"] == "AA"
    kiosk = paired_client(harbor)
    answer(kiosk, arrival="booked")
    ticket = ticket_in(finish(kiosk))
    assert [(visit.ticket, visit.booking_id) for visit in Visit.objects.all()] == [(ticket, "A1")]


def kept() -> InboundMessage:
    return InboundMessage.objects.order_by("-received_at", "-pk")[0]


def test_booked_patient_is_found_by_the_kiosks_service(harbor: Clinic, at: datetime) -> None:
    assert tell(siu(at)) == {"code": "AA", "id": "MSG1", "reason": "", "error": ""}
    visit = Visit.objects.get()
    assert (visit.booking_id, visit.phone, visit.booked_for) == ("A1", "+12025550143", at)
    assert check_in(harbor, answers(booked=True), by=Actor()).pk == visit.pk
    row = kept()
    assert (row.clinic, row.visit, row.outcome, row.type) == (harbor, visit, "accepted", "SIU^S12")
    assert (row.sender, row.control_id, row.reviewed_at) == ("SCHED|CITY", "MSG1", None)


def test_answer_is_what_the_standard_says(at: datetime) -> None:
    for head, event in (("P|2.5.1", "S12"), ("P|2.5.1", "S99")):
        answer = receiver.receive(siu(at, event, head=head, control_id=event).encode())
        assert answer
        read = parse_message(answer.decode(), force_validation=True)
        assert read.msh.msh_5.value == "SCHED" and read.msa.msa_2.value == event
        assert read.msh.msh_9.msh_9_1.value == "ACK"


def test_same_again_gets_the_same_answer_without_effect(at: datetime) -> None:
    first = receiver.receive(siu(at).encode())
    Visit.objects.update(phone="")
    assert receiver.receive(siu(at).encode()) == first
    assert (InboundMessage.objects.count(), Visit.objects.get().phone) == (1, "")


def test_same_control_id_with_another_text_is_refused_and_kept(at: datetime, clock: Clock) -> None:
    tell(siu(at))
    said = tell(siu(at, phone=""))
    assert (said["code"], said["error"]) == ("AE", "205")
    assert "control id" in said["reason"]
    assert InboundMessage.objects.filter(outcome="refused").count() == 1
    clock.add(hours=13)
    assert tell(siu(at + timedelta(days=1), phone=""))["code"] == "AA"


def test_what_was_refused_may_come_again_put_right_by_either_side(at: datetime) -> None:
    unknown = siu(at, facility="DOCK")
    assert tell(unknown)["error"] == "204"
    Clinic.objects.update(hl7_facility="DOCK")
    assert tell(unknown)["code"] == "AA"
    assert tell(siu(at, born="", control_id="M2", facility="DOCK"))["code"] == "AE"
    assert tell(siu(at, control_id="M2", facility="DOCK"))["code"] == "AA"


def test_facility_is_the_clinics_own_or_its_short_name(at: datetime) -> None:
    make_clinic("hill", hl7_facility="HILL1")
    names = ["HILL1", "HILL1^9^ISO", "hill", ""]
    said = [tell(siu(at, facility=name, control_id=f"M{n}"))["code"] for n, name in enumerate(names)]
    assert said == ["AA", "AA", "AE", "AE"]
    assert Visit.objects.get().clinic.slug == "hill"


@pytest.mark.parametrize("event", ["S13", "S14"])
def test_change_moves_it_or_books_what_was_unknown(at: datetime, event: str) -> None:
    for number, moment in enumerate([at, at + timedelta(hours=1)]):
        assert tell(siu(moment, event, control_id=f"M{number}"))["code"] == "AA"
    visit = Visit.objects.get()
    assert (visit.booked_for, visit.events.count()) == (at + timedelta(hours=1), 2)


@pytest.mark.parametrize(
    ("event", "status", "state"),
    [
        ("S15", "", "cancelled"),
        ("S26", "", "no_show"),
        ("S14", "Cancelled", "cancelled"),
        ("S14", "NOSHOW", "no_show"),
        ("S14", "Booked", "expected"),
    ],
)
def test_end_ends_it(at: datetime, event: str, status: str, state: str) -> None:
    tell(siu(at))
    assert tell(siu(at, event, control_id="M2",
                status=status))["code"] == "AA"  # fmt: skip
    assert Visit.objects.get().state == state


def test_end_of_the_unknown_is_taken_and_kept_for_review(at: datetime) -> None:
    assert tell(siu(at, "S15"))["code"] == "AA"
    assert (kept().outcome, kept().visit) == ("ignored", None)
    assert "no booking with this id" in kept().reason


def test_change_for_somebody_who_is_here_is_taken_and_says_so(harbor: Clinic, at: datetime) -> None:
    tell(siu(at))
    visit = check_in(harbor, answers(booked=True), by=Actor())
    for number, event in enumerate(["S13", "S15", "S26"]):
        said = tell(siu(at + timedelta(hours=1), event, control_id=f"N{number}"))
        assert (said["code"], "arrived already" in said["reason"]) == ("AA", True)
        assert (kept().outcome, kept().visit) == ("ignored", visit)
    visit.refresh_from_db()
    assert (visit.state, visit.events.count()) == ("waiting", 2)


def test_what_comes_a_day_late_stops_no_sender(at: datetime) -> None:
    assert tell(siu(at - timedelta(days=2)))["code"] == "AA"
    assert (kept().outcome, Visit.objects.count()) == ("ignored", 0)


@pytest.mark.parametrize(
    ("change", "code", "error", "why"),
    [
        ({"born": ""}, "AE", "101", "PID-7"),
        ({"born": "1985"}, "AE", "102", "PID-7"),
        ({"born": "19850230"}, "AE", "102", "PID-7"),
        ({"born": "20990101"}, "AE", "102", "PID-7"),
        ({"name": "^Bob"}, "AE", "102", "PID-5.1"),
        ({"name": "Miller^12"}, "AE", "102", "PID-5.2"),
        ({"booking_id": "x" * 101}, "AE", "102", "SCH-2"),
        ({"at": ""}, "AE", "101", "SCH-11.4"),
        ({"at": "tomorrow"}, "AE", "102", "SCH-11.4"),
        ({"at": "00010101000000+1400"}, "AE", "102", "SCH-11.4"),
        ({"at": "20261301120000"}, "AE", "102", "SCH-11.4"),
        ({"at": "21000101120000"}, "AE", "102", "year ahead"),
        ({"facility": ""}, "AE", "204", "MSH-6"),
        ({"control_id": ""}, "AE", "101", "MSH-10"),
        ({"event": "S17"}, "AR", "201", "S12, S13"),
        ({"head": "P|2.5.1||||||KOI8-R"}, "AR", "102", "MSH-18"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason_and_kept(
    at: datetime, change: dict[str, Any], code: str, error: str, why: str
) -> None:
    said = tell(siu(**{"at": at, **change}))
    assert (said["code"], said["error"]) == (code, error)
    assert why in said["reason"] and "Miller" not in said["reason"]
    assert (kept().outcome, kept().reason, Visit.objects.count()) == ("refused", said["reason"], 0)


def test_other_messages_and_what_is_no_message_are_rejected(at: datetime) -> None:
    assert tell(siu(at).replace("SIU^S12", "ADT^A04"))["code"] == "AR"
    for data in (b"", b"hello", b"\xff\x00\xfe", b"MSH", b"MSH|^~\\&"):
        assert tell(data)["code"] in ("AR", "AE")
    assert not Visit.objects.exists()


def test_phone_that_is_none_keeps_nobody_from_coming(at: datetime) -> None:
    assert tell(siu(at, phone="call the desk"))["code"] == "AA"
    assert Visit.objects.get().phone == ""


@pytest.mark.parametrize(
    "written", ["20260701143000", "202607011430", "20260701143000-0500", "20260701193000+0000"]
)
def test_time_without_an_offset_is_on_the_clinics_wall(harbor: Clinic, clock: Clock, written: str) -> None:
    clock.at = datetime.fromisoformat("2026-07-01T12:00:00+00:00")
    assert tell(siu(written))["code"] == "AA"
    assert Visit.objects.get().booked_for == datetime.fromisoformat("2026-07-01T19:30:00+00:00")


def test_time_may_stand_in_tq1_and_the_id_in_sch_1(at: datetime) -> None:
    text = siu("", booking_id="").replace("SCH|P|", "SCH|PLACED|")
    tq1 = f"TQ1|1||||||{at:%Y%m%d%H%M%S}+0000"
    assert tell(text.replace("RGS|1", f"{tq1}\rRGS|1"))["code"] == "AA"
    visit = Visit.objects.get()
    assert (visit.booking_id, visit.booked_for) == ("PLACED", at)


def test_names_come_out_as_they_are_in_the_senders_character_set(at: datetime) -> None:
    text = siu(at, name="Núñez\\T\\Sons^Zoë^Ann", head="P|2.5.1||||||8859/1")
    assert tell(text.encode("latin-1"))["code"] == "AA"
    assert (Visit.objects.get().family_name, Visit.objects.get().given_name) == ("Núñez&Sons", "Zoë")
    assert "Núñez" in kept().text


def test_acknowledgement_is_never_acknowledged(at: datetime) -> None:
    assert receiver.receive(siu(at).encode() + b"MSA|AA|X\r") is None
    assert not InboundMessage.objects.exists()


def test_enhanced_mode_is_answered_in_its_own_words(at: datetime) -> None:
    assert tell(siu(at, head="P|2.5.1|||AL|NE"))["code"] == "CA"


def test_database_that_is_away_gives_no_answer(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **more: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(bookings, "put", away)
    with pytest.raises(OperationalError):
        receiver.receive(siu(at).encode())
    assert not InboundMessage.objects.exists()


def test_fault_of_ours_is_said_kept_and_over_once_put_right(
    at: datetime, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(bookings, "put", lambda *args, **more: 1 // 0)
        assert tell(siu(at))["error"] == "207"
    assert kept().outcome == "refused"
    assert tell(siu(at))["code"] == "AA"
    assert "Miller" not in caplog.text and "1985" not in caplog.text
