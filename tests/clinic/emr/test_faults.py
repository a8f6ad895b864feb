"""Each fault as a client meets it, and whether the message was taken all the same."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import hl7
import httpx
import pytest

from clinic.emr import Beside, Mode
from tests.clinic.emr.peers import FhirClient, Hook, adt, event, named, pieces, send
from tests.waiting import until

# What an HTTP client meets (a status, or an error of httpx), and how many messages were taken.
HTTP: dict[str, tuple[int | type[Exception], int]] = {
    "ok": (200, 1),
    "refuse": (httpx.ConnectError, 0),
    "silent": (httpx.ReadTimeout, 0),
    "close": (httpx.TransportError, 0),
    "cut": (httpx.TransportError, 1),
    "lost": (httpx.TransportError, 1),
    "garbage": (httpx.RemoteProtocolError, 0),
    "error": (500, 0),
    "reject": (422, 0),
    "busy": (503, 0),
    "gone": (410, 0),
    "other": (302, 0),
    "drip": (200, 1),
    "slow": (200, 1),
    "pieces": (200, 1),
}
# What an MLLP client meets: MSA-1, or an error.
MLLP: dict[str, tuple[str | type[Exception], int]] = {
    "ok": ("AA", 1),
    "refuse": (ConnectionRefusedError, 0),
    "silent": (TimeoutError, 0),
    "close": (EOFError, 0),
    "cut": (AssertionError, 1),
    "lost": (EOFError, 1),
    "garbage": (AssertionError, 0),
    "error": ("AE", 0),
    "reject": ("AR", 0),
    "busy": ("AE", 0),
    "gone": ("AR", 0),
    "other": ("AA", 0),
    "slow": ("AA", 1),
}
QUICK_MS = 0.2


def met(what: Callable[[], object]) -> object:
    try:
        return what()
    except Exception as error:
        return error


def as_wanted(found: object, wanted: object) -> bool:
    return isinstance(found, wanted) if isinstance(wanted, type) else found == wanted


def test_every_mode_has_its_row() -> None:
    assert set(HTTP) == set(Mode) and set(Mode) - set(MLLP) == {"drip", "pieces"}


@pytest.mark.parametrize("mode", HTTP)
def test_webhook_meets(records: Beside, hook: Hook, mode: str) -> None:
    wanted, taken = HTTP[mode]
    records.fault(mode, ms=QUICK_MS)
    found = met(lambda: hook.post("KEY1", event()).status_code)
    assert as_wanted(found, wanted), repr(found)
    until(lambda: records.received()["count"] == taken)


@pytest.mark.parametrize("mode", HTTP)
def test_fhir_meets(records: Beside, fhir: FhirClient, mode: str) -> None:
    wanted, taken = HTTP[mode]
    records.fault(mode, ms=QUICK_MS)
    found = met(lambda: fhir.ask("POST", "Patient", named("Patient"), prefer="return=minimal").status_code)
    assert as_wanted(found, 201 if wanted == 200 else wanted), repr(found)
    until(lambda: records.received()["count"] == taken)


@pytest.mark.parametrize("mode", MLLP)
def test_mllp_meets(records: Beside, mode: str) -> None:
    wanted, taken = MLLP[mode]
    records.fault(mode, ms=QUICK_MS)
    found = met(
        lambda: sent_plainly(records) if mode == "refuse" else str(send(records, adt("KEY1"))["MSA"][0][1])
    )
    assert as_wanted(found, wanted), repr(found)
    until(lambda: records.received()["count"] == taken)


def sent_plainly(records: Beside) -> None:
    """The hl7 package's client leaves its socket open when it is refused."""
    socket.create_connection(("127.0.0.1", records.numbers.mllp), timeout=1).close()


def test_busy_says_when_to_come_back(records: Beside, hook: Hook, fhir: FhirClient) -> None:
    records.fault("busy")
    answers = [hook.post("KEY1", event()), fhir.ask("GET", "metadata")]
    assert [answer.headers["retry-after"] for answer in answers] == ["1", "1"]


def test_redirect_leads_elsewhere(records: Beside, hook: Hook) -> None:
    records.fault("other")
    assert hook.post("KEY1", event()).headers["location"] == "/elsewhere/"


def test_other_acknowledges_somebody_elses_message(records: Beside) -> None:
    records.fault("other")
    assert str(send(records, adt("KEY1"))["MSA"][0][2]) == "SOMEBODY-ELSES"


@pytest.mark.parametrize("mode", ["drip", "pieces"])
def test_acknowledgement_comes_bit_by_bit(records: Beside, mode: str) -> None:
    records.fault(mode, ms=5 if mode == "drip" else 30)
    found = pieces(records.numbers.mllp, b"\x0b" + adt("KEY1").encode() + b"\x1c\r")
    whole = b"".join(found)
    assert len(found) == 3 if mode == "pieces" else len(found) > 20
    assert str(hl7.parse(whole[1:-2].decode())["MSA"][0][2]) == "KEY1"


def test_slow_is_as_slow_as_told(records: Beside, hook: Hook) -> None:
    records.fault("slow", ms=100)
    began = time.monotonic()
    hook.post("KEY1", event(), seconds=5)
    assert time.monotonic() - began >= 0.1


def test_drip_outlasts_a_patience_for_each_byte(records: Beside, hook: Hook) -> None:
    """As a sender's time-out for each read never ends it."""
    records.fault("drip", ms=5)
    began = time.monotonic()
    assert hook.post("KEY1", event(), seconds=0.1).status_code == 200
    assert time.monotonic() - began > 0.3
