"""A small FHIR R4 server: Patient, Encounter and Appointment, created once by their identifiers, then updated."""

from __future__ import annotations

import json
import re
from typing import Any

from clinic.emr.faults import Mode
from clinic.emr.records import Records, Refused
from clinic.emr.resources import TYPES, check, read, searched, taken
from clinic.emr.store import Store
from realtime.standin.wire import Headers, Reply, Request

BASE = "/fhir"
PATH = re.compile(rf"{BASE}/([A-Za-z]+)(?:/([A-Za-z0-9.-]{{1,64}}))?")
REFUSALS = {
    Mode.ERROR: (500, "exception"),
    Mode.REJECT: (422, "business-rule"),
    Mode.BUSY: (503, "transient"),
    Mode.GONE: (410, "deleted"),
    Mode.OTHER: (302, "informational"),
}
MORE_HEADERS: dict[Mode, Headers] = {
    Mode.BUSY: [("Retry-After", "1")],
    Mode.OTHER: [("Location", "/elsewhere/")],
}
CODES = {400: "invalid", 401: "login", 404: "not-found", 405: "not-supported", 412: "multiple-matches"}


class Problem(Exception):
    """Answered by an OperationOutcome with this status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Fhir:
    """`token`: the bearer token that every request but the one for `metadata` must carry."""

    def __init__(self, token: str, records: Records) -> None:
        self._token, self._records = token, records
        self._store = Store()
        for old in records.old():
            if old.resource is not None:
                self._store.put(old.resource)

    def reset(self) -> None:
        """Forgets every resource."""
        self._store = Store()

    def answer(self, request: Request) -> Reply:
        """As FHIR R4 has it; what is refused gets an OperationOutcome."""
        try:
            return self._answer(request)
        except Problem as problem:
            return outcome(problem.status, CODES.get(problem.status, "processing"), str(problem))
        except Refused as error:
            return outcome(422, "business-rule", str(error))
        except ValueError as error:
            return outcome(400, "invalid", str(error))

    def refuse(self, mode: Mode) -> Reply:
        """As the mode says."""
        status, code = REFUSALS[mode]
        return outcome(status, code, f"The stand-in was told to: {mode}.", MORE_HEADERS.get(mode))

    def _answer(self, request: Request) -> Reply:
        if request.method == "GET" and request.path == f"{BASE}/metadata":
            return _fhir(200, _capabilities())
        if request.headers.get("authorization") != f"Bearer {self._token}":
            raise Problem(401, "The bearer token is missing or wrong.")
        match = PATH.fullmatch(request.path)
        if match is None or match[1] not in TYPES:
            raise Problem(404, "This server knows Patient, Encounter and Appointment.")
        type_, id_ = match[1], match[2]
        match request.method, bool(id_):
            case "GET", True:
                return self._read(type_, id_)
            case "GET", False:
                return self._search(type_, request)
            case "POST", False:
                return self._create(type_, request)
            case "PUT", True:
                return self._update(type_, id_, request)
            case "PUT", False:
                return self._update_the_one(type_, request)
        raise Problem(405, "This server reads, searches, creates and updates.")

    def _read(self, type_: str, id_: str) -> Reply:
        resource = self._store.get(type_, id_)
        if resource is None:
            raise Problem(404, f"There is no {type_}/{id_}.")
        return _fhir(200, resource)

    def _search(self, type_: str, request: Request) -> Reply:
        query = request.target.partition("?")[2]
        found = self._store.find(type_, searched(query)) if query else self._store.all(type_)
        entries = [{"fullUrl": f"urn:{type_}:{one['id']}", "resource": one} for one in found]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        return _fhir(200, {**bundle, "entry": entries} if entries else bundle)

    def _create(self, type_: str, request: Request) -> Reply:
        resource = self._checked(type_, request)
        if condition := request.headers.get("if-none-exist"):
            found = self._only(type_, condition.removeprefix("?"))
            if found is not None:
                return _written(200, found, request)
        return self._keep(self._store.named(resource), 201, request)

    def _update(self, type_: str, id_: str, request: Request) -> Reply:
        resource = self._checked(type_, request)
        if resource.get("id") != id_:
            raise Problem(400, "The id in the resource is not the one in the address.")
        if self._store.get(type_, id_) is None:
            raise Problem(404, f"There is no {type_}/{id_}.")
        return self._keep(resource, 200, request)

    def _update_the_one(self, type_: str, request: Request) -> Reply:
        resource = self._checked(type_, request)
        found = self._only(type_, request.target.partition("?")[2])
        if found is None:
            return self._keep(self._store.named(resource), 201, request)
        return self._keep({**resource, "id": found["id"]}, 200, request)

    def _only(self, type_: str, query: str) -> dict[str, Any] | None:
        """The resource that a condition names. Raises Problem when it names several."""
        found = self._store.find(type_, searched(query))
        if len(found) > 1:
            raise Problem(412, f"{len(found)} resources have this identifier.")
        return found[0] if found else None

    def _checked(self, type_: str, request: Request) -> dict[str, Any]:
        if "application/fhir+json" not in request.headers.get("content-type", ""):
            raise Problem(415, "Send application/fhir+json.")
        resource = read(type_, request.body)
        if problem := check(resource, self._store.get):
            raise Problem(422, problem)
        return resource

    def _keep(self, resource: dict[str, Any], status: int, request: Request) -> Reply:
        stored = self._store.next_version(resource)
        self._records.take(taken(stored))
        self._store.put(stored)
        return _written(status, stored, request)


def outcome(status: int, code: str, text: str, headers: Headers | None = None) -> Reply:
    """An OperationOutcome with one issue."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return _fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]}, headers)


def _fhir(status: int, resource: dict[str, Any], headers: Headers | None = None) -> Reply:
    body = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, [("Content-Type", "application/fhir+json"), *(headers or [])])


def _written(status: int, resource: dict[str, Any], request: Request) -> Reply:
    """As a write is answered: with the resource, unless the client wants none."""
    if "return=minimal" in request.headers.get("prefer", ""):
        return Reply(status, b"", _location(resource))
    return _fhir(status, resource, _location(resource))


def _location(resource: dict[str, Any]) -> Headers:
    version = resource["meta"]["versionId"]
    where = f"{BASE}/{resource['resourceType']}/{resource['id']}/_history/{version}"
    return [("Location", where), ("ETag", f'W/"{version}"')]


def _capabilities() -> dict[str, Any]:
    doings = [{"code": code} for code in ("read", "create", "update", "search-type")]
    conditional = {"interaction": doings, "conditionalCreate": True, "conditionalUpdate": True}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "implementation": {"description": "Evenkeel's record system for demos and tests"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "resource": [{"type": type_, **conditional} for type_ in TYPES]}],
    }
