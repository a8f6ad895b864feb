"""One conversation with a FHIR R4 server: find, create once, replace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from clinic.integrations import fhir_answers, http
from clinic.integrations.fhir_resources import Resource, search_of
from clinic.integrations.http import Answer
from clinic.integrations.parcel import NotDelivered
from clinic.models import Destination
from clinic.models.deliveries import Failure

FHIR_JSON = "application/fhir+json"
# So does a server say that it has no such resource, or never made one of an id that is not its own.
NOT_THERE = frozenset({404, 405, 410})


@dataclass(frozen=True)
class Server:
    """`mask` hides the patient in whatever it says. Every method raises NotDelivered."""

    client: httpx.Client
    base: str
    headers: dict[str, str]
    mask: Callable[[str], str] = field(default=str)

    def create(self, resource: Resource) -> tuple[str, bool]:
        """Creates it unless one with its identifier is there: its id there, and whether it was there."""
        kind, once = resource["resourceType"], {"if-none-exist": search_of(resource)}
        answer = self._write("POST", kind, resource, once)
        if answer.status == 412:
            raise NotDelivered(
                Failure.REJECTED,
                f"it has more than one {kind} with this visit's identifier: somebody must merge them",
            )
        self._must_be_success(answer)
        found = fhir_answers.id_of(answer, kind) or self.find(kind, search_of(resource))
        if not found:
            raise NotDelivered(Failure.PROTOCOL, f"it took the {kind} and did not say under which id")
        return found, answer.status != 201

    def replace(self, resource: Resource, known: str) -> bool:
        """Makes the resource of this id as given; False when the server has none."""
        kind = resource["resourceType"]
        answer = self._write("PUT", f"{kind}/{known}", {**resource, "id": known}, {})
        if answer.status in NOT_THERE:
            return False
        self._must_be_success(answer)
        return True

    def find(self, kind: str, search: str) -> str:
        """The id of the one resource that a search finds; empty when it finds none, or several."""
        found = fhir_answers.found_ids(self.read(f"{kind}?{search}"), kind)
        return found[0] if len(found) == 1 else ""

    def read(self, path: str) -> Answer:
        """What is there, surely FHIR."""
        answer = http.ask(self.client, "GET", f"{self.base}/{path}", headers=self.headers)
        self._must_be_success(answer)
        return answer

    def _write(self, method: str, path: str, resource: Resource, more: dict[str, str]) -> Answer:
        headers = {**self.headers, "content-type": FHIR_JSON, "prefer": "return=minimal", **more}
        text = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
        return http.ask(self.client, method, f"{self.base}/{path}", content=text, headers=headers)

    def _must_be_success(self, answer: Answer) -> None:
        if not answer.is_success:
            raise fhir_answers.refusal(answer, self.mask)
        fhir_answers.must_be_fhir(answer)


@contextmanager
def server(destination: Destination, seconds: float, mask: Callable[[str], str] = str) -> Iterator[Server]:
    """The destination's FHIR service. Raises NotDelivered."""
    headers = {"accept": FHIR_JSON, **_authorization(destination)}
    with http.client(destination, seconds) as client:
        yield Server(client, destination.url.rstrip("/"), headers, mask)


def _authorization(destination: Destination) -> dict[str, Any]:
    token = destination.secrets.token.strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise NotDelivered(Failure.SETUP, "its token holds spaces, or letters that no token has: set it again")
    return {"authorization": f"Bearer {token}"} if token else {}
