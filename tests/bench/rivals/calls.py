"""The bare protocols: the same bytes to the same record system, and nothing around them."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpx

from clinic.integrations import er7
from clinic.integrations.fhir_resources import referring, search_of
from clinic.integrations.webhook import sign

Message = tuple[str, str]
"""Key and body."""


class Calls:
    """One connection a message, one message at a time."""

    def __init__(self) -> None:
        self._trust = ssl.create_default_context()
        self._ids: dict[str, dict[str, str]] = {}

    def run(self, kind: str, url: str, secret: str, messages: Sequence[Message]) -> float:
        """The seconds that all of them took."""
        self._ids.clear()
        ways: dict[str, Callable[[str, str, Message], None]] = {
            "webhook": self._webhook,
            "fhir": self._fhir,
            "hl7": self._hl7,
        }
        began = time.perf_counter()
        for message in messages:
            ways[kind](url, secret, message)
        return time.perf_counter() - began

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=10, trust_env=False, verify=self._trust)

    def _webhook(self, url: str, secret: str, message: Message) -> None:
        (key, body), at = message, str(int(time.time()))
        headers = {"content-type": "application/json", "webhook-id": key, "webhook-timestamp": at}
        headers["webhook-signature"] = sign([secret], key, at, body.encode())
        with self._client() as client:
            client.post(url, content=body.encode(), headers=headers).raise_for_status()

    def _fhir(self, url: str, secret: str, message: Message) -> None:
        content = json.loads(message[1])
        ids = self._ids.setdefault(content["visit"], {})
        with self._client() as client:
            client.headers = httpx.Headers(
                {"authorization": f"Bearer {secret}", "content-type": "application/fhir+json"}
            )
            for each in content["resources"]:
                kind, resource = each["resourceType"], referring(each, ids)
                if kind in ids:
                    found = client.put(f"{url}/{kind}/{ids[kind]}", json={**resource, "id": ids[kind]})
                else:
                    found = client.post(f"{url}/{kind}", json=resource, headers={"if-none-exist": search_of(each)})
                    ids[kind] = found.headers["location"].partition(f"{kind}/")[2].partition("/")[0]
                found.raise_for_status()

    def _hl7(self, url: str, secret: str, message: Message) -> None:
        where, answer = urlsplit(url), b""
        with socket.create_connection((where.hostname, where.port), timeout=10) as peer:
            peer.sendall(b"\x0b" + er7.to_bytes(message[1]) + b"\x1c\r")
            while not answer.endswith(b"\x1c\r") and (piece := peer.recv(65536)):
                answer += piece
        assert b"MSA|AA|" in answer, answer
