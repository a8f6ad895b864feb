"""The resources that the FHIR server has, by id and by identifier."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from clinic.emr.resources import identifiers

Resource = dict[str, Any]


class Store:
    """The newest version of each resource; older ones are not kept."""

    def __init__(self) -> None:
        self._resources: defaultdict[str, dict[str, Resource]] = defaultdict(dict)
        self._by_identifier: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def get(self, type_: str, id_: str) -> Resource | None:
        return self._resources[type_].get(id_)

    def all(self, type_: str) -> list[Resource]:
        return list(self._resources[type_].values())

    def find(self, type_: str, identifier: str) -> list[Resource]:
        """Those with the identifier "system|value", oldest first."""
        ids = self._by_identifier.get((type_, identifier), {})
        return [self._resources[type_][id_] for id_ in ids]

    def named(self, resource: Resource) -> Resource:
        """As it is to be stored under an id of ours."""
        return {**resource, "id": str(uuid.uuid4())}

    def next_version(self, resource: Resource) -> Resource:
        """With the number of its version, and when it was made."""
        before = self.get(resource["resourceType"], resource["id"])
        number = int(before["meta"]["versionId"]) + 1 if before else 1
        meta = {"versionId": str(number), "lastUpdated": datetime.now(UTC).isoformat(timespec="milliseconds")}
        return {**resource, "meta": {**resource.get("meta", {}), **meta}}

    def put(self, resource: Resource) -> None:
        """Keeps it in the place of its last version."""
        type_, id_ = resource["resourceType"], resource["id"]
        before = self.get(type_, id_)
        for name in identifiers(before) if before else []:
            self._by_identifier[type_, name].pop(id_, None)
        self._resources[type_][id_] = resource
        for name in identifiers(resource):
            self._by_identifier[type_, name][id_] = None
