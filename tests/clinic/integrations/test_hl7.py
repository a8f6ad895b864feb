from __future__ import annotations

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from clinic.integrations import engine, er7, hl7, mllp
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import Failure
from clinic.sealed import Secrets
from clinic.states import State
from tests.clinic.integrations.peers import Certificates, acknowledgement, listening, says, scripted
from tests.factories import make_destination, make_visit, make_visit_in

pytestmark = pytest.mark.usefixtures("no_redis")


def make_hl7(clinic: Clinic, url: str = "mllp://127.0.0.1:9", **fields: object) -> Destination:
    return make_destination(clinic, url, kind="hl7", **fields)


@pytest.mark.parametrize("version", ["2.3.1", "2.4", "2.5.1"])
def test_every_message_is_valid_to_another_author(harbor: Clinic, version: str) -> None:
    make_hl7(harbor, hl7_version=version)
    for state in State:
        make_visit_in(harbor, state)
    rows = Delivery.objects.all()
    kinds = {er7.parse(row.body).get("MSH", 9, 2) for row in rows}
    assert kinds >= {"A03", "A04", "A08", "A11", "S12", "S15"}
    for row in rows:
        assert parse_message(row.body, validation_level=VALIDATION_LEVEL.STRICT).validate()
        assert (er7.parse(row.body).get("MSH", 10), row.state) == (row.key, Delivery.State.PENDING)


@pytest.mark.parametrize("booking_id", ["B|77", ""])
def test_a_schedule_hears_of_its_appointment_under_its_own_id(harbor: Clinic, booking_id: str) -> None:
    make_hl7(harbor)
    visit = make_visit_in(harbor, State.EXPECTED)
    visit.booking_id = booking_id
    event = visit.events.latest("pk")
    event.visit = visit
    message = er7.parse(hl7.compose(harbor.destinations.get(), event, "S15", "KEY1"))
    assert message.get("SCH", 2) == (booking_id or str(visit.public_id))
    assert message.get("SCH", 1) == str(visit.public_id)


def owed(clinic: Clinic, url: str, given: str = "Zoë", **fields: object) -> Delivery:
    make_hl7(clinic, url, **fields)
    return make_visit(clinic, given).deliveries.get()


def parcel(row: Delivery) -> Parcel:
    return Parcel(row.key, row.body, row.destination, 5.0)


@pytest.mark.parametrize("name", ["王小明", "A|^~\\&b", "Ольга", "Núñez\x0b\x1c"])
def test_another_authors_server_takes_it(harbor: Clinic, name: str) -> None:
    with listening() as peer:
        row = owed(harbor, f"mllp://127.0.0.1:{peer.port}", name)
        assert engine.send(parcel(row)) is None
    (message,) = peer.seen
    assert message["PID.F5.R1.C2"] in (name, row.visit.given_name)
    assert str(message["MSH.F10"]) == row.key


@pytest.mark.parametrize(
    ("code", "failure", "most"),
    [
        ("AE", "error", 3),
        ("CE", "error", 3),
        ("AR", "rejected", None),
        ("CR", "rejected", None),
        ("ZZ", "protocol", None),
    ],
)
def test_refusals_are_told_apart_and_name_nobody(
    harbor: Clinic, code: str, failure: str, most: int | None
) -> None:
    row = owed(harbor, "mllp://127.0.0.1:9")
    words = "PID-4: MILLER_zoe born 1985-04-17 is ours of 18 APR 1986, 555-0143"
    with scripted(says(mllp.frame(acknowledgement(row.key, code, words=words)))) as port:
        row.destination.url = f"mllp://127.0.0.1:{port}"
        with pytest.raises(NotDelivered) as no:
            hl7.send(parcel(row))
    assert (no.value.failure, no.value.most_tries) == (failure, most)
    assert not [part for part in ("MILLER", "zoe", "1985", "1986", "0143") if part in str(no.value)]
    assert code == "ZZ" or "PID-4: ***" in str(no.value)


def test_answer_to_another_message_is_not_ours(harbor: Clinic) -> None:
    row = owed(harbor, "mllp://127.0.0.1:9")
    with scripted(says(mllp.frame(acknowledgement("ANOTHER")))) as port:
        row.destination.url = f"mllp://127.0.0.1:{port}"
        with pytest.raises(NotDelivered, match="another message") as no:
            hl7.send(parcel(row))
    assert no.value.failure == Failure.PROTOCOL


def test_tls_with_a_client_certificate(harbor: Clinic) -> None:
    ours = Certificates()
    chain, key = ours.client()
    with listening(ours.server(wants_ours=True)) as peer:
        url = f"mllps://127.0.0.1:{peer.port}"
        row = owed(harbor, url, ca_certificate=ours.pem)
        row.destination.client_certificate, row.destination.secrets = chain, Secrets(private_key=key)
        hl7.send(parcel(row))
        assert hl7.check(row.destination)
        row.destination.ca_certificate = ""
        with pytest.raises(NotDelivered, match="certificate is not trusted"):
            hl7.send(parcel(row))
    assert len(peer.seen) == 1


def test_missing_client_certificate_is_said(harbor: Clinic) -> None:
    ours = Certificates()
    row = owed(harbor, "mllp://127.0.0.1:9", ca_certificate=ours.pem)
    with scripted(says(b""), ours.server(wants_ours=True)) as port:
        row.destination.url = f"mllps://127.0.0.1:{port}"
        with pytest.raises(NotDelivered, match="wants a client certificate") as no:
            hl7.send(parcel(row))
    assert no.value.failure == Failure.SETUP
