"""Clients of independent authors, as senders: standardwebhooks, httpx, hl7's MLLPClient; resources by hand."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import hl7
import httpx
from fhir.resources.R4B import get_fhir_model_class
from hl7.client import MLLPClient
from standardwebhooks import Webhook

from clinic.emr import Beside
from tests.factories import SECRET

SECONDS = 0.25
# To load the public authorities for each request would take longer than all else.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
SYSTEM = "urn:ietf:rfc:3986"
VISIT = "5f0c1f4e-0000-4000-8000-000000000001"


def event(sequence: int = 1, visit: str = VISIT, state: str = "waiting") -> str:
    """A webhook's body."""
    return json.dumps({"type": f"visit.{state}", "data": {"sequence": sequence, "visit": {"id": visit}}})


@dataclass
class Hook:
    """Posts signed webhooks."""

    emr: Beside
    secret: str = SECRET

    def post(self, key: str, body: str, *, age: float = 0, seconds: float = SECONDS) -> httpx.Response:
        at = datetime.now(UTC) - timedelta(seconds=age)
        signature = Webhook(self.secret).sign(key, at, body)
        headers = {"webhook-id": key, "webhook-timestamp": str(int(at.timestamp()))}
        headers |= {"webhook-signature": signature}
        return httpx.post(self.emr.hook_url, content=body, headers=headers, timeout=seconds, **PLAIN)


@dataclass
class FhirClient:
    """Asks the FHIR server; every answer that is FHIR is valid R4B, or this fails."""

    emr: Beside
    token: str = SECRET

    def ask(
        self, method: str, path: str, resource: Any = None, seconds: float = SECONDS, **headers: str
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"authorization": f"Bearer {self.token}", "content-type": "application/fhir+json"}
        content = json.dumps(resource) if resource is not None else None
        url = f"{self.emr.fhir_url}/{path}"
        answer = httpx.request(method, url, content=content, headers=named, timeout=seconds, **PLAIN)
        if answer.content:
            valid(answer.json())
        return answer


def valid(resource: dict[str, Any]) -> Any:
    """The resource as its R4B model; raises pydantic's ValidationError when it is none."""
    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def named(type_: str, **fields: Any) -> dict[str, Any]:
    """A resource of this visit."""
    identifier = [{"system": SYSTEM, "value": f"urn:uuid:{VISIT}"}]
    return {"resourceType": type_, "identifier": identifier, **fields}


def encounter(status: str, patient: str) -> dict[str, Any]:
    ambulatory = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    subject = {"reference": f"Patient/{patient}"}
    return named("Encounter", status=status, subject=subject, **{"class": ambulatory})


def adt(key: str, at: str = "20260101120000", *, version: str = "2.5.1", name: str = "Miller^Bob") -> str:
    """An A04 of the visit."""
    head = f"MSH|^~\\&|EVENKEEL|HARBOR|EMR|MAIN|{at}||ADT^A04^ADT_A01|{key}|P|{version}||||||UNICODE UTF-8"
    pv1 = "|".join(["PV1", "1", "O", *[""] * 16, VISIT])
    return "\r".join([head, f"EVN||{at}", f"PID|1||1||{name}", pv1, ""])


def send(emr: Beside, message: str) -> hl7.Message:
    """The acknowledgement, as the hl7 package reads it; OSError or EOFError when there is none."""
    with MLLPClient("127.0.0.1", emr.numbers.mllp) as client:
        client.socket.settimeout(SECONDS)
        answer = client.send_message(message)
    if not answer:
        raise EOFError
    return acknowledged(answer)


def acknowledged(answer: bytes) -> hl7.Message:
    assert answer[:1] == b"\x0b" and answer[-2:] == b"\x1c\r"
    return hl7.parse(answer[1:-2].decode())


def pieces(port: int, data: bytes) -> list[bytes]:
    """What came back, read by read, until the end or a pause."""
    found = []
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as sock:
        sock.sendall(data)
        try:
            while piece := sock.recv(4096):
                found.append(piece)
        except TimeoutError:
            pass
    return found
