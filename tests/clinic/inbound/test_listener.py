from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import hl7
import pytest
import trustme
from django.db import OperationalError
from django.utils import timezone
from hl7.client import MLLPClient
from hl7apy.core import Message

from clinic.inbound.listener import Limits, tls_context
from clinic.models import Clinic, InboundMessage, Visit
from tests.clinic.inbound.listening import Sender, listener
from tests.clinic.inbound.messages import parts, siu

SECONDS = Limits(connections=3, message=0.3, answer=1.0, idle=0.5)


@pytest.fixture
def at() -> datetime:
    return timezone.now().replace(microsecond=0) + timedelta(minutes=30)


def echo(message: bytes) -> bytes:
    return b"got " + message


# --- With the database ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_sender_of_independent_authors_books_changes_and_cancels(harbor: Clinic, at: datetime) -> None:
    with listener() as port, MLLPClient("127.0.0.1", port) as client:
        for number, event in enumerate(["S12", "S13", "S15"]):
            text = siu(at + timedelta(hours=number), event, control_id=f"M{number}")
            answer = hl7.parse(client.send_message(hl7.parse(text)).decode().strip("\x0b\x1c\r"))
            assert str(answer["MSA"][0][1]) == "AA" and str(answer["MSA"][0][2]) == f"M{number}"
    assert [event.verb for event in Visit.objects.get().events.all()] == ["book", "rebook", "cancel"]


@pytest.mark.django_db(transaction=True)
def test_message_that_an_independent_library_builds_is_taken(harbor: Clinic, at: datetime) -> None:
    message = Message("SIU_S12", version="2.5.1")
    message.msh.msh_6, message.msh.msh_9, message.msh.msh_10 = "harbor", "SIU^S12^SIU_S12", "H7"
    message.msh.msh_11 = "P"
    message.add_segment("SCH")
    message.sch.sch_2, message.sch.sch_11 = "FILLED9", f"^^^{at:%Y%m%d%H%M%S}+0000"
    patient = message.add_group("SIU_S12_PATIENT")
    patient.add_segment("PID")
    patient.pid.pid_5, patient.pid.pid_7 = "Núñez^Zoë", "19900102"
    with listener() as port, Sender(port) as sender:
        assert parts(sender.ask(message.to_er7()))["code"] == "AA"
    visit = Visit.objects.get()
    assert (visit.booking_id, visit.family_name, visit.booked_for) == ("FILLED9", "Núñez", at)


@pytest.mark.django_db(transaction=True)
def test_two_senders_of_the_same_at_once_get_the_same_answer_and_one_visit(harbor: Clinic, at: datetime) -> None:
    def ask(text: str) -> str:
        with Sender(port) as sender:
            return sender.ask(text)

    texts = [siu(at), siu(at, facility="nowhere", control_id="M9")] * 4
    with listener() as port, ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(ask, texts))
    assert len(set(answers[::2])) == 1 and parts(answers[0])["code"] == "AA"
    assert {parts(one)["code"] for one in answers[1::2]} == {"AE"}
    assert (Visit.objects.count(), InboundMessage.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_patient_is_logged_whatever_happens(harbor: Clinic, at: datetime, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    said = {"name": "Zyxwvut^Canary", "phone": "(202)555-0199", "born": "19110203"}
    bad = [{"born": "19110231"}, {"facility": "nowhere"}, {"at": "soon"}, {"event": "S99"}, {"head": "P|x||||||?"}]
    with listener() as port, Sender(port) as sender:
        for number, change in enumerate([{}, *bad]):
            answer = sender.ask(siu(**{"at": at, "control_id": f"M{number}", **said, **change}))
            assert "Zyxwvut" not in answer
    assert "inbound message" in caplog.text
    assert not any(text in caplog.text for text in ("Zyxwvut", "Canary", "555-0199", "191102"))


# --- Connections ------------------------------------------------------------------------------------------------


def test_messages_in_one_piece_are_answered_one_by_one_and_in_order() -> None:
    with listener(echo) as port, Sender(port) as sender:
        sender.socket.sendall(b"".join(b"\x0b%d\x1c\r" % n for n in range(5)))
        assert sender.answers(5) == [f"got {n}" for n in range(5)]


def test_acknowledgement_gets_no_answer() -> None:
    with listener(lambda message: None) as port, Sender(port) as sender:
        sender.send("MSA")
        sender.socket.shutdown(1)
        assert sender.read() == b""


@pytest.mark.parametrize("sent", [b"", b"\x0bMSH|", b"noise" * 2000, b"\x0b" + b"x" * (256 * 1024 + 3)])
def test_those_who_hang_or_send_what_is_no_message_are_cut_off(sent: bytes) -> None:
    with listener(echo, SECONDS) as port, Sender(port) as sender:
        sender.socket.sendall(sent)
        assert sender.read() == b""


def test_drip_is_cut_off_however_steadily_it_comes() -> None:
    with listener(echo, SECONDS) as port, Sender(port) as sender:
        sender.socket.sendall(b"\x0b")
        sender.socket.settimeout(0.02)
        for _n in range(100):
            try:
                sender.socket.sendall(b"x")
                if sender.socket.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("it was let drip for two seconds")


def test_those_who_only_hold_a_connection_keep_nobody_out() -> None:
    with listener(echo, Limits(connections=3)) as port, Sender(port) as known:
        assert known.ask("1") == "got 1"
        idle = [Sender(port) for _n in range(6)]
        with Sender(port) as new:
            assert (new.ask("2"), known.ask("3")) == ("got 2", "got 3")
        closed = [one for one in idle if _is_closed(one)]
        assert len(closed) >= 5
        for one in idle:
            one.socket.close()


def _is_closed(sender: Sender) -> bool:
    sender.socket.settimeout(0.2)
    try:
        return sender.read() == b""
    except TimeoutError:
        return False


def test_one_whose_answer_takes_long_holds_no_other() -> None:
    go = threading.Event()

    def slow(message: bytes) -> bytes:
        return echo(message) if message != b"slow" or go.wait(5) else b""

    with listener(slow) as port, Sender(port) as first, Sender(port) as second:
        first.send("slow")
        assert second.ask("quick") == "got quick"
        go.set()
        assert first.answers(1) == ["got slow"]


def test_database_that_is_away_closes_the_connection_without_an_answer(caplog: Any) -> None:
    def away(message: bytes) -> bytes:
        raise OperationalError("gone")

    with listener(away) as port, Sender(port) as sender:
        sender.send("MSH|")
        assert sender.read() == b""
    assert "will come again: OperationalError" in caplog.text


def test_tls_lets_in_only_who_shows_a_certificate_of_the_authority(tmp_path: Path) -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    server = ours.issue_cert("127.0.0.1")
    for name, pem in (
        ("key", server.private_key_pem),
        ("chain", server.cert_chain_pems[0]),
        ("ca", ours.cert_pem),
    ):
        pem.write_to_path(tmp_path / name)
    context = tls_context(*(str(tmp_path / name) for name in ("chain", "key", "ca")))
    with listener(echo, tls=context) as port:
        assert _over_tls(port, ours, ours) == b"\x0bgot 1\x1c\r"
        assert _over_tls(port, ours, theirs) == b""
        assert _over_tls(port, ours, None) == b""
        with Sender(port) as plain:
            plain.send("MSH|^~\\&|SCHED")
            assert not plain.read().startswith(b"\x0b")


def _over_tls(port: int, trusted: trustme.CA, own: trustme.CA | None) -> bytes:
    context = ssl.create_default_context()
    trusted.configure_trust(context)
    if own:
        own.issue_cert("emr@clinic.example").configure_cert(context)
    with Sender(port) as sender:
        try:
            with context.wrap_socket(sender.socket, server_hostname="127.0.0.1") as socket:
                socket.sendall(b"\x0b1\x1c\r")
                return socket.recv(100)
        except OSError:
            return b""
