"""HL7 v2 by the hl7 package's client, plain and under TLS."""

from __future__ import annotations

import socket
import ssl

import hl7
import pytest
import trustme
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from clinic.emr import Beside, listening
from tests.clinic.emr.peers import SECONDS, VISIT, acknowledged, adt, send
from tests.factories import SECRET


def test_message_is_taken_and_acknowledged(records: Beside) -> None:
    answer = send(records, adt("KEY1"))
    assert (answer["MSA"][0][1][0], answer["MSA"][0][2][0]) == ("AA", "KEY1")
    (entry,) = records.entries("hl7")
    assert entry.items() >= {"key": "KEY1", "type": "ADT^A04^ADT_A01", "visit": VISIT, "times": 1}.items()


@pytest.mark.parametrize("version", ["2.3.1", "2.4", "2.5.1"])
@pytest.mark.parametrize("mode", ["ok", "error", "reject"])
def test_acknowledgement_is_of_the_messages_own_version(records: Beside, version: str, mode: str) -> None:
    records.fault(mode, only="mllp")
    answer = send(records, adt("KEY1", version=version))
    assert str(answer["MSH"][0][12]) == version
    structure = parse_message(str(answer), find_groups=False)
    assert structure.name == "ACK" and Validator.validate(structure, report_file=None)
    assert [str(segment[0]) for segment in answer] == ["MSH", "MSA"] + ["ERR"] * (
        version == "2.5.1" and mode != "ok"
    )


def test_several_messages_on_one_connection_and_one_in_pieces(records: Beside) -> None:
    with socket.create_connection(("127.0.0.1", records.numbers.mllp), timeout=5) as sock:
        for key in ("KEY1", "KEY2"):
            data = b"\x0b" + adt(key).encode() + b"\x1c\r"
            for part in (data[:1], data[1:40], data[40:-1], data[-1:]):
                sock.sendall(part)
            assert str(acknowledged(sock.recv(4096))["MSA"][0][2]) == key
    assert [one["key"] for one in records.entries("hl7")] == ["KEY1", "KEY2"]


def test_order_is_kept_by_the_events_time(records: Beside) -> None:
    for key, at in (("A", "20260101120005"), ("B", "20260101120005"), ("C", "20260101120004")):
        assert str(send(records, adt(key, at))["MSA"][0][1]) == "AA"
    assert [one["key"] for one in records.received()["violations"]] == ["C"]


def test_same_key_with_another_body_is_rejected_and_noted(records: Beside) -> None:
    send(records, adt("KEY1"))
    assert str(send(records, adt("KEY1", name="Miller^Rob"))["MSA"][0][1]) == "AR"
    assert [one["what"] for one in records.received()["violations"]] == ["the same key with another body"]


@pytest.mark.parametrize(
    "message", ["nonsense", "MSH|^~\\&|A|B|C|D|1||ADT^A04", adt("K").replace("UTF-8", "UTF-9")]
)
def test_what_makes_no_sense_is_an_application_error(records: Beside, message: str) -> None:
    assert str(send(records, message)["MSA"][0][1]) == "AE"
    assert records.received()["count"] == 0


def test_names_in_every_script_are_kept(records: Beside) -> None:
    assert str(send(records, adt("KEY1", name="Łukasz^李^Ю"))["MSA"][0][1]) == "AA"


def call(port: int, context: ssl.SSLContext) -> hl7.Message:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS * 4) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as sock,
    ):
        sock.sendall(b"\x0b" + adt("KEY1").encode() + b"\x1c\r")
        if not (answer := sock.recv(4096)):
            raise EOFError
        return acknowledged(answer)


def test_tls_asks_for_a_client_certificate_when_it_is_told_to() -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    authority.configure_trust(theirs)
    authority.configure_trust(ours)
    theirs.verify_mode = ssl.CERT_REQUIRED
    with listening(SECRET, tls=theirs) as emr:
        with pytest.raises((OSError, EOFError)):
            call(emr.numbers.mllps, ours)
        assert emr.received()["count"] == 0
        authority.issue_cert("client@clinic.example").configure_cert(ours)
        assert str(call(emr.numbers.mllps, ours)["MSA"][0][1]) == "AA"
        assert emr.mllps_url == f"mllps://127.0.0.1:{emr.numbers.mllps}"
